/**
 * How other people's JSON parsers read a document: a parser of its own, which keeps every member in
 * order, and the models of what is then made of doubles. It shares nothing with the gate's reader,
 * which it is there to judge.
 */

/**
 * A parsed value that has lost nothing: objects are lists of members, and an integer that no double
 * can tell from its neighbours is a bigint.
 */
export type Tree = null | boolean | number | bigint | string | readonly Tree[] | TreeObject;

/** An object as written. */
export interface TreeObject {
  readonly members: readonly (readonly [key: string, value: Tree])[];
}

/** One way to read objects. */
export interface ParserModel {
  readonly name: string;
  /** The value this parser finds under `key`, or undefined. */
  get(object: Tree | undefined, key: string): Tree | undefined;
}

const FOLDS: Readonly<Record<string, (key: string) => string>> = {
  exact: (key) => key,
  "ascii fold": (key) => key.replace(/[A-Z]/g, (letter) => letter.toLowerCase()),
  "unicode fold": (key) => key.toUpperCase().toLowerCase(),
  lower: (key) => key.toLowerCase(),
  trimmed: (key) => key.trim(),
  "nul dropped": (key) => key.replaceAll("\0", ""),
  "cut at nul": (key) => key.split("\0")[0] ?? "",
  "by field name": (key) =>
    key.replace(/^_+/, "").replace(/_([a-z])/g, (_, letter) => letter.toUpperCase()),
};

const PICKS: Readonly<Record<string, (found: readonly Tree[]) => Tree | undefined>> = {
  first: (found) => found[0],
  last: (found) => found[found.length - 1],
  merge: (found) => found.reduce(merge),
};

/** Every model we know: each way to compare names with each way to treat doubles. */
export const PARSER_MODELS: readonly ParserModel[] = Object.entries(FOLDS).flatMap(
  ([fold, normal]) =>
    Object.entries(PICKS).map(([pick, choose]) => ({
      name: `${fold}, ${pick}`,
      get(object, key) {
        if (!isTreeObject(object)) return undefined;
        const found = object.members.filter(([name]) => normal(name) === normal(key));
        return found.length === 0 ? undefined : choose(found.map(([, value]) => value));
      },
    })),
);

/** Whether `tree` is an object. */
export function isTreeObject(tree: Tree | undefined): tree is TreeObject {
  return typeof tree === "object" && tree !== null && "members" in tree;
}

/** Parses strict JSON. Throws `SyntaxError`. */
export function parseTree(text: string): Tree {
  const tokens = text.match(/"(?:[^"\\]|\\.)*"|[{}[\],:]|[^ \t\r\n{}[\],:"]+|"/gs) ?? [];
  let at = 0;
  const tree = value();
  if (at !== tokens.length) throw new SyntaxError("More than one document");
  return tree;

  function value(): Tree {
    const token = tokens[at++];
    if (token === "{") return object();
    if (token === "[") return array();
    if (token?.startsWith('"')) return unescape(token);
    if (token === "true" || token === "false") return token === "true";
    if (token === "null") return null;
    if (/^-?(0|[1-9]\d*)(\.\d+)?([eE][-+]?\d+)?$/.test(token ?? "")) return number(token ?? "");
    throw new SyntaxError(`Unexpected: ${token}`);
  }

  function object(): TreeObject {
    const members: [string, Tree][] = [];
    for (let more = tokens[at] !== "}"; more; more = tokens[at] === "," && at++ >= 0) {
      const key = tokens[at++] ?? "";
      if (!key.startsWith('"') || tokens[at++] !== ":") throw new SyntaxError("Member expected");
      members.push([unescape(key), value()]);
    }
    if (tokens[at++] !== "}") throw new SyntaxError("Object not closed");
    return { members };
  }

  function array(): Tree[] {
    const elements: Tree[] = [];
    for (let more = tokens[at] !== "]"; more; more = tokens[at] === "," && at++ >= 0) {
      elements.push(value());
    }
    if (tokens[at++] !== "]") throw new SyntaxError("Array not closed");
    return elements;
  }
}

function number(token: string): number | bigint {
  const double = Number(token);
  return /^-?\d+$/.test(token) && !Number.isSafeInteger(double) ? BigInt(token) : double;
}

const ESCAPES: Readonly<Record<string, string>> = {
  b: "\b",
  f: "\f",
  n: "\n",
  r: "\r",
  t: "\t",
};

function unescape(literal: string): string {
  return literal.slice(1, -1).replace(
    /\\(?:u([0-9a-fA-F]{4})|(.))/gs,
    (_, hex, char) =>
      hex === undefined ? ESCAPES[char] ?? char : String.fromCharCode(parseInt(hex, 16)),
  );
}

/** Later members win; objects are merged member by member. */
function merge(earlier: Tree, later: Tree): Tree {
  if (!isTreeObject(earlier) || !isTreeObject(later)) return later;
  const merged = new Map(earlier.members);
  for (const [key, value] of later.members) {
    const before = merged.get(key);
    merged.set(key, before === undefined ? value : merge(before, value));
  }
  return { members: [...merged] };
}
