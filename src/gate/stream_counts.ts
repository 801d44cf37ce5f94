/** Counts the open streams of each caller. Knows neither streams nor callers, only their labels. */

/** How many streams each caller holds open, so that no key takes them all. */
export class StreamCounts {
  readonly #open = new Map<string, number>();

  /** How many each holds open that holds any. */
  counts(): { readonly label: string; readonly count: number }[] {
    return [...this.#open].map(([key, count]) => ({ label: key.slice(1), count }));
  }

  /** Takes one more for `label`, or answers false where `limit` are open. */
  take(label: string, limit: number): boolean {
    // The prefix: names of digits only would collide in V8's unseeded hash.
    const key = `=${label}`;
    const open = this.#open.get(key) ?? 0;
    if (open >= limit) return false;
    this.#open.set(key, open + 1);
    return true;
  }

  /** Gives one back; null stands for none taken. */
  release(label: string | null): void {
    if (label === null) return;
    const key = `=${label}`;
    const open = (this.#open.get(key) ?? 1) - 1;
    if (open > 0) this.#open.set(key, open);
    else this.#open.delete(key);
  }
}
