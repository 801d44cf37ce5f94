/**
 * A table of names and a few numbers for each, in memory that threads share. It is made of sets of
 * eight slots, each set under a lock of its own: a name belongs into one set, so that two threads meet
 * only where they ask for names of the same one. A name is kept as a digest that nobody outside can
 * foresee, so that names cannot be chosen to crowd a set. Knows not what the numbers mean.
 */
import { createHash } from "node:crypto";
import { enterLock, leaveLock } from "./lock.ts";

/** Slots of one set. */
const WAYS = 8;

/** Words before the slots of a set: its lock, and one so that numbers are aligned. */
const HEAD_WORDS = 2;

/** Words of a digest. */
const TAG_WORDS = 4;

/** Digests that a thread remembers, so that it need not work them out again. */
const REMEMBERED = 8192;

/** What a table is made of; can be sent to other threads. */
export interface SlotsMemory {
  readonly buffer: SharedArrayBuffer;
  readonly secret: Uint8Array;
  /** Numbers of each slot. */
  readonly numbers: number;
}

/** Which slot of a full set is given up: the one with the lowest rank; none where that is Infinity. */
export type Rank = (numbers: Float64Array, at: number) => number;

/** Memory for about `names` names at once, with so many numbers each. */
export function allocateSlots(names: number, numbers: number, secret: Uint8Array): SlotsMemory {
  // Half of it stays empty, so that hardly any set is ever full.
  const sets = Math.max(1, Math.ceil(2 * names / WAYS));
  return { buffer: new SharedArrayBuffer(sets * setWords(numbers) * 4), secret, numbers };
}

/** One thread's view of a table. */
export class SharedSlots {
  /** The numbers of all slots; those of one begin where {@link enter} says. */
  readonly numbers: Float64Array;
  readonly #words: Int32Array;
  readonly #secret: Uint8Array;
  readonly #slotWords: number;
  readonly #setWords: number;
  readonly #sets: number;
  readonly #rank: Rank;
  readonly #tags = new Map<string, Int32Array>();
  #isNew = false;
  #entered = -1;

  constructor({ buffer, secret, numbers }: SlotsMemory, rank: Rank) {
    this.#words = new Int32Array(buffer);
    this.numbers = new Float64Array(buffer);
    this.#secret = secret;
    this.#slotWords = slotWords(numbers);
    this.#setWords = setWords(numbers);
    this.#sets = this.#words.length / this.#setWords;
    this.#rank = rank;
  }

  /** Whether the slot that was entered had not been the name's before; its numbers are 0 then. */
  get isNew(): boolean {
    return this.#isNew;
  }

  /**
   * Locks the slot of `name` and gives the index of its first number, or -1 where its set is full of
   * what must stay. {@link leave} follows in either case.
   */
  enter(name: string): number {
    const known = this.enterKnown(name);
    if (known !== -1) return known;
    const tag = this.#tagOf(name);
    const spare = this.#spare(this.#entered);
    if (spare === -1) return -1;
    this.#words.fill(0, spare, spare + this.#slotWords);
    this.#words.set(tag, spare);
    this.#isNew = true;
    return numbersOf(spare);
  }

  /** The same for a slot that the name has already, else -1. */
  enterKnown(name: string): number {
    const tag = this.#tagOf(name);
    const set = ((tag[0] as number) >>> 0) % this.#sets * this.#setWords;
    enterLock(this.#words, set);
    this.#entered = set;
    this.#isNew = false;
    const found = this.#find(set, tag);
    return found === -1 ? -1 : numbersOf(found);
  }

  /** Unlocks what was entered. */
  leave(): void {
    leaveLock(this.#words, this.#entered);
  }

  #find(set: number, tag: Int32Array): number {
    const words = this.#words;
    for (let way = 0; way < WAYS; way++) {
      const slot = set + HEAD_WORDS + way * this.#slotWords;
      if (
        words[slot] === tag[0] && words[slot + 1] === tag[1] && words[slot + 2] === tag[2] &&
        words[slot + 3] === tag[3]
      ) return slot;
    }
    return -1;
  }

  /** A slot of the set that is nobody's, or the one that is missed least. */
  #spare(set: number): number {
    let spare = -1;
    let lowest = Infinity;
    for (let way = 0; way < WAYS; way++) {
      const slot = set + HEAD_WORDS + way * this.#slotWords;
      if (this.#words[slot] === 0 && this.#words[slot + 1] === 0) return slot;
      const rank = this.#rank(this.numbers, numbersOf(slot));
      if (rank < lowest) [spare, lowest] = [slot, rank];
    }
    return spare;
  }

  #tagOf(name: string): Int32Array {
    // The prefix: names of digits only would collide in V8's unseeded hash.
    const key = `=${name}`;
    const known = this.#tags.get(key);
    if (known !== undefined) return known;
    const digest = createHash("sha256").update(this.#secret).update(name).digest();
    const tag = new Int32Array(TAG_WORDS);
    for (let word = 0; word < TAG_WORDS; word++) tag[word] = digest.readInt32LE(word * 4);
    if (this.#tags.size >= REMEMBERED) this.#tags.clear();
    this.#tags.set(key, tag);
    return tag;
  }
}

function numbersOf(slot: number): number {
  return (slot + TAG_WORDS) / 2;
}

function slotWords(numbers: number): number {
  return TAG_WORDS + numbers * 2;
}

function setWords(numbers: number): number {
  return HEAD_WORDS + WAYS * slotWords(numbers);
}
