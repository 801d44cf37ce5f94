/**
 * A TLS connection with the reads, writes and ends of a plain one, for whoever speaks over both. What
 * it is secured by, and which side it is, was settled by whoever made it. Knows nothing of HTTP.
 */
import type { TLSSocket } from "node:tls";
import type { TcpStream } from "./tcp_stream.ts";

/** How a connection is left: with the word that all has been said, or cut off without it. */
export type Leaving = "whole" | "cut";

/** One connection, its handshake done. */
export class SecureSocket {
  readonly #tls: TLSSocket;
  readonly #stream: TcpStream;
  /** What came while nobody read. */
  #rest: Uint8Array | null = null;
  #hasEnded = false;
  #isClosed = false;
  #writes = 0;
  #into: Uint8Array | null = null;
  #onRead: ((count: number | null) => void) | null = null;
  readonly #closed = Promise.withResolvers<void>();

  /** @param stream What `tls` speaks through */
  constructor(tls: TLSSocket, stream: TcpStream) {
    this.#tls = tls;
    this.#stream = stream;
    tls.on("data", this.#onData);
    tls.on("end", this.#onEnd);
    // Whatever went wrong, there will be no more.
    tls.on("error", this.#onEnd);
    tls.on("close", () => {
      this.#onEnd();
      this.#closed.resolve();
    });
  }

  /** The next bytes, as many as are there and fit in; null: there will be no more. */
  read(into: Uint8Array): Promise<number | null> {
    const rest = this.#rest;
    if (rest !== null) {
      const count = this.#fill(into, rest);
      if (this.#rest === null && !this.#hasEnded) this.#goOn();
      return Promise.resolve(count);
    }
    if (this.#hasEnded) return Promise.resolve(null);
    return new Promise((resolve) => {
      this.#into = into;
      this.#onRead = resolve;
    });
  }

  /** Settles with their number when the system has taken all of `bytes`. */
  write(bytes: Uint8Array): Promise<number> {
    return new Promise((resolve, reject) => {
      this.#writes++;
      this.#tls.write(bytes, (error) => {
        this.#writes--;
        if (error) reject(error);
        else resolve(bytes.length);
      });
    });
  }

  /** Tells the other end that nothing more is sent; it is still listened to. */
  closeWrite(): Promise<void> {
    return new Promise((resolve) => void this.#tls.end(() => resolve()));
  }

  /**
   * Ends it, whether or not the other end takes notice: nothing that it does keeps the socket. Settles
   * when the system has it back.
   */
  close(leaving: Leaving = "whole"): Promise<void> {
    if (this.#isClosed) return this.#closed.promise;
    this.#isClosed = true;
    this.#onEnd();
    if (leaving === "cut" || this.#writes > 0 || this.#tls.destroyed) {
      this.#tls.destroy();
      this.#stream.destroy();
    } else {
      this.#stream.leave();
      this.#tls.end();
      // What still comes is nobody's, and must not keep what is being said from going out.
      this.#goOn();
    }
    return this.#closed.promise;
  }

  /** The other end's certificate and those above it that it sent, in DER; empty where it has none. */
  peerChain(): Uint8Array[] {
    const chain: Uint8Array[] = [];
    let at = this.#tls.getPeerCertificate(true);
    while (at?.raw !== undefined && chain.length < MAX_CHAIN) {
      chain.push(at.raw);
      if (at.issuerCertificate === at) break;
      at = at.issuerCertificate;
    }
    return chain;
  }

  /** Why the engine does not trust the other end's certificate; null where it does, or saw it before. */
  get distrust(): string | null {
    return this.#tls.authorized ? null : String(this.#tls.authorizationError);
  }

  #fill(into: Uint8Array, bytes: Uint8Array): number {
    const count = Math.min(into.length, bytes.length);
    into.set(count === bytes.length ? bytes : bytes.subarray(0, count));
    this.#rest = count === bytes.length ? null : bytes.subarray(count);
    return count;
  }

  #goOn(): void {
    this.#stream.proceed();
    this.#tls.resume();
  }

  readonly #onData = (bytes: Uint8Array): void => {
    if (this.#hasEnded) return;
    const told = this.#onRead;
    if (told === null) {
      this.#rest = this.#rest === null ? bytes : joined(this.#rest, bytes);
    } else {
      this.#onRead = null;
      told(this.#fill(this.#into as Uint8Array, bytes));
      this.#into = null;
    }
    // No more than this is held here: the rest waits in the socket.
    if (this.#rest === null) return;
    this.#tls.pause();
    this.#stream.hold();
  };

  readonly #onEnd = (): void => {
    this.#hasEnded = true;
    const told = this.#onRead;
    this.#onRead = this.#into = null;
    told?.(null);
  };
}

/** More certificates than any chain has. */
const MAX_CHAIN = 8;

function joined(first: Uint8Array, second: Uint8Array): Uint8Array {
  const both = new Uint8Array(first.length + second.length);
  both.set(first);
  both.set(second, first.length);
  return both;
}
