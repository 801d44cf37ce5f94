/**
 * Scalars of plain YAML: the spellings of text, numbers and words that nobody could read in two ways.
 * What is not among them is left to the whole reader. Knows no collection.
 */

/** A value and the position behind it. Used again: look at it before the next is read. */
export interface FoundScalar {
  value: string | number | boolean | null;
  end: number;
}

const found: FoundScalar = { value: null, end: 0 };

/** The scalar of `text` at `from`, or null where it is none that is read here. */
export function plainScalar(text: string, from: number): FoundScalar | null {
  const quote = text.charCodeAt(from);
  if (quote === DOUBLE) return doubleQuoted(text, from);
  if (quote === SINGLE) return singleQuoted(text, from);
  PLAIN.lastIndex = from;
  if (!PLAIN.test(text)) return null;
  const end = PLAIN.lastIndex;
  const value = resolved(text.slice(from, end));
  return value === undefined ? null : scalar(value, end);
}

function doubleQuoted(text: string, from: number): FoundScalar | null {
  const end = text.indexOf('"', from + 1);
  const inner = text.slice(from + 1, end);
  if (end > 0 && !inner.includes("\\")) return inner.includes("\n") ? null : scalar(inner, end + 1);
  QUOTED.lastIndex = from;
  if (!QUOTED.test(text)) return null;
  // The escapes of JSON mean the same in YAML.
  return scalar(JSON.parse(text.slice(from, QUOTED.lastIndex)), QUOTED.lastIndex);
}

function singleQuoted(text: string, from: number): FoundScalar | null {
  const end = text.indexOf("'", from + 1);
  if (end < 0 || text.charCodeAt(end + 1) === SINGLE) return null;
  const inner = text.slice(from + 1, end);
  return inner.includes("\n") ? null : scalar(inner, end + 1);
}

/** What an unquoted text means in YAML 1.2; undefined where it is not one of the ordinary spellings. */
function resolved(text: string): FoundScalar["value"] | undefined {
  const first = text.charCodeAt(0);
  if (first >= ZERO && first <= NINE || first === DOT || first === MINUS) {
    if (NUMBER.test(text)) return Number(text);
    const isText = first === DOT ? text.startsWith("./") : first !== MINUS;
    return isText && !NUMBER_LIKE.test(text) ? text : undefined;
  }
  if (!WORD_LIKE.test(text)) return text;
  switch (text) {
    case "true":
      return true;
    case "false":
      return false;
    case "null":
      return null;
  }
  return undefined;
}

function scalar(value: FoundScalar["value"], end: number): FoundScalar {
  found.value = value;
  found.end = end;
  return found;
}

const DOUBLE = 34;
const SINGLE = 39;
const MINUS = 45;
const DOT = 46;
const ZERO = 48;
const NINE = 57;

/** A colon is part of it where something follows that cannot end it. */
const PLAIN = /(?:[A-Za-z0-9_./]|-(?=\d))(?:[\w./*+@%-]|:(?=[\w/]))*/y;
const QUOTED = /"(?:[^"\\\n]|\\(?:["\\/bfnrt]|u[0-9A-Fa-f]{4}))*"/y;

/** As everybody writes them, and exact. */
const NUMBER = /^(?:0|-?[1-9]\d{0,14})(?:\.\d{1,6})?$/;

/** Whatever else may be taken for a number by one reader or another. */
const NUMBER_LIKE = /^[\d._]*(?:0o[0-7_]+|0x[\da-f_]+|e[-+]?[\d_]+)?$/i;

/** Words with a meaning, in whatever case. */
const WORD_LIKE = /^(?:true|false|null)$/i;
