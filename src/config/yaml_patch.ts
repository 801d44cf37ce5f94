/**
 * What to change in a text so that a member or an item of its YAML is put in, exchanged or taken out,
 * however it is written: on lines of its own or in brackets, with comments anywhere. A patch touches
 * what it is about; comments go only with what they stand in or beside. Null: not in this text. Whether
 * the result says what it should is for the caller to see.
 */
import { isMap, isScalar, isSeq, type Pair, type YAMLMap, type YAMLSeq } from "yaml";
import {
  beginsLine,
  columnOf,
  deletion,
  endOfLine,
  insertion,
  lineBreak,
  linesAfter,
  type Patch,
  startOfLine,
} from "./patch.ts";

/** The pair of the member `name`, or undefined. */
export function pairOf(map: YAMLMap, name: string): Pair | undefined {
  return map.items.find(({ key }) => isScalar(key) && key.value === name);
}

/** Whether names of the members of `map` stand in double quotes, as JSON has them. */
export function isQuoted(map: YAMLMap | undefined): boolean {
  const key = map?.items[0]?.key;
  return isScalar(key) && key.type === "QUOTE_DOUBLE";
}

/** Where the text of `node` begins. */
export function startOf(node: unknown): number | null {
  return (node as { range?: readonly number[] } | null)?.range?.[0] ?? null;
}

/** Where the text of `node` ends, what follows it on its last line not counted in. */
export function endOf(node: unknown): number | null {
  if ((isMap(node) || isSeq(node)) && !node.flow) {
    const last = node.items.at(-1);
    if (last === undefined) return null;
    return isMap(node) ? endOfPair(last as Pair) : endOf(last);
  }
  return (node as { range?: readonly number[] } | null)?.range?.[1] ?? null;
}

function endOfPair({ key, value }: Pair): number | null {
  return endOf(value) ?? endOf(key);
}

/** Puts `item` in after the last of a list or mapping in brackets. */
export function intoBrackets(collection: YAMLSeq | YAMLMap, item: string): Patch[] | null {
  const start = startOf(collection);
  if (start === null) return null;
  const last = collection.items.at(-1);
  if (last === undefined) return [insertion(start + 1, item)];
  const end = isSeq(collection) ? endOf(last) : endOfPair(last as Pair);
  return end === null ? null : [insertion(end, `, ${item}`)];
}

/** Gives the member `name` of `map` the value `written`; a new one comes after the pair `after`. */
export function setMember(
  text: string,
  map: YAMLMap,
  name: string,
  written: string,
  after = map.items.at(-1),
): Patch[] | null {
  const pair = pairOf(map, name);
  if (pair !== undefined) {
    const [from, to] = [startOf(pair.value), endOf(pair.value)];
    if (from === null || to === null) return null;
    return [{ from, to, text: from === to ? ` ${written}` : written }];
  }
  const end = after === undefined ? null : endOfPair(after);
  const start = startOf(after?.key);
  if (end === null || start === null) return null;
  const member = `${isQuoted(map) ? JSON.stringify(name) : name}: ${written}`;
  if (map.flow) return [insertion(end, `, ${member}`)];
  const first = startOf(map.items[0]?.key) ?? start;
  return [linesAfter(text, end, " ".repeat(columnOf(text, first)) + member + lineBreak(text))];
}

/** Takes the member `name` out of `map`, which has others. None there: nothing to do. */
export function removeMember(text: string, map: YAMLMap, name: string): Patch[] | null {
  const index = map.items.findIndex((pair) => pair === pairOf(map, name));
  if (index < 0) return [];
  const spans = map.items.map((pair) => ({ from: startOf(pair.key), to: endOfPair(pair) }));
  if (map.flow) return removeFromBrackets(text, spans, new Set([index]));
  const { from = null, to = null } = spans[index] ?? {};
  if (from === null || to === null) return null;
  const lineEnd = endOfLine(text, to);
  const isCommented = text.slice(to, lineEnd).includes("#");
  if (isCommented) return [deletion(from, to + (/^ */.exec(text.slice(to))?.[0].length ?? 0))];
  if (beginsLine(text, from)) return [deletion(startOfLine(text, from), lineEnd)];
  // The first of its entry, on the line of the dash: the next one takes its place.
  const next = spans[index + 1]?.from ?? null;
  return next === null || text.slice(to, next).includes("#")
    ? [deletion(from, to)]
    : [deletion(from, next)];
}

/** Puts `item` in before the first of `list`, which has items. */
export function prependItem(text: string, list: YAMLSeq, item: string): Patch[] | null {
  const start = list.flow ? startOf(list.items[0]) : startOf(list);
  if (start === null) return null;
  const indent = text.slice(startOfLine(text, start), start);
  if (!list.flow) {
    if (indent.trim() !== "") return null;
    return [insertion(start - indent.length, `${indent}- ${item}${lineBreak(text)}`)];
  }
  const ownLine = beginsLine(text, start) && startOfLine(text, start) > (startOf(list) ?? start);
  return [insertion(start, ownLine ? `${item},${lineBreak(text)}${indent}` : `${item}, `)];
}

/** Takes the items at `indices` out of `list`, with the comments that stand in or beside them. */
export function removeItems(
  text: string,
  list: YAMLSeq,
  indices: ReadonlySet<number>,
): Patch[] | null {
  const spans = list.items.map((item) => ({ from: startOf(item), to: endOf(item) }));
  return list.flow
    ? removeFromBrackets(text, spans, indices)
    : removeFromLines(text, list, spans, indices);
}

interface Span {
  readonly from: number | null;
  readonly to: number | null;
}

/** Items in brackets: each run of neighbours goes with one comma. */
function removeFromBrackets(
  text: string,
  spans: readonly Span[],
  indices: ReadonlySet<number>,
): Patch[] | null {
  const patches: Patch[] = [];
  for (let first = 0; first < spans.length; first++) {
    if (!indices.has(first)) continue;
    let last = first;
    while (indices.has(last + 1)) last++;
    const [before, from] = [spans[first - 1]?.to ?? null, spans[first]?.from ?? null];
    const [to, next] = [spans[last]?.to ?? null, spans[last + 1]?.from ?? null];
    if (from === null || to === null) return null;
    const own = ownLines(text, from, to);
    // A comment there may be about a neighbour: only the item and its comma go then.
    const gap = next !== null
      ? text.slice(to, next)
      : before !== null
      ? text.slice(before, from)
      : "#";
    const isCommented = gap.includes("#");
    if (own !== null && (next !== null || isCommented)) patches.push(own);
    else if (isCommented) patches.push(deletion(from, afterComma(text, to)));
    else patches.push(next !== null ? deletion(from, next) : deletion(before ?? from, to));
    first = last;
  }
  return patches;
}

function afterComma(text: string, at: number): number {
  return at + (/^ *,/.exec(text.slice(at, at + 100))?.[0].length ?? 0);
}

/** The whole lines that hold nothing else, their comments and a comma counted in; else null. */
function ownLines(text: string, from: number, to: number): Patch | null {
  const end = endOfLine(text, to);
  const isAlone = beginsLine(text, from) && /^ *,?\s*(?:#.*)?\s*$/.test(text.slice(to, end));
  return isAlone ? deletion(startOfLine(text, from), end) : null;
}

/** Items with dashes: each goes from the line of its dash to its last, and what is set deeper below. */
function removeFromLines(
  text: string,
  list: YAMLSeq,
  spans: readonly Span[],
  indices: ReadonlySet<number>,
): Patch[] | null {
  const firstDash = startOf(list);
  if (firstDash === null || !beginsLine(text, firstDash)) return null;
  const column = columnOf(text, firstDash);
  const patches: Patch[] = [];
  for (const index of indices) {
    const after = spans[index - 1]?.to ?? null;
    const start = index === 0
      ? startOfLine(text, firstDash)
      : after === null
      ? null
      : dashLine(text, endOfLine(text, after), column);
    const end = spans[index]?.to ?? null;
    if (start === null || end === null) return null;
    patches.push(deletion(start, withDeeperComments(text, endOfLine(text, end), column)));
  }
  return patches;
}

/** The first line from `at` on, after blank ones and comments, if its dash stands in `column`. */
function dashLine(text: string, at: number, column: number): number | null {
  let start = at;
  while (start < text.length && /^[ \t]*(?:#.*)?\r?(?:\n|$)/.test(lineAt(text, start))) {
    start = endOfLine(text, start + 1);
  }
  const line = lineAt(text, start);
  return line[column] === "-" && line.slice(0, column).trim() === "" ? start : null;
}

/** Comments below an item that are set deeper than its dash are in it. */
function withDeeperComments(text: string, at: number, column: number): number {
  let end = at;
  for (let start = at; start < text.length;) {
    const line = lineAt(text, start);
    const indent = /^ *(?=#)/.exec(line)?.[0].length;
    start += line.length;
    if (indent !== undefined && indent > column) end = start;
    else if (line.trim() !== "") break;
  }
  return end;
}

function lineAt(text: string, start: number): string {
  return text.slice(start, endOfLine(text, start + 1));
}
