/**
 * `serve` with some of its stages switched off, which no configuration permits: those not named do
 * nothing, and without `auth` every caller is the first key's. For measuring what a stage costs; a
 * program of its own, never part of the shipped one.
 *
 * Usage: partial_gate.ts STAGE,STAGE… serve -c CONFIG
 */
import { randomBytes } from "node:crypto";
import { resolve } from "node:path";
import { BUILT_INS, stageFacts } from "../../policies/mod.ts";
import { Serving } from "../../src/cli/serving.ts";
import { loadConfig } from "../../src/config/load.ts";
import { formatProblems } from "../../src/config/problem.ts";
import { Gate } from "../../src/gate/gate.ts";
import { allow } from "../../src/policy/contract.ts";
import type { AnyPolicyModule } from "../../src/policy/contract.ts";
import { listen } from "../../src/server/listener.ts";
import { ownRoutes } from "../../src/server/own_routes.ts";
import { http1Upstream } from "../../src/upstream/http1_upstream.ts";

const [stages = "", _serve, _flag, path = ""] = Deno.args;
const kept = new Set(stages.split(","));

const loaded = loadConfig(path, {
  readText: (file) => Deno.readTextFileSync(file),
  env: () => undefined,
  resolve,
  builtIns: new Set(BUILT_INS.keys()),
});
if (!loaded.ok) throw new Error(formatProblems(loaded.problems));

/** A stage of this name that lets everything pass. */
function idle(module: AnyPolicyModule): AnyPolicyModule {
  const head = {
    name: module.name,
    at: "head",
    options: (z) => z.object({}),
    create: (_options, { config }) => {
      const [key] = config.keys;
      const hash = key?.hashes[0]?.hash ?? null;
      const decision = key === undefined || module.name !== "auth"
        ? allow()
        : allow({ principal: { label: key.label, hash } });
      return () => decision;
    },
  } satisfies AnyPolicyModule;
  const call = {
    name: module.name,
    options: (z) => z.object({}),
    create: () => () => allow(),
  } satisfies AnyPolicyModule;
  return module.at === "head" ? head : call;
}

const log = () => ({ info() {}, warn: (text: string) => console.error(text) });
const serving = await Serving.start(loaded.config, {
  openGate: (config) =>
    Gate.open(config, {
      builtIns: new Map(
        [...BUILT_INS].map(([name, module]) => [name, kept.has(name) ? module : idle(module)]),
      ),
      loadPlugin: () => Promise.reject(new Error("no user modules here")),
      connect: ({ upstream }) => http1Upstream({ url: upstream.url }),
      clock: { now: () => Date.now(), monotonic: () => performance.now() },
      random: (bytes) => randomBytes(bytes),
      log,
      userAgent: "mcpgate-bench",
    }, ownRoutes()),
  listen: (options) => listen({ ...options, log: log() }),
  listenForAdmin: () => {
    throw new TypeError("nobody looks here");
  },
  program: { version: "bench", runtime: "" },
  stageFacts: (gate) => stageFacts(gate.kept, [], 0),
  machine: { cores: 1, sharesPorts: false },
  serveTogether: () => Promise.reject(new Error("no workers here")),
  proveTls: () => Promise.resolve(null),
  problemsOf: (error) => {
    throw error;
  },
});
console.error(`mcpgate: listening on ${serving.url}`);
