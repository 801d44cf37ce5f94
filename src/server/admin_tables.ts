/** The tables of the operator's page, as plain data in the words it says them in. Knows no markup. */
import type { Readiness } from "../gate/sight.ts";
import type { OpenExchange, Snapshot } from "../gate/snapshot.ts";
import type { Rates } from "./admin_rates.ts";
import { countText, durationText, plural, rateText, sizeText, timeText } from "./admin_words.ts";

/** How something is to be taken. */
export type Tone = "plain" | "quiet" | "good" | "warn" | "bad";

/** One cell. */
export interface Cell {
  readonly text: string;
  /** What is said beside it, quietly. */
  readonly note?: string;
  readonly tone?: Tone;
  /** How full something is, from 0 to 1; drawn where there is one. */
  readonly share?: number;
}

/** One row. */
export interface Row {
  /** The same as long as it is about the same thing. */
  readonly id: string;
  readonly cells: readonly Cell[];
}

/** One table. */
export interface Table {
  readonly id: string;
  readonly title: string;
  /** What is said beside the title. */
  readonly note: string;
  readonly columns: readonly { readonly name: string; readonly kind: "text" | "number" | "code" }[];
  readonly rows: readonly Row[];
  /** What is said where there is no row. */
  readonly empty: string;
}

/** What tables are made from. */
export interface Scene {
  readonly snapshot: Snapshot;
  readonly readiness: Readiness;
  readonly rates: Rates;
  /** Milliseconds since the epoch. */
  readonly nowMs: number;
}

/** Keys that are shown, the busiest. */
const MAX_KEYS = 100;

const STATES: Readonly<Record<OpenExchange["phase"], string>> = {
  gate: "being read and judged",
  upstream: "waiting for the upstream",
  reply: "reply under way",
};

/** Who calls what now. */
export function openTable({ snapshot: { open, openCount } }: Scene): Table {
  return {
    id: "open",
    title: "Now",
    note: openCount > open.length ? `${countText(open.length)} of ${countText(openCount)}` : "",
    columns: [
      { name: "Key", kind: "text" },
      { name: "Asks", kind: "text" },
      { name: "For", kind: "number" },
      { name: "State", kind: "text" },
      { name: "From", kind: "code" },
    ],
    rows: open.map((
      { exchange, label, http, method, subject, ageMs, phase, isListening, remote },
    ) => ({
      id: exchange,
      cells: [
        label === null ? { text: "not known yet", tone: "quiet" } : { text: label },
        { text: method ?? http, ...(subject === null ? {} : { note: subject }) },
        { text: durationText(ageMs) },
        isListening && phase === "reply"
          ? { text: "listening", tone: "quiet" }
          : { text: STATES[phase] },
        { text: remote },
      ],
    })),
    empty: "Nothing is under way.",
  };
}

interface KeyCounts {
  passed: number;
  refused: number;
  failed: number;
}

/** What each key did, and how much of its limit is left. */
export function keyTable({ snapshot, rates }: Scene): Table {
  const counts = countsByLabel(snapshot);
  const buckets = new Map(snapshot.buckets.map((bucket) => [bucket.label, bucket]));
  const streams = new Map(snapshot.streams.map(({ label, count }) => [label, count]));
  // Not by what they do at this moment: rows that change places cannot be read.
  const busiest = [...counts].sort(([, one], [, other]) => total(other) - total(one));
  return {
    id: "keys",
    title: "Keys",
    note: busiest.length > MAX_KEYS
      ? `the busiest ${MAX_KEYS} of ${countText(busiest.length)}`
      : "",
    columns: [
      { name: "Key", kind: "text" },
      { name: "Now", kind: "number" },
      { name: "Limit", kind: "number" },
      { name: "Left of its limit", kind: "text" },
      { name: "Passed", kind: "number" },
      { name: "Refused", kind: "number" },
      { name: "Failed", kind: "number" },
      { name: "Streams", kind: "number" },
    ],
    rows: busiest.slice(0, MAX_KEYS).map(([label, { passed, refused, failed }]) => {
      const bucket = buckets.get(label);
      return {
        id: label,
        cells: [
          nameOf(label),
          { text: rateText(rates.perSecond(label)) },
          bucket === undefined ? NONE : { text: `${bucket.rps}/s` },
          bucket === undefined ? NONE : leftOf(bucket),
          number(passed),
          number(refused),
          number(failed, "warn"),
          number(streams.get(label) ?? 0),
        ],
      };
    }),
    empty: "No exchange has ended yet.",
  };
}

/** What was refused, by reason. */
export function refusalTable({ snapshot: { refusals }, nowMs }: Scene): Table {
  return {
    id: "refusals",
    title: "Refused, by reason",
    note: refusals.length === 0 ? "" : "mcpgate explain tells more of an exchange",
    columns: [
      { name: "Reason", kind: "text" },
      { name: "Stage", kind: "text" },
      { name: "Times", kind: "number" },
      { name: "Last", kind: "number" },
      { name: "Whose", kind: "text" },
      { name: "What it was told", kind: "text" },
      { name: "Exchange", kind: "code" },
    ],
    rows: refusals.toSorted((a, b) => b.count - a.count).map((
      { stage, kind, count, last },
    ) => ({
      id: `${stage} ${kind}`,
      cells: [
        {
          text: kind.replaceAll("_", " "),
          ...(stage === "upstream" ? { tone: "warn" as const } : {}),
        },
        { text: stage, tone: "quiet" },
        { text: countText(count) },
        { text: `${durationText(nowMs - last.atMs)} ago` },
        nameOf(last.label ?? ""),
        { text: last.reason },
        { text: last.exchange },
      ],
    })),
    empty: "Nothing has been refused.",
  };
}

/** The gate, its upstream and its process. */
export function factTable({ snapshot, readiness: { upstream } }: Scene): Table {
  const { reloads, connections, memory, audit, generation, bytesIn, bytesOut } = snapshot;
  const { isReachable, detail, tookMs } = upstream;
  const facts: readonly (readonly [name: string, cell: Cell])[] = [
    ["Upstream", {
      text: isReachable ? "answers" : "does not answer",
      note: isReachable ? `in ${durationText(tookMs)}` : detail ?? "",
      tone: isReachable ? "good" : "bad",
    }],
    ["Configuration", {
      text: `generation ${generation}`,
      note: reloads.lastMs === null
        ? "not reloaded since the start"
        : `${plural(reloads.reloaded, "reload")}, ${
          countText(reloads.unchanged)
        } without a change, ` +
          `${countText(reloads.refused)} refused; the last at ${timeText(reloads.lastMs)}`,
      tone: reloads.refused > 0 ? "warn" : "plain",
    }],
    ["Audit log", {
      text: audit.isFailing ? "cannot be written" : "is written",
      note: `${sizeText(audit.waitingBytes)} wait, ${plural(audit.lostLines, "line")} lost`,
      tone: audit.isFailing ? "bad" : "plain",
    }],
    ["Connections", {
      text: `${countText(connections.open)} open`,
      note: `${countText(connections.accepted)} accepted, ${
        countText(connections.refused)
      } refused`,
    }],
    ["Bodies", { text: `${sizeText(bytesIn)} in`, note: `${sizeText(bytesOut)} out` }],
    ["Memory", {
      text: sizeText(memory.residentBytes),
      note: `${sizeText(memory.heapBytes)} of it on the heap`,
    }],
  ];
  return {
    id: "facts",
    title: "Gate and upstream",
    note: "",
    columns: [{ name: "What", kind: "text" }, { name: "State", kind: "text" }],
    rows: facts.map(([name, cell]) => ({ id: name, cells: [{ text: name, tone: "quiet" }, cell] })),
    empty: "",
  };
}

const NONE: Cell = { text: "–", tone: "quiet" };

function nameOf(label: string): Cell {
  return label === "" ? { text: "without a key", tone: "quiet" } : { text: label };
}

function number(count: number, tone: Tone = "plain"): Cell {
  return { text: countText(count), tone: count === 0 ? "quiet" : tone };
}

function leftOf({ tokens, burst }: Snapshot["buckets"][number]): Cell {
  const share = burst > 0 ? Math.max(0, Math.min(1, tokens / burst)) : 0;
  return {
    text: `${countText(Math.floor(tokens))} of ${countText(burst)}`,
    share,
    tone: tokens < 1 ? "bad" : share < 0.25 ? "warn" : "good",
  };
}

function total({ passed, refused, failed }: KeyCounts): number {
  return passed + refused + failed;
}

function countsByLabel({ exchanges }: Snapshot): Map<string, KeyCounts> {
  const counts = new Map<string, KeyCounts>();
  for (const { label, decision, count } of exchanges) {
    const own = counts.get(label) ?? { passed: 0, refused: 0, failed: 0 };
    if (decision === "allow") own.passed += count;
    else if (decision === "deny") own.refused += count;
    else own.failed += count;
    counts.set(label, own);
  }
  return counts;
}
