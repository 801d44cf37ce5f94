/**
 * Changes the keys in a configuration's text: one more, one less, one exchanged for another. It puts
 * characters in and takes characters out and moves none, so that comments and formatting stay as they
 * are; then it reads the result, and gives up where that says anything but what was meant. Judges no
 * option: that is `load.ts`'s.
 */
import type { Document } from "yaml";
import { type Flaw, parseText, valueAt } from "./document.ts";
import { type Exchange, exchanged, longestLived } from "./key_exchange.ts";
import type { KeyEntry } from "./key_entry.ts";
import { entryAt, patchOfAdding, patchOfExchange, patchOfRemoval } from "./key_patch.ts";
import { nearest } from "./nearest.ts";
import { Page } from "./page.ts";
import { type Patch, patched } from "./patch.ts";
import { DECLINED, plainValue } from "./plain_yaml.ts";
import type { Problem } from "./problem.ts";
import { configSchema } from "./schema.ts";

export type { Exchange } from "./key_exchange.ts";
export { type KeyEntry, keyEntryLines } from "./key_entry.ts";

/**
 * `text` with `entry` as the last of its keys, or why that cannot be done.
 *
 * @param file What problems call the text
 */
export function addKey(text: string, entry: KeyEntry, file = "config.yaml"): string | Problem[] {
  return edited(text, file, (document, keys) =>
    taken(keys, entry) ?? {
      patches: patchOfAdding(text, document, entry),
      keys: [...keys, entry],
    });
}

/** `text` with another key for a label, its old ones ending as `exchange` says; or why not. */
export function exchangeKey(
  text: string,
  exchange: Exchange,
  file = "config.yaml",
): string | Problem[] {
  return edited(text, file, (document, keys) => {
    const index = indexOf(keys, exchange.label);
    if (typeof index !== "number") return index;
    const after = exchanged(keys[index], exchange);
    if ("found" in after) return { ...after, path: ["keys", index, ...after.path] };
    const entry = entryAt(document, index);
    return {
      patches: entry === null ? null : patchOfExchange(text, entry, after),
      keys: keys.with(index, after.entry),
    };
  });
}

/** `text` without the key of `label`; or why not. */
export function removeKey(text: string, label: string, file = "config.yaml"): string | Problem[] {
  return edited(text, file, (document, keys) => {
    const index = indexOf(keys, label);
    if (typeof index !== "number") return index;
    return {
      patches: patchOfRemoval(text, document, ["keys"], new Set([index])),
      keys: keys.toSpliced(index, 1),
    };
  });
}

/** `text` with that key of `label` alone that is good for longest; or why not. */
export function removeOldHashes(
  text: string,
  label: string,
  file = "config.yaml",
): string | Problem[] {
  return edited(text, file, (document, keys) => {
    const index = indexOf(keys, label);
    if (typeof index !== "number") return index;
    const hashes = valueAt(keys[index], ["hashes"]);
    if (!Array.isArray(hashes) || hashes.length < 2) {
      return {
        path: ["keys", index],
        found: "one key only",
        expected: "an old key beside a newer one",
      };
    }
    const kept = longestLived(hashes);
    const old = new Set(hashes.keys().filter((at) => at !== kept));
    return {
      patches: patchOfRemoval(text, document, ["keys", index, "hashes"], old),
      keys: keys.with(index, { ...Object(keys[index]), hashes: [hashes[kept]] }),
    };
  });
}

/** What shall be changed, and what the text says then. */
interface Change {
  readonly patches: readonly Patch[] | null;
  readonly keys: readonly unknown[];
}

const NOT_BY_ITSELF: Flaw = {
  path: ["keys"],
  found: "a text that cannot be changed there without rewriting it",
  expected: "a list of keys, one below the other",
  suggestion: "make the change by hand",
};

function edited(
  text: string,
  file: string,
  plan: (document: Document, keys: readonly unknown[]) => Change | Flaw,
): string | Problem[] {
  const parsed = parseText(text);
  const page = new Page(file, text, parsed, configSchema);
  if (parsed.flaws.length > 0) return page.problems(parsed.flaws);
  const { value } = parsed;
  if (value !== null && (typeof value !== "object" || Array.isArray(value))) {
    const found = "a text that is no mapping";
    return page.problems([{ path: [], found, expected: "a configuration" }]);
  }
  const keys = valueAt(value, ["keys"]) ?? [];
  if (!Array.isArray(keys)) {
    const found = "something else";
    return page.problems([{ path: ["keys"], found, expected: "a list of keys" }]);
  }
  const change = plan(parsed.document, keys);
  if ("found" in change) return page.problems([change]);
  const result = change.patches === null ? null : patched(text, change.patches);
  const meant = { ...Object(value), keys: change.keys };
  return result !== null && says(result, meant) ? result : page.problems([NOT_BY_ITSELF]);
}

function taken(keys: readonly unknown[], entry: KeyEntry): Flaw | null {
  for (const member of ["label", "hash"] as const) {
    const index = keys.findIndex((key) => valueAt(key, [member]) === entry[member]);
    if (index < 0) continue;
    return {
      path: ["keys", index, member],
      found: `a key with this ${member}`,
      expected: `a ${member} that no other key has`,
      suggestion: member === "label"
        ? "choose another label; --rotate LABEL gives this one another key"
        : undefined,
    };
  }
  return null;
}

function indexOf(keys: readonly unknown[], label: string): number | Flaw {
  const index = keys.findIndex((key) => valueAt(key, ["label"]) === label);
  if (index >= 0) return index;
  const labels = keys.map((key) => String(valueAt(key, ["label"])));
  const meant = nearest(label, labels);
  return {
    path: ["keys"],
    found: `no key with the label ${JSON.stringify(label)}`,
    expected: "the label of a key",
    atKey: true,
    suggestion: meant === undefined ? undefined : `did you mean ${JSON.stringify(meant)}?`,
  };
}

function says(text: string, meant: unknown): boolean {
  const value = valueOf(text);
  if (value === undefined) return false;
  const keys = valueAt(value, ["keys"]) ?? [];
  return sorted({ ...Object(value), keys }) === sorted(meant);
}

/** What `text` says, read as the gate reads it: the quick way where it is plain; undefined: nothing. */
function valueOf(text: string): unknown {
  const reading = plainValue(text);
  let step = reading.next();
  while (!step.done) step = reading.next();
  if (step.value !== DECLINED) return step.value;
  const { flaws, value } = parseText(text);
  return flaws.length > 0 ? undefined : value;
}

function sorted(value: unknown): string {
  return JSON.stringify(
    value,
    (_, part) =>
      typeof part === "object" && part !== null && !Array.isArray(part)
        ? Object.fromEntries(Object.entries(part).sort(([a], [b]) => a < b ? -1 : 1))
        : part,
  );
}
