/**
 * Memory for what is small and soon done with: heads, replies and bodies are cut from one piece, since
 * an array of their own each costs more than all that is done with it. Nothing is ever given out twice.
 */

const SLAB_BYTES = 64 * 1024;

/** More than this gets memory of its own. */
const MOST_BYTES = SLAB_BYTES / 16;

let slab = new Uint8Array(SLAB_BYTES);
let slabUsed = 0;

/** `size` bytes that nobody else has, nor will have. Whoever keeps them for long keeps their slab. */
export function portion(size: number): Uint8Array {
  if (size > MOST_BYTES) return new Uint8Array(size);
  if (slabUsed + size > SLAB_BYTES) {
    slab = new Uint8Array(SLAB_BYTES);
    slabUsed = 0;
  }
  slabUsed += size;
  return slab.subarray(slabUsed - size, slabUsed);
}

/** `text` in UTF-8: where it is short, in memory that is there already. */
export function encoded(text: string): Uint8Array {
  const most = MOST_BYTES_A_UNIT * text.length;
  if (most > MOST_BYTES) return encoder.encode(text);
  const room = portion(most);
  const { written } = encoder.encodeInto(text, room);
  // What was not needed is given back: nobody has seen it.
  slabUsed -= most - written;
  return room.subarray(0, written);
}

/** Bytes of UTF-8 that one unit of a string can take. */
const MOST_BYTES_A_UNIT = 3;

const encoder = new TextEncoder();
