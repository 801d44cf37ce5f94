/**
 * What an entry of `keys` says after one key of it has been exchanged for another: which of its hashes
 * stay, and until when. Works on values as they stand in the file, and knows no text.
 */
import { type Flaw, valueAt } from "./document.ts";
import { parseExpiry } from "./expiry.ts";
import type { HashEntry } from "./key_entry.ts";

/** The exchange of the keys of one label for a new one. */
export interface Exchange {
  readonly label: string;
  /** SHA-256 of the new key, in hexadecimal. */
  readonly hash: string;
  /** Today, as a date. */
  readonly created: string;
  /** An RFC 3339 time until which the old keys are good; null: they end with the change. */
  readonly until: string | null;
  /** Another end for the entry: a date or an RFC 3339 time. */
  readonly expires?: string;
  /** Milliseconds since the epoch: what has ended by then is taken out. */
  readonly now: number;
}

/** What becomes of an entry. */
export interface Exchanged {
  readonly entry: Readonly<Record<string, unknown>>;
  readonly added: HashEntry;
  /** For each old hash, its end from now on as it is written, undefined for none; null: it goes. */
  readonly ends: readonly (string | undefined | null)[];
  readonly old: readonly HashEntry[];
  readonly expires?: string;
}

/** What `entry` says after `exchange`; a flaw's path is seen from the entry. */
export function exchanged(entry: unknown, exchange: Exchange): Exchanged | Flaw {
  const { hash, created, expires } = exchange;
  const { hash: single, hashes, created: minted, ...rest } = Object(entry);
  const old: readonly HashEntry[] = Array.isArray(hashes)
    ? hashes
    : [{ hash: single, ...(minted !== undefined && { created: minted }) }];
  if (!old.every((each) => typeof valueAt(each, ["hash"]) === "string")) {
    return { path: [], found: "an entry without a hash", expected: "a key that can be exchanged" };
  }
  const entryEnd = textOf(rest["expires"]);
  if (expires === undefined && entryEnd !== undefined && isPast(entryEnd, exchange.now)) {
    return {
      path: ["expires"],
      found: "an end that is past",
      expected: "an entry whose new key would be let in",
      suggestion: "--expires DATE gives it another end",
    };
  }
  const ends = old.map((each) => endOf(textOf(each.expires), entryEnd, exchange));
  const added: HashEntry = { hash, created };
  const kept = old.flatMap((each, index) => {
    const end = ends[index];
    return end === null ? [] : [{ ...each, ...(end !== undefined && { expires: end }) }];
  });
  const proof = !Array.isArray(hashes) && kept.length === 0 ? added : { hashes: [added, ...kept] };
  const after = { ...rest, ...proof, ...(expires !== undefined && { expires }) };
  return { entry: after, added, ends, old, ...(expires !== undefined && { expires }) };
}

/** The index of that hash which is good for longest, the first of those that are equal. */
export function longestLived(hashes: readonly unknown[]): number {
  const ends = hashes.map((each) => parseExpiry(textOf(valueAt(each, ["expires"])) ?? ""));
  return ends.reduce<number>((best, end, index) => {
    const longest = ends[best] ?? null;
    return longest !== null && (end === null || end > longest) ? index : best;
  }, 0);
}

/** The earliest of the ends there are: its own, the entry's and the overlap's. */
function endOf(
  own: string | undefined,
  ofEntry: string | undefined,
  { until, now }: Exchange,
): string | undefined | null {
  if (until === null) return null;
  const [earliest] = [own, ofEntry, until]
    .flatMap((text) => {
      const ms = text === undefined ? null : parseExpiry(text);
      return text === undefined || ms === null ? [] : [{ text, ms }];
    })
    .toSorted((a, b) => a.ms - b.ms);
  if (earliest !== undefined && earliest.ms <= now) return null;
  return earliest?.text;
}

function isPast(text: string, now: number): boolean {
  const ms = parseExpiry(text);
  return ms !== null && ms <= now;
}

function textOf(value: unknown): string | undefined {
  return typeof value === "string" ? value : undefined;
}
