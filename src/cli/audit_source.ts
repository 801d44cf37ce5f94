/**
 * Where the audit log is: named on the command line, piped in, or what the configuration says; and
 * the files it was rotated to. Reads none of it.
 */
import { basename, dirname, join } from "node:path";
import type { Config } from "../config/config.ts";
import { loadConfig } from "../config/load.ts";
import { configPath, configSources } from "./config_path.ts";
import { Failure } from "./usage.ts";
import { type Loaded, notValid } from "./validate.ts";
import type { ByteSource, World } from "./world.ts";

/** What stands for stdin on a command line. */
export const STDIN = "-";

/** The flag that names the log itself. */
export const FILE_FLAG = { file: { type: "string" } } as const;

/** The lines about the log in a command's help. */
export const SOURCE_HELP =
  `  --file FILE         the log (default: audit.output of the configuration); - is stdin
`;

/** The path of the log: `file`, else what the configuration says. {@link STDIN} for stdin. */
export function logPath(
  world: World,
  { file, config, builtIns }: {
    readonly file: string | undefined;
    readonly config: string | undefined;
    readonly builtIns: ReadonlySet<string>;
  },
): string {
  if (file !== undefined) return file;
  const path = configPath(world, config);
  return loggedTo(readConfig(world, path, builtIns).config, path);
}

/** The configuration at `path`. Throws {@link Failure} where it is not valid. */
export function readConfig(world: World, path: string, builtIns: ReadonlySet<string>): Loaded {
  const loaded = loadConfig(path, configSources(world, builtIns));
  if (!loaded.ok) throw notValid(path, loaded.problems);
  return loaded;
}

/** The file that `config`, which is in `path`, has the log written to. */
export function loggedTo({ audit: { output } }: Config, path: string): string {
  if (output !== "stdout" && output !== "stderr") return output;
  throw new Failure(
    `${path} has the log written to ${output}, which is kept elsewhere. Pipe it in, for example:\n` +
      `journalctl -u mcpgate -o cat | mcpgate COMMAND --file -`,
  );
}

/** The log at `path`, open for reading. Throws {@link Failure} where it cannot be read. */
export function openLog(world: World, path: string): ByteSource {
  if (path === STDIN) return world.stdin();
  try {
    return world.files.open(path);
  } catch (error) {
    throw unreadable(path, error);
  }
}

/** The end of a command that cannot read the log at `path`. */
export function unreadable(path: string, error: unknown): Failure {
  const why = error instanceof Error ? error.message : String(error);
  return new Failure(`the audit log ${path} cannot be read: ${why}`);
}

/** The log at `path` and what it was rotated to (`audit.log.1`, `audit.log-20261125.gz`), oldest first. */
export function withRotated(world: World, path: string): string[] {
  if (path === STDIN) return [path];
  const [folder, name] = [dirname(path), basename(path)];
  const rotated = world.files.names(folder)
    .filter((other) => other.startsWith(name) && ROTATED.test(other.slice(name.length)))
    .map((other) => {
      const file = join(folder, other);
      return { file, modifiedMs: world.files.modifiedMs(file) ?? 0, age: ageOf(other, name) };
    })
    .sort((a, b) => a.modifiedMs - b.modifiedMs || b.age - a.age || (a.file < b.file ? -1 : 1));
  return [...rotated.map(({ file }) => file), path];
}

/** What the log at `path` is called before it is rotated. */
export function unrotated(path: string): string {
  return path.replace(new RegExp(ROTATED.source.slice(1)), "");
}

/** What logrotate puts after a name: a number or a date, and the ending of what is compressed. */
const ROTATED = /^[.-][\dT:_-]{1,30}(?:\.gz)?$/;

/** The number of a numbered file: the larger, the older. */
function ageOf(file: string, name: string): number {
  return Number(/^\.(\d{1,5})(?:\.gz)?$/.exec(file.slice(name.length))?.[1] ?? 0);
}
