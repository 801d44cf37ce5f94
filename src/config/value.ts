/**
 * The kinds of value the schema is made of. In every kind the error message of the schema library
 * is the phrase that follows "expected:"; what else an error may show or suggest is registered
 * beside it. Knows no option by name.
 */
import { z } from "zod";
import { DURATION, durationText, parseDuration, parseSize, SIZE, sizeText } from "./quantity.ts";

/** What is known of a place in the file beyond its shape. */
export interface Place {
  /**
   * `reference`: a secret, in which `${NAME}` and `file:` are read. `hidden`: never shown. Default:
   * may be shown in errors.
   */
  readonly kind?: "reference" | "hidden";
  /** What the author may have meant by a value that is refused. */
  readonly suggest?: (found: unknown) => string | undefined;
  /** What to call a value that must not be shown; undefined: by its type and length. */
  readonly describe?: (found: unknown) => string | undefined;
  /** The phrase that says which texts are taken. */
  readonly expected?: string;
  /**
   * For editors: no text that is taken fails it, though some that are refused may pass. Without
   * flags, since JSON Schema has none.
   */
  readonly pattern?: string;
  /** For editors: texts that are taken. */
  readonly examples?: readonly string[];
}

/** The places that have something to say. */
export const places = z.registry<Place>();

/** Text that `parse` turns into the value, or refuses with null. */
export function written<T>(expected: string, parse: (text: string) => T | null, place: Place = {}) {
  return z.string(expected).transform((text, context): T => {
    const value = parse(text);
    if (value !== null) return value;
    context.addIssue(expected);
    return z.NEVER;
  }).register(places, { expected, suggest: (found) => quoted(found, parse), ...place });
}

/** A duration in milliseconds, from `leastMs` to `mostMs`. */
export function duration(leastMs: number, mostMs = 86_400_000) {
  return written(
    `a duration from ${durationText(leastMs)} to ${durationText(mostMs)}, such as "30s" or "1m30s"`,
    within(parseDuration, leastMs, mostMs),
    {
      suggest: (found) => typeof found === "number" ? meant(`${found}s`, parseDuration) : undefined,
      pattern: DURATION.source,
    },
  );
}

/** A size in bytes, from `least` to `most`. */
export function size(least: number, most = 1024 ** 3) {
  return written(
    `a size from ${sizeText(least)} to ${sizeText(most)}, such as "64KiB" or "4MiB"`,
    within(parseSize, least, most),
    { suggest: suggestSize, pattern: SIZE.source },
  );
}

/** A whole number from `least` to `most`. */
export function count(least: number, most: number) {
  const expected = `a whole number from ${least} to ${most}`;
  return z.int(expected).min(least, expected).max(most, expected);
}

/** A list; one value on its own is not taken for one. */
export function list<T extends z.ZodType>(item: T, expected: string) {
  return z.array(item, expected).register(places, {
    suggest: (found) =>
      typeof found === "string" ? `did you mean [${JSON.stringify(found)}]?` : undefined,
  });
}

/** One word of several. */
export function choice<const T extends readonly string[]>(...words: T) {
  return z.enum(words, words.map((word) => JSON.stringify(word)).join(" or "));
}

/** A mapping with these keys and no other. */
export function mapping<T extends z.ZodRawShape>(shape: T) {
  return z.strictObject(shape, `a mapping with ${Object.keys(shape).join(", ")}`);
}

function quoted(found: unknown, parse: (text: string) => unknown): string | undefined {
  if (typeof found !== "number" && typeof found !== "boolean") return undefined;
  return parse(String(found)) === null ? undefined : `put it in quotes: "${found}"`;
}

function within(parse: (text: string) => number | null, least: number, most: number) {
  return (text: string): number | null => {
    const value = parse(text);
    return value !== null && value >= least && value <= most ? value : null;
  };
}

function suggestSize(found: unknown): string | undefined {
  if (typeof found === "number") return meant(`${found}B`, parseSize);
  const match = /^(\d+) ?([kmg])i?b?$/i.exec(String(found));
  return match === null ? undefined : meant(`${match[1]}${match[2]!.toUpperCase()}iB`, parseSize);
}

function meant(text: string, parse: (text: string) => number | null): string | undefined {
  return parse(text) === null ? undefined : `did you mean "${text}"?`;
}
