/**
 * Time limits of many waiting at once. A timer for each costs more than all else there is to an
 * exchange; so those with the same limit stand in one queue, whose first is the first to be late,
 * and the queue has one timer.
 */

/** What waits. */
export interface Waiting {
  /** Its time is up. */
  onLate(): void;
}

/** The queues, one for each limit. */
export class Deadlines {
  readonly #queues = new Map<number, DeadlineQueue>();

  /** Calls `waiting.onLate()` after `ms`, unless the deadline is called off. */
  start(waiting: Waiting, ms: number): Deadline {
    let queue = this.#queues.get(ms);
    if (queue === undefined) this.#queues.set(ms, queue = new DeadlineQueue(ms));
    return queue.start(waiting);
  }

  /** Ends all timers. */
  close(): void {
    for (const queue of this.#queues.values()) queue.close();
    this.#queues.clear();
  }
}

/**
 * One that waits, between its neighbours. A list of our own and no `Map`: one that is filled and
 * emptied all the time leaves a chain of its former tables behind, each of which holds the next, and
 * so all that ever waited, until the whole heap is searched.
 */
export class Deadline {
  /** Its neighbours; itself where it stands in no queue. */
  before: Deadline = this;
  after: Deadline = this;

  /** @param due On the monotonic clock */
  constructor(readonly waiting: Waiting | null, readonly due: number) {}

  /** Calls it off; more than once does nothing. */
  stop(): void {
    this.before.after = this.after;
    this.after.before = this.before;
    this.before = this.after = this;
  }
}

class DeadlineQueue {
  readonly #ms: number;
  /** Stands before the first and after the last. */
  readonly #ends = new Deadline(null, Infinity);
  #timer: ReturnType<typeof setTimeout> | null = null;

  constructor(ms: number) {
    this.#ms = ms;
  }

  start(waiting: Waiting): Deadline {
    const deadline = new Deadline(waiting, performance.now() + this.#ms);
    const last = this.#ends.before;
    deadline.before = last;
    deadline.after = this.#ends;
    last.after = this.#ends.before = deadline;
    this.#timer ??= setTimeout(this.#onTime, this.#ms);
    return deadline;
  }

  close(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
  }

  /** The timer is not moved when the first is done: it goes off too early then, and is set anew. */
  readonly #onTime = (): void => {
    this.#timer = null;
    const now = performance.now();
    for (;;) {
      const first = this.#ends.after;
      if (first.waiting === null) return;
      if (first.due > now) {
        this.#timer ??= setTimeout(this.#onTime, first.due - now);
        return;
      }
      first.stop();
      first.waiting.onLate();
    }
  };
}
