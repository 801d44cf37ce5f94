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

  /** Calls `waiting.onLate()` after `ms`. */
  start(waiting: Waiting, ms: number): void {
    let queue = this.#queues.get(ms);
    if (queue === undefined) this.#queues.set(ms, queue = new DeadlineQueue(ms));
    queue.start(waiting);
  }

  /** Calls it off, with the same `ms`. */
  stop(waiting: Waiting, ms: number): void {
    this.#queues.get(ms)?.stop(waiting);
  }

  /** Ends all timers. */
  close(): void {
    for (const queue of this.#queues.values()) queue.close();
    this.#queues.clear();
  }
}

class DeadlineQueue {
  readonly #ms: number;
  /** When each is late; in the order in which they began, so in the order of that, too. */
  readonly #due = new Map<Waiting, number>();
  #timer: ReturnType<typeof setTimeout> | null = null;

  constructor(ms: number) {
    this.#ms = ms;
  }

  start(waiting: Waiting): void {
    this.#due.set(waiting, performance.now() + this.#ms);
    this.#timer ??= setTimeout(this.#onTime, this.#ms);
  }

  stop(waiting: Waiting): void {
    this.#due.delete(waiting);
  }

  close(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
  }

  /** The timer is not moved when the first is done: it goes off too early then, and is set anew. */
  readonly #onTime = (): void => {
    this.#timer = null;
    const now = performance.now();
    for (const [waiting, due] of this.#due) {
      if (due > now) {
        this.#timer ??= setTimeout(this.#onTime, due - now);
        return;
      }
      this.#due.delete(waiting);
      waiting.onLate();
    }
  };
}
