/**
 * The bytes of a request body out of those of the connection: by length or by chunks, strictly
 * (PROTOCOL §5.5). A decoder takes what is there, once, and says where the body ends. Pure: who
 * waits for bytes is the exchange.
 */
import { HeadScan } from "./head_scan.ts";
import { latin1 } from "./latin1.ts";
import { CHUNKED, readsLikeFraming } from "./request_head.ts";

/** What a decoder has made of some bytes. */
export interface BodyDecoder {
  /** Whether the body has ended. */
  readonly isDone: boolean;
  /** Whether it is malformed, so that nobody can say where it ends. */
  readonly isBroken: boolean;
  /** Bytes that are still to come at least; large buffers pay where there are many. */
  readonly expected: number;
  /** After {@link take}: the position after the last byte that it took. */
  readonly position: number;
  /**
   * Takes what belongs to the body of `bytes` from `from` to before `to`.
   *
   * @returns Its content, a part of `bytes`: chunks are moved together in place
   */
  take(bytes: Uint8Array, from: number, to: number): Uint8Array;
}

/** The decoder of a body of `bodyBytes`, as a head tells them. */
export function bodyDecoder(bodyBytes: number): BodyDecoder {
  return bodyBytes === CHUNKED ? new ChunkedDecoder() : new LengthDecoder(bodyBytes);
}

class LengthDecoder implements BodyDecoder {
  readonly isBroken = false;
  position = 0;
  #left: number;

  constructor(bytes: number) {
    this.#left = bytes;
  }

  get isDone(): boolean {
    return this.#left === 0;
  }

  get expected(): number {
    return this.#left;
  }

  take(bytes: Uint8Array, from: number, to: number): Uint8Array {
    const count = Math.min(this.#left, to - from);
    this.#left -= count;
    this.position = from + count;
    return bytes.subarray(from, this.position);
  }
}

/** Bytes of one chunk's extensions. They mean nothing here; more than this are no accident. */
const EXTENSION_BYTES = 256;

/** Of all chunks together. */
const ALL_EXTENSION_BYTES = 16 * 1024;

/** What follows the first semicolon. Of anything else servers differ in what they make. */
const TOKEN = "[!#$%&'*+.^_`|~0-9A-Za-z-]+";
const QUOTED = String.raw`"(?:[\t\x20\x21\x23-\x5b\x5d-\x7e]|\\[\t\x20-\x7e])*"`;
const EXTENSION = `${TOKEN}(?:=(?:${TOKEN}|${QUOTED}))?`;
const EXTENSIONS = new RegExp(`^${EXTENSION}(?:;${EXTENSION})*$`);

const SIZE_DIGITS = 8;

class ChunkedDecoder implements BodyDecoder {
  position = 0;
  isBroken = false;
  #at = SIZE;
  #digits = 0;
  #left = 0;
  #extension = "";
  #extensions = 0;
  #trailer: HeadScan | null = null;
  #trailerText = "";

  get isDone(): boolean {
    return this.#at === OVER;
  }

  get expected(): number {
    return this.#left;
  }

  take(bytes: Uint8Array, from: number, to: number): Uint8Array {
    // Chunks are joined, or each byte of a body could be made to cost a turn of its own.
    let filled = from;
    let i = from;
    while (i < to && this.#at !== OVER && !this.isBroken) {
      if (this.#at === DATA) {
        const count = Math.min(this.#left, to - i);
        bytes.copyWithin(filled, i, i + count);
        filled += count;
        i += count;
        this.#left -= count;
        if (this.#left === 0) this.#at = DATA_CR;
      } else if (this.#at === TRAILER) {
        i = this.#endTrailer(bytes, i, to);
      } else {
        this.#frame(bytes[i++] as number);
      }
    }
    this.position = i;
    return bytes.subarray(from, filled);
  }

  /** One byte between the contents of chunks. */
  #frame(byte: number): void {
    switch (this.#at) {
      case SIZE: {
        const digit = hexDigit(byte);
        if (digit >= 0) {
          this.#left = this.#left * 16 + digit;
          if (++this.#digits > SIZE_DIGITS) this.isBroken = true;
        } else if (this.#digits === 0) this.isBroken = true;
        else if (byte === SEMICOLON) this.#at = EXTRA;
        else this.#expect(byte, CR, SIZE_LF);
        break;
      }
      case EXTRA:
        if (byte === CR) {
          this.#at = SIZE_LF;
          this.isBroken = !EXTENSIONS.test(this.#extension);
          break;
        }
        this.#extension += String.fromCharCode(byte);
        this.isBroken = this.#extension.length > EXTENSION_BYTES ||
          ++this.#extensions > ALL_EXTENSION_BYTES;
        break;
      case SIZE_LF:
        this.#expect(byte, LF, this.#left === 0 ? TRAILER : DATA);
        break;
      case DATA_CR:
        this.#expect(byte, CR, DATA_LF);
        break;
      default: // DATA_LF
        this.#expect(byte, LF, SIZE);
        this.#digits = 0;
        this.#extension = "";
    }
  }

  /** Trailers are held to the rules of a head's fields, must not speak of framing, and are dropped. */
  #endTrailer(bytes: Uint8Array, from: number, to: number): number {
    this.#trailer ??= new HeadScan("trailer");
    const stop = this.#trailer.push(bytes, from, to);
    this.#trailerText += latin1(bytes, from, stop);
    if (this.#trailer.isComplete && !speaksOfFraming(this.#trailerText)) this.#at = OVER;
    else this.isBroken = this.#trailer.isComplete || this.#trailer.refusal !== 0;
    return stop;
  }

  #expect(byte: number, wanted: number, next: number): void {
    if (byte === wanted) this.#at = next;
    else this.isBroken = true;
  }
}

// What the next byte of a chunked body belongs to.
const SIZE = 0;
const EXTRA = 1;
const SIZE_LF = 2;
const DATA = 3;
const DATA_CR = 4;
const DATA_LF = 5;
const TRAILER = 6;
const OVER = 7;

const CR = 13;
const LF = 10;
const SEMICOLON = 59;

function speaksOfFraming(trailer: string): boolean {
  return trailer.split("\r\n").some((line) => {
    return readsLikeFraming(line.slice(0, Math.max(0, line.indexOf(":"))).toLowerCase());
  });
}

/** The value of a hexadecimal digit, or -1. */
function hexDigit(byte: number): number {
  if (byte >= 48 && byte <= 57) return byte - 48;
  const lower = byte | 32;
  return lower >= 97 && lower <= 102 ? lower - 87 : -1;
}
