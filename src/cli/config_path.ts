/**
 * Where the configuration is: the flag, or the first of the usual places; and what reading it takes.
 * Does not read it.
 */
import { resolve } from "node:path";
import type { ConfigSources } from "../config/config.ts";
import { Failure } from "./usage.ts";
import type { World } from "./world.ts";

/** `-c FILE`, `--config FILE`: the same in each command that reads the configuration. */
export const CONFIG_FLAG = { config: { type: "string", short: "c" } } as const;

/** Looked at in this order where no flag names a file. */
export const USUAL_PLACES = ["./config.yaml", "/etc/mcpgate/config.yaml"] as const;

/** The line about the flag in a command's help. */
export const CONFIG_FLAG_HELP =
  "  -c, --config FILE   the configuration (default: ./config.yaml, then\n" +
  "                      /etc/mcpgate/config.yaml)\n";

/**
 * The path of the configuration: `given` as it is, or the first usual place where a file exists.
 *
 * @throws {Failure} where there is none
 */
export function configPath(world: World, given: string | undefined): string {
  if (given !== undefined) return given;
  const found = USUAL_PLACES.find((path) => world.files.exists(path));
  if (found !== undefined) return found;
  throw new Failure(
    `no configuration: there is neither ${USUAL_PLACES.join(" nor ")}\n` +
      `Name one with "-c FILE". To write the first one: "mcpgate keygen --label NAME" prints\n` +
      `a key and what to put into the file.`,
  );
}

/** What the config room needs of `world`. `builtIns` names the stages that ship. */
export function configSources(world: World, builtIns: ReadonlySet<string>): ConfigSources {
  return {
    readText: (path) => world.files.readText(path),
    env: (name) => world.env(name),
    resolve: (folder, path) => resolve(folder, path),
    builtIns,
  };
}
