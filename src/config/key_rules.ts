/**
 * What must hold between keys and within one: no two share a label, which names the caller, or a hash
 * or fingerprint, which is the caller; and each has its hash in one of two ways, or certificates. Reads
 * the file before the schema does, so that it speaks up beside other mistakes.
 */
import { type Flaw, valueAt } from "./document.ts";
import { HASH_EXPECTED, MINT } from "./key_schema.ts";
import { nearest } from "./nearest.ts";
import { isShowable } from "./redaction.ts";
import type { Path } from "./schema_place.ts";

/** Everything that is wrong with keys beyond the shape of each member; yields after each key. */
export function* keyFlaws(
  keys: unknown,
  lineOf: (path: Path) => number,
): Generator<void, readonly Flaw[]> {
  if (!Array.isArray(keys)) return [];
  const proofs: Flaw[] = [];
  const labels = new Repetitions("label", lineOf);
  const hashes = new Repetitions("hash", lineOf);
  const fingerprints = new Repetitions("fingerprint", lineOf);
  for (const [index, key] of keys.entries()) {
    proofs.push(...proofFlaws(key, index));
    labels.look(valueAt(key, LABEL), index);
    hashes.look(valueAt(key, HASH), index);
    const listed = valueAt(key, HASHES);
    if (Array.isArray(listed)) {
      for (const [at, each] of listed.entries()) hashes.look(valueAt(each, HASH), index, at);
    }
    const certificates = valueAt(key, CERTIFICATES);
    if (Array.isArray(certificates)) {
      for (const [at, each] of certificates.entries()) fingerprints.look(each, index, at);
    }
    yield;
  }
  return [...proofs, ...labels.flaws, ...hashes.flaws, ...fingerprints.flaws];
}

const LABEL = ["label"];
const HASH = ["hash"];
const HASHES = ["hashes"];
const CERTIFICATES = ["certificates"];

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
  if (Object.hasOwn(key, "hash")) return [];
  // A misspelt one is told already, with what was meant.
  if (Object.keys(key).some((name) => nearest(name, PROOFS) !== undefined)) return [];
  const certificates = valueAt(key, CERTIFICATES);
  if (Array.isArray(certificates) && certificates.length > 0) return [];
  return [{
    path: [...path, "hash"],
    found: "nothing",
    expected: HASH_EXPECTED,
    suggestion: MINT,
  }];
}

const PROOFS = ["hash", "hashes", "certificates"];

function createdBesideHashes(key: object, path: Path): Flaw[] {
  if (!Object.hasOwn(key, "created")) return [];
  return [{
    path: [...path, "created"],
    found: "created beside hashes",
    expected: "the day of each within hashes",
    atKey: true,
  }];
}

/** Texts given twice; both places are named. Of the others, which may be very many, nothing is made. */
class Repetitions {
  readonly flaws: Flaw[] = [];
  readonly #member: "label" | "hash" | "fingerprint";
  readonly #lineOf: (path: Path) => number;
  readonly #first = new Map<string, number | readonly [index: number, at: number]>();

  constructor(member: "label" | "hash" | "fingerprint", lineOf: (path: Path) => number) {
    this.#member = member;
    this.#lineOf = lineOf;
  }

  /** @param at Where in a list of the key it stands; -1: in the key itself */
  look(given: unknown, index: number, at = -1): void {
    if (typeof given !== "string" || given === "" || given.startsWith("<")) return;
    const text = this.#member === "label" ? given : given.replaceAll(":", "").toLowerCase();
    const earlier = this.#first.get(text);
    if (earlier === undefined) this.#first.set(text, at < 0 ? index : [index, at]);
    else this.flaws.push(this.#flaw(text, this.#path(index, at), earlier));
  }

  #flaw(text: string, path: Path, earlier: number | readonly [index: number, at: number]): Flaw {
    const member = this.#member;
    const what = member === "label" && isShowable(text)
      ? `the label ${JSON.stringify(text)}`
      : `the ${member}`;
    const [index, at] = typeof earlier === "number" ? [earlier, -1] : earlier;
    const where = `keys[${index}] (line ${this.#lineOf(this.#path(index, at))})`;
    return {
      path,
      found: `${what} of ${where} again`,
      expected: `a ${member} that no other key has`,
    };
  }

  #path(index: number, at: number): Path {
    if (at < 0) return ["keys", index, this.#member];
    return this.#member === "fingerprint"
      ? ["keys", index, "certificates", at]
      : ["keys", index, "hashes", at, this.#member];
  }
}

function isMapping(value: unknown): value is object {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
