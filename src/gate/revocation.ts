/**
 * Which open exchanges lose their ground when the configuration changes or time passes: those of a
 * key that is gone or expired, whatever other keys its label has, and those ruled under a grant that
 * lost something. Conservative: a
 * grant whose patterns cannot be shown to cover the old ones counts as narrowed.
 */
import { covers } from "../mcp/name_pattern.ts";
import type { Clock, Grant, Key, Principal } from "../policy/contract.ts";

/** The configured keys by label. */
export type KeyIndex = ReadonlyMap<string, Key>;

/** Indexes `keys`, whose labels are unique. */
export function indexKeys(keys: readonly Key[]): KeyIndex {
  return new Map(keys.map((key) => [key.label, key]));
}

/** Whether the key that admitted `principal` under `before` is no longer one under `after`. */
export function hasLostKey(
  principal: Principal,
  before: KeyIndex,
  after: KeyIndex,
  clock: Clock,
): boolean {
  return (keyOf(principal, before) !== undefined && keyOf(principal, after) === undefined) ||
    hasExpired(principal, after, clock);
}

/** Whether `principal` may no longer do under `after` all that it might under `before`. */
export function hasLostGrant(principal: Principal, before: KeyIndex, after: KeyIndex): boolean {
  const then = keyOf(principal, before);
  const now = keyOf(principal, after);
  return then !== undefined && (now === undefined || !includes(now, then));
}

/** Whether the key that admitted `principal` has run out. */
export function hasExpired(principal: Principal, keys: KeyIndex, clock: Clock): boolean {
  const end = endOf(principal, keys);
  return end !== null && clock.now() >= end;
}

/** A user module may vouch for a label without a key; then the label's grant counts. */
function keyOf({ label, hash }: Principal, keys: KeyIndex): Key | undefined {
  const key = keys.get(label);
  return hash === null || key?.hashes.some((each) => each.hash === hash) ||
      key?.certificates.includes(hash)
    ? key
    : undefined;
}

/**
 * When the one hash ends that proved it: that of another key of the same label is not asked. What a
 * certificate proves ends with the entry, and with the certificate, which the exchange looks at.
 */
function endOf({ label, hash }: Principal, keys: KeyIndex): number | null {
  const key = keys.get(label);
  if (hash === null || key?.certificates.includes(hash)) return key?.expiresMs ?? null;
  return key?.hashes.find((each) => each.hash === hash)?.expiresMs ?? null;
}

function includes(wide: Grant, narrow: Grant): boolean {
  return narrow.allow.every((pattern) => covers(wide.allow, pattern)) &&
    wide.deny.every((pattern) => covers(narrow.deny, pattern)) &&
    narrow.prompts.every((pattern) => covers(wide.prompts, pattern)) &&
    narrow.resources.every((pattern) => covers(wide.resources, pattern));
}
