/**
 * A list in an answer, made shorter before anybody parses it: definitions that are known not to pass
 * are left out of the bytes. Only where it is plain by what a definition is known, and only in text
 * that is JSON throughout. What is left has yet to be judged; nothing here lets anything pass.
 */
import { Buffer } from "node:buffer";
import { blankEnd, memberValue, NOWHERE, standsAt, valueEnd } from "./json_bytes.ts";

/** The lists of results, and the member by which the definitions in each are known. */
export const IDENTITIES: Readonly<Record<string, string>> = {
  tools: "name",
  prompts: "name",
  resources: "uri",
  resourceTemplates: "uriTemplate",
};

/** One list: what it is called, and where its definitions stand. */
export interface ListSpan {
  readonly list: string;
  /** Behind the bracket that opens it, and at the one that closes it. */
  readonly open: number;
  readonly close: number;
  readonly entries: readonly ListEntry[];
}

/** One definition. */
export interface ListEntry {
  readonly start: number;
  readonly end: number;
  /**
   * What it is known by, with a quote in front; null where that is not plain. The quote is a defence:
   * see `json_scan.ts`.
   */
  readonly identity: string | null;
}

/** The lists in the result of the answer `bytes`; null: they are no JSON, or have no such result. */
export function listsIn(bytes: Uint8Array): readonly ListSpan[] | null {
  const lists: ListSpan[] = [];
  const end = eachMember(
    bytes,
    0,
    (name, at) =>
      standsAt(RESULT, bytes, name) && bytes[at] === OPEN_OBJECT
        ? eachMember(bytes, at, (list, value) => listEnd(bytes, list, value, lists))
        : valueEnd(bytes, at),
  );
  if (end === NOWHERE || blankEnd(bytes, end) !== bytes.length) return null;
  return lists.length === 0 ? null : lists;
}

/** `bytes` with only those entries of each of its `lists` that `left` names, in its order. */
export function withEntries(
  bytes: Uint8Array,
  lists: readonly ListSpan[],
  left: readonly (readonly ListEntry[])[],
): Uint8Array {
  const pieces: Uint8Array[] = [];
  let from = 0;
  lists.forEach(({ open, close }, index) => {
    pieces.push(bytes.subarray(from, open));
    left[index]?.forEach(({ start, end }, place) => {
      if (place > 0) pieces.push(SEPARATOR);
      pieces.push(bytes.subarray(start, end));
    });
    from = close;
  });
  pieces.push(bytes.subarray(from));
  const joined = new Uint8Array(pieces.reduce((size, { length }) => size + length, 0));
  let filled = 0;
  for (const piece of pieces) {
    joined.set(piece, filled);
    filled += piece.length;
  }
  return joined;
}

/**
 * Walks over the members of the object that begins at `at`. `step` gets the positions of each name
 * and its value, and gives the one behind the value.
 */
function eachMember(
  bytes: Uint8Array,
  at: number,
  step: (name: number, value: number) => number,
): number {
  if (bytes[at] !== OPEN_OBJECT) return NOWHERE;
  let next = blankEnd(bytes, at + 1);
  if (bytes[next] === CLOSE_OBJECT) return next + 1;
  for (;;) {
    const value = memberValue(bytes, next);
    if (value === NOWHERE) return NOWHERE;
    const end = step(next, value);
    if (end === NOWHERE) return NOWHERE;
    next = blankEnd(bytes, end);
    if (bytes[next] === CLOSE_OBJECT) return next + 1;
    if (bytes[next] !== COMMA) return NOWHERE;
    next = blankEnd(bytes, next + 1);
  }
}

/** Walks over the value at `at`, of the member of a result whose name is at `name`; notes it in `lists` where it is one. */
function listEnd(
  bytes: Uint8Array,
  name: number,
  at: number,
  lists: ListSpan[],
): number {
  const list = plainText(bytes, name)?.slice(1) ?? "";
  const identity = IDENTITY_BYTES.get(list);
  if (identity === undefined || bytes[at] !== OPEN_ARRAY) return valueEnd(bytes, at);
  const entries: ListEntry[] = [];
  let next = blankEnd(bytes, at + 1);
  while (bytes[next] !== CLOSE_ARRAY || entries.length > 0) {
    const entry = entryAt(bytes, next, identity);
    if (entry === null) return NOWHERE;
    entries.push(entry);
    next = blankEnd(bytes, entry.end);
    if (bytes[next] === CLOSE_ARRAY) break;
    if (bytes[next] !== COMMA) return NOWHERE;
    next = blankEnd(bytes, next + 1);
  }
  lists.push({ list, open: at + 1, close: next, entries });
  return next + 1;
}

/** The entry that begins at `start`; null: that is no JSON. */
function entryAt(bytes: Uint8Array, start: number, identity: Uint8Array): ListEntry | null {
  let place = NOWHERE;
  let isPlain = true;
  const end = bytes[start] !== OPEN_OBJECT
    ? valueEnd(bytes, start)
    : eachMember(bytes, start, (name, value) => {
      if (standsAt(identity, bytes, name)) {
        // Twice: which of them counts is the reader's affair.
        isPlain &&= place === NOWHERE;
        place = value;
      } else if (isPlain && hasEscape(bytes, name)) {
        // It might spell the identity.
        isPlain = false;
      }
      return valueEnd(bytes, value);
    });
  if (end === NOWHERE) return null;
  const isKnown = isPlain && place !== NOWHERE;
  return { start, end, identity: isKnown ? plainText(bytes, place) : null };
}

/** Whether the string that opens at `at` has an escape, or is too long to be looked through. */
function hasEscape(bytes: Uint8Array, at: number): boolean {
  for (let next = at + 1; next < at + LONGEST_NAME; next++) {
    if (bytes[next] === QUOTE) return false;
    if (bytes[next] === BACKSLASH) return true;
  }
  return true;
}

/** A quote and the text of the string that opens at `at`; null where it is not plain ASCII, or long. */
function plainText(bytes: Uint8Array, at: number): string | null {
  if (bytes[at] !== QUOTE) return null;
  for (let next = at + 1; next < at + LONGEST_NAME; next++) {
    const byte = bytes[next] as number;
    if (byte === QUOTE) return Buffer.prototype.latin1Slice.call(bytes, at, next);
    if (byte === BACKSLASH || byte > 0x7e) return null;
  }
  return null;
}

/** Names and URIs with their quotes; longer ones are not plain. */
const LONGEST_NAME = 258;

const QUOTE = 0x22;
const COMMA = 0x2c;
const OPEN_ARRAY = 0x5b;
const BACKSLASH = 0x5c;
const CLOSE_ARRAY = 0x5d;
const OPEN_OBJECT = 0x7b;
const CLOSE_OBJECT = 0x7d;

const encoder = new TextEncoder();
const RESULT = encoder.encode('"result"');
const SEPARATOR = encoder.encode(",");
const IDENTITY_BYTES: ReadonlyMap<string, Uint8Array> = new Map(
  Object.entries(IDENTITIES).map(([list, name]) => [list, encoder.encode(`"${name}"`)]),
);
