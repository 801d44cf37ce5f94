/**
 * The schema library's issues as flaws: where, what was found, what was expected, what may have been
 * meant. Knows no option by name.
 */
import type { z } from "zod";
import { type Flaw, valueAt } from "./document.ts";
import { nearest } from "./nearest.ts";
import { isShowableName } from "./problem.ts";
import { isShowable } from "./redaction.ts";
import { isOpen, knownKeys, type Path, placeOf, type Schema, schemaAt } from "./schema_place.ts";

type Issue = z.core.$ZodIssue;

/** What the schema says against `value`. */
export function flawsOf(issues: readonly Issue[], value: unknown, schema: Schema): Flaw[] {
  const flaws = issues.flatMap((issue) => flawsOfIssue(issue, [], value, schema));
  const meant = new Set(flaws.flatMap((flaw) => flaw.meant ?? []));
  const told = new Set<string>();
  return flaws.filter((flaw) => {
    const place = flaw.path.join("\n");
    const isRepeated = told.has(`${place}\n${flaw.expected}`);
    told.add(`${place}\n${flaw.expected}`);
    return !isRepeated && (flaw.found !== NOTHING || !meant.has(place));
  });
}

/** A value in words, shown only where it may be. */
export function describe(value: unknown, schema: Schema | undefined): string {
  const words = placeOf(schema).describe?.(value);
  if (words !== undefined) return words;
  if (value === undefined) return NOTHING;
  if (value === null) return "no value (null)";
  if (Array.isArray(value)) return value.length === 0 ? "an empty list" : "a list";
  if (typeof value === "object") return "a mapping";
  if (typeof value === "string") return describeText(value, isOpen(schema));
  return isOpen(schema) ? `the ${typeof value} ${String(value)}` : `a ${typeof value}`;
}

const NOTHING = "nothing";

/** A flaw that knows which missing member a misspelt one stands for. */
interface SchemaFlaw extends Flaw {
  readonly meant?: readonly string[];
}

function flawsOfIssue(issue: Issue, around: Path, value: unknown, schema: Schema): SchemaFlaw[] {
  const path = [...around, ...issue.path] as (string | number)[];
  if (issue.code === "unrecognized_keys") {
    const known = knownKeys(schemaAt(schema, path));
    const given = Object.keys(valueAt(value, path) as Record<string, unknown>);
    return issue.keys.map((name) => unknownKey(path, name, known, given));
  }
  if (issue.code === "invalid_key") {
    const name = String(path.at(-1));
    return [{
      path,
      found: isShowableName(name) ? JSON.stringify(name) : "a name with other characters",
      expected: issue.issues[0]?.message ?? issue.message,
      atKey: true,
    }];
  }
  if (issue.code === "invalid_union") {
    const fitting = issue.errors.find((inner) => inner.some((each) => each.path.length > 0)) ??
      issue.errors.find((inner) => inner.some((each) => each.code === "unrecognized_keys"));
    if (fitting !== undefined) {
      return fitting.flatMap((inner) => flawsOfIssue(inner, path, value, schema));
    }
  }
  const found = valueAt(value, path);
  const at = schemaAt(schema, path);
  return [{
    path,
    found: describe(found, at),
    expected: issue.message,
    suggestion: placeOf(at).suggest?.(found) ?? suggestWord(found, issue),
  }];
}

function unknownKey(path: Path, name: string, known: string[], given: string[]): SchemaFlaw {
  const meant = nearest(name, known);
  return {
    path: [...path, name],
    found: isShowableName(name) ? `unknown key ${JSON.stringify(name)}` : "an unknown key",
    expected: `one of ${known.join(", ")}`,
    atKey: true,
    ...(meant === undefined
      ? {}
      : given.includes(meant)
      ? { suggestion: `${meant} is there already` }
      : { suggestion: `did you mean "${meant}"?`, meant: [[...path, meant].join("\n")] }),
  };
}

function suggestWord(found: unknown, issue: Issue): string | undefined {
  if (typeof found !== "string" || issue.code !== "invalid_value") return undefined;
  const word = nearest(found, issue.values.map(String));
  return word === undefined ? undefined : `did you mean "${word}"?`;
}

function describeText(text: string, open: boolean): string {
  if (text === "") return "an empty text";
  if (!open || !isShowable(text)) return `a text of ${text.length} characters`;
  return JSON.stringify(text.length > 60 ? `${text.slice(0, 60)}…` : text);
}
