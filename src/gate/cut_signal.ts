/**
 * Tells whoever works for an exchange that it has been cut: as much of an `AbortSignal` as the way
 * to the upstream asks for, since a real one costs more than all else that is made for an exchange.
 */
import type { AbandonedListener, Abandonment } from "../upstream/upstream.ts";

/** The signal of one exchange. */
export class CutSignal implements Abandonment {
  #aborted = false;
  /** Nearly always one at most. */
  readonly #listeners: AbandonedListener[] = [];

  /** Whether it has been cut. */
  get aborted(): boolean {
    return this.#aborted;
  }

  addEventListener(_type: "abort", listener: AbandonedListener): void {
    this.#listeners.push(listener);
  }

  removeEventListener(_type: "abort", listener: AbandonedListener): void {
    const index = this.#listeners.indexOf(listener);
    if (index >= 0) this.#listeners.splice(index, 1);
  }

  /** Tells it to everybody, once. */
  abort(): void {
    if (this.#aborted) return;
    this.#aborted = true;
    for (const listener of this.#listeners.splice(0)) listener.handleEvent();
  }
}
