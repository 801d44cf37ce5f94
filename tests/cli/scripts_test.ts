/**
 * Runs the scripts beside this file. A script reads like a terminal session:
 *
 *   ## A sentence that says what is shown      (a test of its own, with an empty disk)
 *   $ cat > FILE, $ cat FILE, $ chmod 666 FILE, $ touch -d TIME FILE
 *   $ mcpgate keygen --label "a b"
 *   $ cat FILE | mcpgate audit stats -
 *   | a line of stdout, or of a file
 *   ! a line of stderr
 *   = 2                                        (the exit code; 0 where none is given)
 *
 * Lines that begin with none of these are for the reader.
 */
import assert from "node:assert/strict";
import { ruleFor } from "../../policies/allowlist_grant.ts";
import { auditLine } from "../../policies/audit_line.ts";
import { CHAIN_PURPOSE } from "../../policies/audit.ts";
import { keyPath, markPath, readKey } from "../../policies/audit_beside.ts";
import { ChainVerifier } from "../../policies/audit_verifier.ts";
import { BUILT_INS as STAGES } from "../../policies/mod.ts";
import { auditCommand } from "../../src/cli/audit.ts";
import { explainCommand } from "../../src/cli/explain.ts";
import { demoCommand } from "../../src/cli/demo.ts";
import { healthCommand } from "../../src/cli/health.ts";
import { keygenCommand } from "../../src/cli/keygen.ts";
import { keysCommand } from "../../src/cli/keys.ts";
import { runProgram } from "../../src/cli/program.ts";
import { schemaCommand } from "../../src/cli/schema.ts";
import { requestReload } from "../../src/cli/reload_request.ts";
import { tryCommand } from "../../src/cli/try.ts";
import { typesCommand } from "../../src/cli/types.ts";
import { validateCommand } from "../../src/cli/validate.ts";
import { versionCommand } from "../../src/cli/version.ts";
import type { Command } from "../../src/cli/world.ts";
import { hashKey, mintKey } from "../../src/config/api_key.ts";
import { judgeTrial } from "../../src/gate/trial.ts";
import { stageKey } from "../../src/gate/stage_key.ts";
import { isClientRequest } from "../../src/mcp/revision.ts";
import { MemoryDisk, memoryWorld } from "./memory_world.ts";

const BUILT_INS = new Set(["audit", "auth", "ratelimit", "allowlist"]);

/** What a gate is lent for a trial; user modules are tried where they are built. */
const TRIAL_PARTS: Parameters<typeof judgeTrial>[3] = {
  builtIns: STAGES,
  loadPlugin: (path) => Promise.reject(new Error(`No script has a module: ${path}`)),
  connect: () => {
    throw new Error("A trial asks no server");
  },
  clock: { now: () => Date.UTC(2026, 10, 22, 12), monotonic: () => 0 },
  random: (bytes) => crypto.getRandomValues(new Uint8Array(bytes)),
  log: () => ({ info: () => {}, warn: () => {} }),
  userAgent: "test",
};

const KEY = mintKey(TRIAL_PARTS.random);
const TRIAL_KEY = { key: KEY, hash: hashKey(KEY) };

const COMMANDS: readonly Command[] = [
  keygenCommand({ builtIns: BUILT_INS, askReload }),
  keysCommand({ builtIns: BUILT_INS, askReload }),
  validateCommand({
    builtIns: BUILT_INS,
    // The part of a module that objects: what the real one says is tested where modules are built.
    check: ({ config, problemAt }) =>
      Promise.resolve(
        config.pipeline.flatMap(({ use }, index) =>
          use === null
            ? []
            : [problemAt(["pipeline", index], "no default export", "a policy module")]
        ),
      ),
  }),
  healthCommand({
    ask({ port }) {
      if (port === 8080) return Promise.resolve(200);
      return port === 8081 ? Promise.resolve(503) : Promise.reject(new Error("nothing listens"));
    },
  }),
  auditCommand({
    builtIns: BUILT_INS,
    keyPath,
    markPath,
    readKey,
    keyOf: ({ secrets }) => stageKey(secrets.seal, "audit", CHAIN_PURPOSE),
    verifier: (keys, markText) => new ChainVerifier(keys, markText),
  }),
  explainCommand({ builtIns: BUILT_INS, readRule: ruleFor }),
  tryCommand({
    builtIns: BUILT_INS,
    readRule: ruleFor,
    judge: async (config, call) => {
      const outcome = await judgeTrial(config, call, TRIAL_KEY, TRIAL_PARTS);
      return JSON.parse(auditLine(outcome, Infinity));
    },
    problemsOf(error) {
      throw error;
    },
    isModernOnly: (method) =>
      isClientRequest("modern", method) && !isClientRequest("legacy", method),
  }),
  demoCommand({
    startGate: () => Promise.reject(new Error("No script starts a gate")),
    stopRequested: () => new AbortController().signal,
  }),
  schemaCommand({ builtIns: BUILT_INS }),
  typesCommand("export interface Policy {}\n"),
  versionCommand,
];

/** No gate runs where scripts do; how one that runs is reached is shown with a real one. */
function askReload({ pidFile }: { readonly pidFile: string | null }) {
  return requestReload(pidFile, {
    find: () => Promise.resolve(null),
    status: () => null,
    commandLine: () => null,
    signal: () => {},
    unitIsActive: () => null,
    reloadUnit: () => null,
    now: () => 0,
    wait: () => Promise.resolve(),
  });
}

/** One command of a script and what it shall do. */
interface Step {
  readonly command: string;
  readonly line: number;
  readonly stdout: string[];
  readonly stderr: string[];
  code: number;
}

for (const entry of Deno.readDirSync(new URL(".", import.meta.url))) {
  if (!entry.name.endsWith(".txt")) continue;
  const text = Deno.readTextFileSync(new URL(entry.name, import.meta.url));
  for (const { title, steps } of scenes(text)) {
    Deno.test(`${entry.name}: ${title}`, async () => {
      const disk = new MemoryDisk();
      for (const step of steps) await play(step, disk, `${entry.name}:${step.line}`);
    });
  }
}

function scenes(text: string): { title: string; steps: Step[] }[] {
  const found: { title: string; steps: Step[] }[] = [];
  for (const [index, line] of text.split("\n").entries()) {
    const [mark, rest] = [line.slice(0, 2).trim(), line.slice(2)];
    const steps = found.at(-1)?.steps ?? [];
    const step = steps.at(-1);
    if (mark === "##") found.push({ title: rest.trim(), steps: [] });
    else if (mark === "$") {
      steps.push({ command: rest, line: index + 1, stdout: [], stderr: [], code: 0 });
    } else if (mark === "|") step?.stdout.push(rest);
    else if (mark === "!") step?.stderr.push(rest);
    else if (mark === "=" && step !== undefined) step.code = Number(rest);
  }
  return found;
}

async function play(step: Step, disk: MemoryDisk, place: string): Promise<void> {
  const [, piped = "", command = step.command] = /^cat (\S+) \| (.*)$/.exec(step.command) ?? [];
  const [program, ...args] = words(command);
  const [first = "", second = ""] = args;
  const expected = { code: step.code, stdout: lines(step.stdout), stderr: lines(step.stderr) };
  if (program === "cat" && first === ">") return disk.write(second, expected.stdout);
  if (program === "touch") return void disk.modified.set(args[2] ?? "", Date.parse(second));
  if (program === "chmod") return disk.chmod(second, parseInt(first, 8));
  if (program === "cat") {
    return assert.equal(disk.readText(first), expected.stdout, `${place}: ${step.command}`);
  }
  assert.equal(program, "mcpgate", place);
  const input = piped === "" ? "" : disk.readText(piped);
  const world = memoryWorld(args, { disk, input });
  const code = await runProgram(world, COMMANDS);
  // Paths that the configuration has made absolute are told as it wrote them.
  const told = (text: string) => text.replaceAll(`${Deno.cwd()}/`, "");
  const actual = { code, stdout: told(world.out()), stderr: told(world.err()) };
  assert.deepEqual(actual, expected, `${place}: ${step.command}`);
}

function words(command: string): string[] {
  return [...command.matchAll(/"([^"]*)"|'([^']*)'|(\S+)/g)].map(([, a, b, c]) =>
    a ?? b ?? c ?? ""
  );
}

function lines(texts: readonly string[]): string {
  return texts.map((text) => `${text}\n`).join("");
}
