/**
 * `mcpgate doctor`: looks at everything that serving depends on, and says what to do about each. Looks
 * only: it changes nothing. The looking itself is handed in.
 */
import { dirname } from "node:path";
import type { Config } from "../config/config.ts";
import { loadConfig } from "../config/load.ts";
import type { Problem } from "../config/problem.ts";
import type { Health } from "../survey/health.ts";
import { CONFIG_FLAG, CONFIG_FLAG_HELP, configPath, configSources } from "./config_path.ts";
import {
  type Check,
  clockChecks,
  type DescriptorLimit,
  fileChecks,
  listenerChecks,
  type Port,
  processChecks,
  secretChecks,
  upstreamChecks,
} from "./doctor_checks.ts";
import { type Ink, inkFor } from "./ink.ts";
import { shownWords } from "./matrix_text.ts";
import { readFlags } from "./usage.ts";
import { doubts, type ValidateParts } from "./validate.ts";
import { type Command, EXIT, type World } from "./world.ts";

/** What `doctor` is lent. */
export interface DoctorParts extends ValidateParts {
  /** Asks the upstream for the revisions it speaks. */
  askHealth(config: Config): Promise<Health>;
  /** Whether the listener's port can be had now; it is not kept. */
  tryPort(config: Config): Port;
  /** How many descriptors the process may have, or null where that is not known. */
  descriptorLimit(): DescriptorLimit | null;
}

const FLAGS = { ...CONFIG_FLAG, json: { type: "boolean" } } as const;

/** `mcpgate doctor`. */
export function doctorCommand(parts: DoctorParts): Command {
  return {
    name: "doctor",
    summary: "look at everything that serving depends on, and say what to do about it",
    help: `Usage: mcpgate doctor [-c FILE] [--json]

Looks at the configuration and who may write it, the upstream (reachable, which revisions, redirects,
credentials), the clock, the listener and the limits of the process, and says what to do about each.
The exit code is 0 where nothing failed; warnings are no failures.

  --json              for programs: an array of { about, level, text, advice }
${CONFIG_FLAG_HELP}`,
    async run(world, args) {
      const flags = readFlags(args, FLAGS);
      const path = configPath(world, flags.config);
      const loaded = loadConfig(path, configSources(world, parts.builtIns));
      const problems = loaded.ok ? await parts.check(loaded) : loaded.problems;
      // What the file would mean is anybody's guess, so nothing else is looked at then.
      const checks = loaded.ok && problems.length === 0
        ? await examine(world, path, loaded.config, parts)
        : problems.map(problemCheck);
      world.stdout(
        flags.json === true
          ? `${JSON.stringify(checks, null, 2)}\n`
          : report(checks, inkFor(world)),
      );
      return checks.some(({ level }) => level === "failed") ? EXIT.failed : EXIT.done;
    },
  };
}

/** What is wrong with the file, as one thing that was looked at. */
function problemCheck(problem: Problem): Check {
  const { file, line, column, path, found, expected, suggestion } = problem;
  const place = line === 0 ? file : `${file}:${line}:${column}`;
  return {
    about: "configuration",
    level: "failed",
    text: `${place}${path === "" ? "" : ` ${path}`}: found ${found}`,
    advice: `expected ${expected}${suggestion === undefined ? "" : `; ${suggestion}`}`,
  };
}

async function examine(
  world: World,
  path: string,
  config: Config,
  parts: DoctorParts,
): Promise<Check[]> {
  const health = await parts.askHealth(config);
  const valid: Check = {
    about: "configuration",
    level: "ok",
    text: `${path} is valid`,
    advice: null,
  };
  return [
    valid,
    ...fileChecks(path, world.files.mode(path), folderMode(world, path), config),
    ...doubts(world, path, config).map((text): Check => {
      const [what = "", ...advice] = text.split(": ");
      return {
        about: "configuration",
        level: "warning",
        text: what,
        advice: advice.length === 0 ? null : advice.join(": "),
      };
    }),
    ...secretChecks(config.secrets.seal !== null),
    ...upstreamChecks(config, health),
    ...clockChecks(world.now(), health),
    ...listenerChecks(config, parts.tryPort(config), config.tls !== null),
    ...processChecks(config, parts.descriptorLimit()),
  ];
}

/** Of the folder the file is in; null where nobody knows. */
function folderMode(world: World, path: string): number | null {
  try {
    return world.files.mode(dirname(path));
  } catch {
    return null;
  }
}

function report(checks: readonly Check[], ink: Ink): string {
  const paint = { ok: ink.green, warning: ink.yellow, failed: ink.red };
  const width = Math.max(...checks.map(({ about }) => about.length));
  const lines = checks.flatMap(({ about, level, text, advice }) => [
    `${paint[level](MARKS[level])}  ${about.padEnd(width)}  ${shownWords(text)}`,
    ...(advice === null ? [] : [`${" ".repeat(width + 10)}${shownWords(advice)}`]),
  ]);
  const failures = checks.filter(({ level }) => level === "failed").length;
  const warnings = checks.filter(({ level }) => level === "warning").length;
  return `${
    lines.join("\n")
  }\n\n${checks.length} looked at: ${failures} failed, ${warnings} to think about\n`;
}

const MARKS: Readonly<Record<Check["level"], string>> = {
  ok: "ok    ",
  warning: "think ",
  failed: "FAILED",
};
