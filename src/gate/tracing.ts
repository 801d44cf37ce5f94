/**
 * What the gate tells of its exchanges where somebody follows requests through several programs. It
 * tells moments and outcomes, never what a message holds. Who writes them down is said elsewhere;
 * where nobody does, nothing is told and nothing is spent.
 */
import type { Outcome } from "../policy/contract.ts";

/** Begins to follow exchanges. */
export interface Tracing {
  /**
   * Follows one from its first moment on; null where its caller wants it not to be followed.
   *
   * @param traceparent As the caller sent it, or null
   */
  begin(http: string, traceparent: string | null): Trace | null;
}

/** One exchange that is followed. */
export interface Trace {
  /** It goes up by `http` to `url`; the `traceparent` of this part of its way. */
  goesUp(http: string, url: string): string;
  /** The head of its reply is in. */
  answered(status: number): void;
  /** No reply will come, for a reason of this kind. */
  failed(kind: string): void;
  /**
   * It has ended.
   *
   * @param kind What kind of refusal it met; empty where none
   */
  ended(outcome: Outcome, kind: string): void;
}
