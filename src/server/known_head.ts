/**
 * The head that a connection brought last, to know it again by its bytes. Clients send the same head
 * with each request, but for how long the body is: with another length it is still the same head.
 */
import type { HeadNotes } from "../gate/incoming.ts";
import { latin1 } from "./latin1.ts";
import type { RequestHead } from "./request_head.ts";

/** Longer heads are read again each time, so that resting connections stay small. */
const LONGEST_KEPT = 2048;

/** Digits of a length, as the grammar of heads has it. */
const MOST_DIGITS = 15;

/** One head, kept for the next that is like it. */
export class KnownHead {
  #head: RequestHead | null = null;
  #notes: HeadNotes = { facts: null };
  /** Its bytes: {@link #bytes} is that part of {@link #room}. */
  #bytes: Uint8Array = NOTHING;
  #room: Uint8Array = NOTHING;
  /** Where the digits of its body's length stand; both 0 where it has no body of a known length. */
  #digitsFrom = 0;
  #digitsTo = 0;
  #length = 0;

  /** Bytes of the head that {@link match} has found. */
  get length(): number {
    return this.#length;
  }

  /** Shared by all heads that have matched, and the one that they are like. */
  get notes(): HeadNotes {
    return this.#notes;
  }

  /** The head at `start` of `bytes`, where all of it is there and like the one kept; else null. */
  match(bytes: Uint8Array, start: number, end: number): RequestHead | null {
    const head = this.#head;
    if (head === null) return null;
    const known = this.#bytes;
    const digitsFrom = this.#digitsFrom;
    if (end - start < known.length - (this.#digitsTo - digitsFrom)) return null;
    for (let at = 0; at < digitsFrom; at++) if (bytes[start + at] !== known[at]) return null;
    let digitsTo = start + digitsFrom;
    let isSame = true;
    if (this.#digitsTo > digitsFrom) {
      const mostTo = Math.min(end, digitsTo + MOST_DIGITS);
      while (digitsTo < mostTo && isDigit(bytes[digitsTo] as number)) {
        if (bytes[digitsTo] !== known[digitsTo - start]) isSame = false;
        digitsTo++;
      }
      if (digitsTo - start !== this.#digitsTo) isSame = false;
    }
    const shift = digitsTo - this.#digitsTo;
    if (end - shift < known.length) return null;
    for (let at = this.#digitsTo; at < known.length; at++) {
      if (bytes[shift + at] !== known[at]) return null;
    }
    const matched = isSame ? head : withLength(head, bytes, start + digitsFrom, digitsTo);
    if (matched !== null) this.#length = known.length + shift - start;
    return matched;
  }

  /** Keeps `head`, which stands in `bytes` from `start` to before `stop`, in place of the one before. */
  remember(head: RequestHead, bytes: Uint8Array, start: number, stop: number): void {
    this.#notes = { facts: null };
    const length = stop - start;
    if (length > LONGEST_KEPT) {
      this.#head = null;
      return;
    }
    // A copy: a large buffer must not be kept for the head at its beginning. What grew a little, by
    // another field's value for example, has its place.
    if (this.#room.length < length) this.#room = new Uint8Array(length + 16);
    this.#room.set(bytes.subarray(start, stop));
    this.#bytes = this.#room.subarray(0, length);
    this.#head = head;
    this.#findDigits();
  }

  /** Lets go of it: none like it is to be expected soon. */
  forget(): void {
    this.#head = null;
    this.#notes = { facts: null };
    this.#bytes = this.#room = NOTHING;
  }

  /** The head is well-formed, and has one such field at most. */
  #findDigits(): void {
    this.#digitsFrom = this.#digitsTo = 0;
    if (this.#head === null || this.#head.bodyBytes <= 0) return;
    const found = LENGTH_FIELD.exec(latin1(this.#bytes, 0, this.#bytes.length));
    if (found === null) return;
    const digits = found[1] as string;
    this.#digitsFrom = found.index + found[0].lastIndexOf(digits);
    this.#digitsTo = this.#digitsFrom + digits.length;
  }
}

/** `head` with the length that the digits say; null where they say that there is no body, or nothing. */
function withLength(
  head: RequestHead,
  bytes: Uint8Array,
  from: number,
  to: number,
): RequestHead | null {
  let bodyBytes = 0;
  let digits = "";
  for (let at = from; at < to; at++) {
    const byte = bytes[at] as number;
    bodyBytes = bodyBytes * 10 + byte - ZERO;
    digits += String.fromCharCode(byte);
  }
  if (bodyBytes === 0) return null;
  const fields = head.fields.slice();
  for (let at = 0; at < fields.length; at++) {
    if (fields[at]?.[0] === "content-length") fields[at] = ["content-length", digits];
  }
  return { ...head, fields, bodyBytes };
}

function isDigit(byte: number): boolean {
  return byte >= ZERO && byte <= NINE;
}

const ZERO = 48;
const NINE = 57;
const LENGTH_FIELD = /\r\ncontent-length:[ \t]*(\d{1,15})[ \t]*\r\n/i;
const NOTHING = new Uint8Array(0);
