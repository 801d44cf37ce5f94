/** The shape of `pipeline` in the configuration file. What its order must be is `pipeline_rules.ts`'s. */
import { z } from "zod";
import { duration, list, mapping, places, written } from "./value.ts";

const userStage = mapping({
  use: written(
    "the path of a .ts or .js file whose name is letters, digits, _ and -",
    (text) => /^(?:[^\p{Cc}]*\/)?[\w-]{1,64}\.m?[jt]s$/u.test(text) ? text : null,
    {
      pattern: String.raw`[\w-]{1,64}\.m?[jt]s$`,
      examples: ["./office_hours.ts"],
      suggest: (found) =>
        typeof found === "string" && /^\w+$/.test(found)
          ? "a stage that ships is named without use"
          : undefined,
    },
  ).describe("The module's file, seen from the folder of this file."),
  options: z.unknown().optional().describe("Checked by the module's own schema."),
  timeout: duration(1, 60_000).prefault("1s").describe("Time limit of one decision."),
}).describe("A policy module of one's own.");

/** A stage that ships, named alone. */
export const stageName = z.string().register(places, {
  expected: "the name of a stage that ships",
});

/** The stages, in order. */
export const pipeline = list(
  z.union([stageName, userStage], 'the name of a stage, or { use: "./module.ts" }'),
  "a list of stages",
);
