/**
 * HMAC with SHA-256 (RFC 2104), by the two hashes that it consists of: the runtime's own is an object
 * for each message and takes five times as long, and every event of a stream may need one. Knows
 * nothing of what is authenticated.
 */
import { createHash, hash } from "node:crypto";

const BLOCK_BYTES = 64;
const DIGEST_BYTES = 32;

/** Texts up to this length are encoded into memory that is there already. */
const USUAL_LENGTH = 512;

/** Makes the codes of one key. */
export class Hmac {
  /** The key's first pad, and space for a text. */
  readonly #inner: Uint8Array;
  /** The key's second pad, and space for the digest of what {@link #inner} holds. */
  readonly #outer = new Uint8Array(BLOCK_BYTES + DIGEST_BYTES);

  /** @param key Any length; more than 64 bytes are hashed first, as the RFC says */
  constructor(key: Uint8Array) {
    const own = key.length > BLOCK_BYTES ? createHash("sha256").update(key).digest() : key;
    this.#inner = new Uint8Array(BLOCK_BYTES + MOST_BYTES_A_UNIT * USUAL_LENGTH);
    for (let at = 0; at < BLOCK_BYTES; at++) {
      this.#inner[at] = (own[at] ?? 0) ^ 0x36;
      this.#outer[at] = (own[at] ?? 0) ^ 0x5c;
    }
  }

  /** The code of `text` in UTF-8, as 64 hexadecimal digits. */
  hex(text: string): string {
    const inner = text.length <= USUAL_LENGTH ? this.#inner : this.#longer(text.length);
    const { written } = encoder.encodeInto(text, inner.subarray(BLOCK_BYTES));
    const digest = hash("sha256", inner.subarray(0, BLOCK_BYTES + written), "hex");
    for (let at = 0; at < DIGEST_BYTES; at++) {
      this.#outer[BLOCK_BYTES + at] = digitAt(digest, 2 * at) * 16 + digitAt(digest, 2 * at + 1);
    }
    return hash("sha256", this.#outer, "hex");
  }

  #longer(length: number): Uint8Array {
    const inner = new Uint8Array(BLOCK_BYTES + MOST_BYTES_A_UNIT * length);
    inner.set(this.#inner.subarray(0, BLOCK_BYTES));
    return inner;
  }
}

/** Bytes of UTF-8 that one unit of a string can take. */
const MOST_BYTES_A_UNIT = 3;

/** The value of the lower-case hexadecimal digit at `at`. */
function digitAt(hex: string, at: number): number {
  const code = hex.charCodeAt(at);
  return code < 0x3a ? code - 0x30 : code - 0x57;
}

/** The first `length` characters, an even number, of the base64url form of what `hex` spells. */
export function base64urlOfHex(hex: string, length: number): string {
  let text = "";
  for (let at = 0; 2 * at < 3 * length; at += 3) {
    const bits = digitAt(hex, at) * 256 + digitAt(hex, at + 1) * 16 + digitAt(hex, at + 2);
    text += PAIRS[bits];
  }
  return text;
}

const ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
/** What twelve bits are spelled as. */
const PAIRS = Array.from(
  { length: 4096 },
  (_, bits) => ALPHABET.charAt(bits >> 6) + ALPHABET.charAt(bits & 63),
);
const encoder = new TextEncoder();
