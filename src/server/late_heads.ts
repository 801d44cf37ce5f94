/**
 * The heads of streams whose first bytes are not there yet. A head that goes out on its own costs a
 * write, and its client a wake-up, and most often an event follows it at once; so it waits a moment.
 * One timer for all, which is never moved: one for each costs more than the write that it may save.
 */

/** For how long a head may wait, in milliseconds: where nothing follows nobody can tell the difference. */
const PATIENCE_MS = 5;

/** A reply whose head has not gone out. */
export interface LateHead {
  /** Whether it still waits for the bytes that it is to go out with. */
  readonly isHeadWaiting: boolean;
  /** Sends it on its own. */
  sendHead(): void;
}

/** Those of one listener. */
export class LateHeads {
  /** Begun in this turn: those that are written to at once need no timer. */
  #fresh: LateHead[] = [];
  #waiting: LateHead[] = [];
  #timer: ReturnType<typeof setTimeout> | null = null;

  /** Sends the head of `reply` soon, if nothing else does. */
  add(reply: LateHead): void {
    this.#fresh.push(reply);
    if (this.#fresh.length === 1) queueMicrotask(this.#afterTurn);
  }

  /** Ends the timer. */
  close(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
  }

  readonly #afterTurn = (): void => {
    const fresh = this.#fresh;
    this.#fresh = [];
    for (const reply of fresh) if (reply.isHeadWaiting) this.#waiting.push(reply);
    if (this.#waiting.length > 0) this.#timer ??= setTimeout(this.#onTime, PATIENCE_MS);
  };

  readonly #onTime = (): void => {
    const waiting = this.#waiting;
    this.#timer = null;
    this.#waiting = [];
    for (const reply of waiting) if (reply.isHeadWaiting) reply.sendHead();
  };
}
