/**
 * `mcpgate keygen`: mints a key and makes the entry that lets it in. The key itself is printed once
 * and stored nowhere; the configuration gets its hash.
 */
import { hashKey, mintKey } from "../config/api_key.ts";
import type { ConfigSources } from "../config/config.ts";
import { addKey, type KeyEntry, keyEntryLines } from "../config/edit.ts";
import { loadConfig } from "../config/load.ts";
import { formatProblems, type Problem } from "../config/problem.ts";
import { CONFIG_FLAG, CONFIG_FLAG_HELP, configPath, configSources } from "./config_path.ts";
import { Failure, readFlags, tell, UsageError } from "./usage.ts";
import { type Command, EXIT, type World } from "./world.ts";

/** What minting is lent. */
export interface KeygenParts {
  /** Names of the stages that ship. */
  readonly builtIns: ReadonlySet<string>;
}

const FLAGS = {
  ...CONFIG_FLAG,
  label: { type: "string" },
  allow: { type: "string" },
  expires: { type: "string" },
  add: { type: "boolean" },
} as const;

const NO_TOOL_YET = '# no tool yet; for example ["read_file", "search_*"]';

/** `mcpgate keygen`. */
export function keygenCommand({ builtIns }: KeygenParts): Command {
  return {
    name: "keygen",
    summary: "mint a key, and the entry that lets it in",
    help: `Usage: mcpgate keygen --label NAME [--allow TOOLS] [--expires DATE] [--add]

Prints a new key on the first line of stdout and, after it, the entry for "keys:" in the
configuration. The key is stored nowhere: the entry holds its SHA-256 only.

  --label NAME        what logs call the caller; unique in a configuration
  --allow TOOLS       the tools it may use, with commas between: read_file,search_*
                      (default: none; a lone * is all)
  --expires DATE      the last day it is good for, 2027-01-31, or a time, 2027-01-31T18:00:00Z
  --add               write the entry into the configuration, and print the key only
${CONFIG_FLAG_HELP}
Example:
  mcpgate keygen --label claude-desktop --allow "read_file,list_dir,search_*"
`,
    run(world, args) {
      const flags = readFlags(args, FLAGS);
      if (flags.label === undefined) {
        throw new UsageError("keygen needs --label NAME, the name of the caller in logs");
      }
      if (flags.config !== undefined && flags.add !== true) {
        throw new UsageError("--config goes with --add: without it no file is read");
      }
      const key = mintKey(world.random);
      const entry: KeyEntry = {
        label: flags.label,
        hash: hashKey(key),
        allow: (flags.allow ?? "").split(",").map((name) => name.trim()).filter((name) => name),
        ...(flags.expires !== undefined && { expires: flags.expires }),
      };
      const sources = configSources(world, builtIns);
      refuseBadEntry(entry, sources, world.now());
      if (flags.add === true) {
        addToFile(world, configPath(world, flags.config), key, entry, sources);
      } else show(world, key, entry);
      if (entry.allow.length === 0) {
        tell(world, 'the key may use no tool yet: name some in its "allow"');
      }
      return Promise.resolve(EXIT.done);
    },
  };
}

/** Lets the configuration's own rules judge the flags, so that there is no second set of them. */
function refuseBadEntry(entry: KeyEntry, sources: ConfigSources, now: number): void {
  const text = `upstream: { url: "http://127.0.0.1" }\nkeys:\n${entryText(entry)}`;
  const loaded = loadConfig("flags", { ...sources, readText: () => text });
  if (!loaded.ok) {
    const told = loaded.problems.map(({ path, found, expected, suggestion = "" }) => {
      const flag = path.replace(/^keys\[0\]\.([a-z]+)(\[\d+\])?$/, "--$1");
      return `${flag}: found ${found}, expected ${expected} ${suggestion}`.trimEnd();
    });
    throw new UsageError(told.join("\n"));
  }
  const expiresMs = loaded.config.keys[0]?.expiresMs ?? null;
  if (expiresMs !== null && expiresMs <= now) {
    throw new UsageError(`--expires: ${entry.expires} is past; the key would never be let in`);
  }
}

/** The entry as it stands below `keys:`. */
function entryText(entry: KeyEntry): string {
  const hint = entry.allow.length === 0 ? `  ${NO_TOOL_YET}` : "";
  return keyEntryLines(entry)
    .map((line) => `  ${line}${line.trimStart().startsWith("allow:") ? hint : ""}\n`)
    .join("");
}

function show(world: World, key: string, entry: KeyEntry): void {
  world.stdout(`${key}\n${entryText(entry)}`);
  tell(
    world,
    `the first line is the key: give it to the client now, it is stored nowhere\n` +
      `the rest goes below "keys:" in the configuration; --add writes it there`,
  );
}

function addToFile(
  world: World,
  path: string,
  key: string,
  entry: KeyEntry,
  sources: ConfigSources,
): void {
  const text = addKey(readable(world, path), entry, path);
  if (typeof text !== "string") throw leftAlone(path, text);
  const readText = (asked: string) => asked === path ? text : sources.readText(asked);
  const loaded = loadConfig(path, { ...sources, readText });
  if (!loaded.ok) throw leftAlone(path, loaded.problems);
  replace(world, path, text);
  world.stdout(`${key}\n`);
  tell(
    world,
    `this is the key of "${entry.label}": give it to the client now, it is stored nowhere\n` +
      `${path} lets it in; a gate that runs reads it after "kill -HUP PID" ` +
      `or "systemctl reload mcpgate"`,
  );
}

function leftAlone(path: string, problems: readonly Problem[]): Failure {
  return new Failure(
    `${formatProblems(problems)}\n\n` +
      `${path} would not be valid with the new key, so it has been left as it is`,
  );
}

function readable(world: World, path: string): string {
  try {
    return world.files.readText(path);
  } catch (error) {
    throw new Failure(`${path} cannot be read: ${why(error)}`);
  }
}

function replace(world: World, path: string, text: string): void {
  try {
    world.files.replaceText(path, text);
  } catch (error) {
    throw new Failure(
      `${path} cannot be replaced: ${why(error)}\n` +
        `It has been left as it is. Without --add the entry is printed instead.`,
    );
  }
}

function why(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
