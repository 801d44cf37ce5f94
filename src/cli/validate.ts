/**
 * `mcpgate validate`: whether `serve` would take the configuration, what it says in short, and what
 * in it is allowed but hardly meant. How a generation is built without serving is handed in.
 */
import type { Config, LoadResult } from "../config/config.ts";
import { loadConfig } from "../config/load.ts";
import { formatProblems, type Problem } from "../config/problem.ts";
import { CONFIG_FLAG, CONFIG_FLAG_HELP, configPath, configSources } from "./config_path.ts";
import { configSummary } from "./config_summary.ts";
import { lastEndMs } from "./key_times.ts";
import { tlsDoubts } from "./tls_doubts.ts";
import { Failure, readFlags, warn } from "./usage.ts";
import { type Command, EXIT, type World } from "./world.ts";

/** A configuration that the schema has accepted. */
export type Loaded = Extract<LoadResult, { readonly ok: true }>;

/** What validating is lent. */
export interface ValidateParts {
  /** Names of the stages that ship. */
  readonly builtIns: ReadonlySet<string>;
  /** Builds all stages and retires them; answers with what they object to. */
  check(loaded: Loaded): Promise<readonly Problem[]>;
}

const FLAGS = { ...CONFIG_FLAG, json: { type: "boolean" } } as const;

const DAY_MS = 24 * 60 * 60 * 1000;
const EXPIRY_NOTICE_DAYS = 14;
const WRITABLE_BY_OTHERS = 0o022;

/** `mcpgate validate`. */
export function validateCommand(parts: ValidateParts): Command {
  return {
    name: "validate",
    summary: "check the configuration without serving",
    help: `Usage: mcpgate validate [-c FILE] [--json]

Reads the configuration, its secrets and its policy modules as "serve" does, and prints what it says
or everything that is wrong with it. The exit code is 0 where "serve" would start, else 1.

  --json              for programs: { file, valid, problems: [{ line, column, path, found,
                      expected, suggestion }], warnings }
${CONFIG_FLAG_HELP}`,
    async run(world, args) {
      const flags = readFlags(args, FLAGS);
      const path = configPath(world, flags.config);
      const loaded = loadConfig(path, configSources(world, parts.builtIns));
      const problems = loaded.ok ? await parts.check(loaded) : loaded.problems;
      const warnings = loaded.ok && problems.length === 0 ? doubts(world, path, loaded.config) : [];
      if (flags.json === true) {
        world.stdout(verdictDocument(path, problems, warnings));
        return problems.length === 0 ? EXIT.done : EXIT.failed;
      }
      if (!loaded.ok || problems.length > 0) throw notValid(path, problems);
      for (const text of warnings) warn(world, text);
      world.stdout(`${path} is valid\n\n${configSummary(loaded.config, world.now())}`);
      return EXIT.done;
    },
  };
}

function verdictDocument(
  file: string,
  problems: readonly Problem[],
  warnings: readonly string[],
): string {
  const told = problems.map(({ line, column, path, found, expected, suggestion = null }) => ({
    line,
    column,
    path,
    found,
    expected,
    suggestion,
  }));
  const document = { file, valid: told.length === 0, problems: told, warnings };
  return `${JSON.stringify(document, null, 2)}\n`;
}

/** The end of a command that needs the configuration at `path`. */
export function notValid(path: string, problems: readonly Problem[]): Failure {
  const count = problems.length === 1 ? "1 problem" : `${problems.length} problems`;
  return new Failure(`${formatProblems(problems)}\n\n${path} is not valid: ${count}`);
}

/** What `config`, read from `path`, allows although it is hardly meant: a sentence each. */
export function doubts(world: World, path: string, config: Config): string[] {
  const found: string[] = [];
  const mode = world.files.mode(path);
  if (mode !== null && (mode & WRITABLE_BY_OTHERS) !== 0) {
    found.push(`${path} can be written by others, who could add keys: chmod go-w ${path}`);
  }
  if (config.hosts.length === 0 && !isLoopback(config.listen.hostname)) {
    found.push(
      "the listener is public and takes any Host name: name yours in hosts, " +
        'or listen on "127.0.0.1:PORT" behind a proxy',
    );
  }
  found.push(...tlsDoubts(config, world.now(), (path) => world.files.mode(path)));
  if (config.admin !== null && !isLoopback(config.admin.listen.hostname)) {
    found.push(
      "the admin listener is public and has no login: whoever reaches it sees who calls what; " +
        'listen on "127.0.0.1:PORT", or let nobody but your monitor through to it',
    );
  }
  if (!config.pipeline.some((stage) => stage.name === "ratelimit")) {
    found.push("the pipeline has no ratelimit: a key may call as often as it likes");
  }
  if (config.keys.length === 0) {
    found.push('there is no key, so nobody gets in: "mcpgate keygen --label NAME --add" adds one');
  }
  for (const key of config.keys) {
    const { label, allow, prompts, resources } = key;
    const end = lastEndMs(key);
    if (end !== null) found.push(...expiryDoubt(label, end - world.now()));
    if (allow.length + prompts.length + resources.length > 0) continue;
    found.push(`the key "${label}" may use nothing: name tools in its allow`);
  }
  return found;
}

function expiryDoubt(label: string, leftMs: number): string[] {
  if (leftMs <= 0) return [`the key "${label}" has expired and is refused`];
  const days = Math.floor(leftMs / DAY_MS);
  if (days >= EXPIRY_NOTICE_DAYS) return [];
  return [`the key "${label}" expires in ${days === 1 ? "1 day" : `${days} days`}`];
}

function isLoopback(hostname: string): boolean {
  return hostname === "localhost" || hostname === "::1" || hostname === "[::1]" ||
    hostname.startsWith("127.");
}
