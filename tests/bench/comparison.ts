/** Tables of a contest: who cost how much, beside whom it is to be held, and the bars. */
import { type Bar, verdict } from "./bar.ts";
import type { Course, Standing, Subject } from "./contest.ts";
import { contest, medianOver } from "./contest.ts";
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
  const direct = all.get("direct");
  const rows = entrants.map(({ subject, beside = "", bars = [] }) => {
    const own = all.get(subject.name) as Standing;
    const other = all.get(beside);
    const times = (of: Bar["of"]) => timesOf(of, own, other, direct);
    const { medians } = own;
    return [
      subject.name,
      cell(medians.perSecond),
      ratio(times("req/s"), 1),
      cell(medians.cpuMicros, 1),
      ratio(times("CPU"), 1),
      cell(medians.p50Ms, 3),
      cell(medians.p99Ms, 3),
      cell(medians.residentMiB),
      bars.map((bar) => verdict(times(bar.of), bar)).join("; "),
    ];
  });
  return { title, note, header: HEADER, rows };
}

/** What is held against a bar: times that of the `other`, in the same rounds. NaN: there is none. */
function timesOf(of: Bar["of"], own: Standing, other?: Standing, direct?: Standing): number {
  if (of === "KiB") return own.medians.residentMiB * 1024;
  if (other === undefined || (of === "added p50" && direct === undefined)) return NaN;
  return medianOver([own, other, direct ?? own], (one, two, straight) => {
    switch (of) {
      case "CPU":
        return one.cpuMicros / two.cpuMicros;
      case "req/s":
        return one.perSecond / two.perSecond;
      case "added p50":
        return (one.p50Ms - straight.p50Ms) / (two.p50Ms - straight.p50Ms);
    }
  });
}
