/**
 * Bytes as text, exactly: what is no UTF-8 is no text, and a byte order mark stays where it is, to be
 * seen. Most of what passes is short and plain, and then costs next to nothing.
 */
import { Buffer } from "node:buffer";

/** Up to this length, looking at each byte costs less than what a decoder does to begin. */
const SHORT = 1024;

const EXACT = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** The text that `bytes` are; null where they are no UTF-8. */
export function exactText(bytes: Uint8Array): string | null {
  const plain = plainText(bytes);
  if (plain !== null) return plain;
  try {
    return EXACT.decode(bytes);
  } catch {
    return null;
  }
}

/** The text that `bytes` are where they are short and ASCII; null: a decoder has to see them. */
export function plainText(bytes: Uint8Array): string | null {
  if (bytes.length > SHORT) return null;
  for (let at = 0; at < bytes.length; at++) if ((bytes[at] as number) > 0x7f) return null;
  return Buffer.prototype.latin1Slice.call(bytes, 0, bytes.length);
}
