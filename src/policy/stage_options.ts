/** Checks the options of a stage against the schema of its module. Knows no position in a file. */
import { z } from "zod";
import type { AnyPolicyModule, Zod } from "./contract.ts";
import { told } from "./failure.ts";
import { StageError } from "./stage_error.ts";

/** A misspelt option must not silently leave its default in force. */
const strictZod = { ...z, object: z.strictObject } as unknown as Zod;

/** The checked options of stage `index`, or all that is wrong with them. */
export async function readOptions(
  module: AnyPolicyModule,
  written: unknown,
  index: number,
): Promise<{ readonly options: unknown } | { readonly problems: readonly StageError[] }> {
  try {
    const result = await module.options(strictZod).safeParseAsync(written ?? {});
    if (result.success) return { options: result.data };
    return { problems: result.error.issues.flatMap((issue) => problemsOf(issue, index)) };
  } catch (error) {
    return { problems: [new StageError(index, null, `Broken schema of options: ${told(error)}`)] };
  }
}

function problemsOf(issue: z.core.$ZodIssue, index: number): StageError[] {
  const path = issue.path.map((step) => typeof step === "number" ? step : String(step));
  if (issue.code !== "unrecognized_keys") return [new StageError(index, path, issue.message)];
  return issue.keys.map((key) => new StageError(index, [...path, key], "Unknown option"));
}
