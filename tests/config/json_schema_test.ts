/**
 * The JSON Schema for editors, judged by a validator of its own standing: it takes what the program
 * takes, and refuses the mistakes that can be seen in one place.
 */
import { Ajv2020 } from "ajv/dist/2020.js";
import assert from "node:assert/strict";
import { parse } from "yaml";
import { configJsonSchema, type JsonSchema } from "../../src/config/json_schema.ts";
import { configSchema } from "../../src/config/schema.ts";
import { knownKeys, type Schema, schemaStep } from "../../src/config/schema_place.ts";
import { Random } from "../support/random.ts";
import { BUILT_INS, loaded } from "./sources.ts";

const GOLDENS = new URL("../testdata/config/", import.meta.url);

const DOCUMENT = configJsonSchema(BUILT_INS);

// Annotations that editors know are no part of the standard.
const ajv = new Ajv2020({ strict: true, allowUnionTypes: true, allErrors: true });
ajv.addKeyword("patternErrorMessage");
const validate = ajv.compile(DOCUMENT);

/** The configurations of the pages; each loads, as `loaded` makes sure. */
const GOOD = ["config.example.yaml", "README.md"].flatMap((name) => {
  const text = Deno.readTextFileSync(new URL(`../../${name}`, import.meta.url));
  const texts = name.endsWith(".md")
    ? [...text.matchAll(/^```yaml\n([\s\S]*?)^```$/gm)].map(([, block = ""]) => block)
    : [text];
  return texts.map((text, index) => ({ name: `${name}, ${index + 1}`, text }));
});

for (const { name, text } of GOOD) {
  Deno.test(`configJsonSchema takes the configuration of ${name}`, () => {
    loaded(text, { "/etc/mcpgate/office_hours.ts": "export default {};" });
    assert.ok(validate(parse(text)), ajv.errorsText(validate.errors));
  });
}

/** What only `mcpgate validate` sees: two places, the environment, files, the form of the YAML. */
const BEYOND: ReadonlySet<string> = new Set([
  "audit_chain_on_stdout.txt",
  "limits_together.txt",
  "pipeline_empty.txt",
  "pipeline_order.txt",
  "references.txt",
  "tls_broken_files.txt",
  "tls_missing_files.txt",
  "yaml_1_1.txt",
]);

for (const { name } of [...Deno.readDirSync(GOLDENS)].sort((a, b) => a.name < b.name ? -1 : 1)) {
  const [text = ""] = Deno.readTextFileSync(new URL(name, GOLDENS)).split("\n----------\n");
  const value = valueOf(text);
  // What is not YAML has no value that a schema could judge.
  if (value === undefined) continue;
  const refused = !BEYOND.has(name);
  Deno.test(`configJsonSchema ${refused ? "refuses" : "cannot see"} the mistake of ${name}`, () => {
    assert.equal(validate(value), !refused, ajv.errorsText(validate.errors));
  });
}

function valueOf(text: string): unknown {
  try {
    return parse(text, { logLevel: "error" });
  } catch {
    return undefined;
  }
}

/** An option that takes a text, in both schemas. */
interface Leaf {
  readonly path: string;
  readonly program: Schema;
  readonly editor: JsonSchema;
}

const LEAVES = leaves(configSchema, DOCUMENT, "");

Deno.test("configJsonSchema describes every option, and every text by more than its type", () => {
  assert.ok(LEAVES.length > 25);
  for (const { path, editor } of LEAVES) {
    assert.ok(editor.description !== undefined, path);
    assert.ok(editor.enum ?? editor.pattern ?? editor.examples, path);
  }
  assert.deepEqual(undescribed(DOCUMENT, ""), []);
});

Deno.test("configJsonSchema offers examples and defaults that the program takes", () => {
  for (const { path, program, editor } of LEAVES) {
    const offered = [...editor.examples ?? [], ...editor.enum ?? []];
    if (editor.default !== undefined) offered.push(editor.default);
    for (const text of offered) assert.ok(takes(program, text), `${path}: ${text}`);
  }
});

Deno.test("configJsonSchema refuses no text that the program takes", () => {
  // The names of stages are judged by a rule of their own, which knows which stages ship.
  const open = LEAVES.filter(({ editor }) => editor.enum === undefined);
  for (const { path, program, editor } of open) {
    const editorTakes = ajv.compile(editor);
    const random = new Random(6);
    let taken = 0;
    for (let round = 0; round < 1500; round++) {
      const text = randomText(random, editor.examples ?? []);
      if (!takes(program, text)) continue;
      taken++;
      assert.ok(editorTakes(text), `${path}: ${JSON.stringify(text)}`);
    }
    assert.ok(taken > 0, `Nothing tried is taken by ${path}`);
  }
});

function takes(program: Schema, value: unknown): boolean {
  return (program as typeof configSchema).safeParse(value).success;
}

function leaves(program: Schema | undefined, editor: JsonSchema, path: string): Leaf[] {
  assert.ok(program !== undefined, path);
  const member = (name: string | number, schema: JsonSchema) =>
    leaves(schemaStep(program, name), schema, typeof name === "number" ? path : `${path}.${name}`);
  const { properties, items, anyOf = [], additionalProperties } = editor;
  if (properties !== undefined) {
    assert.deepEqual(Object.keys(properties), knownKeys(program), path);
    return Object.entries(properties).flatMap(([name, schema]) => member(name, schema));
  }
  if (items !== undefined) return member(0, items);
  // A stage is a name or a mapping.
  if (anyOf.length > 0) return anyOf.flatMap((schema) => leaves(program, schema, path));
  if (typeof additionalProperties === "object") return member("X-Any", additionalProperties);
  return [editor.type].flat().includes("string") ? [{ path: path.slice(1), program, editor }] : [];
}

function undescribed(schema: JsonSchema, path: string): string[] {
  return Object.entries(schema.properties ?? {}).flatMap(([name, member]) => [
    ...(member.description === undefined ? [`${path}.${name}`] : []),
    ...undescribed(member.items ?? member, `${path}.${name}`),
  ]);
}

// deno-fmt-ignore
const PIECES = [
  "http", "https", "HTTP", "://", "localhost", "example.com", "10.0.0.1", "::1", "[::1]", "[", "]",
  ":", ":8080", "0", "65535", "/", "/mcp", "/8", "2027-01-31", "t23:59:59.5", "Z", "-01:30", "h", "m",
  "1h", "2m", "30s", "500ms", "64", "B", "KiB", "GiB", "*", "_", "-", ".", "~", "a", "X-Name", "é",
  "\u{1f512}", "\u2028", " ", "\t", "\n", "$", "${NAME}", "file:", "./own.ts", ".mjs", "'", '"', "a".repeat(64), "0".repeat(12), "%",
];

/** Now and then one of `examples` alone. */
function randomText(random: Random, examples: readonly unknown[]): string {
  const pieces = [...PIECES, ...examples];
  return Array.from({ length: random.below(5) + 1 }, () => random.pick(pieces)).join("");
}
