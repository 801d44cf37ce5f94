/**
 * How long things took, counted in steps: what a monitor can add up over time and over processes.
 * Nothing is allocated when something is counted. Knows nothing of what it is that took so long.
 */

/** Upper bounds of the steps, in seconds; what took longer than the last is in none of them. */
export const STEPS_S: readonly number[] = Object.freeze([
  0.0001,
  0.00025,
  0.0005,
  0.001,
  0.0025,
  0.005,
  0.01,
  0.025,
  0.05,
  0.1,
  0.25,
  0.5,
  1,
  2.5,
  5,
  10,
  30,
  60,
]);

/** A histogram as plain data. */
export interface HistogramCounts {
  /** How many fell into each of {@link STEPS_S}, and at the end how many into none. */
  readonly steps: readonly number[];
  /** The sum of all, in seconds. */
  readonly sumS: number;
}

/** Counts durations. */
export class Histogram {
  readonly #steps = new Float64Array(STEPS_S.length + 1);
  #sumS = 0;

  /** Counts one that took `ms` milliseconds; a clock that went back counts as none at all. */
  add(ms: number): void {
    const seconds = ms > 0 ? ms / 1000 : 0;
    let step = 0;
    while (step < STEPS_S.length && seconds > (STEPS_S[step] as number)) step++;
    this.#steps[step] = (this.#steps[step] as number) + 1;
    this.#sumS += seconds;
  }

  /** What has been counted so far. */
  get counts(): HistogramCounts {
    return { steps: [...this.#steps], sumS: this.#sumS };
  }
}

/** Both together. */
export function addHistograms(one: HistogramCounts, other: HistogramCounts): HistogramCounts {
  const steps = one.steps.map((count, step) => count + (other.steps[step] ?? 0));
  return { steps, sumS: one.sumS + other.sumS };
}

/** How many have been counted. */
export function countOf({ steps }: HistogramCounts): number {
  return steps.reduce((sum, count) => sum + count, 0);
}

/**
 * The duration, in seconds, that `share` of those counted did not exceed: the bound of the step it
 * falls into. Null where nothing was counted, or where it fell beyond the last bound.
 *
 * @param share Between 0 and 1
 */
export function quantileS(histogram: HistogramCounts, share: number): number | null {
  let left = countOf(histogram) * share;
  if (left === 0) return null;
  for (const [step, bound] of STEPS_S.entries()) {
    left -= histogram.steps[step] ?? 0;
    if (left <= 0) return bound;
  }
  return null;
}
