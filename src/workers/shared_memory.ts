/**
 * All that the threads of one program share, made once by the supervisor and sent to each of them,
 * and a gate's memory as a view of it. What is in none of this is each thread's own, or the
 * supervisor's. Memory that is never written to is not taken from the system.
 */
import { ENTRIES } from "../gate/entries.ts";
import type { EntriesName } from "../gate/entries.ts";
import type { GateMemory } from "../gate/gate_memory.ts";
import { HandleMemory, MEMORY_BOUNDS } from "../gate/handle_memory.ts";
import type { Clock } from "../policy/contract.ts";
import { BUCKET_NUMBERS } from "./shared_buckets.ts";
import { COUNT_NUMBERS, SharedBytes, SharedConnections, SharedStreams } from "./shared_counts.ts";
import { allocateEntries, SharedEntries } from "./shared_entries.ts";
import { allocateSlots } from "./shared_slots.ts";
import type { SlotsMemory } from "./shared_slots.ts";

/** As many names as the stages keep buckets for, where they keep them alone. */
const LABELS = 262_144;
const ADDRESSES = 65_536;

/** The whole; can be sent to other threads. */
export interface SharedMemory {
  /** Seals handles where the configuration has no secret. */
  readonly secret: Uint8Array;
  readonly keyBuckets: SlotsMemory;
  readonly failureBuckets: SlotsMemory;
  readonly streams: SlotsMemory;
  readonly addresses: SlotsMemory;
  readonly connections: SharedArrayBuffer;
  readonly held: SharedArrayBuffer;
  readonly entries: Readonly<Record<EntriesName, SharedArrayBuffer>>;
  /** One word of each thread, which it changes as long as it moves. */
  readonly beats: SharedArrayBuffer;
}

/** Which of several threads one is. */
export interface Place {
  /** From 0. */
  readonly index: number;
  readonly count: number;
}

/** Makes it for `count` threads. */
export function allocateMemory(
  count: number,
  random: (bytes: number) => Uint8Array,
): SharedMemory {
  const secret = random(16);
  const entries = ENTRIES.map((name) => {
    const [seed = 0] = new Int32Array(random(4).slice().buffer);
    return [name, allocateEntries(MEMORY_BOUNDS, seed)] as const;
  });
  return {
    secret: random(32),
    keyBuckets: allocateSlots(LABELS, BUCKET_NUMBERS, secret),
    failureBuckets: allocateSlots(ADDRESSES, BUCKET_NUMBERS, secret),
    streams: allocateSlots(ADDRESSES, COUNT_NUMBERS, secret),
    addresses: allocateSlots(ADDRESSES, COUNT_NUMBERS, secret),
    connections: new SharedArrayBuffer(4),
    held: new SharedArrayBuffer(8),
    entries: Object.fromEntries(entries) as SharedMemory["entries"],
    beats: new SharedArrayBuffer(4 * count),
  };
}

/** What the ids of the legacy streams of thread `index` begin with. */
export function streamPrefix(index: number): string {
  return `w${index}-`;
}

/** The memory of the gate of one thread. */
export function sharedGateMemory(
  memory: SharedMemory,
  { index, count }: Place,
  clock: Clock,
): GateMemory {
  const serials = { first: index, step: count };
  return {
    handles: new HandleMemory(
      clock,
      (name, bounds, form) => new SharedEntries(memory.entries[name], bounds, form),
      serials,
    ),
    streams: new SharedStreams(memory.streams),
    held: new SharedBytes(memory.held),
    secret: memory.secret,
    streamPrefix: streamPrefix(index),
  };
}

/** What the listener of one thread counts connections in. */
export function sharedConnections(memory: SharedMemory): SharedConnections {
  return new SharedConnections(memory.connections, memory.addresses);
}
