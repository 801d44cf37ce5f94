/**
 * What the gate remembers for callers: entries under keys, each owner's apart, within bounds that no
 * flood of handles breaks. Who is flooded out is the flooder. Knows not what is remembered.
 */
import type { Entries, EntriesMaker, EntryBounds } from "./entries.ts";
import { EntryList } from "./entry_list.ts";

/** Entries of one gate, as objects. */
export class OwnedEntries<Entry> implements Entries<Entry> {
  readonly #bounds: EntryBounds;
  /** Those who have written last come last, and of each owner's entries likewise. */
  readonly #owners = new EntryList<EntryList<Entry>>();
  #size = 0;

  constructor(bounds: EntryBounds) {
    this.#bounds = bounds;
  }

  /** How many there are in all. */
  get size(): number {
    return this.#size;
  }

  /** The entry of `owner` under `key`. */
  get(owner: string, key: string): Entry | undefined {
    return this.#owners.get(prefixed(owner))?.get(key);
  }

  /** Whether `owner` has any entry. */
  hasAny(owner: string): boolean {
    return this.#owners.get(prefixed(owner)) !== undefined;
  }

  /** Sets it, as the newest of `owner`. */
  set(owner: string, key: string, entry: Entry): void {
    const name = prefixed(owner);
    const entries = this.#owners.get(name) ?? new EntryList<Entry>();
    this.#owners.set(name, entries);
    if (entries.set(key, entry)) this.#size++;
    if (entries.size > this.#bounds.perOwner) this.#dropOldest(name, entries);
    if (this.#size > this.#bounds.inAll) this.#dropOldestOfIdlest();
  }

  /** Takes the entry out, and whether there was one; if `only` is given, no other. */
  take(owner: string, key: string, only?: Entry): boolean {
    const name = prefixed(owner);
    const entries = this.#owners.get(name);
    if (entries === undefined) return false;
    if (only !== undefined && entries.get(key) !== only) return false;
    if (!entries.delete(key)) return false;
    this.#size--;
    if (entries.size === 0) this.#owners.delete(name);
    return true;
  }

  /** Takes the entry out and gives it. */
  pull(owner: string, key: string): Entry | undefined {
    const entry = this.get(owner, key);
    return entry !== undefined && this.take(owner, key) ? entry : undefined;
  }

  /** Forgets all entries of `owner` whose key begins with `start`. */
  forget(owner: string, start: string): void {
    for (const key of this.#owners.get(prefixed(owner))?.keys() ?? []) {
      if (key.startsWith(start)) this.take(owner, key);
    }
  }

  #dropOldestOfIdlest(): void {
    const idlest = this.#owners.oldest;
    if (idlest !== null) this.#dropOldest(...idlest);
  }

  #dropOldest(name: string, entries: EntryList<Entry>): void {
    const oldest = entries.oldest;
    if (oldest === null) return;
    entries.delete(oldest[0]);
    this.#size--;
    if (entries.size === 0) this.#owners.delete(name);
  }
}

/** Labels of digits only would collide in V8's unseeded hash. */
function prefixed(owner: string): string {
  return `=${owner}`;
}

/** Makes entries that no other gate sees. */
export const ownEntries: EntriesMaker = (_name, bounds) => new OwnedEntries(bounds);
