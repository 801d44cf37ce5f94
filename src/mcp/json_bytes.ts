/**
 * Steps over JSON in bytes and holds it to the grammar (RFC 8259) on the way, without making anything
 * of it: for long texts of which most is not wanted. Whether the bytes of strings are UTF-8 is not
 * looked at. Nesting beyond what a number has bits for is answered as if it were no JSON.
 */

const QUOTE = 0x22;
const COMMA = 0x2c;
const MINUS = 0x2d;
const DOT = 0x2e;
const ZERO = 0x30;
const COLON = 0x3a;
const OPEN_ARRAY = 0x5b;
const BACKSLASH = 0x5c;
const CLOSE_ARRAY = 0x5d;
const SMALL_E = 0x65;
const SMALL_U = 0x75;
const OPEN_OBJECT = 0x7b;
const CLOSE_OBJECT = 0x7d;

/** Deepest nesting. A bit for each open container says which kind it is. */
const DEEPEST = 30;

/** Said in place of a position: this is no JSON, or too deep. */
export const NOWHERE = -1;

/** The position of the next byte from `at` on that is no blank; the end of `bytes` where all are. */
export function blankEnd(bytes: Uint8Array, at: number): number {
  let next = at;
  while (next < bytes.length && isBlank(bytes[next])) next++;
  return next;
}

/** Whether `byte` may stand between the parts of JSON. */
export function isBlank(byte: number | undefined): boolean {
  return byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09;
}

/** The position behind the string that opens at `at`, or {@link NOWHERE}. */
export function stringEnd(bytes: Uint8Array, at: number): number {
  if (bytes[at] !== QUOTE) return NOWHERE;
  let next = at + 1;
  for (;;) {
    while (IS_PLAIN[bytes[next] as number] === 1) next++;
    const byte = bytes[next++];
    if (byte === QUOTE) return next;
    if (byte !== BACKSLASH) return NOWHERE;
    const escaped = bytes[next++] as number;
    if (escaped === SMALL_U) {
      for (const end = next + 4; next < end; next++) {
        if (!isHexDigit(bytes[next])) return NOWHERE;
      }
    } else if (!ESCAPED.has(escaped)) return NOWHERE;
  }
}

/** The position of the value of the member that begins at `at`, or {@link NOWHERE}. */
export function memberValue(bytes: Uint8Array, at: number): number {
  const name = stringEnd(bytes, at);
  if (name === NOWHERE) return NOWHERE;
  const colon = blankEnd(bytes, name);
  return bytes[colon] === COLON ? blankEnd(bytes, colon + 1) : NOWHERE;
}

/** The position behind the value that begins at `at`, or {@link NOWHERE}. */
export function valueEnd(bytes: Uint8Array, at: number): number {
  // The lowest bit is that of the innermost container: 1 for an object.
  let kinds = 0;
  let depth = 0;
  let next = at;
  for (;;) {
    const byte = bytes[next];
    if (byte === OPEN_OBJECT || byte === OPEN_ARRAY) {
      const isObject = byte === OPEN_OBJECT;
      next = blankEnd(bytes, next + 1);
      if (bytes[next] !== (isObject ? CLOSE_OBJECT : CLOSE_ARRAY)) {
        if (++depth > DEEPEST) return NOWHERE;
        kinds = (kinds << 1) | (isObject ? 1 : 0);
        if (isObject && (next = memberValue(bytes, next)) === NOWHERE) return NOWHERE;
        continue;
      }
      next++;
    } else {
      next = byte === QUOTE ? stringEnd(bytes, next) : scalarEnd(bytes, next);
      if (next === NOWHERE) return NOWHERE;
    }
    // A value has ended: what is around it goes on, or ends as well.
    for (;;) {
      if (depth === 0) return next;
      const isObject = (kinds & 1) === 1;
      next = blankEnd(bytes, next);
      const after = bytes[next];
      if (after === COMMA) {
        next = blankEnd(bytes, next + 1);
        if (isObject && (next = memberValue(bytes, next)) === NOWHERE) return NOWHERE;
        break;
      }
      if (after !== (isObject ? CLOSE_OBJECT : CLOSE_ARRAY)) return NOWHERE;
      next++;
      depth--;
      kinds >>= 1;
    }
  }
}

/** A number, or one of the three words. */
function scalarEnd(bytes: Uint8Array, at: number): number {
  for (const word of WORDS) {
    if (bytes[at] === word[0]) return standsAt(word, bytes, at) ? at + word.length : NOWHERE;
  }
  let next = bytes[at] === MINUS ? at + 1 : at;
  const whole = digitsEnd(bytes, next);
  // No digit, or more of them after a zero.
  if (whole === next || (bytes[next] === ZERO && whole > next + 1)) return NOWHERE;
  next = whole;
  if (bytes[next] === DOT) {
    const fraction = digitsEnd(bytes, next + 1);
    if (fraction === next + 1) return NOWHERE;
    next = fraction;
  }
  if (((bytes[next] ?? 0) | 0x20) !== SMALL_E) return next;
  const sign = bytes[next + 1];
  const digits = sign === 0x2b || sign === MINUS ? next + 2 : next + 1;
  const end = digitsEnd(bytes, digits);
  return end === digits ? NOWHERE : end;
}

function digitsEnd(bytes: Uint8Array, at: number): number {
  let next = at;
  while (
    next < bytes.length && (bytes[next] as number) >= ZERO && (bytes[next] as number) <= 0x39
  ) {
    next++;
  }
  return next;
}

/** Whether the bytes of `part` stand in `bytes` at `at`. */
export function standsAt(part: Uint8Array, bytes: Uint8Array, at: number): boolean {
  for (let index = 0; index < part.length; index++) {
    if (part[index] !== bytes[at + index]) return false;
  }
  return true;
}

function isHexDigit(byte: number | undefined): boolean {
  if (byte === undefined) return false;
  return (byte >= ZERO && byte <= 0x39) || ((byte | 0x20) >= 0x61 && (byte | 0x20) <= 0x66);
}

/** By byte: 1 where it stands in a string for itself. */
const IS_PLAIN = Uint8Array.from(
  { length: 256 },
  (_, byte) => byte < 0x20 || byte === QUOTE || byte === BACKSLASH ? 0 : 1,
);

const encoder = new TextEncoder();
const WORDS = ["true", "false", "null"].map((word) => encoder.encode(word));
const ESCAPED: ReadonlySet<number> = new Set(encoder.encode('"\\/bfnrt'));
