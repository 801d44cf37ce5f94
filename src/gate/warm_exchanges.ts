/**
 * The last whole exchange of each way through, with all that was made for it. When it has nothing to
 * do, the engine forgets what it has compiled for objects of a kind of which none is left, and the
 * next tens of thousands of exchanges would take two to three times as long. Of each way, since what
 * comes last is seldom a call: most clients end their session.
 */

/** How what was permitted went through: the kinds of objects that were made for it depend on that. */
export type Way = "whole" | "events" | "stream" | "empty" | "ended" | "posted";

/** What is kept; never more than one of each way. */
export class WarmExchanges<Exchange> {
  readonly #kept: Record<Way, Exchange | null> = { ...NONE };

  /** Keeps `exchange` in the place of the last that went this way. */
  keep(way: Way, exchange: Exchange): void {
    this.#kept[way] = exchange;
  }

  /** Lets go of all: what they hold is not needed any more. */
  forget(): void {
    Object.assign(this.#kept, NONE);
  }
}

const NONE = { whole: null, events: null, stream: null, empty: null, ended: null, posted: null };
