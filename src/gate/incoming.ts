/**
 * An exchange as the listener hands it to the gate: what was asked, and a way to answer. The gate
 * speaks neither `Request` nor `Response`, so that listeners can be exchanged.
 */
import type { Fields } from "../upstream/upstream.ts";
import type { HeadFacts } from "./head_facts.ts";

export type { Fields };

/** A client's certificate, whose key it has proved to hold. */
export interface ClientCertificate {
  /** SHA-256 of the whole certificate, lower-case hexadecimal. */
  readonly fingerprint: string;
  /** Why it proves nothing now, in words for the log; null: it does. */
  readonly fault: string | null;
}

/**
 * What the gate notes beside a head: one object for all requests of a connection whose heads are the
 * same but for the length of the body.
 */
export interface HeadNotes {
  facts: HeadFacts | null;
}

/** One HTTP request, its head read. */
export interface IncomingExchange {
  /** Upper-case token as sent. */
  readonly method: string;
  /** The raw target as sent, with query; null where it does not fit the Host (400). */
  readonly target: string | null;
  /** As received; names in lower case. A listener may have joined repetitions by `", "`. */
  readonly fields: Fields;
  readonly notes: HeadNotes;
  /** Address of the peer, without port. */
  readonly peer: string;
  /** The client's certificate as it counts at this moment; null: it has sent none. */
  readonly certificate: ClientCertificate | null;
  readonly body: IncomingBody;
  readonly reply: ReplyWriter;
  /** Whether the client is gone before its answer was complete. */
  readonly isGone: boolean;
  /** Who is told when it goes; null: nobody. */
  watcher: ClientWatcher | null;
}

/** Who wants to know when a client goes. */
export interface ClientWatcher {
  /** The client is gone, and its answer is not complete. */
  onClientGone(): void;
}

/** The request's body, read only when asked for. */
export interface IncomingBody {
  /** The next bytes where they are there already, null at the end; undefined: only `read` can tell. */
  take(): Uint8Array | null | undefined;
  /** The next bytes, or null at the end. Throws where the client breaks off. */
  read(): Promise<Uint8Array | null>;
}

/** The answer. Exactly one of `send` and `start` is called, once. */
export interface ReplyWriter {
  /**
   * Sends a whole answer. Settles when it has been handed to the socket; rejects when the client
   * was gone before.
   */
  send(status: number, fields: Fields, body: Uint8Array | null): Promise<void>;
  /** Sends the head at once; the body follows. */
  start(status: number, fields: Fields): BodyWriter;
}

/** A body that is sent piece by piece. */
export interface BodyWriter {
  /** Resolves when more may be written: the back-pressure. Rejects when the client is gone. */
  write(chunk: Uint8Array): Promise<void>;
  /** Completes the body, with `last` as the last of it where there is more. */
  end(last?: Uint8Array): Promise<void>;
  /** Breaks off, so that the client can tell that the body is not complete. */
  abort(): void;
}
