/**
 * YAML text as plain values, with nothing in it that could mean more than it says: no aliases (and so
 * no merge bombs), no tags, no second document, no duplicate keys. Knows no option of the
 * configuration.
 */
import {
  type Document,
  isAlias,
  isMap,
  isScalar,
  isSeq,
  type Node,
  type Pair,
  parseDocument,
  type YAMLError,
} from "yaml";
import type { Path } from "./schema_place.ts";

/** A mistake that has not been given its place in the text yet. */
export interface Flaw {
  readonly path: Path;
  readonly found: string;
  readonly expected: string;
  readonly suggestion?: string | undefined;
  /** The name of the member is meant rather than its value. */
  readonly atKey?: boolean;
  /** Characters of the text, where the path does not say enough. */
  readonly range?: readonly [from: number, to: number];
}

/** What a text says. */
export interface ParsedText {
  readonly document: Document;
  /** The text is not YAML; `value` says nothing then. */
  readonly broken: boolean;
  /** Undefined where the text, or a part of it, has a flaw. */
  readonly value: unknown;
  readonly flaws: readonly Flaw[];
}

/** Deeper than any configuration, and far from the stack's end. */
const DEPTH = 32;

/** The library's own words, where they quote nothing from the text. */
const FIXED_MESSAGES = new Set([
  "BAD_INDENT",
  "BLOCK_AS_IMPLICIT_KEY",
  "BLOCK_IN_FLOW",
  "MISSING_CHAR",
  "MULTILINE_IMPLICIT_KEY",
  "TAB_AS_INDENT",
]);

/** Reads `text`; total. */
export function parseText(text: string): ParsedText {
  const document = parseDocument(text, {
    prettyErrors: false,
    uniqueKeys: false,
    version: "1.2",
    logLevel: "error",
  });
  const replacement = text.indexOf("\ufffd");
  if (replacement >= 0) return broken(document, [notUtf8(replacement)]);
  if (document.errors.length > 0) return broken(document, syntaxFlaws(document.errors));
  if (document.directives?.yaml.version !== "1.2") return broken(document, [otherVersion()]);
  const flaws: Flaw[] = [];
  const value = read(document.contents, [], flaws);
  return { document, broken: false, value, flaws };
}

/** The part of a parsed value at `path`, or undefined where there is none. */
export function valueAt(value: unknown, path: Path): unknown {
  let at = value;
  for (const step of path) {
    if (typeof at !== "object" || at === null || !Object.hasOwn(at, step)) return undefined;
    at = (at as Record<string | number, unknown>)[step];
  }
  return at;
}

function broken(document: Document, flaws: Flaw[]): ParsedText {
  return { document, broken: true, value: undefined, flaws };
}

function notUtf8(at: number): Flaw {
  return {
    path: [],
    found: "bytes that are not UTF-8",
    expected: "text in UTF-8",
    range: [at, at + 1],
  };
}

function otherVersion(): Flaw {
  return { path: [], found: "another version of YAML", expected: "YAML 1.2", range: [0, 1] };
}

/** What the reader makes of the text after a mistake is no second mistake. */
function syntaxFlaws(errors: readonly YAMLError[]): Flaw[] {
  return errors.filter((error, index) =>
    index === 0 ||
    error.code !== "UNEXPECTED_TOKEN" && error.pos[0] !== errors[index - 1]?.pos[0]
  ).map(syntaxFlaw);
}

function syntaxFlaw(error: YAMLError): Flaw {
  const range = [error.pos[0], Math.max(error.pos[1], error.pos[0] + 1)] as const;
  if (error.code === "BAD_ALIAS") {
    return {
      path: [],
      found: "an alias",
      expected: "a value",
      suggestion: 'a name that begins with * needs quotes: "*"',
      range,
    };
  }
  const found = FIXED_MESSAGES.has(error.code)
    ? `a mistake in YAML (${error.message.charAt(0).toLowerCase()}${error.message.slice(1)})`
    : error.code === "MULTIPLE_DOCS"
    ? "a second YAML document"
    : "something that is not YAML";
  return { path: [], found, expected: "one well-formed YAML document", range };
}

function read(node: unknown, path: Path, flaws: Flaw[]): unknown {
  const flaw = path.length > DEPTH ? tooDeep(path) : unwantedFeature(node, path);
  if (flaw !== null) {
    flaws.push(flaw);
    return undefined;
  }
  if (isScalar(node)) return node.value;
  if (isSeq(node)) return node.items.map((item, index) => read(item, [...path, index], flaws));
  return isMap(node) ? readMembers(node.items, path, flaws) : null;
}

function readMembers(pairs: readonly Pair[], path: Path, flaws: Flaw[]): Record<string, unknown> {
  const members: Record<string, unknown> = Object.create(null);
  for (const { key, value } of pairs) {
    const name = isScalar(key) ? key.value : undefined;
    // Assigning "__proto__" anywhere on the way would replace a prototype.
    if (typeof name !== "string" || name === "__proto__") flaws.push(badKey(key as Node, path));
    else if (Object.hasOwn(members, name)) flaws.push(duplicateKey(key as Node, [...path, name]));
    else members[name] = read(value, [...path, name], flaws);
  }
  return members;
}

function tooDeep(path: Path): Flaw {
  return { path, found: "a value nested too deeply", expected: `at most ${DEPTH} levels` };
}

function unwantedFeature(node: unknown, path: Path): Flaw | null {
  if (isAlias(node)) {
    return {
      path,
      found: "an alias",
      expected: "a value written out",
      suggestion: "a name that begins with * needs quotes",
    };
  }
  const tagged = (isScalar(node) || isMap(node) || isSeq(node)) && node.tag !== undefined;
  return tagged
    ? {
      path,
      found: "a tag",
      expected: "a plain value",
      suggestion: "a name that begins with ! needs quotes",
    }
    : null;
}

function badKey(key: Node | null, path: Path): Flaw {
  const [from, to] = key?.range ?? [0, 1];
  return { path, found: "a key that is no name", expected: "a name", range: [from, to] };
}

function duplicateKey(key: Node, path: Path): Flaw {
  const [from, to] = key.range ?? [0, 1];
  return {
    path,
    found: "a key that has been given before",
    expected: "each key once",
    range: [from, to],
  };
}
