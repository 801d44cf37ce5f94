/**
 * The times of keys on the command line: how long old ones stay good beside a new one, and moments as
 * they are written into a configuration. Knows no key.
 */
import type { Config } from "../config/config.ts";
import { parseDuration } from "../config/quantity.ts";
import { UsageError } from "./usage.ts";

type Key = Config["keys"][number];

/** Where nothing else is said. */
export const DEFAULT_OVERLAP = "7d";

const DAY_MS = 24 * 60 * 60 * 1000;
const MOST_DAYS = 366;

/**
 * `7d`, `1d12h`, `36h` in milliseconds.
 *
 * @throws {UsageError} for what is no duration of at most 366 days
 */
export function parseOverlap(text: string): number {
  const [, days, rest = ""] = /^(?:(\d{1,4})d)?(.*)$/s.exec(text) ?? [];
  const restMs = rest === "" && days !== undefined ? 0 : parseDuration(rest);
  const ms = restMs === null ? NaN : Number(days ?? 0) * DAY_MS + restMs;
  if (ms <= MOST_DAYS * DAY_MS) return ms;
  throw new UsageError(
    `--overlap: found ${JSON.stringify(text)}, expected a duration of at most ${MOST_DAYS} days, ` +
      'such as "7d", "12h" or "0s"',
  );
}

/** When the last of a label's keys ends, in milliseconds since the epoch; null: never. */
export function lastEndMs(
  { hashes, certificates, expiresMs }: Pick<Key, "hashes" | "certificates" | "expiresMs">,
): number | null {
  // What certificates prove ends with the entry, which no key of it outlives.
  if (hashes.length === 0 || certificates.length > 0) return expiresMs;
  const last = Math.max(...hashes.map((each) => each.expiresMs ?? Infinity));
  return Number.isFinite(last) ? last : null;
}

/** The moment as an RFC 3339 time, in whole seconds. */
export function timeText(ms: number): string {
  return new Date(ms).toISOString().replace(/\.\d+Z$/, "Z");
}

/** The day of the moment, UTC. */
export function dayText(ms: number): string {
  return new Date(ms).toISOString().slice(0, 10);
}
