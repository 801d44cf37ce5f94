/**
 * One connection to the upstream. It carries one exchange at a time, and has a read pending all the
 * while it is unused, so that its end is noticed before it is given to anybody. Knows bytes, replies
 * and their framing, but not which exchange it carries and what becomes of it afterwards.
 */
import { MalformedReply } from "./http1_grammar.ts";
import { ReadBuffer } from "./http1_read_buffer.ts";
import type { ReplyBody } from "./http1_reply_body.ts";
import { type ReplyHead, ReplyHeadReader } from "./http1_reply_head.ts";
import type { RequestBytes } from "./http1_request.ts";
import type { Fields } from "./upstream.ts";

/** What a connection tells the exchange that it carries. */
export interface Carried {
  /** The head is in, and so the request need not be sent again. */
  onHead(head: ReplyHead): void;
  /** What has come with the head has been told. */
  onBegun(): void;
  /**
   * More of the body is in; never an empty piece.
   *
   * @param piece Null where the end brought no bytes
   * @param isLast Whether it is the end: the connection is not this exchange's any more
   */
  onBody(piece: Uint8Array | null, isLast: boolean): void;
  /** There will be no more: the connection is closed. */
  onLost(loss: Loss): void;
}

/** How a connection was lost. */
export interface Loss {
  /** For the log, to follow the upstream's name. */
  readonly what: string;
  /** It had carried an exchange before, and now not one byte of a reply came. */
  readonly wasStale: boolean;
  /** The system took no byte of the request. */
  readonly isUnsent: boolean;
}

/** What of a socket is used. */
export type Socket = Pick<Deno.Conn, "read" | "write" | "close">;

/** Where connections come from and go back to. */
export interface Home {
  /** Whether they are encrypted. */
  readonly isSecure: boolean;
  /** Takes `connection`, which may stay unused for `keepMs`; answers whether it was taken. */
  keep(connection: Http1Connection, keepMs: number): boolean;
  /** Takes back a request that has been sent and answered. */
  reuse(request: RequestBytes): void;
}

/** A connection that has been made. */
export class Http1Connection {
  /** That of the last reply: the engine keeps what it has compiled for a kind of which one is left. */
  warmBody: ReplyBody | null = null;
  /** The fields of the last request, where more with the same are to be expected. */
  recurring: Fields | null = null;
  readonly #socket: Socket;
  readonly #home: Home;
  readonly #buffer = new ReadBuffer();
  readonly #reader: ReplyHeadReader;
  #carried: Carried | null = null;
  #request: RequestBytes | null = null;
  /** What is being written; null when all has been. */
  #writing: Uint8Array | null = null;
  /** What is written after that. */
  #rest: Uint8Array | null = null;
  #body: ReplyBody | null = null;
  #keepMs = 0;
  #isReading = false;
  #isOpen = true;
  /** Whether it has carried an exchange to its end. */
  #isUsed = false;
  #hasSent = false;
  #isUnsent = false;
  #hasReceived = false;

  /** @param headBytes Bound of one reply's head */
  constructor(socket: Socket, home: Home, headBytes: number) {
    this.#socket = socket;
    this.#home = home;
    this.#reader = new ReplyHeadReader(headBytes);
  }

  /** Whether it can carry anything. */
  get isOpen(): boolean {
    return this.#isOpen;
  }

  /** Sends `request`, and tells `carried` what comes back. */
  carry(carried: Carried, request: RequestBytes): void {
    this.#carried = carried;
    this.#request = request;
    this.recurring = request.recurring;
    this.#rest = request.rest;
    this.#hasSent = this.#isUnsent = this.#hasReceived = false;
    this.#write(request.first);
    this.pull();
  }

  /** Reads on, unless it does. */
  pull(): void {
    if (this.#isReading || !this.#isOpen) return;
    this.#isReading = true;
    const buffer = this.#buffer;
    const expected = this.#body?.expected ?? 0;
    // A stream may stay open for days, silent for the most part. Calls that recur are soon answered.
    if (this.#body !== null && expected === 0 && this.recurring === null) this.#reader.forget();
    const space = this.#body === null ? buffer.spaceForHead() : buffer.spaceForBody(expected);
    this.#socket.read(space).then(this.#onRead, this.#onRead);
  }

  /** Ends it, without a word to the exchange it carries. */
  close(): void {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    this.#carried = this.#request = this.#rest = null;
    this.#socket.close();
  }

  #write(bytes: Uint8Array): void {
    this.#writing = bytes;
    this.#socket.write(bytes).then(this.#onWritten, this.#onWritten);
  }

  /** One for both outcomes, since there is one for each connection: what is no number is a failure. */
  readonly #onWritten = (count: unknown): void => {
    const bytes = this.#writing;
    if (!this.#isOpen || bytes === null) return;
    if (typeof count !== "number") return this.#onWriteFailed();
    const rest = this.#rest;
    this.#hasSent = true;
    if (count < bytes.length) return this.#write(bytes.subarray(count));
    this.#rest = this.#writing = null;
    if (rest !== null) this.#write(rest);
  };

  /**
   * Some upstreams answer before they have read all of a request, and close: what they said is still
   * read, and the reading tells the end. What counts as being written stays so.
   */
  #onWriteFailed(): void {
    // What was to be encrypted may have gone out in part.
    this.#isUnsent = !this.#hasSent && !this.#home.isSecure;
  }

  /** One for both outcomes, likewise: a number, null at the end, or an error. */
  readonly #onRead = (count: unknown): void => {
    this.#isReading = false;
    if (!this.#isOpen) return;
    if (count === null) return this.#onEnd();
    if (typeof count !== "number") return this.#lose(`broke off: ${said(count)}`);
    // Bytes that nobody asked for: whatever they are, they answer no request of ours.
    if (this.#carried === null) return this.close();
    this.#hasReceived = true;
    this.#buffer.filled(count);
    try {
      if (this.#body === null) this.#readHead(this.#carried);
      else if (!this.#readBody(this.#carried, this.#body)) this.pull();
    } catch (error) {
      if (!(error instanceof MalformedReply)) throw error;
      this.#lose(`sent a malformed reply: ${error.message}`);
    }
  };

  #onEnd(): void {
    const carried = this.#carried;
    if (carried === null) return this.close();
    if (this.#body === null) return this.#lose("closed the connection without a whole reply");
    if (!this.#body.endsByClose) return this.#lose("ended its reply too early");
    this.close();
    carried.onBody(null, true);
  }

  #readHead(carried: Carried): void {
    const buffer = this.#buffer;
    const head = this.#reader.push(buffer.bytes, buffer.from, buffer.to);
    if (head === null) return this.pull();
    buffer.take(this.#reader.bytes);
    this.#reader.reset();
    this.#body = this.warmBody = head.body;
    this.#keepMs = head.keepMs;
    this.#forgetRequest();
    carried.onHead(head);
    // What came with the head is handed on; more is read when it is asked for.
    this.#readBody(carried, head.body);
    carried.onBegun();
  }

  /** Hands on what the buffer holds of the body; answers whether there was anything to tell. */
  #readBody(carried: Carried, body: ReplyBody): boolean {
    const buffer = this.#buffer;
    const count = body.take(buffer.bytes, buffer.from, buffer.to);
    const piece = count === 0 ? null : buffer.bytes.subarray(buffer.from, buffer.from + count);
    buffer.take(buffer.to - buffer.from);
    if (body.isComplete) {
      this.#release(body.hasSurplus ? 0 : this.#keepMs);
      carried.onBody(piece, true);
      return true;
    }
    if (piece === null) return false;
    carried.onBody(piece, false);
    return true;
  }

  /** A stream that stays open for days must not hold what it was asked with. */
  #forgetRequest(): void {
    if (this.#request !== null && this.#writing === null) this.#home.reuse(this.#request);
    this.#request = null;
  }

  /** Its exchange is complete. Where some of the request is not even sent, its end is near. */
  #release(keepMs: number): void {
    this.#carried = this.#body = null;
    this.#isUsed = true;
    if (keepMs > 0 && this.#writing === null && this.#home.keep(this, keepMs)) this.pull();
    else this.close();
  }

  #lose(what: string): void {
    const carried = this.#carried;
    const wasStale = this.#isUsed && !this.#hasReceived;
    this.close();
    carried?.onLost({ what, wasStale, isUnsent: this.#isUnsent });
  }
}

/** What the system says has happened. */
export function said(error: unknown): string {
  return error instanceof Error ? error.message || error.name : String(error);
}
