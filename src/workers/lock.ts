/**
 * A lock in memory that several threads share: held for the few steps that must be seen as one, and
 * never while anything is waited for. Waiting blocks the thread, which is right for so short a time.
 */

const FREE = 0;
const HELD = 1;
/** Held, and somebody sleeps until it is not. */
const WANTED = 2;

/** Attempts before a thread lies down: what is held is mostly given back sooner. */
const SPINS = 200;

/** Who held it for so long has died with it. */
const PATIENCE_MS = 10_000;

/** A lock in one word. */
export class Lock {
  readonly #words: Int32Array;
  readonly #at: number;

  /** @param at The index of its word, which was 0 in the beginning */
  constructor(words: Int32Array, at: number) {
    this.#words = words;
    this.#at = at;
  }

  /** Takes it. Throws where its holder has not given it back for ever so long. */
  enter(): void {
    enterLock(this.#words, this.#at);
  }

  /** Gives it back. */
  leave(): void {
    leaveLock(this.#words, this.#at);
  }
}

/** {@link Lock.enter} of the word at `at`. */
export function enterLock(words: Int32Array, at: number): void {
  for (let spin = 0; spin < SPINS; spin++) {
    if (Atomics.compareExchange(words, at, FREE, HELD) === FREE) return;
  }
  while (Atomics.exchange(words, at, WANTED) !== FREE) {
    if (Atomics.wait(words, at, WANTED, PATIENCE_MS) === "timed-out") {
      throw new Error("Shared memory stays locked");
    }
  }
}

/** {@link Lock.leave} of the word at `at`. */
export function leaveLock(words: Int32Array, at: number): void {
  if (Atomics.exchange(words, at, FREE) === WANTED) Atomics.notify(words, at, 1);
}
