/**
 * The grammar of a request head, byte by byte (PROTOCOL §5.5). Looks at each byte once, keeps its
 * state between calls and nothing else, so that the verdict does not depend on how the bytes were
 * split. Knows what is well-formed, not what a field means.
 */

/** Bytes a head may have; one more, and it is refused with 431. */
export const HEAD_BYTES = 16 * 1024;

/** Fields a head may have; one more, and it is refused with 431. */
export const HEAD_FIELDS = 100;

/** A head while it arrives. */
export class HeadScan {
  readonly #first: number;
  #at: number;
  #seen = 0;
  #fields = 0;
  #versionAt = 0;
  #refusal = 0;

  /** @param of A whole head, or only the fields that may follow a chunked body */
  constructor(of: "request" | "trailer") {
    this.#first = of === "request" ? START : LINE;
    this.#at = this.#first;
  }

  /** Whether it is in whole and well-formed. */
  get isComplete(): boolean {
    return this.#at === OVER && this.#refusal === 0;
  }

  /** The status it is refused with; 0: there is no reason to. */
  get refusal(): number {
    return this.#refusal;
  }

  /** Whether nothing of it has come yet. */
  get isUntouched(): boolean {
    return this.#seen === 0;
  }

  /** Forgets this head, for the next one. */
  reset(): void {
    this.#at = this.#first;
    this.#seen =
      this.#fields =
      this.#versionAt =
      this.#refusal =
        0;
  }

  /**
   * Looks at `bytes` from `from` to before `to`, which follow those of the last call.
   *
   * @returns The position after the last byte looked at: that of the head's end, where it is complete
   */
  push(bytes: Uint8Array, from: number, to: number): number {
    const limit = from + HEAD_BYTES - this.#seen;
    const stop = this.#scan(bytes, from, Math.min(to, limit));
    this.#seen += stop - from;
    if (to > limit && this.#at !== OVER) this.#refuse(431);
    return stop;
  }

  #scan(bytes: Uint8Array, from: number, to: number): number {
    let at = this.#at;
    let i = from;
    while (i < to) {
      const byte = bytes[i++] as number;
      switch (at) {
        case START:
          // One empty line before it is what some clients send after a body.
          if (isToken(byte)) at = METHOD;
          else if (byte === CR) at = EMPTY_LF;
          else return this.#refuse(400, i);
          break;
        case EMPTY_LF:
          if (byte !== LF) return this.#refuse(400, i);
          at = METHOD_START;
          break;
        case METHOD_START:
          if (!isToken(byte)) return this.#refuse(400, i);
          at = METHOD;
          break;
        case METHOD:
          i = skip(bytes, i - 1, to, TOKEN);
          if (i === to) break;
          if (bytes[i++] !== SP) return this.#refuse(400, i);
          at = TARGET_START;
          break;
        case TARGET_START:
          if (((CLASSES[byte] as number) & TARGET_BYTE) === 0) return this.#refuse(400, i);
          at = TARGET;
          break;
        case TARGET:
          i = skip(bytes, i - 1, to, TARGET_BYTE);
          if (i === to) break;
          if (bytes[i++] !== SP) return this.#refuse(400, i);
          at = VERSION;
          break;
        case VERSION: {
          const refusal = versionRefusal(this.#versionAt++, byte);
          if (refusal !== 0) return this.#refuse(refusal, i);
          if (this.#versionAt === VERSION_BYTES.length) at = LINE;
          break;
        }
        case LINE:
          // Anything else is a folded line, an empty name or a bare LF.
          if (isToken(byte)) at = NAME;
          else if (byte === CR) at = LAST_LF;
          else return this.#refuse(400, i);
          break;
        case NAME:
          i = skip(bytes, i - 1, to, TOKEN);
          if (i === to) break;
          if (bytes[i++] !== COLON) return this.#refuse(400, i);
          at = VALUE;
          break;
        case VALUE:
          i = skip(bytes, i - 1, to, VALUE_BYTE);
          if (i === to) break;
          if (bytes[i++] !== CR) return this.#refuse(400, i);
          at = VALUE_LF;
          break;
        case VALUE_LF:
          if (byte !== LF) return this.#refuse(400, i);
          if (++this.#fields > HEAD_FIELDS) return this.#refuse(431, i);
          at = LINE;
          break;
        default: // LAST_LF
          if (byte !== LF) return this.#refuse(400, i);
          this.#at = OVER;
          return i;
      }
    }
    this.#at = at;
    return i;
  }

  #refuse(status: number, position = 0): number {
    this.#at = OVER;
    this.#refusal = status;
    return position;
  }
}

// Where in the grammar the next byte stands.
const START = 0;
const EMPTY_LF = 1;
const METHOD_START = 2;
const METHOD = 3;
const TARGET_START = 4;
const TARGET = 5;
const VERSION = 6;
const LINE = 7;
const NAME = 8;
const VALUE = 9;
const VALUE_LF = 10;
const LAST_LF = 11;
const OVER = 12;

const CR = 13;
const LF = 10;
const SP = 32;
const COLON = 58;

// What a byte may stand in: bits of its entry in CLASSES.
const TOKEN = 1;
const TARGET_BYTE = 2;
const VALUE_BYTE = 4;

const CLASSES = classes();

function classes(): Uint8Array {
  const table = new Uint8Array(256);
  const mark = (byte: number, bit: number) => table[byte] = (table[byte] as number) | bit;
  for (const char of "!#$%&'*+-.^_`|~") mark(char.charCodeAt(0), TOKEN);
  for (let byte = 0; byte < 256; byte++) {
    if (/[0-9A-Za-z]/.test(String.fromCharCode(byte))) mark(byte, TOKEN);
    if (byte > 0x20 && byte < 0x7f) mark(byte, TARGET_BYTE);
    if (byte === 9 || (byte >= 0x20 && byte !== 0x7f)) mark(byte, VALUE_BYTE);
  }
  return table;
}

function isToken(byte: number): boolean {
  return ((CLASSES[byte] as number) & TOKEN) !== 0;
}

/** The first position from `from` on whose byte has not the bit `kind`, or `to`. */
function skip(bytes: Uint8Array, from: number, to: number, kind: number): number {
  let i = from;
  while (i < to && ((CLASSES[bytes[i] as number] as number) & kind) !== 0) i++;
  return i;
}

const VERSION_BYTES = new TextEncoder().encode("HTTP/1.x\r\n");
const MAJOR = 5;
const MINOR = 7;

/** Why `byte` may not stand at `at` of the version, as a status; 0: it may. */
function versionRefusal(at: number, byte: number): number {
  const isDigit = byte >= 48 && byte <= 57;
  if (at === MAJOR && isDigit) return byte === 49 ? 0 : 505;
  if (at === MINOR) return byte === 48 || byte === 49 ? 0 : isDigit ? 505 : 400;
  return byte === VERSION_BYTES[at] ? 0 : 400;
}
