/**
 * The last whole exchange of each way through, with all that was made for it. When it has nothing to
 * do, the engine forgets what it has compiled for objects of a kind of which none is left, and the
 * next tens of thousands of exchanges would take two to three times as long. Of each way, since what
 * comes last is seldom a call: most clients end their session.
 */
import type { Exchange } from "./exchange.ts";

/** How what was permitted went through: the kinds of objects that were made for it depend on that. */
export type Way = "whole" | "events" | "stream" | "empty" | "ended" | "posted";

/** An exchange of more bytes than this is not kept. */
const MOST_BYTES = 64 * 1024;

/** What is kept; never more than one of each way. */
export class WarmExchanges {
  readonly #kept: Record<Way, Exchange | null> = { ...NONE };

  /** Keeps `exchange`, which has ended, in the place of the last that went its way; not all are kept. */
  keep(exchange: Exchange): void {
    const { way, record: { end, bytesIn, bytesOut } } = exchange;
    if (way === null || end !== "complete" || bytesIn + bytesOut > MOST_BYTES) return;
    this.#kept[way] = exchange;
  }

  /** Lets go of all: what they hold is not needed any more. */
  forget(): void {
    Object.assign(this.#kept, NONE);
  }
}

const NONE = { whole: null, events: null, stream: null, empty: null, ended: null, posted: null };
