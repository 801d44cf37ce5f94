/**
 * The routes that the gate answers itself, as the gate sees them: liveness and the OAuth stubs of
 * PROTOCOL §1.11. What answers them is the server room's business.
 */
import type { Fields } from "./incoming.ts";

/** Asked before anything else is judged, but for the Host. */
export interface OwnRoutes {
  /** The answer to `method` on the raw path `path` (without query), or null: none of ours. */
  answer(method: string, path: string): OwnAnswer | null | Promise<OwnAnswer | null>;
}

/** A whole answer. */
export interface OwnAnswer {
  readonly status: number;
  readonly fields: Fields;
  readonly body: Uint8Array | null;
  /** Whether it leaves an audit line. */
  readonly audited: boolean;
}
