/**
 * Keys: how they are minted and what of them is kept. A key is `mcpg_`, 32 random bytes as 43
 * characters of base64url, and 6 characters of base62: the CRC-32 (the one of zip, RFC 1952
 * section 8) of those 43 characters, most significant digit first, digits `0-9A-Za-z`. The checksum
 * tells a mistyped key from an unknown one; it keeps nobody out. Any text whose SHA-256 is
 * configured is a key, whatever its form.
 */
import { createHash } from "node:crypto";

const PREFIX = "mcpg_";

const FORM = /^mcpg_([A-Za-z0-9_-]{43})([0-9A-Za-z]{6})$/;

const DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/** Bytes of randomness in a key: 256 bits, so that its hash needs neither salt nor slowness. */
const KEY_BYTES = 32;

/** A new key. It is to be shown once and kept nowhere; {@link hashKey} makes what is kept. */
export function mintKey(random: (bytes: number) => Uint8Array): string {
  const bytes = random(KEY_BYTES);
  if (bytes.length !== KEY_BYTES) throw new TypeError(`Need ${KEY_BYTES} random bytes`);
  const secret = bytes.toBase64({ alphabet: "base64url", omitPadding: true });
  return PREFIX + secret + checksum(secret);
}

/** The SHA-256 of a key as the configuration holds it, in lower-case hexadecimal. */
export function hashKey(key: string): string {
  return createHash("sha256").update(key).digest("hex");
}

/**
 * What `text` is by its form alone: `minted` as keygen makes them, `mistyped` where it begins like one
 * and cannot be one, `other` where it does not even begin so.
 */
export function formOfKey(text: string): "minted" | "mistyped" | "other" {
  if (!text.startsWith(PREFIX)) return "other";
  const match = FORM.exec(text);
  return match !== null && checksum(match[1]!) === match[2] ? "minted" : "mistyped";
}

function checksum(secret: string): string {
  let rest = crc32(secret);
  let digits = "";
  for (let count = 0; count < 6; count++) {
    digits = DIGITS[rest % 62] + digits;
    rest = Math.floor(rest / 62);
  }
  return digits;
}

/** Bit by bit: 43 characters need no table. */
function crc32(text: string): number {
  let crc = 0xffffffff;
  for (let at = 0; at < text.length; at++) {
    crc ^= text.charCodeAt(at);
    for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ (crc & 1 ? 0xedb88320 : 0);
  }
  return (crc ^ 0xffffffff) >>> 0;
}
