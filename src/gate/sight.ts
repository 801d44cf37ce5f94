/**
 * What the operator's listener is lent to look through: plain data of a gate that serves, or of
 * several that share the work. Who gathers it, and how, is not said here.
 */
import type { Snapshot } from "./snapshot.ts";
import type { Reachability } from "./upstream_probe.ts";

/** A view of whatever serves. */
export interface Sight {
  /** What never changes while the program runs. */
  readonly program: {
    readonly version: string;
    readonly runtime: string;
    /** When it started, in milliseconds since the epoch. */
    readonly startedMs: number;
  };
  /** What can be seen at this moment. */
  snapshot(): Snapshot | Promise<Snapshot>;
  /** Whether exchanges would be served now. */
  readiness(): Promise<Readiness>;
}

/** Whether exchanges are served. */
export interface Readiness {
  readonly ready: boolean;
  /** What keeps it from serving; empty where it is ready. */
  readonly reasons: readonly string[];
  readonly generation: number;
  readonly upstream: Reachability;
}
