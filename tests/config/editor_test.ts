/**
 * What an editor makes of `config.example.yaml`, whose first line names the schema: the language
 * server that editors run for YAML explains options and underlines mistakes.
 */
import assert from "node:assert/strict";
import { configJsonSchema } from "../../src/config/json_schema.ts";
import { LanguageServer } from "../support/language_server.ts";
import { BUILT_INS } from "./sources.ts";

const EXAMPLE = await Deno.readTextFile("config.example.yaml");

Deno.test("mcpgate.schema.json is what mcpgate schema prints; if not: deno task docs", async () => {
  const written = JSON.parse(await Deno.readTextFile("mcpgate.schema.json"));
  assert.deepEqual(written, configJsonSchema(BUILT_INS));
});

Deno.test("an editor finds no mistake in the example, and explains its options", async () => {
  await using server = await LanguageServer.open("config.example.yaml", EXAMPLE);
  assert.deepEqual(await server.diagnostics(), []);
  assert.match(await server.hover("timeout: 60s"), /^Time to the head of a reply;.*A duration/s);
  assert.match(await server.hover("pipeline: ["), /^The stages, in order/);
});

Deno.test("an editor underlines what is misspelt or out of bounds, and says why", async () => {
  const mistakes = {
    "grace: 10s": "grcae: 10s",
    "body: 4MiB": "body: 4MB",
    ", allowlist]": ", alow]",
  };
  let text = EXAMPLE;
  for (const [right, wrong] of Object.entries(mistakes)) text = text.replace(right, wrong);
  await using server = await LanguageServer.open("config.example.yaml", text);
  const found = (await server.diagnostics()).toSorted((a, b) => a.text < b.text ? -1 : 1);
  assert.deepEqual(found.map((one) => one.text), ["4MB", "alow", "grcae"]);
  assert.match(found[0]!.message, /^Expected a size from 1B to 1GiB, such as/);
  assert.match(found[1]!.message, /"audit", "auth", "ratelimit", "allowlist"/);
  assert.match(found[2]!.message, /grcae is not allowed/);
});
