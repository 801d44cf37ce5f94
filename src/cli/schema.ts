/**
 * `mcpgate schema`: the shape of the configuration as JSON Schema, so that an editor completes,
 * explains and checks the file while it is written.
 */
import { configJsonSchema } from "../config/json_schema.ts";
import { readFlags } from "./usage.ts";
import { type Command, EXIT } from "./world.ts";

/** What `schema` is lent. */
export interface SchemaParts {
  /** Names of the stages that ship. */
  readonly builtIns: ReadonlySet<string>;
}

/** `mcpgate schema`. */
export function schemaCommand({ builtIns }: SchemaParts): Command {
  return {
    name: "schema",
    summary: "print the JSON Schema of the configuration, for editors",
    help: `Usage: mcpgate schema

Prints the JSON Schema (draft 2020-12) of the configuration. Beside a configuration whose first line is

  # yaml-language-server: $schema=mcpgate.schema.json

the file that this makes lets editors complete, explain and check what is written:

  mcpgate schema > mcpgate.schema.json

"mcpgate validate" knows more: order of the stages, files, the environment, keys given twice.
`,
    run(world, args) {
      readFlags(args, {});
      world.stdout(`${JSON.stringify(configJsonSchema(builtIns), null, 2)}\n`);
      return Promise.resolve(EXIT.done);
    },
  };
}
