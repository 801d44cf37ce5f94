/**
 * A thread that asks shared memory for all it can get, beside others that do the same. Says what it
 * got. Is no test of its own.
 */
import type { EntryForm } from "../../src/gate/entries.ts";
import { SharedBuckets } from "../../src/workers/shared_buckets.ts";
import { SharedBytes, SharedConnections, SharedStreams } from "../../src/workers/shared_counts.ts";
import { SharedEntries } from "../../src/workers/shared_entries.ts";
import type { SlotsMemory } from "../../src/workers/shared_slots.ts";

/** What a thread is to do, and for how long. */
export interface Hammering {
  readonly work: keyof typeof WORKS;
  readonly forMs: number;
  /** Threads wait for each other in it, so that they begin together. */
  readonly start: SharedArrayBuffer;
  readonly threads: number;
  readonly slots: SlotsMemory;
  readonly number: SharedArrayBuffer;
  readonly entries: SharedArrayBuffer;
  readonly self: number;
}

/** The bucket that all threads take from. */
export const LIMIT = { rps: 1000, burst: 50 };

/** The bounds of the entries. */
export const BOUNDS = { perOwner: 20_000, inAll: 20_000 };

/** The limit of all counts. */
export const COUNT_LIMIT = 3;

const TEXT: EntryForm<string> = { write: (entry) => entry, read: (text) => text };

const WORKS = {
  /** How many tokens it got. */
  buckets({ slots, forMs }: Hammering): number {
    const buckets = new SharedBuckets(slots);
    const until = performance.now() + forMs;
    let got = 0;
    for (let now = Date.now(); performance.now() < until; now = Date.now()) {
      if (buckets.take("one", LIMIT, 1, now) === 0) got++;
    }
    return got;
  },

  /** The most that it saw held at once, of all threads together. */
  streams({ slots, number, forMs }: Hammering): number {
    const streams = new SharedStreams(slots);
    return most(
      number,
      forMs,
      () => streams.take("one", COUNT_LIMIT),
      () => streams.release("one"),
    );
  },

  connections({ slots, number, forMs, start }: Hammering): number {
    const limits = { total: COUNT_LIMIT, perAddress: COUNT_LIMIT };
    const connections = new SharedConnections(start, slots);
    return most(
      number,
      forMs,
      () => connections.take("192.0.2.1", limits, false),
      () => connections.release("192.0.2.1"),
    );
  },

  bytes({ number, forMs, entries }: Hammering): number {
    const bytes = new SharedBytes(entries);
    return most(number, forMs, () => bytes.take(10, COUNT_LIMIT * 10), () => bytes.release(10));
  },

  /** How many it took of what nobody gives back. */
  counts({ slots, forMs }: Hammering): number {
    const streams = new SharedStreams(slots);
    const until = performance.now() + forMs;
    let taken = 0;
    while (performance.now() < until) {
      for (let more = 0; more < 1000; more++) if (streams.take("one", Infinity)) taken++;
    }
    return taken;
  },

  /** How often it set what is its own and found something else. */
  own({ entries: memory, self, forMs }: Hammering): number {
    const entries = new SharedEntries(memory, BOUNDS, TEXT);
    const until = performance.now() + forMs;
    let wrong = 0;
    for (let round = 0; performance.now() < until; round++) {
      const key = `${self}:${round % 64}`;
      entries.set("owner", key, `${round}`);
      if (entries.get("owner", key) !== `${round}`) wrong++;
      if (round % 3 === 0 && !entries.take("owner", key)) wrong++;
    }
    return wrong;
  },

  /** How many entries it took out of those that all threads put in and look for. */
  entries({ entries: memory, self, threads }: Hammering): number {
    const entries = new SharedEntries(memory, BOUNDS, TEXT);
    let taken = 0;
    for (let round = 0; round < 4000; round++) {
      entries.set("owner", `${self}:${round}`, `${self}`);
      for (let thread = 0; thread < threads; thread++) {
        if (entries.take("owner", `${thread}:${round >> 1}`)) taken++;
      }
      if (entries.get("owner", `${self}:${round + 1}`) !== undefined) throw new Error("Not yet");
    }
    return taken;
  },
};

/** The most that `number` came to while everybody who could take counted himself in it. */
function most(
  number: SharedArrayBuffer,
  forMs: number,
  take: () => boolean,
  release: () => void,
): number {
  const held = new Int32Array(number);
  const until = performance.now() + forMs;
  let highest = 0;
  while (performance.now() < until) {
    if (!take()) continue;
    highest = Math.max(highest, Atomics.add(held, 1, 1) + 1);
    Atomics.sub(held, 1, 1);
    release();
  }
  return highest;
}

interface WorkerScope {
  onmessage: (event: MessageEvent<Hammering>) => void;
  postMessage(message: unknown): void;
}

if ("WorkerGlobalScope" in globalThis) {
  const scope = globalThis as unknown as WorkerScope;
  scope.onmessage = ({ data }) => {
    const waiting = new Int32Array(data.start);
    Atomics.add(waiting, 1, 1);
    while (Atomics.load(waiting, 1) < data.threads);
    scope.postMessage(WORKS[data.work](data));
  };
}
