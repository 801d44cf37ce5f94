/**
 * `mcpgate audit verify`: whether a chained log is as the gate wrote it. Finds the files, the key and
 * the mark beside the log; what is wrong with the lines is found by who knows the chain, who is handed in.
 */
import type { Config } from "../config/config.ts";
import { type AuditParts, LOG_FLAGS } from "./audit_arguments.ts";
import { entryOf, readLines } from "./audit_log.ts";
import {
  loggedTo,
  openLog,
  readConfig,
  STDIN,
  unreadable,
  unrotated,
  withRotated,
} from "./audit_source.ts";
import { configPath } from "./config_path.ts";
import { Failure, readWords } from "./usage.ts";
import { EXIT, type World } from "./world.ts";

/** Verifies the lines of one log, fed in their order. */
export interface Verifier {
  /** False: no more need be shown. */
  take(line: {
    readonly text: string;
    readonly isEntry: boolean;
    readonly isWhole: boolean;
    readonly place: string;
    readonly isFirst: boolean | null;
  }): boolean;
  verdict(end: string): {
    readonly finding:
      | { readonly what: string; readonly place: string; readonly text: string }
      | null;
    readonly sound: number;
    readonly runs: number;
    readonly notes: readonly string[];
  };
}

/** Who knows the chain. */
export interface ChainParts {
  /** The paths of the key and of the mark beside the log at a path. */
  keyPath(log: string): string;
  markPath(log: string): string;
  /** The key that the text of a key file is. Throws where it is none. */
  readKey(text: string, file: string): Uint8Array;
  /** The key that is made of the `secret` of a configuration; null where it has none. */
  keyOf(config: Config): Uint8Array | null;
  /** A verifier with these keys, and the text of the mark beside the log. */
  verifier(keys: readonly Uint8Array[], markText: string | null): Verifier;
}

const FLAGS = { ...LOG_FLAGS, key: { type: "string" } } as const;

/** What `help audit` says of it. */
export const VERIFY_HELP =
  `  verify [FILE...]    whether a chained log (audit.chain) is as the gate wrote it; names the first
                      line that was altered, removed, moved or put in, with exit code 1. Without
                      FILE: the log and what it was rotated to; else FILEs in their order, - is stdin
    --key FILE        the key, where neither the configuration nor FILE.key has it
`;

/** Verifies the log. */
export async function auditVerify(
  world: World,
  args: readonly string[],
  parts: AuditParts & ChainParts,
): Promise<number> {
  const { flags, words } = readWords(args, FLAGS);
  const named = [...(flags.file === undefined ? [] : [flags.file]), ...words];
  const config = flags.config !== undefined || named.length === 0 || flags.key === undefined
    ? configured(world, flags.config, named.length > 0, parts)
    : null;
  const log = named.at(-1) ?? config?.log() ?? STDIN;
  const files = named.length > 0 ? named : withRotated(world, log);
  // Before the log: what is marked then stands in it.
  const mark = textOf(world, parts.markPath(log));
  const verifier = parts.verifier(keys(world, log, flags.key, config, parts), mark);
  for (const file of files) {
    using source = openLog(world, file);
    try {
      const isGoingOn = await readLines(source, ({ text, number, isWhole }) =>
        verifier.take({
          text,
          isWhole,
          isEntry: entryOf(text) !== null,
          place: `${file}:${number}`,
          isFirst: file === STDIN ? null : number === 1,
        }));
      if (!isGoingOn) break;
    } catch (error) {
      throw unreadable(file, error);
    }
  }
  return report(world, verifier.verdict(files.at(-1) ?? log), flags.json === true);
}

interface Configured {
  readonly key: Uint8Array | null;
  /** The path of the log. Throws where it is none. */
  log(): string;
}

/** What the configuration says, where there is one, or where there has to be one. */
function configured(
  world: World,
  given: string | undefined,
  isNamed: boolean,
  parts: AuditParts & ChainParts,
): Configured | null {
  if (given === undefined && isNamed && !hasConfig(world)) return null;
  const path = configPath(world, given);
  const { config } = readConfig(world, path, parts.builtIns);
  return { key: parts.keyOf(config), log: () => loggedTo(config, path) };
}

function hasConfig(world: World): boolean {
  try {
    configPath(world, undefined);
    return true;
  } catch {
    return false;
  }
}

function keys(
  world: World,
  log: string,
  given: string | undefined,
  config: Configured | null,
  parts: ChainParts,
): Uint8Array[] {
  const found: Uint8Array[] = [];
  if (given !== undefined) {
    const text = textOf(world, given);
    if (text === null) throw new Failure(`the key ${given} cannot be read`);
    found.push(readable(text, given, parts));
  }
  const keyFile = parts.keyPath(unrotated(log));
  const beside = log === STDIN ? null : textOf(world, keyFile);
  if (beside !== null) found.push(readable(beside, keyFile, parts));
  if (config?.key) found.push(config.key);
  if (found.length > 0) return found;
  const looked = log === STDIN ? "no" : `neither ${keyFile} nor a`;
  throw new Failure(
    `there is no key to verify the log with: ${looked} secret in the configuration.\n` +
      "Is audit.chain on? Name the key with --key FILE, or the configuration with -c FILE",
  );
}

function readable(text: string, file: string, parts: ChainParts): Uint8Array {
  try {
    return parts.readKey(text, file);
  } catch (error) {
    throw new Failure(error instanceof Error ? error.message : String(error));
  }
}

function textOf(world: World, path: string): string | null {
  try {
    return world.files.readText(path);
  } catch {
    return null;
  }
}

function report(world: World, verdict: ReturnType<Verifier["verdict"]>, isJson: boolean): number {
  const { finding, sound, runs, notes } = verdict;
  const isIntact = finding === null && sound > 0;
  if (isJson) {
    world.stdout(`${JSON.stringify({ intact: isIntact, ...verdict }, null, 2)}\n`);
    return isIntact ? EXIT.done : EXIT.failed;
  }
  const count = `${sound} ${sound === 1 ? "line" : "lines"} of ${runs} ${
    runs === 1 ? "run" : "runs"
  }`;
  const lines = finding !== null
    ? [
      `${finding.place}: ${finding.what.replace("_", " ")}: it ${finding.text}`,
      `before that: ${count}`,
    ]
    : sound === 0
    ? ["no line is chained: there is nothing to verify (audit.chain)"]
    : [`intact: ${count} follow each other`];
  world.stdout([...lines, ...notes.map((note) => `note: ${note}`), ""].join("\n"));
  return isIntact ? EXIT.done : EXIT.failed;
}
