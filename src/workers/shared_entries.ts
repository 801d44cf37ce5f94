/**
 * What the gate remembers of handles, in memory that threads share: what one has noted, the others
 * find at once and without a message, so that a request, its cancellation and the answer to what it
 * was asked may each land on another thread. It keeps what `owned_entries.ts` keeps, drops what that
 * drops, and the tests hold the two against each other. One lock is held for each operation, which is
 * a matter of a microsecond.
 */
import type { Entries, EntryBounds, EntryForm } from "../gate/entries.ts";
import { enterLock, leaveLock } from "./lock.ts";
import { blocksFor, SharedBlocks, wordsOfBlocks } from "./shared_blocks.ts";

/** Words at the beginning: the lock, counts and the ends of the list of owners. */
const LOCK = 0;
const SIZE = 1;
const SEED = 2;
const OLDEST_OWNER = 3;
const NEWEST_OWNER = 4;
const HEAD_WORDS = 16;

/** Chains that entries and owners are found by. */
const CHAINS = 65_536;

/** Words of a block: owners and entries both stand in a chain and in a list. */
const NEXT_IN_CHAIN = 0;
const HASH = 1;
/** Of an entry; 0: it is an owner. */
const OWNER = 2;
const BEFORE = 3;
const AFTER = 4;
const KEY_LENGTH = 5;
/** Of an owner: the ends of the list of his entries, and how many there are. */
const OLDEST = 6;
const NEWEST = 7;
const COUNT = 8;

/** Memory for entries of about ordinary length, within `bounds`. */
export function allocateEntries({ inAll }: EntryBounds, seed: number): SharedArrayBuffer {
  // Owners take a block as entries do, and some texts are long.
  const blocks = inAll * 2 + 1024;
  const memory = new SharedArrayBuffer((HEAD_WORDS + CHAINS + wordsOfBlocks(blocks)) * 4);
  new Int32Array(memory)[SEED] = seed;
  return memory;
}

/** One thread's view of entries. */
export class SharedEntries<Entry> implements Entries<Entry> {
  readonly #words: Int32Array;
  readonly #blocks: SharedBlocks;
  readonly #bounds: EntryBounds;
  readonly #form: EntryForm<Entry>;

  constructor(memory: SharedArrayBuffer, bounds: EntryBounds, form: EntryForm<Entry>) {
    this.#words = new Int32Array(memory);
    this.#blocks = new SharedBlocks(this.#words.subarray(HEAD_WORDS + CHAINS));
    this.#bounds = bounds;
    this.#form = form;
  }

  get size(): number {
    return Atomics.load(this.#words, SIZE);
  }

  get(owner: string, key: string): Entry | undefined {
    const text = this.#locked(() => {
      const entry = this.#entry(this.#owner(owner), key);
      return entry === 0 ? undefined : this.#blocks.text(entry, key.length);
    });
    return text === undefined ? undefined : this.#form.read(text);
  }

  hasAny(owner: string): boolean {
    return this.#locked(() => this.#owner(owner) !== 0);
  }

  set(owner: string, key: string, entry: Entry): void {
    const text = key + this.#form.write(entry);
    this.#locked(() => {
      const needed = blocksFor(text.length) + blocksFor(owner.length);
      while (this.#blocks.free < needed) this.#dropOldestOfIdlest();
      const holder = this.#newestOwner(owner);
      const before = this.#entry(holder, key);
      // Its owner stays, since the new one follows.
      if (before !== 0) this.#unlink(before);
      this.#append(this.#add(text, key, holder), holder);
      if (this.#blocks.get(holder, COUNT) > this.#bounds.perOwner) this.#dropOldest(holder);
      if ((this.#words[SIZE] as number) > this.#bounds.inAll) this.#dropOldestOfIdlest();
    });
  }

  take(owner: string, key: string, only?: Entry): boolean {
    const text = only === undefined ? null : key + this.#form.write(only);
    return this.#locked(() => {
      const found = this.#entry(this.#owner(owner), key);
      if (found === 0 || (text !== null && !this.#blocks.is(found, text))) return false;
      this.#drop(found);
      return true;
    });
  }

  pull(owner: string, key: string): Entry | undefined {
    const text = this.#locked(() => {
      const found = this.#entry(this.#owner(owner), key);
      if (found === 0) return undefined;
      const text = this.#blocks.text(found, key.length);
      this.#drop(found);
      return text;
    });
    return text === undefined ? undefined : this.#form.read(text);
  }

  forget(owner: string, start: string): void {
    this.#locked(() => {
      const holder = this.#owner(owner);
      let entry = holder === 0 ? 0 : this.#blocks.get(holder, OLDEST);
      while (entry !== 0) {
        const next = this.#blocks.get(entry, AFTER);
        const isMeant = this.#blocks.get(entry, KEY_LENGTH) >= start.length &&
          this.#blocks.begins(entry, start);
        if (isMeant) this.#drop(entry);
        entry = next;
      }
    });
  }

  #locked<T>(work: () => T): T {
    enterLock(this.#words, LOCK);
    try {
      return work();
    } finally {
      leaveLock(this.#words, LOCK);
    }
  }

  #owner(name: string): number {
    return this.#find(name, 0);
  }

  #entry(holder: number, key: string): number {
    return holder === 0 ? 0 : this.#find(key, holder);
  }

  #find(key: string, holder: number): number {
    const hash = this.#hash(key, holder);
    let block = this.#words[chainOf(hash)] as number;
    while (block !== 0) {
      const isIt = this.#blocks.get(block, HASH) === hash &&
        this.#blocks.get(block, OWNER) === holder &&
        this.#blocks.get(block, KEY_LENGTH) === key.length && this.#blocks.begins(block, key);
      if (isIt) return block;
      block = this.#blocks.get(block, NEXT_IN_CHAIN);
    }
    return 0;
  }

  /** With a seed that nobody outside knows, so that keys cannot be chosen to share a chain. */
  #hash(key: string, holder: number): number {
    let hash = Math.imul((this.#words[SEED] as number) ^ holder, 0x9e3779b1);
    for (let at = 0; at < key.length; at++) {
      hash = Math.imul(hash ^ key.charCodeAt(at), 0x85ebca6b);
      hash = (hash << 13) | (hash >>> 19);
    }
    hash = Math.imul(hash ^ (hash >>> 16), 0xc2b2ae35);
    return hash ^ (hash >>> 15);
  }

  /** The owner of that name, made where there is none, as the one who has written last. */
  #newestOwner(name: string): number {
    const known = this.#owner(name);
    if (known === 0) {
      const made = this.#add(name, name, 0);
      this.#appendOwner(made);
      return made;
    }
    if (this.#blocks.get(known, AFTER) !== 0) {
      this.#unlinkOwner(known);
      this.#appendOwner(known);
    }
    return known;
  }

  #add(text: string, key: string, holder: number): number {
    const block = this.#blocks.add(text);
    const hash = this.#hash(key, holder);
    const chain = chainOf(hash);
    this.#blocks.set(block, HASH, hash);
    this.#blocks.set(block, OWNER, holder);
    this.#blocks.set(block, KEY_LENGTH, key.length);
    this.#blocks.set(block, NEXT_IN_CHAIN, this.#words[chain] as number);
    this.#words[chain] = block;
    return block;
  }

  /** Takes it out of its chain and gives its memory back. */
  #remove(block: number): void {
    const next = this.#blocks.get(block, NEXT_IN_CHAIN);
    const chain = chainOf(this.#blocks.get(block, HASH));
    let at = this.#words[chain] as number;
    if (at === block) this.#words[chain] = next;
    else {
      while (this.#blocks.get(at, NEXT_IN_CHAIN) !== block) {
        at = this.#blocks.get(at, NEXT_IN_CHAIN);
      }
      this.#blocks.set(at, NEXT_IN_CHAIN, next);
    }
    this.#blocks.remove(block);
  }

  #append(entry: number, holder: number): void {
    const newest = this.#blocks.get(holder, NEWEST);
    this.#blocks.set(entry, BEFORE, newest);
    if (newest === 0) this.#blocks.set(holder, OLDEST, entry);
    else this.#blocks.set(newest, AFTER, entry);
    this.#blocks.set(holder, NEWEST, entry);
    this.#blocks.set(holder, COUNT, this.#blocks.get(holder, COUNT) + 1);
    Atomics.add(this.#words, SIZE, 1);
  }

  #unlink(entry: number): void {
    const holder = this.#blocks.get(entry, OWNER);
    const before = this.#blocks.get(entry, BEFORE);
    const after = this.#blocks.get(entry, AFTER);
    if (before === 0) this.#blocks.set(holder, OLDEST, after);
    else this.#blocks.set(before, AFTER, after);
    if (after === 0) this.#blocks.set(holder, NEWEST, before);
    else this.#blocks.set(after, BEFORE, before);
    this.#blocks.set(holder, COUNT, this.#blocks.get(holder, COUNT) - 1);
    Atomics.sub(this.#words, SIZE, 1);
    this.#remove(entry);
  }

  /** Takes an entry out, and its owner where it was his last. */
  #drop(entry: number): void {
    const holder = this.#blocks.get(entry, OWNER);
    this.#unlink(entry);
    if (this.#blocks.get(holder, COUNT) > 0) return;
    this.#unlinkOwner(holder);
    this.#remove(holder);
  }

  #dropOldest(holder: number): void {
    this.#drop(this.#blocks.get(holder, OLDEST));
  }

  #dropOldestOfIdlest(): void {
    const idlest = this.#words[OLDEST_OWNER] as number;
    if (idlest === 0) throw new Error("Entry is too large for the memory that is shared");
    this.#dropOldest(idlest);
  }

  #appendOwner(holder: number): void {
    const newest = this.#words[NEWEST_OWNER] as number;
    this.#blocks.set(holder, BEFORE, newest);
    this.#blocks.set(holder, AFTER, 0);
    if (newest === 0) this.#words[OLDEST_OWNER] = holder;
    else this.#blocks.set(newest, AFTER, holder);
    this.#words[NEWEST_OWNER] = holder;
  }

  #unlinkOwner(holder: number): void {
    const before = this.#blocks.get(holder, BEFORE);
    const after = this.#blocks.get(holder, AFTER);
    if (before === 0) this.#words[OLDEST_OWNER] = after;
    else this.#blocks.set(before, AFTER, after);
    if (after === 0) this.#words[NEWEST_OWNER] = before;
    else this.#blocks.set(after, BEFORE, before);
  }
}

function chainOf(hash: number): number {
  return HEAD_WORDS + (hash & (CHAINS - 1));
}
