/**
 * Counts that several threads hold to one limit: bytes of bodies, streams of each key, connections of
 * each address. What one of them takes the others see at once. Of a thread that dies nothing is given
 * back, so the program does not go on without it.
 */
import { HeldBytes } from "../gate/body.ts";
import { StreamCounts } from "../gate/stream_counts.ts";
import type { ConnectionLimits } from "../server/connection_counts.ts";
import { SharedSlots } from "./shared_slots.ts";
import type { SlotsMemory } from "./shared_slots.ts";

/** Numbers of a count. */
export const COUNT_NUMBERS = 1;

/** Counts by name. */
class SharedCounts {
  readonly #slots: SharedSlots;

  constructor(memory: SlotsMemory) {
    this.#slots = new SharedSlots(memory, (numbers, at) => numbers[at] === 0 ? 0 : Infinity);
  }

  /** Takes one more for `name`, or answers false where that would pass `limit`. */
  take(name: string, limit: number): boolean {
    const at = this.#slots.enter(name);
    const { numbers } = this.#slots;
    // Where there is no room to count in, there is none to let in.
    const isTaken = at !== -1 && (numbers[at] as number) < limit;
    if (isTaken) (numbers[at] as number)++;
    this.#slots.leave();
    return isTaken;
  }

  /** Gives one back. */
  release(name: string): void {
    const at = this.#slots.enter(name);
    if (at !== -1 && (this.#slots.numbers[at] as number) > 0) {
      (this.#slots.numbers[at] as number)--;
    }
    this.#slots.leave();
  }
}

/** Streams of each label. */
export class SharedStreams {
  readonly #shared: SharedCounts;
  readonly #own = new StreamCounts();

  constructor(memory: SlotsMemory) {
    this.#shared = new SharedCounts(memory);
  }

  /** How many of each label are open in this thread. */
  counts(): ReturnType<StreamCounts["counts"]> {
    return this.#own.counts();
  }

  /** Takes one more for `label`, or answers false where `limit` are open in all threads. */
  take(label: string, limit: number): boolean {
    return this.#shared.take(label, limit) && this.#own.take(label, Infinity);
  }

  /** Gives one back; null stands for none taken. */
  release(label: string | null): void {
    if (label === null) return;
    this.#own.release(label);
    this.#shared.release(label);
  }
}

/** Connections, in all and of each address. */
export class SharedConnections {
  readonly #total: Int32Array;
  readonly #ofAddress: SharedCounts;

  /** @param total Memory for the one number */
  constructor(total: SharedArrayBuffer, ofAddress: SlotsMemory) {
    this.#total = new Int32Array(total);
    this.#ofAddress = new SharedCounts(ofAddress);
  }

  /** Counts a connection from `address`, unless that would be one too many in all threads. */
  take(address: string, limits: ConnectionLimits, isShared: boolean): boolean {
    if (!this.#takeOfAll(limits.total)) return false;
    if (this.#ofAddress.take(address, isShared ? Infinity : limits.perAddress)) return true;
    Atomics.sub(this.#total, 0, 1);
    return false;
  }

  /** Gives back what was taken. */
  release(address: string): void {
    this.#ofAddress.release(address);
    Atomics.sub(this.#total, 0, 1);
  }

  #takeOfAll(limit: number): boolean {
    for (;;) {
      const open = Atomics.load(this.#total, 0);
      if (open >= limit) return false;
      if (Atomics.compareExchange(this.#total, 0, open, open + 1) === open) return true;
    }
  }
}

/** Bytes of bodies that are held. */
export class SharedBytes {
  readonly #shared: BigInt64Array;
  readonly #own = new HeldBytes();

  /** @param held Memory for the one number */
  constructor(held: SharedArrayBuffer) {
    this.#shared = new BigInt64Array(held);
  }

  /** How many are held in this thread. */
  get bytes(): number {
    return this.#own.bytes;
  }

  /** Takes `bytes` into account, or answers false where that would pass `limit` in all threads. */
  take(bytes: number, limit: number): boolean {
    const more = BigInt(bytes);
    for (;;) {
      const held = Atomics.load(this.#shared, 0);
      if (Number(held) + bytes > limit) return false;
      if (Atomics.compareExchange(this.#shared, 0, held, held + more) !== held) continue;
      return this.#own.take(bytes, Infinity);
    }
  }

  /** Gives back what was taken. */
  release(bytes: number): void {
    this.#own.release(bytes);
    Atomics.sub(this.#shared, 0, BigInt(bytes));
  }
}
