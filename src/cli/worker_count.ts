/** How many workers a configuration means on this machine. */
import { Failure } from "./usage.ts";

/** What of the machine matters. */
export interface Machine {
  readonly cores: number;
  /** Whether several listeners on one address each get a share of what comes. */
  readonly sharesPorts: boolean;
}

/**
 * The number of workers that `workers` means; 1 is a program without any.
 *
 * @throws {Failure} where the machine cannot have several
 */
export function workerCount(workers: number | "auto", { cores, sharesPorts }: Machine): number {
  if (workers === "auto") return sharesPorts ? Math.max(1, cores) : 1;
  if (workers > 1 && !sharesPorts) {
    throw new Failure(
      `workers: ${workers} is for Linux, which shares connections out among listeners\nLeave it out here, or set "workers: auto"`,
    );
  }
  return workers;
}
