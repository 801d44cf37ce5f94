/**
 * The text of the user modules that a pipeline names, so that an edited module counts as a changed
 * configuration. Runs nothing: loading them is the policy room's.
 */
import { type Flaw, valueAt } from "./document.ts";
import { readFailure } from "./references.ts";

/** Texts in the pipeline's order, and the files that could not be read. */
export interface ModuleTexts {
  /** Each with the path that the pipeline names it by. */
  readonly texts: readonly (readonly [use: string, text: string])[];
  readonly flaws: readonly Flaw[];
}

/** Reads what `use` names in each entry of `pipeline`, which may have other mistakes. */
export function readModules(pipeline: unknown, readText: (path: string) => string): ModuleTexts {
  const texts: (readonly [string, string])[] = [];
  const flaws: Flaw[] = [];
  if (!Array.isArray(pipeline)) return { texts, flaws };
  pipeline.forEach((entry: unknown, index) => {
    const use = valueAt(entry, ["use"]);
    if (typeof use !== "string" || !/\.m?[jt]s$/.test(use)) return;
    try {
      texts.push([use, readText(use)]);
    } catch (error) {
      flaws.push({
        path: ["pipeline", index, "use"],
        found: readFailure(error),
        expected: "a module's file, seen from the folder of this configuration",
      });
    }
  });
  return { texts, flaws };
}
