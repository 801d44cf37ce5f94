/**
 * What can be seen of a running gate at one moment, as plain data: it can be sent to another thread,
 * written as JSON, and added to what is seen of another gate at the same door. Every list in it is
 * bounded. Holds no key, no argument and no result; knows neither who gathers it nor who looks.
 */
import { addHistograms } from "./histogram.ts";
import type { HistogramCounts } from "./histogram.ts";

/** How many exchanges have ended alike. */
export interface ExchangeCount {
  /** Of a configured key; empty before authentication; `other` beyond the bound. */
  readonly label: string;
  /** A method that MCP knows, or `other`; `GET` and `DELETE` for those; `none` where none was read. */
  readonly method: string;
  readonly decision: "allow" | "deny" | "error";
  /** The stage that refused; empty where none did. */
  readonly stage: string;
  readonly count: number;
}

/** How many were refused for one kind of reason, and the last of them. */
export interface RefusalCount {
  readonly stage: string;
  /** As in the table of refusals: a closed list. */
  readonly kind: string;
  readonly count: number;
  readonly last: {
    /** Milliseconds since the epoch. */
    readonly atMs: number;
    /** Null before authentication. */
    readonly label: string | null;
    readonly reason: string;
    readonly exchange: string;
  };
}

/** How many exchanges came to one kind of end. */
export interface EndCount {
  readonly end: "complete" | "client_gone" | "upstream_error" | "revoked" | "shutdown";
  readonly count: number;
}

/** Durations of one method. */
export interface MethodTimes {
  readonly method: string;
  readonly times: HistogramCounts;
}

/** An exchange that is under way. */
export interface OpenExchange {
  readonly exchange: string;
  /** Null before authentication. */
  readonly label: string | null;
  readonly http: string;
  readonly method: string | null;
  /** The tool's or prompt's name or the resource's URI, cut where it is long. */
  readonly subject: string | null;
  readonly remote: string;
  readonly ageMs: number;
  /** `gate`: it is read or judged; `upstream`: its reply is awaited; `reply`: that is passed on. */
  readonly phase: "gate" | "upstream" | "reply";
  /** Whether it is a stream for whatever comes. */
  readonly isListening: boolean;
}

/** What a key has left of its rate limit. */
export interface BucketLevel {
  readonly label: string;
  readonly tokens: number;
  readonly rps: number;
  readonly burst: number;
}

/** The whole. */
export interface Snapshot {
  /** The number of the generation that rules new exchanges. */
  readonly generation: number;
  readonly exchanges: readonly ExchangeCount[];
  readonly refusals: readonly RefusalCount[];
  readonly ends: readonly EndCount[];
  /** From the head of a request to its going up or, where it does not, to its answer. */
  readonly gateTimes: readonly MethodTimes[];
  /** From a request's going up to the head of its reply or, where none comes, to its being given up. */
  readonly upstreamTimes: readonly MethodTimes[];
  readonly bytesIn: number;
  readonly bytesOut: number;
  /** How many exchanges are under way, and the first of them that are no listening streams. */
  readonly openCount: number;
  readonly open: readonly OpenExchange[];
  /** Listening streams that are open, by label. */
  readonly streams: readonly { readonly label: string; readonly count: number }[];
  readonly buckets: readonly BucketLevel[];
  readonly audit: {
    readonly waitingBytes: number;
    readonly isFailing: boolean;
    /** Lines lost since the start. */
    readonly lostLines: number;
  };
  readonly reloads: {
    readonly reloaded: number;
    readonly unchanged: number;
    readonly refused: number;
    /** Milliseconds since the epoch; null: none yet. */
    readonly lastMs: number | null;
  };
  readonly connections: {
    readonly open: number;
    readonly accepted: number;
    readonly refused: number;
  };
  readonly memory: { readonly residentBytes: number; readonly heapBytes: number };
}

/** Most exchanges under way that are listed one by one. */
export const OPEN_LISTED = 100;

/** What is seen of two gates that serve at the same door. */
export function addSnapshots(one: Snapshot, other: Snapshot): Snapshot {
  return {
    // What no gate has left behind yet is what rules.
    generation: Math.min(one.generation, other.generation),
    exchanges: joined(
      [...one.exchanges, ...other.exchanges],
      ({ label, method, decision, stage }) => JSON.stringify([label, method, decision, stage]),
      (a, b) => ({ ...a, count: a.count + b.count }),
    ),
    refusals: joined(
      [...one.refusals, ...other.refusals],
      ({ stage, kind }) => JSON.stringify([stage, kind]),
      (a, b) => ({
        ...(a.last.atMs >= b.last.atMs ? a : b),
        count: a.count + b.count,
      }),
    ),
    ends: joined(
      [...one.ends, ...other.ends],
      ({ end }) => end,
      (a, b) => ({ end: a.end, count: a.count + b.count }),
    ),
    gateTimes: addTimes(one.gateTimes, other.gateTimes),
    upstreamTimes: addTimes(one.upstreamTimes, other.upstreamTimes),
    bytesIn: one.bytesIn + other.bytesIn,
    bytesOut: one.bytesOut + other.bytesOut,
    openCount: one.openCount + other.openCount,
    open: oldestFirst([...one.open, ...other.open]),
    streams: joined(
      [...one.streams, ...other.streams],
      ({ label }) => label,
      (a, b) => ({ label: a.label, count: a.count + b.count }),
    ),
    // The tightest is the one that a caller meets.
    buckets: joined(
      [...one.buckets, ...other.buckets],
      ({ label }) => label,
      (a, b) => a.tokens <= b.tokens ? a : b,
    ),
    audit: {
      waitingBytes: one.audit.waitingBytes + other.audit.waitingBytes,
      isFailing: one.audit.isFailing || other.audit.isFailing,
      lostLines: one.audit.lostLines + other.audit.lostLines,
    },
    // Each gate is told of every reload.
    reloads: (one.reloads.lastMs ?? 0) >= (other.reloads.lastMs ?? 0) ? one.reloads : other.reloads,
    connections: {
      open: one.connections.open + other.connections.open,
      accepted: one.connections.accepted + other.connections.accepted,
      refused: one.connections.refused + other.connections.refused,
    },
    // They share a process, and not a heap.
    memory: {
      residentBytes: Math.max(one.memory.residentBytes, other.memory.residentBytes),
      heapBytes: one.memory.heapBytes + other.memory.heapBytes,
    },
  };
}

/** The first `OPEN_LISTED` of `open`: those that listen last, else the oldest first. */
export function oldestFirst(open: readonly OpenExchange[]): OpenExchange[] {
  return open.toSorted((a, b) => Number(a.isListening) - Number(b.isListening) || b.ageMs - a.ageMs)
    .slice(0, OPEN_LISTED);
}

function addTimes(one: readonly MethodTimes[], other: readonly MethodTimes[]): MethodTimes[] {
  return joined([...one, ...other], ({ method }) => method, (a, b) => ({
    method: a.method,
    times: addHistograms(a.times, b.times),
  }));
}

function joined<T>(all: readonly T[], nameOf: (one: T) => string, join: (a: T, b: T) => T): T[] {
  const byName = new Map<string, T>();
  for (const one of all) {
    const name = nameOf(one);
    const known = byName.get(name);
    byName.set(name, known === undefined ? one : join(known, one));
  }
  return [...byName.values()];
}
