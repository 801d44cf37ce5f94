/**
 * What must hold between keys and within one: no two share a label, which names the caller, or a hash,
 * which is the caller; and each has its hash in one of two ways. Reads the file before the schema does,
 * so that it speaks up beside other mistakes.
 */
import { type Flaw, valueAt } from "./document.ts";
import { HASH_EXPECTED, MINT } from "./key_schema.ts";
import { nearest } from "./nearest.ts";
import { isShowable } from "./redaction.ts";
import type { Path } from "./schema_place.ts";

/** Everything that is wrong with keys beyond the shape of each member. */
export function keyFlaws(keys: unknown, lineOf: (path: Path) => number): Flaw[] {
  if (!Array.isArray(keys)) return [];
  return [
    ...keys.flatMap(proofFlaws),
    ...repeated("label", labelsOf(keys), lineOf),
    ...repeated("hash", hashesOf(keys), lineOf),
  ];
}

/** A text and where it stands. */
interface Standing {
  readonly path: Path;
  readonly text: string;
}

function proofFlaws(key: unknown, index: number): Flaw[] {
  if (!isMapping(key)) return [];
  const path = ["keys", index];
  if (Object.hasOwn(key, "hash") && Object.hasOwn(key, "hashes")) {
    return [{
      path: [...path, "hashes"],
      found: "hashes beside hash",
      expected: "one of the two",
      suggestion: "move the hash into the list",
      atKey: true,
    }];
  }
  if (Object.hasOwn(key, "hashes")) return createdBesideHashes(key, path);
  // A misspelt one is told already, with what was meant.
  if (Object.keys(key).some((name) => nearest(name, PROOFS) !== undefined)) return [];
  if (Object.hasOwn(key, "hash")) return [];
  return [{
    path: [...path, "hash"],
    found: "nothing",
    expected: HASH_EXPECTED,
    suggestion: MINT,
  }];
}

const PROOFS = ["hash", "hashes"];

function createdBesideHashes(key: object, path: Path): Flaw[] {
  if (!Object.hasOwn(key, "created")) return [];
  return [{
    path: [...path, "created"],
    found: "created beside hashes",
    expected: "the day of each within hashes",
    atKey: true,
  }];
}

function labelsOf(keys: readonly unknown[]): Standing[] {
  return keys.flatMap((key, index) => standing(valueAt(key, ["label"]), ["keys", index, "label"]));
}

function hashesOf(keys: readonly unknown[]): Standing[] {
  return keys.flatMap((key, index) => {
    const hashes = valueAt(key, ["hashes"]);
    const listed = Array.isArray(hashes) ? hashes : [];
    return [
      ...standing(valueAt(key, ["hash"]), ["keys", index, "hash"]),
      ...listed.flatMap((each, at) =>
        standing(valueAt(each, ["hash"]), ["keys", index, "hashes", at, "hash"])
      ),
    ].map(({ path, text }) => ({ path, text: text.toLowerCase() }));
  });
}

function standing(value: unknown, path: Path): Standing[] {
  return typeof value === "string" && value !== "" && !value.startsWith("<")
    ? [{ path, text: value }]
    : [];
}

/** Texts given twice; both places are named. */
function repeated(
  member: "label" | "hash",
  texts: readonly Standing[],
  lineOf: (path: Path) => number,
): Flaw[] {
  const first = new Map<string, Path>();
  return texts.flatMap(({ path, text }): Flaw[] => {
    const earlier = first.get(text);
    if (earlier === undefined) first.set(text, path);
    if (earlier === undefined) return [];
    const what = member === "label" && isShowable(text)
      ? `the label ${JSON.stringify(text)}`
      : `the ${member}`;
    const where = `keys[${earlier[1]}] (line ${lineOf(earlier)})`;
    return [{
      path,
      found: `${what} of ${where} again`,
      expected: `a ${member} that no other key has`,
    }];
  });
}

function isMapping(value: unknown): value is object {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
