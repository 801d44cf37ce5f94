/**
 * What must hold between keys: no two share a label, which names the caller, or a hash, which is the
 * caller. Reads the file before the schema does, so that it speaks up beside other mistakes.
 */
import type { Flaw } from "./document.ts";
import type { Path } from "./schema_place.ts";
import { isShowable } from "./redaction.ts";

/** The members of a key that no other key may have too. */
const UNIQUE = ["label", "hash"] as const;

/** Labels and hashes given twice; both places are named. */
export function duplicateKeyFlaws(keys: unknown, lineOf: (path: Path) => number): Flaw[] {
  if (!Array.isArray(keys)) return [];
  return UNIQUE.flatMap((member) => {
    const first = new Map<string, number>();
    return keys.flatMap((key: unknown, index): Flaw[] => {
      const value = textMember(key, member);
      if (value === undefined) return [];
      const earlier = first.get(value);
      if (earlier === undefined) first.set(value, index);
      return earlier === undefined ? [] : [duplicate(member, value, index, earlier, lineOf)];
    });
  });
}

function duplicate(
  member: "label" | "hash",
  value: string,
  index: number,
  earlier: number,
  lineOf: (path: Path) => number,
): Flaw {
  const what = member === "label" && isShowable(value)
    ? `the label ${JSON.stringify(value)}`
    : `the ${member}`;
  return {
    path: ["keys", index, member],
    found: `${what} of keys[${earlier}] (line ${lineOf(["keys", earlier, member])}) again`,
    expected: `a ${member} that no other key has`,
  };
}

function textMember(key: unknown, member: string): string | undefined {
  if (typeof key !== "object" || key === null || !Object.hasOwn(key, member)) return undefined;
  const value = (key as Record<string, unknown>)[member];
  if (typeof value !== "string" || value === "" || value.startsWith("<")) return undefined;
  return member === "hash" ? value.toLowerCase() : value;
}
