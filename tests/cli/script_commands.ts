/**
 * The program's commands as scripts meet them: real ones, lent a machine on which little is there. No
 * server answers but in `tools` and `doctor`, where it is said what one would answer.
 */
import { compileGrant, ruleFor } from "../../policies/allowlist_grant.ts";
import { auditLine } from "../../policies/audit_line.ts";
import { CHAIN_PURPOSE } from "../../policies/audit.ts";
import { keyPath, markPath, readKey } from "../../policies/audit_beside.ts";
import { ChainVerifier } from "../../policies/audit_verifier.ts";
import { BUILT_INS as STAGES } from "../../policies/mod.ts";
import { auditCommand } from "../../src/cli/audit.ts";
import { explainCommand } from "../../src/cli/explain.ts";
import { demoCommand } from "../../src/cli/demo.ts";
import { doctorCommand } from "../../src/cli/doctor.ts";
import { healthCommand } from "../../src/cli/health.ts";
import { keygenCommand } from "../../src/cli/keygen.ts";
import { keysCommand } from "../../src/cli/keys.ts";
import { schemaCommand } from "../../src/cli/schema.ts";
import { serveCommand } from "../../src/cli/serve.ts";
import { toolsCommand } from "../../src/cli/tools.ts";
import { requestReload } from "../../src/cli/reload_request.ts";
import { tryCommand } from "../../src/cli/try.ts";
import { typesCommand } from "../../src/cli/types.ts";
import { validateCommand } from "../../src/cli/validate.ts";
import { versionCommand } from "../../src/cli/version.ts";
import type { Loaded } from "../../src/cli/validate.ts";
import type { Command } from "../../src/cli/world.ts";
import { hashKey, mintKey } from "../../src/config/api_key.ts";
import { Gate } from "../../src/gate/gate.ts";
import type { GateParts } from "../../src/gate/generation.ts";
import { judgeTrial } from "../../src/gate/trial.ts";
import { stageKey } from "../../src/gate/stage_key.ts";
import { isClientRequest } from "../../src/mcp/revision.ts";
import type { Health } from "../../src/survey/health.ts";
import type { Offer } from "../../src/survey/offer.ts";
import { http1Upstream } from "../../src/upstream/http1_upstream.ts";

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

/** A server of four tools, as the program would hear of it; the survey itself is shown with real ones. */
const OFFER: Offer = {
  revision: "2025-11-25",
  server: { name: "files", version: "2.1" },
  tools: [
    { name: "read_file", destructive: "no", inputs: ["path"] },
    { name: "search_text", destructive: "no", inputs: ["query"] },
    { name: "delete_file", destructive: "said", inputs: ["path"] },
    { name: "run_command", destructive: "unsaid", inputs: ["command"] },
  ],
  prompts: ["summarise"],
  resources: ["file:///docs/start.md"],
  templates: [],
  gaps: [],
};

/** The part of a module that objects: what the real one says is tested where modules are built. */
function check({ config, problemAt }: Loaded) {
  return Promise.resolve(
    config.pipeline.flatMap(({ use }, index) =>
      use === null ? [] : [problemAt(["pipeline", index], "no default export", "a policy module")]
    ),
  );
}

/** On port 9000 a server answers; nothing does elsewhere. */
const answers = (url: string) => new URL(url).port === "9000";

/** A listener that nobody comes to. */
const quiet = (port: number) => ({
  port,
  connections: { open: 0, accepted: 0, refused: 0 },
  stop: () => Promise.resolve(),
});

const SERVING_PARTS: GateParts = {
  ...TRIAL_PARTS,
  connect: ({ upstream }) => http1Upstream({ url: upstream.url }),
};

/** Every command of the program, in its order. */
export const COMMANDS: readonly Command[] = [
  serveCommand({
    builtIns: BUILT_INS,
    openGate: (config) => Gate.open(config, SERVING_PARTS, { answer: () => null }),
    listen({ port }) {
      if (port === 8081) throw new Deno.errors.AddrInUse("Address already in use");
      return quiet(port);
    },
    listenForAdmin: ({ listen }) => quiet(listen.port),
    serveTogether: () => Promise.reject(new Error("No script has workers")),
    stageFacts: () => ({
      audit: { waitingBytes: 0, isFailing: false, lostLines: 0 },
      buckets: [],
    }),
    machine: { cores: 2, sharesPorts: true },
    program: { version: "0.1.0", runtime: "test" },
    problemsOf(error) {
      throw error;
    },
    // Whoever starts it stops it at once.
    signals: () => AbortSignal.abort(),
    notify: () => Promise.resolve(),
    proveTls: () => Promise.resolve(null),
  }),
  keygenCommand({ builtIns: BUILT_INS, askReload }),
  keysCommand({ builtIns: BUILT_INS, askReload }),
  validateCommand({ builtIns: BUILT_INS, check }),
  toolsCommand({
    builtIns: BUILT_INS,
    ask: ({ upstream }) =>
      answers(upstream.url) ? Promise.resolve(OFFER) : Promise.reject(new Error("nobody listens")),
    rightsOf: compileGrant,
  }),
  doctorCommand({
    builtIns: BUILT_INS,
    check,
    askHealth: ({ upstream }): Promise<Health> =>
      Promise.resolve(
        answers(upstream.url)
          ? {
            ok: true,
            revisions: ["2025-06-18", "2025-11-25"],
            dateMs: Date.UTC(2026, 10, 22, 12),
          }
          : { ok: false, trouble: "unreachable", detail: "nobody listens", location: null },
      ),
    tryPort: ({ listen }) => listen.port === 8081 ? "taken" : "free",
    descriptorLimit: () => ({ soft: 65_536, hard: 65_536 }),
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
