/** How many streams each caller holds open, so that no key takes them all. */
export class StreamCounts {
  readonly #open = new Map<string, number>();

  /** Takes one more for `label`, or answers false where `limit` are open. */
  take(label: string, limit: number): boolean {
    const open = this.#open.get(label) ?? 0;
    if (open >= limit) return false;
    this.#open.set(label, open + 1);
    return true;
  }

  /** Gives one back; null stands for none taken. */
  release(label: string | null): void {
    if (label === null) return;
    const open = (this.#open.get(label) ?? 1) - 1;
    if (open > 0) this.#open.set(label, open);
    else this.#open.delete(label);
  }
}
