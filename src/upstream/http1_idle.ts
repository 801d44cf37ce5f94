/**
 * Connections that have nothing to do: the one that was used last is given out first, so that those
 * not needed grow old, and each is closed when its time is up. One that has carried a request with
 * the same fields comes before that: most often its reply begins as the last one did, and need not be
 * read again. Knows nothing else of what they carry.
 */
import type { Http1Connection } from "./http1_connection.ts";
import type { Fields } from "./upstream.ts";

/** So many are looked at, from the one used last on. */
const MOST_LOOKS = 16;

interface Idle {
  readonly connection: Http1Connection;
  /** On the monotonic clock. */
  readonly until: number;
}

/** The idle connections of one upstream. */
export class IdleConnections {
  /** Those that were closed while idle among them, until somebody comes upon them. */
  readonly #idle: Idle[] = [];
  #timer: ReturnType<typeof setTimeout> | null = null;
  #wakesAt = Infinity;

  /** Takes `connection` in for `ms` at most. */
  put(connection: Http1Connection, ms: number): void {
    const until = performance.now() + ms;
    this.#idle.push({ connection, until });
    this.#wakeAt(until, ms);
  }

  /**
   * Gives one out that is open, or null.
   *
   * @param recurring One that carried these fields last is preferred; null: any will do
   */
  take(recurring: Fields | null = null): Http1Connection | null {
    if (recurring !== null) {
      const known = this.#indexOf(recurring);
      if (known >= 0) return this.#idle.splice(known, 1)[0]?.connection ?? null;
    }
    for (let idle; (idle = this.#idle.pop()) !== undefined;) {
      if (idle.connection.isOpen) return idle.connection;
    }
    return null;
  }

  #indexOf(recurring: Fields): number {
    const last = this.#idle.length - 1;
    for (let at = last; at >= 0 && at > last - MOST_LOOKS; at--) {
      const connection = this.#idle[at]?.connection;
      if (connection?.recurring === recurring && connection.isOpen) return at;
    }
    return -1;
  }

  /** Closes all. */
  close(): void {
    for (const { connection } of this.#idle.splice(0)) connection.close();
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    this.#wakesAt = Infinity;
  }

  /** One timer for all, moved only where it would go off too late. */
  #wakeAt(until: number, ms: number): void {
    if (until >= this.#wakesAt) return;
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#wakesAt = until;
    this.#timer = setTimeout(this.#onTime, ms);
  }

  readonly #onTime = (): void => {
    this.#timer = null;
    this.#wakesAt = Infinity;
    const now = performance.now();
    let next = Infinity;
    for (const idle of this.#idle.splice(0)) {
      if (idle.until <= now) {
        idle.connection.close();
      } else if (idle.connection.isOpen) {
        this.#idle.push(idle);
        next = Math.min(next, idle.until);
      }
    }
    if (next < Infinity) this.#wakeAt(next, next - now);
  };
}
