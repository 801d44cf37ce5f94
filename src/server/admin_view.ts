/**
 * What the operator's page says, as plain data in the words it says them in: the page is written from
 * it once, and kept up to date from it after that. Knows no markup.
 */
import { addHistograms, countOf, quantileS } from "../gate/histogram.ts";
import type { HistogramCounts } from "../gate/histogram.ts";
import type { Readiness, Sight } from "../gate/sight.ts";
import type { MethodTimes, Snapshot } from "../gate/snapshot.ts";
import { Rates } from "./admin_rates.ts";
import { factTable, keyTable, openTable, refusalTable } from "./admin_tables.ts";
import type { Scene, Table, Tone } from "./admin_tables.ts";
import { countText, durationText, plural, rateText, sizeText, timeText } from "./admin_words.ts";

/** A figure that stands out. */
export interface Tile {
  readonly id: string;
  readonly name: string;
  readonly value: string;
  readonly note: string;
  readonly tone: Tone;
  /** The corners of a line that draws what it was in the last minute, where one is drawn. */
  readonly line?: string;
}

/** Audit lines that wait for a moment are no news. */
const MANY_WAITING_BYTES = 64 * 1024;

/** How many points of a trend are drawn, and in what size. */
export const TREND = { points: 60, width: 120, height: 28 } as const;

/** The whole page. */
export interface View {
  readonly status: { readonly text: string; readonly tone: Tone; readonly detail: string };
  readonly upstream: string;
  readonly subtitle: string;
  readonly tiles: readonly Tile[];
  readonly tables: readonly Table[];
}

/** Looks through a sight for as many as look at the page. */
export class AdminView {
  readonly #sight: Sight;
  readonly #now: () => number;
  readonly #rates = new Rates();

  /** @param now Milliseconds since the epoch */
  constructor(sight: Sight, now: () => number = () => Date.now()) {
    this.#sight = sight;
    this.#now = now;
  }

  /** What there is to see. */
  async look(): Promise<View> {
    const [snapshot, readiness] = await Promise.all([
      this.#sight.snapshot(),
      this.#sight.readiness(),
    ]);
    const nowMs = this.#now();
    this.#rates.look(nowMs, totals(snapshot));
    const scene: Scene = { snapshot, readiness, rates: this.#rates, nowMs };
    const { program } = this.#sight;
    return {
      status: {
        text: readiness.ready ? "Ready" : "Not ready",
        tone: readiness.ready ? "good" : "bad",
        detail: sentence(readiness.reasons.join("; ")),
      },
      upstream: readiness.upstream.url,
      subtitle: [
        `generation ${snapshot.generation}`,
        `up ${durationText(nowMs - program.startedMs)}`,
        `version ${program.version}`,
        timeText(nowMs),
      ].join(" · "),
      tiles: tiles(scene),
      tables: [openTable(scene), keyTable(scene), refusalTable(scene), factTable(scene)],
    };
  }
}

/** The corners of the line that draws `trend`, the newest at the right edge. */
export function trendLine(trend: readonly number[]): string {
  const shown = trend.slice(-TREND.points);
  const most = Math.max(1, ...shown);
  const step = TREND.width / (TREND.points - 1);
  const height = TREND.height - 3;
  return shown.map((value, index) => {
    const x = TREND.width - (shown.length - 1 - index) * step;
    return `${x.toFixed(1)},${(TREND.height - 1.5 - value / most * height).toFixed(1)}`;
  }).join(" ");
}

/** Exchanges that have ended, by label. */
function totals({ exchanges }: Snapshot): Map<string, number> {
  const byLabel = new Map<string, number>();
  for (const { label, count } of exchanges) byLabel.set(label, (byLabel.get(label) ?? 0) + count);
  return byLabel;
}

function tiles({ snapshot, readiness, rates }: Scene): Tile[] {
  const { exchanges, refusals, open, openCount, streams, audit, connections } = snapshot;
  const sum = (counts: readonly { readonly count: number }[]) =>
    counts.reduce((all, { count }) => all + count, 0);
  const failed = sum(exchanges.filter(({ decision }) => decision === "error"));
  const refused = sum(refusals) - failed;
  const streaming = sum(streams);
  const waiting = open.filter(({ phase }) => phase === "upstream").length;
  return [
    {
      id: "rate",
      name: "Exchanges",
      value: rateText(rates.totalPerSecond()),
      note: `${countText(sum(exchanges))} since the start`,
      tone: "plain",
      line: trendLine(rates.trend()),
    },
    {
      id: "open",
      name: "Under way",
      value: countText(Math.max(0, openCount - streaming)),
      note: waiting === 1 ? "1 waits for a reply" : `${countText(waiting)} wait for a reply`,
      tone: "plain",
    },
    {
      id: "streams",
      name: "Streams",
      value: countText(streaming),
      note: plural(connections.open, "connection"),
      tone: "plain",
    },
    {
      id: "refused",
      name: "Refused",
      value: countText(refused),
      note: failed === 0 ? "nothing failed" : `and ${countText(failed)} failed`,
      tone: failed > 0 ? "warn" : "plain",
    },
    upstreamTile(snapshot, readiness),
    timeTile("gate", "In the gate", snapshot.gateTimes),
    {
      id: "audit",
      name: "Audit log",
      value: audit.isFailing ? "Failing" : "Written",
      note: audit.lostLines > 0
        ? `${plural(audit.lostLines, "line")} lost`
        : audit.waitingBytes > MANY_WAITING_BYTES
        ? `${sizeText(audit.waitingBytes)} wait`
        : "keeps up",
      tone: audit.isFailing ? "bad" : audit.lostLines > 0 ? "warn" : "plain",
    },
  ];
}

function upstreamTile({ upstreamTimes }: Snapshot, { upstream }: Readiness): Tile {
  const tile = timeTile("upstream", "Upstream", upstreamTimes);
  return upstream.isReachable
    ? tile
    : { ...tile, value: "Away", note: "does not answer", tone: "bad" };
}

/** Streams for whatever comes are left out: some servers send no head before there is something. */
function timeTile(id: string, name: string, all: readonly MethodTimes[]): Tile {
  const times = all.filter(({ method }) => method !== "GET" && method !== "subscriptions/listen")
    .map(({ times }) => times)
    .reduce<HistogramCounts | null>(
      (one, other) => one === null ? other : addHistograms(one, other),
      null,
    );
  if (times === null || countOf(times) === 0) {
    return { id, name, value: "–", note: "nothing yet", tone: "plain" };
  }
  const within = (share: number) => {
    const bound = quantileS(times, share);
    return bound === null ? "over 1 min" : `≤ ${durationText(bound * 1000)}`;
  };
  return { id, name, value: within(0.5), note: `95 of 100: ${within(0.95)}`, tone: "plain" };
}

function sentence(text: string): string {
  return text === "" ? "" : `${text.charAt(0).toUpperCase()}${text.slice(1)}`;
}
