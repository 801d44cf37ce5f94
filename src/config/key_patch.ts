/**
 * Where in a configuration's text its keys stand, and which pieces of it an entry more, an entry less
 * or another hash changes. Null: this text has no place for it that is safe to change.
 */
import { type Document, isMap, isScalar, isSeq, type Pair, type YAMLMap, type YAMLSeq } from "yaml";
import {
  type HashEntry,
  hashInBraces,
  type KeyEntry,
  keyEntryInBraces,
  keyEntryLines,
  type Naming,
  PLAIN,
  QUOTED,
} from "./key_entry.ts";
import type { Exchanged } from "./key_exchange.ts";
import { columnOf, insertion, lineBreak, linesAfter, type Patch } from "./patch.ts";
import type { Path } from "./schema_place.ts";
import {
  endOf,
  intoBrackets,
  isQuoted,
  pairOf,
  prependItem,
  removeItems,
  removeMember,
  setMember,
  startOf,
} from "./yaml_patch.ts";

/** The entry of this index, or null where it is no mapping. */
export function entryAt(document: Document, index: number): YAMLMap | null {
  const node = document.getIn(["keys", index], true);
  return isMap(node) ? node : null;
}

/** `entry` as the last of the keys. */
export function patchOfAdding(text: string, document: Document, entry: KeyEntry): Patch[] | null {
  const root = document.contents;
  if (!isMap(root)) return appendList(text, entry);
  const pair = pairOf(root, "keys");
  const naming = namingOf(root);
  if (pair !== undefined && isSeq(pair.value)) {
    return pair.value.flow
      ? intoBrackets(pair.value, keyEntryInBraces(entry, naming))
      : below(pair.value, text, entry);
  }
  if (root.flow) {
    const item = keyEntryInBraces(entry, naming);
    return pair === undefined ? intoBrackets(root, `${naming("keys")}: [${item}]`) : null;
  }
  return pair === undefined ? appendList(text, entry) : intoNothing(pair, text, entry);
}

/** Without the items at `indices` of the list at `path`. */
export function patchOfRemoval(
  text: string,
  document: Document,
  path: Path,
  indices: ReadonlySet<number>,
): Patch[] | null {
  const list = document.getIn(path, true);
  return isSeq(list) ? removeItems(text, list, indices) : null;
}

/** An entry with another key. */
export function patchOfExchange(text: string, entry: YAMLMap, after: Exchanged): Patch[] | null {
  const single = pairOf(entry, "hash");
  const list = pairOf(entry, "hashes")?.value;
  const hashes = single !== undefined
    ? intoSingle(text, entry, single, after)
    : isSeq(list)
    ? intoList(text, list, after)
    : null;
  const end = after.expires === undefined
    ? []
    : setMember(text, entry, "expires", JSON.stringify(after.expires));
  return hashes === null || end === null ? null : [...hashes, ...end];
}

/** `hash` gets another value, or becomes `hashes` where the old key stays for a while. */
function intoSingle(
  text: string,
  entry: YAMLMap,
  pair: Pair,
  { added, old, ends }: Exchanged,
): Patch[] | null {
  const end = ends[0] ?? null;
  const [first] = old;
  if (end === null || first === undefined) {
    const hash = setMember(text, entry, "hash", JSON.stringify(added.hash));
    const created = setMember(text, entry, "created", JSON.stringify(added.created), pair);
    return hash === null || created === null ? null : [...hash, ...created];
  }
  const list = asList(text, entry, pair, [added, { ...first, expires: end }]);
  const created = removeMember(text, entry, "created");
  return list === null || created === null ? null : [...list, ...created];
}

/** In a block the list gets lines of its own, so that a comment beside the hash stays. */
function asList(
  text: string,
  entry: YAMLMap,
  pair: Pair,
  hashes: readonly HashEntry[],
): Patch[] | null {
  const [from, to] = [startOf(pair.key), endOf(pair.value)];
  if (from === null || to === null) return null;
  const naming = namingOf(entry);
  const items = hashes.map((each) => hashInBraces(each, naming));
  if (entry.flow || text.slice(from, to).includes("\n")) {
    return [{ from, to, text: `${naming("hashes")}: [${items.join(", ")}]` }];
  }
  const indent = " ".repeat(columnOf(text, from) + 2);
  const lines = items.map((item) => `${indent}- ${item}${lineBreak(text)}`).join("");
  return [{ from, to, text: `${naming("hashes")}:` }, linesAfter(text, to, lines)];
}

function intoList(text: string, list: YAMLSeq, { added, ends }: Exchanged): Patch[] | null {
  const patches: Patch[] = [];
  const first = list.items[0];
  const item = hashInBraces(added, isMap(first) ? namingOf(first) : PLAIN);
  if (list.flow && ends.every((end) => end === null)) {
    const [from, to] = [startOf(first), endOf(list.items.at(-1))];
    return from === null || to === null ? null : [{ from, to, text: item }];
  }
  const prepended = prependItem(text, list, item);
  if (prepended === null) return null;
  patches.push(...prepended);
  const gone = new Set<number>();
  for (const [index, end] of ends.entries()) {
    const node = list.items[index];
    if (!isMap(node)) return null;
    if (end === null) gone.add(index);
    else if (end !== undefined && scalarOf(node, "expires") !== end) {
      const patch = setMember(text, node, "expires", JSON.stringify(end));
      if (patch === null) return null;
      patches.push(...patch);
    }
  }
  const removed = removeItems(text, list, gone);
  return removed === null ? null : [...patches, ...removed];
}

function scalarOf(map: YAMLMap, name: string): unknown {
  const value = pairOf(map, name)?.value;
  return isScalar(value) ? value.value : undefined;
}

/** `keys:` and its first item, after everything else. */
function appendList(text: string, entry: KeyEntry): Patch[] {
  const newLine = lineBreak(text);
  const before = text === "" || text.endsWith("\n") ? "" : newLine;
  return [insertion(text.length, `${before}keys:${newLine}${block(entry, 2, newLine)}`)];
}

/** The first item of a `keys:` without value, or with `null`. */
function intoNothing({ key, value }: Pair, text: string, entry: KeyEntry): Patch[] | null {
  const after = endOf(key);
  if (after === null) return null;
  const [from, to] = [startOf(value), endOf(value)];
  if (from !== null && to !== null && to > from) {
    return [{ from, to, text: `[${keyEntryInBraces(entry)}]` }];
  }
  return [linesAfter(text, after, block(entry, 2, lineBreak(text)))];
}

/** One more item of a list written with dashes. */
function below(list: YAMLSeq, text: string, entry: KeyEntry): Patch[] | null {
  const [start, end] = [startOf(list), list.range?.[1] ?? null];
  if (start === null || end === null) return null;
  return [linesAfter(text, end, block(entry, columnOf(text, start), lineBreak(text)))];
}

function block(entry: KeyEntry, indent: number, lineBreak: string): string {
  return keyEntryLines(entry).map((line) => " ".repeat(indent) + line + lineBreak).join("");
}

function namingOf(map: YAMLMap): Naming {
  return isQuoted(map) ? QUOTED : PLAIN;
}
