/**
 * Counts how exchanges end, so that it can be told while the gate runs. What may be counted apart is
 * bounded, whatever clients send: labels are those of configured keys, methods those that MCP knows.
 * A count that exists costs a few look-ups and no allocation. It outlives generations: a reload
 * forgets nothing. Knows nobody who looks.
 */
import { isKnownMethod } from "../mcp/revision.ts";
import type { Outcome } from "../policy/contract.ts";
import { Histogram } from "./histogram.ts";
import type { ExchangeRecord } from "./record.ts";
import type { EndCount, ExchangeCount, MethodTimes, RefusalCount } from "./snapshot.ts";

/** Labels that are counted apart; the first that call. */
export const MAX_LABELS = 1000;

/** Counts that there may be in all before new ones are of nobody in particular. */
export const MAX_COUNTS = 10_000;

/** Longest reason that is shown, in characters. */
const REASON_LENGTH = 256;

/** What stands for labels and methods that are not counted apart. */
export const OTHER = "other";

interface Tally {
  allowed: number;
  /** By stage. */
  readonly refused: Map<string, { deny: number; error: number }>;
}

interface Refusal {
  count: number;
  atMs: number;
  label: string | null;
  reason: string;
  exchange: string;
}

/** The counts of one gate. */
export class Census {
  /** By label, then by method. */
  readonly #tallies = new Map<string, Map<string, Tally>>();
  /** By stage, then by kind. */
  readonly #refusals = new Map<string, Map<string, Refusal>>();
  readonly #gateTimes = new Map<string, Histogram>();
  readonly #upstreamTimes = new Map<string, Histogram>();
  readonly #ends = new Map<Outcome["end"], number>();
  #counts = 0;
  #bytesIn = 0;
  #bytesOut = 0;

  /** Bytes of request bodies, and of answers. */
  get bytes(): { readonly in: number; readonly out: number } {
    return { in: this.#bytesIn, out: this.#bytesOut };
  }

  /** The labels that are counted apart. */
  get labels(): Iterable<string> {
    return this.#tallies.keys();
  }

  /**
   * Counts an exchange that has ended.
   *
   * @param isConfigured Whether its label is that of a configured key
   */
  ended(record: ExchangeRecord, outcome: Outcome, isConfigured: boolean): void {
    const { label, decision, stage, latencyMs } = outcome;
    const method = countedMethod(outcome);
    const tally = this.#tally(label === null ? "" : isConfigured ? label : OTHER, method);
    if (stage === null) tally.allowed++;
    else this.#refused(tally, record, stage, decision === "error");
    this.#ends.set(outcome.end, (this.#ends.get(outcome.end) ?? 0) + 1);
    this.#bytesIn += outcome.bytesIn;
    this.#bytesOut += outcome.bytesOut;
    const { startedMonotonicMs, askedMs, answeredMs } = record;
    const gateMs = Number.isNaN(askedMs) ? latencyMs : askedMs - startedMonotonicMs;
    histogramOf(this.#gateTimes, method).add(gateMs);
    if (!Number.isNaN(answeredMs)) {
      histogramOf(this.#upstreamTimes, method).add(answeredMs - askedMs);
    }
  }

  /** All counts, as plain data. */
  exchanges(): ExchangeCount[] {
    const counts: ExchangeCount[] = [];
    for (const [label, methods] of this.#tallies) {
      for (const [method, { allowed, refused }] of methods) {
        const add = (decision: ExchangeCount["decision"], stage: string, count: number) => {
          if (count > 0) counts.push({ label, method, decision, stage, count });
        };
        add("allow", "", allowed);
        for (const [stage, { deny, error }] of refused) {
          add("deny", stage, deny);
          add("error", stage, error);
        }
      }
    }
    return counts;
  }

  /** What was refused, by reason. */
  refusals(): RefusalCount[] {
    return [...this.#refusals].flatMap(([stage, kinds]) =>
      [...kinds].map(([kind, { count, reason, ...last }]) => ({
        stage,
        kind,
        count,
        last: { ...last, reason: reason.slice(0, REASON_LENGTH) },
      }))
    );
  }

  /** How many came to each kind of end. */
  ends(): EndCount[] {
    return [...this.#ends].map(([end, count]) => ({ end, count }));
  }

  /** Durations by method: in the gate, and of waiting for the upstream. */
  times(): { readonly gate: MethodTimes[]; readonly upstream: MethodTimes[] } {
    const plain = (times: ReadonlyMap<string, Histogram>) =>
      [...times].map(([method, histogram]) => ({ method, times: histogram.counts }));
    return { gate: plain(this.#gateTimes), upstream: plain(this.#upstreamTimes) };
  }

  #tally(label: string, method: string): Tally {
    let methods = this.#tallies.get(label);
    if (methods === undefined) {
      const isFull = this.#tallies.size >= MAX_LABELS || this.#counts >= MAX_COUNTS;
      if (isFull && label !== OTHER && label !== "") return this.#tally(OTHER, method);
      this.#tallies.set(label, methods = new Map());
    }
    let tally = methods.get(method);
    if (tally === undefined) {
      if (this.#counts >= MAX_COUNTS && label !== OTHER && label !== "") {
        return this.#tally(OTHER, method);
      }
      methods.set(method, tally = { allowed: 0, refused: new Map() });
      this.#counts++;
    }
    return tally;
  }

  #refused(tally: Tally, record: ExchangeRecord, stage: string, isError: boolean): void {
    let counts = tally.refused.get(stage);
    if (counts === undefined) {
      tally.refused.set(stage, counts = { deny: 0, error: 0 });
      this.#counts++;
    }
    if (isError) counts.error++;
    else counts.deny++;
    this.#remember(record, stage);
  }

  #remember({ kind, reason, label, exchange, startedMs }: ExchangeRecord, stage: string): void {
    let kinds = this.#refusals.get(stage);
    if (kinds === undefined) this.#refusals.set(stage, kinds = new Map());
    const known = kinds.get(kind);
    if (known === undefined) {
      kinds.set(kind, { count: 1, atMs: startedMs, label, reason, exchange });
      return;
    }
    known.count++;
    known.atMs = startedMs;
    known.label = label;
    known.reason = reason;
    known.exchange = exchange;
  }
}

function histogramOf(times: Map<string, Histogram>, method: string): Histogram {
  let histogram = times.get(method);
  if (histogram === undefined) times.set(method, histogram = new Histogram());
  return histogram;
}

/** What an exchange is counted as. */
function countedMethod({ http, method }: Outcome): string {
  if (method === null) return http === "GET" || http === "DELETE" ? http : "none";
  return isKnownMethod(method) ? method : OTHER;
}
