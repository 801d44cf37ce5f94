/**
 * `mcpgate audit stats`: the log in numbers: totals, decisions, stages, durations, bytes, the span of
 * time. Holds counts only, however long the log is.
 */
import { type AuditParts, foreignText, LOG_FLAGS, logOf } from "./audit_arguments.ts";
import { FILTER_FLAGS, filterOf } from "./audit_filter.ts";
import { type AuditEntry, entryOf, readLines } from "./audit_log.ts";
import { plain } from "./audit_row.ts";
import { openLog } from "./audit_source.ts";
import { readWords, tell } from "./usage.ts";
import { EXIT, type World } from "./world.ts";

const FLAGS = { ...LOG_FLAGS, ...FILTER_FLAGS } as const;

/** What `help audit` says of it. */
export const STATS_HELP =
  `  stats               the log in numbers: decisions, stages, durations, bytes, span of time
`;

/** Each step of durations is that much longer than the one before: so far a percentile may be off. */
const STEP = 1.02;

/** The shortest duration that is told from none, in milliseconds. */
const SHORTEST_MS = 0.001;

/** Keys, stages and ends that are counted apart; there are few, unless somebody else wrote them. */
const MAX_VALUES = 100_000;

const PERCENTILES = [50, 90, 99] as const;

/** Prints the numbers. */
export async function auditStats(
  world: World,
  args: readonly string[],
  parts: AuditParts,
): Promise<number> {
  const { flags, words } = readWords(args, FLAGS);
  const isMeant = filterOf(flags, world.now());
  const stats = new Stats();
  using source = openLog(world, logOf(world, flags, words, parts));
  await readLines(source, ({ text }) => {
    const entry = entryOf(text);
    if (entry === null) stats.foreign++;
    else if (isMeant(entry)) stats.add(entry);
  });
  const plainStats = stats.plain();
  if (flags.json === true) {
    world.stdout(`${JSON.stringify(plainStats, null, 2)}\n`);
    return EXIT.done;
  }
  world.stdout(statsText(plainStats));
  if (stats.foreign > 0) tell(world, foreignText(stats.foreign));
  return EXIT.done;
}

class Stats {
  foreign = 0;
  #exchanges = 0;
  #first: string | null = null;
  #last: string | null = null;
  #bytesIn = 0;
  #bytesOut = 0;
  readonly #labels = new Set<string>();
  readonly #decisions = new Map<string, number>();
  readonly #stages = new Map<string, number>();
  readonly #ends = new Map<string, number>();
  readonly #steps = new Map<number, number>();
  #longestMs = 0;

  add(entry: AuditEntry): void {
    this.#exchanges++;
    // Lines stand in the order in which exchanges ended; their times are those of the beginnings.
    if (this.#first === null || entry.time < this.#first) this.#first = entry.time;
    if (this.#last === null || entry.time > this.#last) this.#last = entry.time;
    this.#bytesIn += entry.bytes_in;
    this.#bytesOut += entry.bytes_out;
    if (entry.label !== null && this.#labels.size < MAX_VALUES) this.#labels.add(entry.label);
    count(this.#decisions, entry.decision);
    if (entry.stage !== null) count(this.#stages, entry.stage);
    count(this.#ends, entry.end);
    const { latency_ms: ms } = entry;
    const step = ms <= SHORTEST_MS ? 0 : Math.ceil(Math.log(ms / SHORTEST_MS) / Math.log(STEP));
    this.#steps.set(step, (this.#steps.get(step) ?? 0) + 1);
    this.#longestMs = Math.max(this.#longestMs, ms);
  }

  plain() {
    return {
      exchanges: this.#exchanges,
      foreign: this.foreign,
      first: this.#first,
      last: this.#last,
      keys: this.#labels.size,
      decisions: sorted(this.#decisions),
      stages: sorted(this.#stages),
      ends: sorted(this.#ends),
      latency_ms: {
        ...Object.fromEntries(PERCENTILES.map((share) => [`p${share}`, this.#percentile(share)])),
        max: this.#exchanges === 0 ? null : this.#longestMs,
      },
      bytes_in: this.#bytesIn,
      bytes_out: this.#bytesOut,
    };
  }

  #percentile(share: number): number | null {
    let left = Math.ceil(this.#exchanges * share / 100);
    if (left === 0) return null;
    for (const [step, count] of [...this.#steps].sort(([a], [b]) => a - b)) {
      left -= count;
      if (left <= 0) return Math.min(this.#longestMs, round(SHORTEST_MS * STEP ** step));
    }
    return null;
  }
}

function count(counts: Map<string, number>, value: string): void {
  if (counts.size < MAX_VALUES || counts.has(value)) {
    counts.set(value, (counts.get(value) ?? 0) + 1);
  }
}

function sorted(counts: ReadonlyMap<string, number>): Record<string, number> {
  return Object.fromEntries([...counts].sort(([, a], [, b]) => b - a));
}

function round(ms: number): number {
  return Number(ms.toPrecision(3));
}

function statsText(stats: ReturnType<Stats["plain"]>): string {
  const latency = Object.entries(stats.latency_ms).map(([name, ms]) => `${name} ${ms ?? "-"}`);
  const rows: readonly (readonly [string, string])[] = [
    ["exchanges", `${stats.exchanges}, of ${stats.keys} keys`],
    ["from", stats.first ?? "-"],
    ["to", stats.last ?? "-"],
    ["decisions", list(stats.decisions)],
    ["refused by", list(stats.stages)],
    ["ended", list(stats.ends)],
    ["took (ms)", latency.join(", ")],
    ["bytes", `${stats.bytes_in} in, ${stats.bytes_out} out`],
  ];
  return rows.map(([name, text]) => `${name.padEnd(11)}${text}\n`).join("");
}

function list(counts: Readonly<Record<string, number>>): string {
  const items = Object.entries(counts).map(([name, count]) => `${plain(name)} ${count}`);
  return items.length === 0 ? "-" : items.join(", ");
}
