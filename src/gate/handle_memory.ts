/**
 * All that the gate remembers of handles, in one place and within bounds. It outlives generations: a
 * reload takes no task from its owner. Handles that carry their proof with them, sessions, events,
 * cursors and request states, need no memory: see `seal.ts` and `cursor_seal.ts`.
 */
import type { Clock } from "../policy/contract.ts";
import type { EntriesMaker } from "./entries.ts";
import { RequestLedger } from "./request_ledger.ts";
import type { Serials } from "./request_ledger.ts";
import { TaskLedger } from "./task_ledger.ts";

/** Bounds of the memory. Times in milliseconds, lengths in characters. */
export const MEMORY_BOUNDS = Object.freeze({
  /** Tasks, and in each direction requests, of one key. */
  perOwner: 4096,
  /** The same of all keys: some 20 MB where ids have usual lengths. */
  inAll: 65_536,
  /** An id longer than this is not remembered, and so refused when it is presented. */
  longestId: 1024,
  /** How long a task is remembered that nobody names. */
  idleMs: 24 * 60 * 60 * 1000,
});

/** The memory of one gate. */
export class HandleMemory {
  readonly tasks: TaskLedger;
  readonly requests: RequestLedger;

  /**
   * @param make Where entries are kept; default: here
   * @param serials Of several that share their entries, the numbers of this one
   */
  constructor(clock: Clock, make?: EntriesMaker, serials?: Serials) {
    this.tasks = new TaskLedger(MEMORY_BOUNDS, clock, make);
    this.requests = new RequestLedger(MEMORY_BOUNDS, make, serials);
  }
}
