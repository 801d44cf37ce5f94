/**
 * Walks the schema beside the file: which keys there are at a path, and whether its value may be
 * shown. So neither is written down a second time.
 */
import { z } from "zod";
import { type Place, places } from "./value.ts";

/** The way to a value: names of members and indices of items. */
export type Path = readonly (string | number)[];

/** Any schema of the library. */
export type Schema = z.core.$ZodType;

/** The schema of the member or item `step`, or undefined where the schema knows none. */
export function schemaStep(schema: Schema | undefined, step: string | number): Schema | undefined {
  for (const alternative of alternatives(schema)) {
    if (alternative instanceof z.ZodArray && typeof step === "number") return alternative.element;
    if (typeof step !== "string") continue;
    if (alternative instanceof z.ZodRecord) return alternative.valueType;
    if (alternative instanceof z.ZodObject && Object.hasOwn(alternative.shape, step)) {
      return alternative.shape[step];
    }
  }
  return undefined;
}

/** The schema at `path`. */
export function schemaAt(schema: Schema, path: Path): Schema | undefined {
  let at: Schema | undefined = schema;
  for (const step of path) at = schemaStep(at, step);
  return at;
}

/** The keys that a mapping of this schema may have. */
export function knownKeys(schema: Schema | undefined): string[] {
  const object = alternatives(schema).find((alternative) => alternative instanceof z.ZodObject);
  return object === undefined ? [] : Object.keys(object.shape);
}

/** What is registered of the place that `schema` describes. */
export function placeOf(schema: Schema | undefined): Place {
  for (const layer of layers(schema)) {
    const place = places.get(layer);
    if (place !== undefined) return place;
  }
  return {};
}

/**
 * Whether a text at this place may be shown. One that stands where a mapping belongs may be any of
 * the mapping's values, and one that the schema does not know may be anything.
 */
export function isOpen(schema: Schema | undefined): boolean {
  if (placeOf(schema).kind !== undefined) return false;
  return alternatives(schema).some((core) =>
    core instanceof z.ZodArray ? isOpen(core.element) : !(core instanceof z.ZodObject ||
      core instanceof z.ZodRecord || core instanceof z.ZodUnknown)
  );
}

function alternatives(schema: Schema | undefined): Schema[] {
  const core = layers(schema).at(-1);
  if (core instanceof z.ZodUnion) return core.options.flatMap(alternatives);
  return core === undefined ? [] : [core];
}

/** From the outermost wrapping (a default, `null` allowed, a transformation) to the core. */
function layers(schema: Schema | undefined): Schema[] {
  const found: Schema[] = [];
  let at = schema;
  while (at !== undefined) {
    found.push(at);
    at = at instanceof z.ZodPipe ? at.in : innerOf(at);
  }
  return found;
}

function innerOf(schema: Schema): Schema | undefined {
  return schema instanceof z.ZodPrefault || schema instanceof z.ZodOptional ||
      schema instanceof z.ZodNullable || schema instanceof z.ZodDefault
    ? schema.unwrap()
    : undefined;
}
