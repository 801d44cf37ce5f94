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
  help: `Usage: mcpgate version

Prints the program's version, and the runtime it is built on.
`,
  run(world, args) {
    readFlags(args, {});
    world.stdout(`mcpgate ${VERSION} (deno ${Deno.version.deno}, ${Deno.build.target})\n`);
    return Promise.resolve(EXIT.done);
  },
};
