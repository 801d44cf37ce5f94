/** Bytes as text, one character for each: heads are read by it. */
import { Buffer } from "node:buffer";

/** One character for each byte of `bytes`; a `TextDecoder` of that name decodes windows-1252. */
export function latin1(bytes: Uint8Array, from: number, to: number): string {
  // Its own method, which takes any bytes: to make a Buffer of them costs more than to read them.
  return Buffer.prototype.latin1Slice.call(bytes, from, to);
}
