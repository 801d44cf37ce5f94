/**
 * Bodies of HTTP/1.1 replies by their three framings: a length, chunks, or whatever comes until the
 * connection closes. Each is pushed the bytes as they come and gives back those of the body, moved
 * together in place, so that many small chunks become one piece. Knows no socket.
 */
import { isTextByte, isTokenByte, MalformedReply } from "./http1_grammar.ts";

/** Digits of a chunk's size. */
const MAX_SIZE_DIGITS = 8;

/** Bytes of one chunk's extension, which is dropped. */
const MAX_EXTENSION_BYTES = 256;

/** Bytes of the fields after the last chunk, which are dropped. */
const MAX_TRAILER_BYTES = 16 * 1024;

/** One body under way. */
export interface ReplyBody {
  /**
   * Takes the bytes from `from` to `to`, the next after those it took before. Throws
   * {@link MalformedReply}.
   *
   * @returns How many bytes of the body they held; these now begin at `from`
   */
  take(bytes: Uint8Array, from: number, to: number): number;
  /** Whether its end has come. */
  readonly isComplete: boolean;
  /** How many bytes are still to come at least, as far as that has been told. */
  readonly expected: number;
  /** Whether bytes have come after its end. */
  readonly hasSurplus: boolean;
  /** Whether the connection's end is its own. */
  readonly endsByClose: boolean;
}

/** A body of a length told before. */
export class LengthBody implements ReplyBody {
  readonly endsByClose = false;
  hasSurplus = false;
  #left: number;

  constructor(length: number) {
    this.#left = length;
  }

  get isComplete(): boolean {
    return this.#left === 0;
  }

  get expected(): number {
    return this.#left;
  }

  take(_bytes: Uint8Array, from: number, to: number): number {
    const taken = Math.min(to - from, this.#left);
    this.#left -= taken;
    this.hasSurplus ||= taken < to - from;
    return taken;
  }
}

/** A body that ends with the connection. */
export class ClosedBody implements ReplyBody {
  readonly endsByClose = true;
  readonly hasSurplus = false;
  readonly isComplete = false;
  readonly expected = 0;

  take(_bytes: Uint8Array, from: number, to: number): number {
    return to - from;
  }
}

/** Where in a chunked body the next byte stands. */
enum Place {
  Size,
  Extension,
  SizeLf,
  Data,
  DataCr,
  DataLf,
  TrailerStart,
  TrailerName,
  TrailerValue,
  TrailerLf,
  LastLf,
  End,
}

const LF = 10;
const CR = 13;
const COLON = 58;
const SEMICOLON = 59;

/** A body in chunks. */
export class ChunkedBody implements ReplyBody {
  readonly endsByClose = false;
  hasSurplus = false;
  #place = Place.Size;
  /** Of the size while it is read, then of the chunk's data that is still to come. */
  #left = 0;
  #digits = 0;
  #extensionBytes = 0;
  #trailerBytes = 0;

  get isComplete(): boolean {
    return this.#place === Place.End;
  }

  get expected(): number {
    return this.#place === Place.Data ? this.#left : 0;
  }

  take(bytes: Uint8Array, from: number, to: number): number {
    let filled = from;
    for (let at = from; at < to;) {
      if (this.#place === Place.Data) {
        const end = Math.min(to, at + this.#left);
        // In place: what frames the data only ever makes it move towards the start.
        if (filled !== at) bytes.copyWithin(filled, at, end);
        filled += end - at;
        this.#left -= end - at;
        at = end;
        if (this.#left === 0) this.#place = Place.DataCr;
      } else if (this.#place === Place.End) {
        this.hasSurplus = true;
        break;
      } else {
        this.#frame(bytes[at++] ?? 0);
      }
    }
    return filled - from;
  }

  /** One byte of what is not data. */
  #frame(byte: number): void {
    switch (this.#place) {
      case Place.Size:
        return this.#size(byte);
      case Place.Extension:
        if (byte === CR) this.#place = Place.SizeLf;
        else if (!isTextByte(byte)) throw malformed();
        else if (++this.#extensionBytes > MAX_EXTENSION_BYTES) throw malformed();
        return;
      case Place.SizeLf:
        this.#expect(byte, LF, this.#left === 0 ? Place.TrailerStart : Place.Data);
        this.#digits = this.#extensionBytes = 0;
        return;
      case Place.DataCr:
        return this.#expect(byte, CR, Place.DataLf);
      case Place.DataLf:
        return this.#expect(byte, LF, Place.Size);
      case Place.LastLf:
        return this.#expect(byte, LF, Place.End);
      default:
        return this.#trailer(byte);
    }
  }

  #size(byte: number): void {
    const digit = hexDigit(byte);
    if (digit >= 0) {
      if (++this.#digits > MAX_SIZE_DIGITS) throw malformed();
      this.#left = this.#left * 16 + digit;
    } else if (this.#digits === 0) {
      throw malformed();
    } else if (byte === CR) {
      this.#place = Place.SizeLf;
    } else if (byte === SEMICOLON) {
      this.#place = Place.Extension;
    } else {
      throw malformed();
    }
  }

  #trailer(byte: number): void {
    if (++this.#trailerBytes > MAX_TRAILER_BYTES) throw malformed();
    switch (this.#place) {
      case Place.TrailerStart:
        if (byte === CR) this.#place = Place.LastLf;
        else if (isTokenByte(byte)) this.#place = Place.TrailerName;
        else throw malformed();
        return;
      case Place.TrailerName:
        if (byte === COLON) this.#place = Place.TrailerValue;
        else if (!isTokenByte(byte)) throw malformed();
        return;
      case Place.TrailerValue:
        if (byte === CR) this.#place = Place.TrailerLf;
        else if (!isTextByte(byte)) throw malformed();
        return;
      default:
        return this.#expect(byte, LF, Place.TrailerStart);
    }
  }

  #expect(byte: number, expected: number, next: Place): void {
    if (byte !== expected) throw malformed();
    this.#place = next;
  }
}

function malformed(): MalformedReply {
  return new MalformedReply("its chunks are malformed");
}

/** The value of a hexadecimal digit, -1 for any other byte. */
function hexDigit(byte: number): number {
  if (byte >= 48 && byte <= 57) return byte - 48;
  const lower = byte | 32;
  return lower >= 97 && lower <= 102 ? lower - 87 : -1;
}
