/** A world for configurations under test: a few files and variables, nothing of the machine's. */
import assert from "node:assert/strict";
import { resolve } from "node:path";
import {
  type Config,
  type ConfigSources,
  formatProblems,
  loadConfig,
  type LoadResult,
} from "../../src/config/load.ts";

/** The stages that ship. */
export const BUILT_INS: ReadonlySet<string> = new Set(["audit", "auth", "ratelimit", "allowlist"]);

/** Sources in which there are `files`, by absolute path, and the variables `env`. */
export function memorySources(
  files: Readonly<Record<string, string>>,
  env: Readonly<Record<string, string>> = {},
): ConfigSources {
  return {
    readText(path) {
      const text = files[path];
      if (text !== undefined) return text;
      throw Object.assign(new Error("not there"), {
        code: path === "/folder" ? "EISDIR" : "ENOENT",
      });
    },
    env: (name) => env[name],
    resolve: (folder, path) => resolve("/etc/mcpgate", folder, path),
    builtIns: BUILT_INS,
  };
}

/** The configuration in `text`, which has no mistake. */
export function loaded(
  text: string,
  files: Record<string, string> = {},
  env: Record<string, string> = {},
): Config {
  const result = loadConfig("config.yaml", memorySources({ ...files, "config.yaml": text }, env));
  assert.ok(result.ok, told(result));
  return result.config;
}

/** What is said about a file that does not load. */
export function told(result: LoadResult): string {
  return result.ok ? "" : formatProblems(result.problems);
}
