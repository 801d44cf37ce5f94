/**
 * Gathers what can be seen of one gate at this moment. What is not the gate's own to know, such as
 * connections and what stages keep, is added by whoever asks.
 */
import type { Key } from "../policy/contract.ts";
import { Census, MAX_LABELS, OTHER } from "./census.ts";
import type { Exchange } from "./exchange.ts";
import type { Gate } from "./gate.ts";
import type { KeyIndex } from "./revocation.ts";
import { oldestFirst, OPEN_LISTED } from "./snapshot.ts";
import type { OpenExchange, Snapshot } from "./snapshot.ts";

/** What the gate knows of a {@link Snapshot}. */
export type GateSnapshot = Omit<
  Snapshot,
  "audit" | "buckets" | "connections" | "memory" | "reloads"
>;

/** Longest subject that is shown, in characters. */
const SUBJECT_LENGTH = 128;

/** What can be seen of `gate`, which counts nothing where it has no census. */
export function gateSnapshot(gate: Gate): GateSnapshot {
  const { parts: { clock, census = EMPTY }, streams, current, open } = gate;
  const times = census.times();
  const { in: bytesIn, out: bytesOut } = census.bytes;
  const nowMs = clock.monotonic();
  return {
    generation: current.number,
    exchanges: census.exchanges(),
    refusals: census.refusals(),
    ends: census.ends(),
    gateTimes: times.gate,
    upstreamTimes: times.upstream,
    bytesIn,
    bytesOut,
    openCount: open.length,
    open: oldestFirst(listed(open).map((exchange) => openExchange(exchange, nowMs))),
    streams: boundedStreams(streams.counts(), current.keys),
  };
}

/** The configured keys whose callers are counted apart: those whose limits are worth a look. */
export function countedKeys(gate: Gate): Key[] {
  const { parts: { census = EMPTY }, current } = gate;
  const keys: Key[] = [];
  for (const label of census.labels) {
    const key = current.keys.get(label);
    if (key !== undefined) keys.push(key);
  }
  return keys;
}

/** Streams of keys, as far as those are counted apart; the rest together. */
function boundedStreams(all: Snapshot["streams"], keys: KeyIndex): Snapshot["streams"] {
  const counts = new Map<string, number>();
  for (const { label, count } of all) {
    const isApart = keys.has(label) && (counts.has(label) || counts.size < MAX_LABELS);
    const told = isApart ? label : OTHER;
    counts.set(told, (counts.get(told) ?? 0) + count);
  }
  return [...counts].map(([label, count]) => ({ label, count }));
}

/** The exchanges to list: there may be very many that only listen. */
function listed(open: readonly Exchange[]): readonly Exchange[] {
  if (open.length <= OPEN_LISTED) return open;
  const asking = open.filter((exchange) => !exchange.isListening)
    .toSorted((a, b) => a.record.startedMonotonicMs - b.record.startedMonotonicMs);
  if (asking.length >= OPEN_LISTED) return asking.slice(0, OPEN_LISTED);
  const listening = open.filter((exchange) => exchange.isListening);
  return [...asking, ...listening.slice(0, OPEN_LISTED - asking.length)];
}

function openExchange(exchange: Exchange, nowMs: number): OpenExchange {
  const { record, isListening } = exchange;
  const { label, method, subject, remote, startedMonotonicMs } = record;
  return {
    exchange: record.exchange,
    label,
    http: record.incoming.method,
    method,
    subject: subject === null ? null : shortened(subject),
    remote,
    ageMs: nowMs - startedMonotonicMs,
    phase: phaseOf(record),
    isListening,
  };
}

function phaseOf({ askedMs, answeredMs }: Exchange["record"]): OpenExchange["phase"] {
  if (Number.isNaN(askedMs)) return "gate";
  return Number.isNaN(answeredMs) ? "upstream" : "reply";
}

function shortened(text: string): string {
  return text.length <= SUBJECT_LENGTH ? text : `${text.slice(0, SUBJECT_LENGTH)}…`;
}

const EMPTY = new Census();
