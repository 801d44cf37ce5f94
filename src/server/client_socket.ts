/** What a client's connection is carried by, with TLS or without. Says only what both have. */
import type { ClientCertificate } from "../gate/incoming.ts";

/** What carries a connection: a socket of the system's, or TLS over one. */
export interface ClientSocket {
  read(into: Uint8Array): Promise<number | null>;
  write(bytes: Uint8Array): Promise<number>;
  closeWrite(): Promise<void>;
  /**
   * Ends it; settles, or returns, when the system has it back.
   *
   * @param leaving `cut`: without the word that everything has been said, where there is such a word
   */
  close(leaving?: "cut"): void | Promise<void>;
  /** Settles when it can be used; rejects where that never comes. Absent: it can be used now. */
  readonly ready?: Promise<void>;
  /** What the client proves by a certificate now. Absent: nothing. */
  certificate?(): ClientCertificate | null;
}
