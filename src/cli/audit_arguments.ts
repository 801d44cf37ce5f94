/** What the subcommands of `mcpgate audit` have in common: which log is read, and how they count. */
import { FILE_FLAG, logPath } from "./audit_source.ts";
import { CONFIG_FLAG } from "./config_path.ts";
import { UsageError } from "./usage.ts";
import type { World } from "./world.ts";

/** What the subcommands are lent. */
export interface AuditParts {
  /** Names of the stages that ship. */
  readonly builtIns: ReadonlySet<string>;
}

/** The flags that all of them have. */
export const LOG_FLAGS = {
  ...CONFIG_FLAG,
  ...FILE_FLAG,
  json: { type: "boolean" },
} as const;

/** The one log that is read, named with or without a flag, or by the configuration. */
export function logOf(
  world: World,
  flags: { readonly file?: string | undefined; readonly config?: string | undefined },
  words: readonly string[],
  parts: AuditParts,
): string {
  const named = [...(flags.file === undefined ? [] : [flags.file]), ...words];
  if (named.length > 1) throw new UsageError("one log is read: name one file");
  return logPath(world, { file: named[0], config: flags.config, builtIns: parts.builtIns });
}

/** The whole number that the flag `name` has. */
export function countOf(name: string, text: string): number {
  if (/^\d{1,6}$/.test(text)) return Number(text);
  throw new UsageError(`--${name}: found ${JSON.stringify(text)}, expected a number up to 999999`);
}

/** Tells of lines that are no records. */
export function foreignText(count: number): string {
  return count === 1
    ? "1 line is no record of the gate's: torn, or written by somebody else"
    : `${count} lines are no records of the gate's: torn, or written by somebody else`;
}
