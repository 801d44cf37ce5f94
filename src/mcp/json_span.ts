/**
 * Where a value stands in JSON text, so that exactly it can be replaced and every other byte stays
 * as it was. Only for text that has passed the strict reader: names are unique there, so the place is.
 */
import { stringEnd } from "./json_scan.ts";

/** From the first code unit to behind the last. */
export type Span = readonly [start: number, end: number];

/** One step: a member's name, or an element's index. */
export type Step = string | number;

const BLANK = /[ \t\n\r]*/y;
const SCALAR = /[^,\]}\s]*/y;

/** The span of the value at `path`, or null where there is none. */
export function valueSpan(text: string, path: readonly Step[]): Span | null {
  let at: number | null = skipBlank(text, 0);
  for (const step of path) {
    at = childAt(text, at, step);
    if (at === null) return null;
  }
  return [at, valueEnd(text, at)];
}

/** The span of the string literal at `path`, quotes included, or null where there is none. */
export function stringSpan(text: string, path: readonly Step[]): Span | null {
  const span = valueSpan(text, path);
  return span !== null && text[span[0]] === '"' ? span : null;
}

/** `text` with `value` written as JSON in place of `span`. */
export function splice(text: string, span: Span, value: string | number): string {
  return text.slice(0, span[0]) + JSON.stringify(value) + text.slice(span[1]);
}

/** Where the member or element `step` of the container at `start` begins. */
function childAt(text: string, start: number, step: Step): number | null {
  const named = typeof step === "string";
  if (text[start] !== (named ? "{" : "[")) return null;
  const close = named ? "}" : "]";
  let at = skipBlank(text, start + 1);
  for (let index = 0; text[at] !== close; index++) {
    let found = index === step;
    if (named) {
      const end = stringEnd(text, at);
      found = JSON.parse(text.slice(at, end)) === step;
      at = skipBlank(text, skipBlank(text, end) + 1);
    }
    if (found) return at;
    at = skipBlank(text, valueEnd(text, at));
    if (text[at] !== ",") return null;
    at = skipBlank(text, at + 1);
  }
  return null;
}

/** The index behind the value that begins at `start`. */
function valueEnd(text: string, start: number): number {
  const first = text[start];
  if (first === '"') return stringEnd(text, start);
  if (first !== "{" && first !== "[") return matchEnd(SCALAR, text, start);
  let depth = 0;
  for (let at = start; at < text.length; at++) {
    const char = text[at];
    if (char === '"') at = stringEnd(text, at) - 1;
    else if (char === "{" || char === "[") depth++;
    else if ((char === "}" || char === "]") && --depth === 0) return at + 1;
  }
  return text.length;
}

function skipBlank(text: string, at: number): number {
  return matchEnd(BLANK, text, at);
}

function matchEnd(sticky: RegExp, text: string, at: number): number {
  sticky.lastIndex = at;
  sticky.test(text);
  return Math.max(at, sticky.lastIndex);
}
