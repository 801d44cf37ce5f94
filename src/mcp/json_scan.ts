/**
 * One linear pass over JSON text that finds what `JSON.parse` does not tell: members that occur
 * twice in an object, nesting, and how much there is of everything. It is no grammar: it ends on any
 * text, and all it ever says is no. Whether text is JSON at all, `JSON.parse` decides.
 */

/** Caps of one document. */
export interface JsonLimits {
  /** Nesting of objects and arrays. */
  readonly depth: number;
  /** Object members and containers, counted together. */
  readonly members: number;
}

/** What is wrong: see {@link scanJson}. */
export type ScanFault = "duplicate" | "depth" | "members" | "unreadable";

const QUOTE = 0x22;
const COMMA = 0x2c;
const BACKSLASH = 0x5c;
const OPEN_ARRAY = 0x5b;
const CLOSE_ARRAY = 0x5d;
const OPEN_OBJECT = 0x7b;
const CLOSE_OBJECT = 0x7d;

/** Above so many keys an object's keys move from an array into a set. */
const FEW = 12;
/** Longer stacks are given back after a scan. */
const KEPT = 256;
const NO_LIMITS: JsonLimits = { depth: Infinity, members: Infinity };

// The keys of all open objects on one stack; an object's own begin at its base. Arrays have -1. One
// scan at a time uses them, and none makes them shorter: that would cost as much as a short scan.
const bases: number[] = [];
const keys: string[] = [];
const sets: (Set<string> | null)[] = [];
/** How many of `bases` and `sets`, and of `keys`, are in use. */
let depth = 0;
let keyCount = 0;
/** How many of `keys` have been, in this scan. */
let mostKeys = 0;

/**
 * The first fault of `text`, or null. `unreadable` is a member name with a broken escape; other
 * text that is no JSON may get any verdict.
 */
export function scanJson(text: string, limits: JsonLimits): ScanFault | null {
  depth = keyCount = mostKeys = 0;
  const fault = faultIn(text, limits);
  // A key is a part of its text, all of which it would keep.
  if (mostKeys > KEPT) keys.length = 0;
  else for (let at = 0; at < mostKeys; at++) keys[at] = "";
  while (depth > 0) sets[--depth] = null;
  if (bases.length > KEPT) bases.length = sets.length = 0;
  return fault;
}

function faultIn(text: string, limits: JsonLimits): ScanFault | null {
  let base = -1;
  let keyNext = false;
  let counted = 0;
  for (let at = 0; at < text.length; at++) {
    switch (text.charCodeAt(at)) {
      case QUOTE: {
        const end = stringEnd(text, at);
        if (keyNext) {
          keyNext = false;
          if (++counted > limits.members) return "members";
          const key = keyAt(text, at, end);
          if (key === null) return "unreadable";
          if (!addKey(key, base)) return "duplicate";
        }
        at = end - 1;
        break;
      }
      case OPEN_OBJECT:
      case OPEN_ARRAY:
        if (depth >= limits.depth) return "depth";
        if (++counted > limits.members) return "members";
        keyNext = text.charCodeAt(at) === OPEN_OBJECT;
        base = keyNext ? keyCount : -1;
        bases[depth] = base;
        sets[depth++] = null;
        break;
      case CLOSE_OBJECT:
      case CLOSE_ARRAY:
        if (base >= 0) keyCount = base;
        if (depth > 0) sets[--depth] = null;
        base = depth > 0 ? bases[depth - 1] as number : -1;
        keyNext = false;
        break;
      case COMMA:
        keyNext = base >= 0;
        break;
    }
  }
  return null;
}

/**
 * Whether some object in `text`, at any depth, has a member twice. True also where a member name
 * cannot be read.
 */
export function hasDuplicateMember(text: string): boolean {
  return scanJson(text, NO_LIMITS) !== null;
}

/**
 * The index behind the closing quote of the string literal that opens at `start`, or the end of
 * `text` where it is not closed.
 */
export function stringEnd(text: string, start: number): number {
  let at = start;
  for (;;) {
    at = text.indexOf('"', at + 1);
    if (at < 0) return text.length;
    // A quote is escaped by an odd run of backslashes. Runs lie between quotes, so counting them
    // backwards stays linear.
    let before = at - 1;
    while (before > start && text.charCodeAt(before) === BACKSLASH) before--;
    if ((at - before) % 2 === 1) return at + 1;
  }
}

/**
 * The key spelled at `start`..`end` with a quote in front, or null where it is no string. The quote
 * is a defence: hashes of integer-like strings are unseeded in V8 and collide at will
 * (CVE-2026-21717 class), so nobody but us decides how a key in a set begins.
 */
function keyAt(text: string, start: number, end: number): string | null {
  const spelled = text.slice(start, end - 1);
  if (!spelled.includes("\\")) return spelled;
  try {
    return `"${JSON.parse(text.slice(start, end))}`;
  } catch {
    return null;
  }
}

/** Whether `key` is new to the object on top of the stack, whose keys begin at `base`. */
function addKey(key: string, base: number): boolean {
  const seen = sets[depth - 1];
  if (seen) {
    const size = seen.size;
    return seen.add(key).size > size;
  }
  for (let at = base; at < keyCount; at++) if (keys[at] === key) return false;
  keys[keyCount++] = key;
  if (keyCount > mostKeys) mostKeys = keyCount;
  if (keyCount - base > FEW) sets[depth - 1] = new Set(keys.slice(base, keyCount));
  return true;
}
