/**
 * The memory that one connection reads into. What has been read is never written over, so pieces of
 * it can be handed on without a copy; a piece of memory that is used up is left to who holds it. Its
 * size follows what comes: small for idle streams, large for large replies.
 */

/** What a head is read into: an ordinary reply fits in whole. */
const HEAD_BYTES = 4 * 1024;

/** What is waited with while a body says nothing of its length: thousands of streams may be silent. */
const LEAST_BYTES = 256;
const MOST_BYTES = 64 * 1024;

/** Bytes that have been read and not yet been taken, and the space for more. */
export class ReadBuffer {
  #bytes: Uint8Array = NOTHING;
  /** What the last reads have filled. */
  #wanted = LEAST_BYTES;
  #from = 0;
  #to = 0;

  /** The memory: what counts of it stands from {@link from} to {@link to}. */
  get bytes(): Uint8Array {
    return this.#bytes;
  }

  get from(): number {
    return this.#from;
  }

  get to(): number {
    return this.#to;
  }

  /** Where the next bytes of a head are to be read into. */
  spaceForHead(): Uint8Array {
    return this.#space(Math.max(HEAD_BYTES, this.#wanted));
  }

  /** The same for a body of which `expected` bytes at least are still to come. */
  spaceForBody(expected: number): Uint8Array {
    return this.#space(Math.max(this.#wanted, Math.min(expected, MOST_BYTES)));
  }

  /** The first `count` bytes of the space have been filled. */
  filled(count: number): void {
    const space = this.#bytes.length - this.#to;
    this.#to += count;
    if (count === space) this.#wanted = Math.min(MOST_BYTES, Math.max(this.#wanted, space) * 4);
    else if (count < this.#wanted / 8) this.#wanted = Math.max(LEAST_BYTES, this.#wanted / 4);
  }

  /** The first `count` bytes have been taken. */
  take(count: number): void {
    this.#from += count;
  }

  #space(wanted: number): Uint8Array {
    const space = this.#bytes.length - this.#to;
    if (space < wanted / 4 || space > wanted * 4) this.#renew(wanted);
    return this.#to === 0 ? this.#bytes : this.#bytes.subarray(this.#to);
  }

  /** New memory, with what has not been taken at its start. */
  #renew(wanted: number): void {
    const held = this.#to - this.#from;
    const bytes = new Uint8Array(Math.max(wanted, 2 * held));
    bytes.set(this.#bytes.subarray(this.#from, this.#to));
    this.#bytes = bytes;
    this.#from = 0;
    this.#to = held;
  }
}

const NOTHING = new Uint8Array(0);
