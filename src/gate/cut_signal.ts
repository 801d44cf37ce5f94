/**
 * Tells whoever works for an exchange that it has been cut: as much of an `AbortSignal` as the way
 * to the upstream asks for, since a real one costs more than all else that is made for an exchange.
 */
import type { AbandonedListener, Abandonment } from "../upstream/upstream.ts";

/** The signal of one exchange. */
export class CutSignal implements Abandonment {
  #aborted = false;
  /** Nearly always there is one at most, and no list is made for it. */
  #first: AbandonedListener | null = null;
  #others: AbandonedListener[] | null = null;

  /** Whether it has been cut. */
  get aborted(): boolean {
    return this.#aborted;
  }

  addEventListener(_type: "abort", listener: AbandonedListener): void {
    if (this.#first === null) this.#first = listener;
    else (this.#others ??= []).push(listener);
  }

  removeEventListener(_type: "abort", listener: AbandonedListener): void {
    if (this.#first === listener) {
      this.#first = this.#others?.shift() ?? null;
      return;
    }
    const index = this.#others?.indexOf(listener) ?? -1;
    if (index >= 0) this.#others?.splice(index, 1);
  }

  /** Tells it to everybody, once. */
  abort(): void {
    if (this.#aborted) return;
    this.#aborted = true;
    const first = this.#first;
    const others = this.#others;
    this.#first = this.#others = null;
    first?.handleEvent();
    for (const listener of others ?? []) listener.handleEvent();
  }
}
