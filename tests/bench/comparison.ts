/** Tables of a contest: who cost how much, beside whom it is to be held, and the bars. */
import { type Bar, verdict } from "./bar.ts";
import type { Course, Figures, Subject } from "./contest.ts";
import { contest } from "./contest.ts";
import { checkAnswer } from "./gate_scene.ts";
import { cell, ratio, type Table } from "./row.ts";

/** One who takes part. */
export interface Entrant {
  readonly subject: Subject;
  /** What its answer must hold; asked once, before it is measured. */
  readonly part: string;
  /** The name of the one its figures are times of; absent: nobody. */
  readonly beside?: string;
  readonly bars?: readonly Bar[];
}

const HEADER = ["", "req/s", "times", "CPU µs/req", "times", "p50 ms", "p99 ms", "RSS MiB", "bars"];

/** Measures `entrants` and says what came of it; "times" is of what stands beside. */
export async function comparison(
  title: string,
  note: string,
  entrants: readonly Entrant[],
  course: Course,
): Promise<Table> {
  for (const { subject, part } of entrants) await checkAnswer(subject, part);
  const all = await contest(entrants.map(({ subject }) => subject), course);
  const rows = entrants.map(({ subject, beside = "", bars = [] }) => {
    const own = all.get(subject.name) ?? NONE;
    const other = all.get(beside) ?? NONE;
    return [
      subject.name,
      cell(own.perSecond),
      ratio(own.perSecond, other.perSecond),
      cell(own.cpuMicros, 1),
      ratio(own.cpuMicros, other.cpuMicros),
      cell(own.p50Ms, 3),
      cell(own.p99Ms, 3),
      cell(own.residentMiB),
      bars.map((bar) => verdict(timesOf(own, other, all.get("direct") ?? NONE, bar), bar)).join(
        "; ",
      ),
    ];
  });
  return { title, note, header: HEADER, rows };
}

function timesOf(own: Figures, other: Figures, direct: Figures, { of }: Bar): number {
  switch (of) {
    case "CPU":
      return own.cpuMicros / other.cpuMicros;
    case "req/s":
      return own.perSecond / other.perSecond;
    case "added p50":
      return (own.p50Ms - direct.p50Ms) / (other.p50Ms - direct.p50Ms);
    case "KiB":
      return own.residentMiB * 1024;
  }
}

const NONE: Figures = {
  perSecond: NaN,
  cpuMicros: NaN,
  p50Ms: NaN,
  p99Ms: NaN,
  residentMiB: NaN,
};
