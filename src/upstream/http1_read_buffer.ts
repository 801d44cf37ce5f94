/**
 * The memory that one connection reads into. What has been read is never written over, so pieces of
 * it can be handed on without a copy; a piece of memory that is used up is left to who holds it. Its
 * size follows what comes: small for idle streams, large for large replies.
 */

const LEAST_BYTES = 4 * 1024;
const MOST_BYTES = 64 * 1024;

/** Bytes that have been read and not yet been taken, and the space for more. */
export class ReadBuffer {
  #bytes: Uint8Array = NOTHING;
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

  /** Where the next bytes are to be read into. */
  space(): Uint8Array {
    if (this.#bytes.length - this.#to < this.#wanted / 4) this.#renew();
    return this.#bytes.subarray(this.#to);
  }

  /** The first `count` bytes of {@link space} have been filled. */
  filled(count: number): void {
    const space = this.#bytes.length - this.#to;
    this.#to += count;
    if (count === space) this.#wanted = Math.min(MOST_BYTES, this.#wanted * 4);
    else if (count < this.#wanted / 8) this.#wanted = Math.max(LEAST_BYTES, this.#wanted / 4);
  }

  /** The first `count` bytes have been taken. */
  take(count: number): void {
    this.#from += count;
  }

  /** New memory, with what has not been taken at its start. */
  #renew(): void {
    const held = this.#to - this.#from;
    const bytes = new Uint8Array(Math.max(this.#wanted, 2 * held));
    bytes.set(this.#bytes.subarray(this.#from, this.#to));
    this.#bytes = bytes;
    this.#from = 0;
    this.#to = held;
  }
}

const NOTHING = new Uint8Array(0);
