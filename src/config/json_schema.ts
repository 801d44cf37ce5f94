/**
 * The schema of the configuration as JSON Schema (draft 2020-12), for editors and for the reference.
 * It refuses nothing that the program takes; what takes two places, a file or the environment to
 * judge is left to `mcpgate validate`.
 */
import { z } from "zod";
import { stageName } from "./pipeline_schema.ts";
import { configSchema } from "./schema.ts";
import { placeOf } from "./schema_place.ts";

/** A schema within the document, as far as this program writes it. */
export interface JsonSchema {
  readonly description?: string;
  readonly default?: unknown;
  readonly type?: string | readonly string[];
  readonly enum?: readonly unknown[];
  readonly examples?: readonly unknown[];
  readonly pattern?: string;
  readonly minimum?: number;
  readonly exclusiveMinimum?: number;
  readonly maximum?: number;
  readonly properties?: Readonly<Record<string, JsonSchema>>;
  readonly required?: readonly string[];
  readonly items?: JsonSchema;
  readonly additionalProperties?: JsonSchema | boolean;
  readonly anyOf?: readonly JsonSchema[];
}

/** The schema of the file as a whole; `builtIns` are the names of the stages that ship. */
export function configJsonSchema(builtIns: ReadonlySet<string>): JsonSchema {
  const schema = z.toJSONSchema(configSchema, {
    target: "draft-2020-12",
    io: "input",
    override({ zodSchema, jsonSchema }) {
      const { pattern, examples, expected } = placeOf(zodSchema);
      if (pattern !== undefined) {
        jsonSchema.pattern = pattern;
        // What editors show instead of the pattern; validators that do not know the word ignore it.
        jsonSchema["patternErrorMessage"] = `Expected ${expected}.`;
      }
      if (examples !== undefined) jsonSchema.examples = [...examples];
      if (expected !== undefined) describe(jsonSchema, sentence(expected));
      if (zodSchema === stageName) jsonSchema.enum = [...builtIns];
    },
  });
  return {
    ...joinNull(schema) as JsonSchema,
    description: "The configuration of mcpgate. `mcpgate validate` sees more than this schema can.",
  };
}

/**
 * The document with one schema in the place of each choice between a value and null: editors show it
 * better.
 */
function joinNull(value: unknown): unknown {
  if (typeof value !== "object" || value === null) return value;
  if (Array.isArray(value)) return value.map(joinNull);
  const schema: Record<string, unknown> = {};
  for (const [name, member] of Object.entries(value)) schema[name] = joinNull(member);
  const [inner, none, ...others] = Array.isArray(schema["anyOf"]) ? schema["anyOf"] : [];
  if (none?.type !== "null" || others.length > 0) return schema;
  delete schema["anyOf"];
  return { ...inner, ...schema, type: [inner.type, "null"] };
}

/** Puts `phrase`, which errors use as well, below what the option means. */
function describe(schema: z.core.JSONSchema.BaseSchema, phrase: string): void {
  if (schema.description === undefined) schema.description = phrase;
  else if (!schema.description.endsWith(phrase)) schema.description += `\n\n${phrase}`;
}

function sentence(phrase: string): string {
  return `${phrase.charAt(0).toUpperCase()}${phrase.slice(1)}.`;
}
