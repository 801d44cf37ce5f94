/**
 * Reads the head of an HTTP/1.1 reply from bytes as they come, strictly: what two readers could take
 * differently is malformed (RFC 9112). Linear in the bytes, wherever they are split. Informational
 * heads before it are read and dropped. Servers say the same again and again, but for a date each
 * second: a head of the same bytes as the last one is not read again. Knows no socket and nothing of
 * what the fields mean beyond how the body is framed and whether the connection may be kept.
 */
import { Buffer } from "node:buffer";
import { ChunkedBody, ClosedBody, LengthBody, type ReplyBody } from "./http1_reply_body.ts";
import { isFieldText, isTokenByte, MalformedReply } from "./http1_grammar.ts";
import type { Fields } from "./upstream.ts";

/** Fields of one head; more are malformed. */
const MAX_FIELDS = 100;

const LF = 10;
const CR = 13;
const SPACE = 32;
const TAB = 9;
const COLON = 58;

/** A whole head, and what it says of what follows. */
export interface ReplyHead {
  readonly status: number;
  /** Names in lower case, values without the space around them, each repetition on its own. */
  readonly fields: Fields;
  readonly body: ReplyBody;
  /** How long the connection may be kept unused afterwards, in ms: Infinity, or 0 for not at all. */
  readonly keepMs: number;
}

/** A head as it is kept for the next that is like it: with how the body is framed, but without one. */
interface KnownHead extends Omit<ReplyHead, "body"> {
  /** Bytes of the body, {@link CHUNKED} or {@link CLOSED}. */
  readonly length: number;
}

const CHUNKED = -1;
const CLOSED = -2;

/** Longer heads are read each time, so that resting connections stay small. */
const LONGEST_KEPT = 2048;

/** The reader of one connection, head after head. */
export class ReplyHeadReader {
  readonly #maxBytes: number;
  /** All positions count from the first byte of the first head, informational ones included. */
  #scanned = 0;
  #line = 0;
  #start = 0;
  #end = 0;
  #status = 0;
  #minor = 0;
  /** Start and end of the name, start and end of the value, field after field. */
  #places: number[] = [];
  #last: KnownHead | null = null;
  #lastBytes: Uint8Array = NOTHING;
  #room: Uint8Array = NOTHING;

  /** @param maxBytes Of one head and the informational ones before it; more are malformed */
  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  /** How many bytes the head took that was read last. */
  get bytes(): number {
    return this.#end;
  }

  /** Makes ready for the next reply. */
  reset(): void {
    this.#scanned =
      this.#line =
      this.#start =
      this.#end =
      this.#status =
        0;
    this.#places.length = 0;
  }

  /**
   * Reads on in `bytes`, where all bytes of the head that have come stand from `from` to `to`.
   *
   * @returns The head, or null where it goes on. Throws {@link MalformedReply}.
   */
  push(bytes: Uint8Array, from: number, to: number): ReplyHead | null {
    if (this.#last !== null && this.#scanned === 0 && this.#isLast(bytes, from, to)) {
      this.#end = this.#lastBytes.length;
      return withBody(this.#last);
    }
    const limit = Math.min(to, from + this.#maxBytes);
    let line = from + this.#line;
    let at = from + this.#scanned;
    for (;;) {
      while (at < limit && bytes[at] !== LF) at++;
      if (at === limit) {
        if (limit - from === this.#maxBytes) throw new MalformedReply("its head is too large");
        this.#scanned = at - from;
        this.#line = line - from;
        return null;
      }
      const end = at - 1;
      if (end < line || bytes[end] !== CR) throw new MalformedReply("a line ends without CRLF");
      at++;
      if (this.#status === 0) {
        this.#statusLine(bytes, line, end);
      } else if (end > line) {
        this.#field(bytes, line, end, from);
      } else if (this.#status >= 200) {
        this.#end = at - from;
        return this.#head(bytes, from);
      } else {
        this.#start = at - from;
        this.#status = 0;
        this.#places.length = 0;
      }
      line = at;
    }
  }

  /** `HTTP/1.x SP 3DIGIT [SP reason]`; the space before an empty reason is often left out. */
  #statusLine(bytes: Uint8Array, from: number, to: number): void {
    const minor = (bytes[from + 7] ?? 0) - 48;
    for (let i = 0; i < VERSION.length; i++) {
      if (bytes[from + i] !== VERSION[i]) throw new MalformedReply("it is not HTTP/1");
    }
    if (minor !== 0 && minor !== 1) throw new MalformedReply("it is not HTTP/1.0 or 1.1");
    let status = 0;
    for (let i = from + 9; i < from + 12; i++) {
      const digit = (bytes[i] ?? 0) - 48;
      if (digit < 0 || digit > 9) throw new MalformedReply("its status is no number");
      status = status * 10 + digit;
    }
    const isApart = bytes[from + 8] === SPACE && (to === from + 12 || bytes[from + 12] === SPACE);
    if (to < from + 12 || !isApart || !isFieldText(bytes, from + 12, to)) {
      throw new MalformedReply("its status line is malformed");
    }
    if (status < 100 || status > 599) throw new MalformedReply("there is no such status");
    if (status === 101) throw new MalformedReply("it switches protocols unasked");
    this.#status = status;
    this.#minor = minor;
  }

  /** `token ":" OWS value OWS`. A folded line begins with a space, which no token does. */
  #field(bytes: Uint8Array, from: number, to: number, base: number): void {
    const places = this.#places;
    if (places.length === 4 * MAX_FIELDS) throw new MalformedReply("it has too many fields");
    let colon = from;
    while (colon < to && isTokenByte(bytes[colon])) colon++;
    if (colon === from || bytes[colon] !== COLON) throw new MalformedReply("a field is malformed");
    let start = colon + 1;
    let end = to;
    while (start < end && (bytes[start] === SPACE || bytes[start] === TAB)) start++;
    while (end > start && (bytes[end - 1] === SPACE || bytes[end - 1] === TAB)) end--;
    if (hasTab(bytes, colon, start) || hasTab(bytes, end, to)) {
      // It is space, but there are readers to whom a coding with a tab behind it is not known.
      const name = latin1(bytes, from, colon);
      if (FRAMING.test(name)) throw new MalformedReply("a tab stands beside what frames it");
    }
    if (!isFieldText(bytes, start, end)) throw new MalformedReply("a field's value is malformed");
    places.push(from - base, colon - base, start - base, end - base);
  }

  #head(bytes: Uint8Array, from: number): ReplyHead {
    const start = this.#start;
    const text = latin1(bytes, from + start, from + this.#end);
    const places = this.#places;
    const fields: [string, string][] = [];
    for (let i = 0; i + 3 < places.length; i += 4) {
      const name = text.slice((places[i] ?? 0) - start, (places[i + 1] ?? 0) - start);
      const value = text.slice((places[i + 2] ?? 0) - start, (places[i + 3] ?? 0) - start);
      fields.push([name.toLowerCase(), value]);
    }
    const head = framed(this.#status, this.#minor, fields);
    this.#remember(head, bytes, from);
    return withBody(head);
  }

  /** Lets go of the last head: none like it is to be expected soon. */
  forget(): void {
    this.#last = null;
    this.#lastBytes = this.#room = NOTHING;
  }

  #isLast(bytes: Uint8Array, from: number, to: number): boolean {
    const last = this.#lastBytes;
    if (to - from < last.length) return false;
    for (let at = 0; at < last.length; at++) if (bytes[from + at] !== last[at]) return false;
    return true;
  }

  #remember(head: KnownHead, bytes: Uint8Array, from: number): void {
    const length = this.#end;
    if (length > LONGEST_KEPT) {
      this.#last = null;
      return;
    }
    // What grew a little, by a digit of the length for example, has its place.
    if (this.#room.length < length) this.#room = new Uint8Array(length + 16);
    this.#room.set(bytes.subarray(from, from + length));
    this.#lastBytes = this.#room.subarray(0, length);
    this.#last = head;
  }
}

/** The head with what its fields say of the body and of the connection. */
function framed(status: number, minor: number, fields: [string, string][]): KnownHead {
  let length: number | null = null;
  let isChunked = false;
  let keepMs = minor === 0 ? 0 : Infinity;
  for (let i = 0; i < fields.length; i++) {
    const field = fields[i] as [string, string];
    const value = field[1];
    switch (field[0]) {
      case "content-length":
        if (length !== null) throw new MalformedReply("it has two lengths");
        if (!/^\d{1,15}$/.test(value)) throw new MalformedReply("its length is no number");
        length = Number(value);
        break;
      case "transfer-encoding":
        if (isChunked || value.toLowerCase() !== "chunked") {
          throw new MalformedReply("its transfer coding is unknown");
        }
        isChunked = true;
        break;
      case "connection":
        if (/(?:^|,)[ \t]*close[ \t]*(?:,|$)/i.test(value)) keepMs = 0;
        break;
      case "keep-alive":
        keepMs = Math.min(keepMs, announcedMs(value));
    }
  }
  if (isChunked && (length !== null || minor === 0)) {
    throw new MalformedReply("its length is told twice or by a coding that HTTP/1.0 has not");
  }
  if (status === 204 || status === 304) {
    // No body, whatever the fields say; where they announce one to a 204, it may follow all the same.
    const isPlain = status === 304 || (!isChunked && (length ?? 0) === 0);
    return { status, fields, length: 0, keepMs: isPlain ? keepMs : 0 };
  }
  if (isChunked) return { status, fields, length: CHUNKED, keepMs };
  if (length !== null) return { status, fields, length, keepMs };
  return { status, fields, length: CLOSED, keepMs: 0 };
}

function withBody({ status, fields, keepMs, length }: KnownHead): ReplyHead {
  return { status, fields, keepMs, body: bodyOf(length) };
}

function bodyOf(length: number): ReplyBody {
  switch (length) {
    case CHUNKED:
      return new ChunkedBody();
    case CLOSED:
      return new ClosedBody();
    default:
      return new LengthBody(length);
  }
}

/** What `Keep-Alive` allows, less a second for a request that is on its way when the time is up. */
function announcedMs(value: string): number {
  const seconds = /(?:^|[,;\s])timeout=(\d{1,6})(?:$|[,;\s])/i.exec(value)?.[1];
  return seconds === undefined ? Infinity : Math.max(0, Number(seconds) * 1000 - 1000);
}

function hasTab(bytes: Uint8Array, from: number, to: number): boolean {
  for (let at = from; at < to; at++) if (bytes[at] === TAB) return true;
  return false;
}

function latin1(bytes: Uint8Array, from: number, to: number): string {
  // Its own method, which takes any bytes: to make a Buffer of them costs more than to read them.
  return Buffer.prototype.latin1Slice.call(bytes, from, to);
}

const NOTHING = new Uint8Array(0);
const FRAMING = /^(?:content-length|transfer-encoding)$/i;
const VERSION = [...new TextEncoder().encode("HTTP/1.")];
