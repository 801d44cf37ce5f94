/**
 * `mcpgate types`: the policy contract as one `.d.ts`, for the author of a user module. The text is
 * handed in.
 */
import { readFlags } from "./usage.ts";
import { type Command, EXIT } from "./world.ts";

/** `mcpgate types`, printing `contract`. */
export function typesCommand(contract: string): Command {
  return {
    name: "types",
    summary: "print the policy contract for authors of modules",
    help: `Usage: mcpgate types

Prints the types a policy module is written against, as one .d.ts file:

  mcpgate types > mcpgate.d.ts

A module beside it begins with
  import type { PolicyModule } from "./mcpgate.d.ts";
and is named in the configuration:
  pipeline: [audit, auth, ratelimit, allowlist, { use: ./office_hours.ts }]
`,
    run(world, args) {
      readFlags(args, {});
      world.stdout(contract);
      return Promise.resolve(EXIT.done);
    },
  };
}
