/**
 * Writes a key into a configuration's text. It inserts characters and moves none, so comments and
 * formatting stay as they are; then it reads the result, and gives up where that says anything but
 * the old text plus one key. Judges no option: that is `load.ts`'s.
 */
import { type Document, isMap, isScalar, isSeq, type Pair, type YAMLMap, type YAMLSeq } from "yaml";
import { type Flaw, parseText, valueAt } from "./document.ts";
import { Page } from "./page.ts";
import type { Problem } from "./problem.ts";
import { configSchema } from "./schema.ts";

/** A key as it is written into a configuration. */
export interface KeyEntry {
  readonly label: string;
  /** SHA-256 of the key, in hexadecimal. */
  readonly hash: string;
  readonly allow: readonly string[];
  /** A date or an RFC 3339 time. */
  readonly expires?: string;
}

/** Characters put in at a place of the text, instead of those up to `to`. */
interface Insertion {
  readonly from: number;
  readonly to: number;
  readonly text: string;
}

/**
 * `text` with `entry` as the last of its keys, or why that cannot be done.
 *
 * @param file What problems call the text
 */
export function addKey(text: string, entry: KeyEntry, file = "config.yaml"): string | Problem[] {
  const parsed = parseText(text);
  const page = new Page(file, text, parsed, configSchema);
  if (parsed.flaws.length > 0) return page.problems(parsed.flaws);
  const keys = valueAt(parsed.value, ["keys"]) ?? [];
  const flaw = refusal(parsed.value, keys, entry);
  if (flaw !== null) return page.problems([flaw]);

  const insertion = place(parsed.document, text, entry);
  const edited = insertion === null ? text : splice(text, insertion);
  return saysOneKeyMore(edited, parsed.value, entry) ? edited : page.problems([NOT_BY_ITSELF]);
}

/** The lines of `entry` as an item of a list, without indentation. */
export function keyEntryLines(entry: KeyEntry): string[] {
  return members(entry).map((member, index) => `${index === 0 ? "- " : "  "}${member}`);
}

const NOT_BY_ITSELF: Flaw = {
  path: ["keys"],
  found: "a text that cannot be added to without rewriting it",
  expected: "a list of keys, one below the other",
  suggestion: "add the entry by hand",
};

function refusal(value: unknown, keys: unknown, entry: KeyEntry): Flaw | null {
  if (value !== null && (typeof value !== "object" || Array.isArray(value))) {
    return { path: [], found: "a text that is no mapping", expected: "a configuration" };
  }
  if (!Array.isArray(keys)) {
    return { path: ["keys"], found: "something else", expected: "a list of keys" };
  }
  for (const member of ["label", "hash"] as const) {
    const index = keys.findIndex((key) => valueAt(key, [member]) === entry[member]);
    if (index < 0) continue;
    return {
      path: ["keys", index, member],
      found: `a key with this ${member}`,
      expected: `a ${member} that no other key has`,
      suggestion: member === "label" ? "choose another label, or remove this key first" : undefined,
    };
  }
  return null;
}

function place(document: Document, text: string, entry: KeyEntry): Insertion | null {
  const root = document.contents;
  if (!isMap(root)) return appendList(text, entry);
  const pair = root.items.find(({ key }) => isScalar(key) && key.value === "keys");
  if (pair !== undefined && isSeq(pair.value)) {
    return pair.value.flow
      ? intoFlow(pair.value, flowEntry(entry))
      : below(pair.value, text, entry);
  }
  if (root.flow) return pair === undefined ? intoFlow(root, `keys: [${flowEntry(entry)}]`) : null;
  return pair === undefined ? appendList(text, entry) : intoNothing(pair, text, entry);
}

/** `keys:` and its first item, after everything else. */
function appendList(text: string, entry: KeyEntry): Insertion {
  const end = text.length;
  const newLine = lineBreak(text);
  const before = text === "" || text.endsWith("\n") ? "" : newLine;
  return { from: end, to: end, text: `${before}keys:${newLine}${block(entry, 2, newLine)}` };
}

/** The first item of a `keys:` without value, or with `null`. */
function intoNothing({ key, value }: Pair, text: string, entry: KeyEntry): Insertion | null {
  if (!isScalar(key) || !key.range) return null;
  const range = isScalar(value) ? value.range : undefined;
  if (range && range[1] > range[0]) {
    return { from: range[0], to: range[1], text: `[${flowEntry(entry)}]` };
  }
  return onNextLine(text, key.range[1], block(entry, 2, lineBreak(text)));
}

/** One more item of a list written with dashes. */
function below(list: YAMLSeq, text: string, entry: KeyEntry): Insertion | null {
  if (!list.range) return null;
  const [start, end] = list.range;
  const indent = start - (text.lastIndexOf("\n", start - 1) + 1);
  return onNextLine(text, end, block(entry, indent, lineBreak(text)));
}

/** One more item of a list or mapping in brackets. */
function intoFlow(collection: YAMLSeq | YAMLMap, item: string): Insertion | null {
  if (!collection.range) return null;
  const last = collection.items.at(-1);
  const lastNode = isSeq(collection) ? last : (last as Pair | undefined)?.value;
  const range = (lastNode as { range?: readonly number[] } | undefined)?.range;
  if (last !== undefined && range === undefined) return null;
  const at = range?.[1] ?? collection.range[0] + 1;
  return { from: at, to: at, text: last === undefined ? item : `, ${item}` };
}

/** After the line on which the character before `at` stands. */
function onNextLine(text: string, at: number, lines: string): Insertion {
  const end = text[at - 1] === "\n" ? at : text.indexOf("\n", at) + 1;
  if (end > 0) return { from: end, to: end, text: lines };
  return { from: text.length, to: text.length, text: lineBreak(text) + lines };
}

function block(entry: KeyEntry, indent: number, lineBreak: string): string {
  return keyEntryLines(entry).map((line) => " ".repeat(indent) + line + lineBreak).join("");
}

function flowEntry(entry: KeyEntry): string {
  return `{ ${members(entry).join(", ")} }`;
}

/** JSON's texts are YAML's. */
function members({ label, hash, allow, expires }: KeyEntry): string[] {
  return [
    `label: ${JSON.stringify(label)}`,
    `hash: ${JSON.stringify(hash)}`,
    `allow: [${allow.map((name) => JSON.stringify(name)).join(", ")}]`,
    ...(expires === undefined ? [] : [`expires: ${JSON.stringify(expires)}`]),
  ];
}

function lineBreak(text: string): string {
  return text.includes("\r\n") ? "\r\n" : "\n";
}

function splice(text: string, { from, to, text: inserted }: Insertion): string {
  return text.slice(0, from) + inserted + text.slice(to);
}

function saysOneKeyMore(edited: string, before: unknown, entry: KeyEntry): boolean {
  const after = parseText(edited);
  if (after.flaws.length > 0) return false;
  const keys = valueAt(before, ["keys"]) ?? [];
  const expected = { ...Object(before), keys: [...keys as unknown[], entry] };
  return sorted(after.value) === sorted(expected);
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
