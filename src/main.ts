/**
 * The composition root: the one place that knows every room, and the only user of arguments,
 * environment, signals, exit codes and the list of built-in policies.
 */
import { BUILT_INS } from "../policies/mod.ts";
import { compileGrant, ruleFor } from "../policies/allowlist_grant.ts";
import { auditLine } from "../policies/audit_line.ts";
import { CHAIN_PURPOSE } from "../policies/audit.ts";
import { keyPath, markPath, readKey } from "../policies/audit_beside.ts";
import { ChainVerifier } from "../policies/audit_verifier.ts";
import type { AuditEntry } from "./cli/audit_log.ts";
import { auditCommand } from "./cli/audit.ts";
import { demoCommand } from "./cli/demo.ts";
import { doctorCommand } from "./cli/doctor.ts";
import { descriptorLimit } from "./cli/doctor_checks.ts";
import { explainCommand } from "./cli/explain.ts";
import { healthCommand } from "./cli/health.ts";
import { keygenCommand } from "./cli/keygen.ts";
import { keysCommand } from "./cli/keys.ts";
import { askLiveness } from "./cli/liveness.ts";
import { runProgram } from "./cli/program.ts";
import { schemaCommand } from "./cli/schema.ts";
import { requestReload } from "./cli/reload_request.ts";
import type { ReloadReport } from "./cli/reload_request.ts";
import { ownLimitsText, runningGates } from "./cli/running_gates.ts";
import { serveCommand } from "./cli/serve.ts";
import { Serving } from "./cli/serving.ts";
import type { ServingParts } from "./cli/serving.ts";
import { ownMachine, tryPort } from "./cli/surroundings.ts";
import { systemWorld } from "./cli/system_world.ts";
import { tlsProblems } from "./cli/tls_problems.ts";
import { toolsCommand } from "./cli/tools.ts";
import { tryCommand } from "./cli/try.ts";
import { typesCommand } from "./cli/types.ts";
import { NOTIFY_SOCKET, systemdNotify } from "./cli/systemd.ts";
import { warn } from "./cli/usage.ts";
import { validateCommand } from "./cli/validate.ts";
import type { Loaded } from "./cli/validate.ts";
import { VERSION, versionCommand } from "./cli/version.ts";
import { hashKey, mintKey } from "./config/api_key.ts";
import type { Config } from "./config/config.ts";
import { loadConfig } from "./config/load.ts";
import { formatProblems } from "./config/problem.ts";
import type { Problem } from "./config/problem.ts";
import { Gate } from "./gate/gate.ts";
import { factsOf, gatePartsFor, gatePartsOf } from "./gate_parts.ts";
import { judgeTrial } from "./gate/trial.ts";
import type { TrialCall } from "./gate/trial.ts";
import { stageKey } from "./gate/stage_key.ts";
import { isClientRequest } from "./mcp/revision.ts";
import { CONTRACT_TEXT } from "./policy/contract_text.ts";
import { StageError } from "./policy/pipeline.ts";
import { listenForAdmin } from "./server/admin.ts";
import { listen } from "./server/listener.ts";
import { ownRoutes } from "./server/own_routes.ts";
import { proveTls } from "./server/tls_proof.ts";
import { Surveyor } from "./survey/surveyor.ts";
import { Supervisor } from "./workers/supervisor.ts";

// Only these may run programs and send signals: for --reload, and to ask what /proc does not tell.
if (!["keygen", "keys", "doctor"].includes(Deno.args[0] ?? "")) {
  await Deno.permissions.revoke({ name: "run" });
}

const clock = { now: () => Date.now(), monotonic: () => performance.now() };

const world = systemWorld(Deno.args, (name) => Deno.env.get(name));

const gateParts = gatePartsOf(world, BUILT_INS, clock);

const surveyor = new Surveyor(gateParts.connect, gateParts.userAgent);

const servingParts: ServingParts = {
  openGate: async (config: Config) =>
    await Gate.open(config, await gatePartsFor(config, gateParts, world), ownRoutes()),
  listen: (options) => listen({ ...options, log: gateParts.log("server") }),
  listenForAdmin: (admin, sight) =>
    listenForAdmin({ ...admin, sight, log: gateParts.log("admin") }),
  program: { version: VERSION, runtime: `Deno ${Deno.version.deno}` },
  stageFacts: (gate) => factsOf(gate),
  machine: ownMachine(),
  serveTogether: (config, count) =>
    Supervisor.start(config, count, {
      ...gateParts,
      spawn: () => new Worker(new URL("./worker_main.ts", import.meta.url), { type: "module" }),
      claim: (address) => Deno.listen({ ...address }).close(),
    }),
  proveTls,
  problemsOf,
};

const builtInNames: ReadonlySet<string> = new Set(BUILT_INS.keys());

/** What a stage objects to, told at its place in the file. */
function problemsOf(error: unknown, loaded: Loaded): readonly Problem[] {
  if (!(error instanceof StageError)) throw error;
  return [error, ...error.others].map(({ stageIndex, optionPath, message }) => {
    const stage = stageIndex === null ? ["pipeline"] : ["pipeline", stageIndex];
    const path = optionPath === null ? stage : [...stage, "options", ...optionPath];
    return loaded.problemAt(path, message, "a stage that can be built");
  });
}

/** Builds everything that serving would, and takes it apart again. */
async function check(loaded: Loaded): Promise<readonly Problem[]> {
  const objections = await tlsProblems(loaded, servingParts);
  if (objections.length > 0) return objections;
  try {
    const gate = await servingParts.openGate(loaded.config);
    await gate.close(0);
    return [];
  } catch (error) {
    return problemsOf(error, loaded);
  }
}

function askReload(config: Config): Promise<ReloadReport> {
  return requestReload(config.pidFile, runningGates);
}

/** The record of what `config` decides about `call`. */
async function judge(config: Config, call: TrialCall): Promise<AuditEntry> {
  const key = mintKey(gateParts.random);
  const outcome = await judgeTrial(config, call, { key, hash: hashKey(key) }, gateParts);
  return JSON.parse(auditLine(outcome, Infinity));
}

/** A gate for the demo, from a text that never was a file. */
async function startGate(configText: string): Promise<{ url: string; stop(): Promise<void> }> {
  const loaded = loadConfig("demo.yaml", {
    readText: () => configText,
    env: () => undefined,
    resolve: (_folder, path) => path,
    builtIns: builtInNames,
  });
  if (!loaded.ok) throw new TypeError(formatProblems(loaded.problems));
  const serving = await Serving.start(loaded.config, servingParts);
  return { url: serving.url, stop: () => serving.stop() };
}

const notify = systemdNotify(Deno.env.get(NOTIFY_SOCKET), (text) => warn(world, text));

/** Aborts at the first signal that asks the program to end; a second one ends it at once. */
function stopRequested(): AbortSignal {
  const stop = new AbortController();
  for (const name of STOP_SIGNALS) {
    Deno.addSignalListener(name, () => stop.signal.aborted ? Deno.exit(1) : stop.abort());
  }
  return stop.signal;
}

function signals(reload: () => void): AbortSignal {
  if (Deno.build.os !== "windows") Deno.addSignalListener("SIGHUP", reload);
  return stopRequested();
}

const STOP_SIGNALS: readonly Deno.Signal[] = Deno.build.os === "windows"
  ? ["SIGINT", "SIGBREAK"]
  : ["SIGINT", "SIGTERM"];

// A policy module may leave a promise behind that nobody awaits. Its failure is told; the gate, whose
// decisions never rest on such a promise, goes on.
globalThis.addEventListener("unhandledrejection", (event) => {
  event.preventDefault();
  warn(world, `a promise failed that nobody awaits: ${event.reason}`);
});

const code = await runProgram(world, [
  serveCommand({ ...servingParts, builtIns: builtInNames, signals, notify }),
  keygenCommand({ builtIns: builtInNames, askReload }),
  keysCommand({ builtIns: builtInNames, askReload }),
  validateCommand({ builtIns: builtInNames, check }),
  toolsCommand({
    builtIns: builtInNames,
    ask: (config) => surveyor.offer(config),
    rightsOf: compileGrant,
  }),
  doctorCommand({
    builtIns: builtInNames,
    check,
    askHealth: (config) => surveyor.health(config),
    tryPort: ({ listen }) => tryPort(listen),
    descriptorLimit: () => descriptorLimit(ownLimitsText() ?? ""),
  }),
  healthCommand({ ask: askLiveness }),
  auditCommand({
    builtIns: builtInNames,
    keyPath,
    markPath,
    readKey,
    keyOf: ({ secrets }) => stageKey(secrets.seal, "audit", CHAIN_PURPOSE),
    verifier: (keys, markText) => new ChainVerifier(keys, markText),
  }),
  explainCommand({ builtIns: builtInNames, readRule: ruleFor }),
  tryCommand({
    builtIns: builtInNames,
    readRule: ruleFor,
    judge,
    problemsOf,
    isModernOnly: (method) =>
      isClientRequest("modern", method) && !isClientRequest("legacy", method),
  }),
  demoCommand({ startGate, stopRequested }),
  schemaCommand({ builtIns: builtInNames }),
  typesCommand(CONTRACT_TEXT),
  versionCommand,
]);
Deno.exit(code);
