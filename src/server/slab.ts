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
