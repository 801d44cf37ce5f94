/**
 * The voice of the program, decided once: results go to stdout as they are, everything else to
 * stderr with a prefix, errors say what to do next. Reads flags, but knows no command.
 */
import { parseArgs, type ParseArgsOptionsConfig } from "node:util";
import { nearest } from "../config/nearest.ts";
import type { Command, World } from "./world.ts";

/** The command line cannot be understood: exit code 2. */
export class UsageError extends Error {
  override readonly name = "UsageError";
}

/** The work cannot be done, and the user can mend it: exit code 1. */
export class Failure extends Error {
  override readonly name = "Failure";
}

/** How urgent a line is, as syslog and the journal number it. */
const URGENCY = { error: 3, warning: 4, info: 6 } as const;

/**
 * Says `text` to the user, on stderr, each line with the program's prefix. The journal knows who
 * speaks and is told how urgent it is instead.
 */
export function tell(world: World, text: string, urgency: keyof typeof URGENCY = "info"): void {
  const prefix = world.isJournal ? `<${URGENCY[urgency]}>` : "mcpgate: ";
  for (const line of text.split("\n")) world.stderr(`${prefix}${line}\n`.replace(/ +\n$/, "\n"));
}

/** Says that something works but is hardly meant. */
export function warn(world: World, text: string): void {
  tell(world, `warning: ${text}`, "warning");
}

/** What `mcpgate help` prints. */
export function overview(commands: readonly Command[]): string {
  const width = Math.max(...commands.map((command) => command.name.length));
  const lines = commands.map(({ name, summary }) => `  ${name.padEnd(width)}  ${summary}\n`);
  return `mcpgate: a lock in front of an unmodified MCP server

Usage: mcpgate COMMAND [FLAGS]

Commands:
${lines.join("")}
"mcpgate help COMMAND" tells more. To see it work: "mcpgate demo".
`;
}

/**
 * The values of `args`, which are flags only.
 *
 * @throws {UsageError} for an unknown flag, a missing or needless value, a flag given twice, or an
 * argument that is no flag
 */
export function readFlags<const Options extends ParseArgsOptionsConfig>(
  args: readonly string[],
  options: Options,
) {
  return readArguments(args, options, false).values;
}

/** The same, with the arguments that are no flags: `words`. */
export function readWords<const Options extends ParseArgsOptionsConfig>(
  args: readonly string[],
  options: Options,
) {
  const { values, positionals } = readArguments(args, options, true);
  return { flags: values, words: positionals };
}

function readArguments<const Options extends ParseArgsOptionsConfig>(
  args: readonly string[],
  options: Options,
  allowPositionals: boolean,
) {
  const seen = new Set<string>();
  for (const token of parseArgs({ args: [...args], options, strict: false, tokens: true }).tokens) {
    if (token.kind !== "option") {
      if (allowPositionals) continue;
      const value = token.kind === "positional" ? token.value : "--";
      // A key in the arguments has been in the list of processes; it need not be in a log as well.
      const shown = JSON.stringify(value.replace(/mcpg_[\w-]{8,}/g, "mcpg_…"));
      throw new UsageError(`unexpected argument ${shown}: only flags are taken`);
    }
    const { name, rawName, value } = token;
    const option = Object.hasOwn(options, name) ? options[name] : undefined;
    if (option === undefined) {
      throw new UsageError(`unknown flag ${rawName}${suggestion(`--${name}`, flagNames(options))}`);
    }
    if (seen.has(name)) throw new UsageError(`--${name} is given twice`);
    seen.add(name);
    if (option.type === "boolean" && value !== undefined) {
      throw new UsageError(`--${name} takes no value, found ${JSON.stringify(value)}`);
    }
    if (option.type === "string" && (value === undefined || value === "")) {
      throw new UsageError(`--${name} needs a value`);
    }
    // "--label --add" is a forgotten value far more often than a label that reads "--add".
    if (value?.startsWith("-") && value !== "-" && token.inlineValue === false) {
      throw new UsageError(`--${name} needs a value, found ${value}; if meant: --${name}=${value}`);
    }
  }
  return parseArgs({ args: [...args], options, strict: true, allowPositionals });
}

function flagNames(options: ParseArgsOptionsConfig): string[] {
  return Object.keys(options).map((name) => `--${name}`);
}

/** `; did you mean X?` where one of `known` is close to `word`, otherwise nothing. */
export function suggestion(word: string, known: readonly string[]): string {
  const meant = nearest(word, known);
  return meant === undefined ? "" : `; did you mean ${meant}?`;
}
