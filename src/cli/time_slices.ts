/**
 * Long work a little at a time, so that whoever is served meanwhile hardly notices. Knows nothing of
 * the work.
 */

/** How long the work goes on without a rest, in milliseconds. */
const SLICE_MS = 10;

/** The rests of one piece of work. */
export class TimeSlices {
  readonly #now: () => number;
  #sinceMs: number;

  /** @param now Milliseconds on any clock; one that jumps brings a rest at once */
  constructor(now: () => number) {
    this.#now = now;
    this.#sinceMs = now();
  }

  /** Waits until all else that is ready has had its turn, if it is time for it. */
  rest(): void | Promise<void> {
    const elapsedMs = this.#now() - this.#sinceMs;
    return elapsedMs >= 0 && elapsedMs < SLICE_MS ? undefined : this.#yield();
  }

  async #yield(): Promise<void> {
    await new Promise((resolve) => setTimeout(resolve, 0));
    this.#sinceMs = this.#now();
  }
}
