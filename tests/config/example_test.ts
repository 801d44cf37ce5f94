/** `config.example.yaml` is the reference: it loads, names every option and tells true defaults. */
import assert from "node:assert/strict";
import { parse } from "yaml";
import { configSchema } from "../../src/config/schema.ts";
import { knownKeys, type Schema, schemaStep } from "../../src/config/schema_place.ts";
import { loaded } from "./sources.ts";

const EXAMPLE = Deno.readTextFileSync(new URL("../../config.example.yaml", import.meta.url));

const WRITTEN = parse(EXAMPLE) as Record<string, unknown>;

Deno.test("config.example.yaml loads", () => {
  loaded(EXAMPLE);
});

Deno.test("config.example.yaml tells the defaults that the program has", () => {
  const { upstream, keys } = WRITTEN as { upstream: { url: string }; keys: unknown };
  const { fingerprint: _, ...shortest } = loaded(
    JSON.stringify({ upstream: { url: upstream.url }, keys }),
  );
  const { fingerprint: __, ...example } = loaded(EXAMPLE);
  assert.deepEqual(example, shortest);
});

Deno.test("config.example.yaml names every option", () => {
  assert.deepEqual(missing(configSchema, WRITTEN, ""), []);
});

/** Options of `schema` that `written` does not have; in lists it is enough that one item has it. */
function missing(schema: Schema | undefined, written: unknown, path: string): string[] {
  if (Array.isArray(written)) {
    const items = written.filter((item) => typeof item === "object");
    const merged = items.length === 0 ? null : Object.assign({}, ...items);
    return missing(schemaStep(schema, 0), merged, `${path}[]`);
  }
  if (typeof written !== "object" || written === null) return [];
  return knownKeys(schema).flatMap((name) => {
    const at = `${path}.${name}`;
    if (!Object.hasOwn(written, name)) return [at];
    return missing(schemaStep(schema, name), (written as Record<string, unknown>)[name], at);
  });
}
