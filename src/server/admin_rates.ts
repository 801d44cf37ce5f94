/**
 * How fast counts grow, seen by somebody who looks now and then. Remembers what was seen within the
 * last minute; where nobody has looked, nothing can be said.
 */

/** How far back a rate looks, in milliseconds. */
const WINDOW_MS = 10_000;

/** How long what was seen is remembered, and how far apart two looks must be to count. */
const MEMORY_MS = 60_000;
const APART_MS = 900;

interface Look {
  readonly atMs: number;
  readonly total: number;
  readonly counts: ReadonlyMap<string, number>;
}

/** The growth of several counts, and of their sum. */
export class Rates {
  #looks: Look[] = [];
  #now: Look = { atMs: 0, total: 0, counts: new Map() };

  /** Takes in what the counts are at `atMs`. */
  look(atMs: number, counts: ReadonlyMap<string, number>): void {
    let total = 0;
    for (const count of counts.values()) total += count;
    this.#now = { atMs, total, counts };
    this.#looks = this.#looks.filter((look) => atMs - look.atMs <= MEMORY_MS);
    const last = this.#looks.at(-1);
    if (last === undefined || atMs - last.atMs >= APART_MS) this.#looks.push(this.#now);
  }

  /** How much the count of `name` grows in a second; null where it cannot be said. */
  perSecond(name: string): number | null {
    return this.#growth((look) => look.counts.get(name) ?? 0);
  }

  /** How much the sum grows in a second; null where it cannot be said. */
  totalPerSecond(): number | null {
    return this.#growth((look) => look.total);
  }

  /** What the sum grew by in a second, from look to look, the oldest first. */
  trend(): number[] {
    const rates: number[] = [];
    for (let at = 1; at < this.#looks.length; at++) {
      const [before, after] = [this.#looks[at - 1] as Look, this.#looks[at] as Look];
      rates.push(growth(before, after, (look) => look.total));
    }
    return rates;
  }

  #growth(of: (look: Look) => number): number | null {
    const before = this.#looks.find(({ atMs }) => this.#now.atMs - atMs <= WINDOW_MS);
    return before === undefined || before.atMs === this.#now.atMs
      ? null
      : growth(before, this.#now, of);
  }
}

/** Never below 0: a count that has shrunk belongs to a worker that was begun anew. */
function growth(before: Look, after: Look, of: (look: Look) => number): number {
  return Math.max(0, of(after) - of(before)) * 1000 / (after.atMs - before.atMs);
}
