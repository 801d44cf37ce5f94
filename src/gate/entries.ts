/**
 * What the gate's memory of handles is made of: entries by owner and key. One gate alone keeps them
 * in lists of its own (`owned_entries.ts`); gates that share a process keep them where all of them
 * look. Every operation is whole before the next one begins, whoever asks.
 */

/** How much is remembered. */
export interface EntryBounds {
  /** Entries of one owner; beyond, its oldest goes. */
  readonly perOwner: number;
  /** Entries of all owners; beyond, the oldest of the owner who has been idle longest goes. */
  readonly inAll: number;
}

/** Entries by owner and key. Keys begin as their user says: integer-like ones collide in V8. */
export interface Entries<Entry> {
  /** How many there are in all. */
  readonly size: number;
  /** The entry of `owner` under `key`. */
  get(owner: string, key: string): Entry | undefined;
  /** Whether `owner` has any entry. */
  hasAny(owner: string): boolean;
  /** Sets it, as the newest of `owner`. */
  set(owner: string, key: string, entry: Entry): void;
  /**
   * Takes the entry out, and whether there was one: of two who ask at once, one is told so.
   *
   * @param only The entry that is meant, as it was set or got; any other stays. Default: any
   */
  take(owner: string, key: string, only?: Entry): boolean;
  /** Takes the entry out and gives it. */
  pull(owner: string, key: string): Entry | undefined;
  /** Forgets all entries of `owner` whose key begins with `start`. */
  forget(owner: string, start: string): void;
}

/** How an entry is written where it cannot be kept as an object; two that differ are written so. */
export interface EntryForm<Entry> {
  write(entry: Entry): string;
  read(text: string): Entry;
}

/** Makes one kind of entries; `name` tells it from the others of one gate. */
export type EntriesMaker = <Entry>(
  name: EntriesName,
  bounds: EntryBounds,
  form: EntryForm<Entry>,
) => Entries<Entry>;

/** The kinds of entries that one gate has. */
export const ENTRIES = ["flights", "delivered", "tokens", "tasks"] as const;

/** One of them. */
export type EntriesName = (typeof ENTRIES)[number];
