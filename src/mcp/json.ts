/**
 * The types of parsed JSON, as the rest of the program reads it. Nothing here parses: see
 * `strict_json.ts` for what clients send and `json_text.ts` for what the upstream sends.
 */

/** Any JSON value. */
export type Json = null | boolean | number | string | readonly Json[] | JsonObject;

/** A JSON object. Members are read with {@link member}, never through the prototype. */
export interface JsonObject {
  readonly [name: string]: Json | undefined;
}

/** Whether `value` is a JSON object: neither null nor an array. */
export function isObject(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** The own member `name` of `value`, or undefined where `value` is no object or has none. */
export function member(value: unknown, name: string): Json | undefined {
  return isObject(value) && Object.hasOwn(value, name) ? value[name] : undefined;
}
