/**
 * `mcpgate version`: which program this is, on one line that can be pasted into a report.
 */
import { readFlags } from "./usage.ts";
import { type Command, EXIT } from "./world.ts";

/** The version of the program; a test holds it to deno.json's. */
export const VERSION = "0.1.0";

/** `mcpgate version`. */
export const versionCommand: Command = {
  name: "version",
  summary: "print the version",
  help: `Usage: mcpgate version [--json]

Prints the program's version, and the runtime it is built on.

  --json              for programs: { version, deno, target }
`,
  run(world, args) {
    const flags = readFlags(args, { json: { type: "boolean" } });
    const { deno } = Deno.version;
    const { target } = Deno.build;
    world.stdout(
      flags.json === true
        ? `${JSON.stringify({ version: VERSION, deno, target }, null, 2)}\n`
        : `mcpgate ${VERSION} (deno ${deno}, ${target})\n`,
    );
    return Promise.resolve(EXIT.done);
  },
};
