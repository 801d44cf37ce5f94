/**
 * Changes the keys in the configuration's file: reads it, lets the change be made, sees whether the
 * result is one that a gate would take, and only then puts it in the old one's place, whole.
 */
import type { ConfigSources } from "../config/config.ts";
import { loadConfig } from "../config/load.ts";
import { formatProblems, type Problem } from "../config/problem.ts";
import { configSources } from "./config_path.ts";
import { Failure } from "./usage.ts";
import type { Loaded } from "./validate.ts";
import type { World } from "./world.ts";

/**
 * The sources of a command that looks at keys: a variable that only the gate's surroundings have
 * (as by `EnvironmentFile=`) is no reason to refuse, so a value stands in for it.
 */
export function keySources(world: World, builtIns: ReadonlySet<string>): ConfigSources {
  const sources = configSources(world, builtIns);
  return { ...sources, env: (name) => world.env(name) || STAND_IN };
}

/** Long enough for what has a least length. */
const STAND_IN = "not-set-here".repeat(6);

/**
 * Puts what `change` makes of the text into the file at `path`, and answers with what it says then.
 *
 * @throws {Failure} where the file cannot be read or replaced, has been changed meanwhile, or would not
 * be valid; this leaves it as it is
 */
export function changeFile(
  world: World,
  path: string,
  sources: ConfigSources,
  change: (text: string) => string | Problem[],
): Loaded {
  const before = readable(world, path);
  const text = change(before);
  if (typeof text !== "string") throw leftAlone(path, text);
  const readText = (asked: string) => asked === path ? text : sources.readText(asked);
  const loaded = loadConfig(path, { ...sources, readText });
  if (!loaded.ok) throw leftAlone(path, loaded.problems);
  // Two changes at once must not undo each other.
  if (readable(world, path) !== before) {
    throw new Failure(`${path} was changed by somebody else meanwhile; run this again`);
  }
  replace(world, path, text);
  return loaded;
}

function leftAlone(path: string, problems: readonly Problem[]): Failure {
  return new Failure(`${formatProblems(problems)}\n\n${path} has been left as it is`);
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
    throw new Failure(`${path} cannot be replaced: ${why(error)}\nIt has been left as it is.`);
  }
}

function why(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
