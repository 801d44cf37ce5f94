/**
 * A connection of the system's as the stream that `node:tls` wants to speak through. Reads when it is
 * asked to, writes one piece after the other, and never keeps a socket whose other end is to be left.
 * Knows nothing of TLS.
 */
import { Duplex } from "node:stream";

/** What of a connection is used. */
export type Tcp = Pick<Deno.Conn, "read" | "write" | "close">;

/** What is read at once: a request, or a quarter of the largest TLS record. */
const BUFFER_BYTES = 4 * 1024;

/** How long the last bytes may take to go out to an end that is being left. */
const LEAVING_MS = 1000;

/** Where a read would get less than this, another buffer takes the place of the present one. */
const LEAST_ROOM = 512;

/** A stream over one connection, which is its own from now on. */
export class TcpStream extends Duplex {
  /** Told once that nothing more comes in. */
  onEnd: (() => void) | null = null;
  /** What bytes are handed on within, for who has to know in whose name the engine speaks. */
  within: ((work: () => void) => void) | null = null;
  readonly #tcp: Tcp;
  /** Bytes that were handed on are never written again. */
  #buffer: Uint8Array = new Uint8Array(BUFFER_BYTES);
  #at = 0;
  #isHeld = false;
  /** Whether a read was asked for while it was held. */
  #isAsked = false;
  #isClosed = false;
  /** Ends a leave that lasts too long; undefined while it is not to be left. */
  #leaveTimer: ReturnType<typeof setTimeout> | undefined;

  constructor(tcp: Tcp) {
    super({ allowHalfOpen: true, decodeStrings: false });
    this.#tcp = tcp;
  }

  /** Reads nothing more until {@link proceed}: the engine would take in whatever comes. */
  hold(): void {
    this.#isHeld = true;
  }

  /** Reads on. */
  proceed(): void {
    this.#isHeld = false;
    if (!this.#isAsked) return;
    this.#isAsked = false;
    this._read();
  }

  /** Ends it as soon as what is still to be written has gone, and before long in any case. */
  leave(): void {
    this.#leaveTimer ??= setTimeout(() => this.destroy(), LEAVING_MS);
  }

  /** Gives the connection back to the system now. */
  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#tcp.close();
  }

  override _read(): void {
    if (this.#isClosed) return;
    if (this.#isHeld) {
      this.#isAsked = true;
      return;
    }
    if (this.#buffer.length - this.#at < LEAST_ROOM) {
      this.#buffer = new Uint8Array(BUFFER_BYTES);
      this.#at = 0;
    }
    this.#tcp.read(this.#buffer.subarray(this.#at)).then(this.#onRead, this.#onFailed);
  }

  override _write(bytes: Uint8Array, _encoding: unknown, done: (error?: Error) => void): void {
    if (this.#isClosed) return done(new Deno.errors.BadResource("Connection is closed"));
    this.#tcp.write(bytes).then((count) => {
      if (count < bytes.length) this._write(bytes.subarray(count), null, done);
      else done();
    }, done);
  }

  /** The sending side of TLS has been ended by then, and that is what the other end goes by. */
  override _final(done: () => void): void {
    done();
    if (this.#leaveTimer !== undefined) this.destroy();
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    clearTimeout(this.#leaveTimer);
    this.close();
    done(error);
  }

  readonly #onRead = (count: number | null): void => {
    if (this.destroyed) return;
    if (count === null) {
      this.push(null);
      const told = this.onEnd;
      this.onEnd = null;
      return told?.();
    }
    const from = this.#at;
    this.#at += count;
    const bytes = this.#buffer.subarray(from, this.#at);
    if (this.within === null) this.push(bytes);
    else this.within(() => this.push(bytes));
  };

  readonly #onFailed = (error: Error): void => {
    if (!this.destroyed) this.destroy(error);
  };
}
