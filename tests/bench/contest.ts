/**
 * Subjects measured side by side: in every round each has its turn, so that what else the machine
 * does meets all of them. Figures are medians over the rounds, and so are ratios, each of which is of
 * two figures of the same round: minutes that are bad for all say nothing of any.
 */
import { cpuMicros, residentKiB } from "./process_cost.ts";
import { type LoadRequest, wrkLoad } from "./wrk_load.ts";

/** Who is measured. */
export interface Subject {
  readonly name: string;
  readonly request: LoadRequest;
  /** The process whose cost counts; null where there is none between client and server. */
  readonly pid: number | null;
}

/** What was measured of one subject. */
export interface Figures {
  readonly perSecond: number;
  readonly cpuMicros: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly residentMiB: number;
}

/** What came of one subject. */
export interface Standing {
  readonly medians: Figures;
  readonly rounds: readonly Figures[];
}

/** How it is measured. */
export interface Course {
  readonly wrk: string;
  readonly connections: number;
  readonly rounds: number;
  readonly seconds: number;
  /** Of the round before the first, which does not count: a program that compiles as it runs. */
  readonly warmingSeconds: number;
}

/** Measures all `subjects` over `course.rounds` rounds, after one round that does not count. */
export async function contest(
  subjects: readonly Subject[],
  course: Course,
): Promise<Map<string, Standing>> {
  const rounds = new Map<string, Figures[]>(subjects.map(({ name }) => [name, []]));
  for (let round = 0; round <= course.rounds; round++) {
    for (const subject of subjects) {
      const figures = await measure(subject, round === 0 ? warming(subject, course) : course);
      if (round > 0) rounds.get(subject.name)?.push(figures);
    }
  }
  return new Map(
    [...rounds].map(([name, figures]) => [name, { medians: medians(figures), rounds: figures }]),
  );
}

/**
 * The median over the rounds of `compare`, which is given what was measured of `one` and of `other` in
 * the same round, and of `third`.
 */
export function medianOver(
  [one, other, third]: readonly [Standing, Standing, Standing],
  compare: (one: Figures, other: Figures, third: Figures) => number,
): number {
  const at = ({ rounds }: Standing, round: number) => rounds[round] as Figures;
  return median(
    one.rounds.map((own, round) => compare(own, at(other, round), at(third, round))),
  );
}

/**
 * A program that compiles as it runs comes to its full speed after some 100,000 requests, on two cores
 * that do all the rest as well; a lone client would take minutes to ask as often. What is compiled
 * already has nothing to wait for.
 */
function warming(subject: Subject, course: Course): Course {
  return {
    ...course,
    connections: Math.max(course.connections, WARMING_CONNECTIONS),
    seconds: isCompiled(subject) ? 1 : course.warmingSeconds,
  };
}

function isCompiled({ name, pid }: Subject): boolean {
  return pid === null || name.startsWith("nginx");
}

const WARMING_CONNECTIONS = 32;

async function measure(subject: Subject, course: Course): Promise<Figures> {
  const { pid } = subject;
  // After the others' turns a program that compiles as it runs has to find its pace again.
  if (!isCompiled(subject)) await wrkLoad(course.wrk, subject.request, course.connections, 1);
  const before = pid === null ? 0 : cpuMicros(pid);
  const { requests, ...load } = await wrkLoad(
    course.wrk,
    subject.request,
    course.connections,
    course.seconds,
  );
  return {
    ...load,
    cpuMicros: pid === null ? NaN : (cpuMicros(pid) - before) / requests,
    residentMiB: pid === null ? NaN : residentKiB(pid) / 1024,
  };
}

function medians(all: readonly Figures[]): Figures {
  return {
    perSecond: median(all.map((figures) => figures.perSecond)),
    cpuMicros: median(all.map((figures) => figures.cpuMicros)),
    p50Ms: median(all.map((figures) => figures.p50Ms)),
    p99Ms: median(all.map((figures) => figures.p99Ms)),
    residentMiB: median(all.map((figures) => figures.residentMiB)),
  };
}

/** The middle one of `values`. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? NaN;
}
