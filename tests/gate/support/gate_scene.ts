/**
 * A whole gate in memory: the stages that ship, but for `audit`, which keeps its records; an
 * upstream that the test speaks for; clocks that the test moves; keys of several kinds.
 */
import { createHash } from "node:crypto";
import { BUILT_INS } from "../../../policies/mod.ts";
import type { Config } from "../../../src/config/config.ts";
import { Gate } from "../../../src/gate/gate.ts";
import { ownMemory } from "../../../src/gate/gate_memory.ts";
import type { GateParts, Generation } from "../../../src/gate/generation.ts";
import type { OwnAnswer, OwnRoutes } from "../../../src/gate/own_routes.ts";
import { allow } from "../../../src/policy/contract.ts";
import type { AnyPolicyModule, Key, Outcome, StageConfig } from "../../../src/policy/contract.ts";
import type { Upstream } from "../../../src/upstream/upstream.ts";
import { allocateMemory, sharedGateMemory } from "../../../src/workers/shared_memory.ts";
import { gateConfig, hashed, keyNamed, VirtualClock } from "../../policies/lent_host.ts";
import { eventually, inTime } from "../../support/eventually.ts";
import { MemoryExchange, type Request } from "./memory_exchange.ts";
import { MemoryUpstream } from "./memory_upstream.ts";

/** May use everything. */
export const A = "KEY-A-0123456789abcdef";
/** May call `read_file`. */
export const B = "KEY-B-0123456789abcdef";
/** May call nothing. */
export const D = "KEY-D-0123456789abcdef";

/** The configured entry of `key`, labelled by its letter, with `changes`. */
export function keyEntry(key: string, changes: Partial<Key> = {}): Key {
  const label = key.slice(4, 5).toLowerCase();
  return keyNamed(label, {
    hashes: [hashed(createHash("sha256").update(key).digest("hex"), changes.expiresMs)],
    ...changes,
  });
}

/** The keys of a scene that says nothing else. */
export const KEYS: readonly Key[] = [
  keyEntry(A, { allow: ["*"], prompts: ["*"], resources: ["*"] }),
  keyEntry(B, { allow: ["read_file"] }),
  keyEntry(D),
];

/** The stage of `name`: a built-in, or a user module where `use` is given. */
export function stage(name: string, use: string | null = null): StageConfig {
  return { name, use, options: {}, timeoutMs: 1000 };
}

const PIPELINE = ["audit", "auth", "ratelimit", "allowlist"].map((name) => stage(name));

/** A configuration with every default and the keys above, and `changes`. */
export function config(changes: Partial<Config> = {}): Config {
  return {
    ...gateConfig({ keys: KEYS, pipeline: PIPELINE }),
    secrets: { seal: "a secret of the gate's", upstreamHeaders: [], tls: null, upstreamTls: null },
    moduleTexts: [],
    fingerprint: "",
    ...changes,
  };
}

/** What a scene is set with. */
export interface Setting {
  readonly config?: Partial<Config>;
  /** User modules, by the path that the pipeline uses. */
  readonly modules?: Readonly<Record<string, AnyPolicyModule>>;
  /** Stages between `auth` and `ratelimit`, each a user module of the same name. */
  readonly stages?: readonly string[];
  /** The gate's own routes, by method and path; a promise is one that takes its time. */
  readonly own?: Readonly<Record<string, OwnAnswer | Promise<OwnAnswer | null>>>;
  /** In place of the scene's own upstream. */
  readonly connect?: () => Upstream;
  /** Gates that share their memory, as those of workers do. Default: one, alone. */
  readonly gates?: number;
  /** What looks on: in most scenes nobody does. */
  readonly witness?: Pick<GateParts, "census">;
}

/** A gate at work. Disposing of it closes the gate and checks that nothing is left. */
export class Scene implements AsyncDisposable {
  readonly upstream: MemoryUpstream;
  readonly clock: VirtualClock;
  /** One for each exchange that has ended. */
  readonly outcomes: Outcome[];
  /** What was told to the operator. */
  readonly log: string[];
  /** Of exchanges that have not ended. */
  readonly #runs = new Set<Promise<void>>();

  private constructor(
    readonly gate: Gate,
    /** All of them; `gate` is the first. */
    readonly gates: readonly Gate[],
    made: Made,
    readonly setting: Setting,
  ) {
    this.upstream = made.upstream;
    this.clock = made.clock;
    this.outcomes = made.outcomes;
    this.log = made.log;
  }

  /** Opens the gate. */
  static async open(setting: Setting = {}): Promise<Scene> {
    const made = make(setting);
    const { parts } = made;
    const count = setting.gates ?? 1;
    const shared = count === 1 ? null : allocateMemory(count, parts.random);
    const gates = await Promise.all(Array.from({ length: count }, (_, index) => {
      const memory = shared === null
        ? ownMemory(parts)
        : sharedGateMemory(shared, { index, count }, parts.clock);
      return Gate.open(configOf(setting), parts, routes(setting.own ?? {}), memory);
    }));
    return new Scene(gates[0] as Gate, gates, made, setting);
  }

  /** Lets `config` rule in all gates. */
  async reload(config: Config): Promise<void> {
    const prepared = await Promise.all(this.gates.map((gate) => gate.prepare(config)));
    for (const [index, gate] of this.gates.entries()) gate.commit(prepared[index] as Generation);
  }

  /** The configuration as it was set, with `changes`. */
  config(changes: Partial<Config> = {}): Config {
    return { ...configOf(this.setting), ...changes };
  }

  /** Lets a client of `key` ask; the exchange is under way when this returns. */
  begin(request: Request = {}, key: string | null = A): MemoryExchange {
    const credential = key === null ? [] : [["authorization", `Bearer ${key}`] as const];
    const fields = [...credential, ...(request.fields ?? [])];
    const exchange = new MemoryExchange({ ...request, fields });
    const run = Promise.resolve(this.gate.handle(exchange));
    this.#runs.add(run);
    run.then(() => this.#runs.delete(run));
    return exchange;
  }

  /** Lets a client of `key` ask, and waits for the end. */
  async ask(request: Request = {}, key: string | null = A): Promise<MemoryExchange> {
    const exchange = this.begin(request, key);
    await this.over();
    return exchange;
  }

  /** {@link ask} for a message, posted. */
  post(message: unknown, key: string | null = A, request: Request = {}): Promise<MemoryExchange> {
    return this.ask({ ...request, body: bodyOf(message) }, key);
  }

  /** Waits until every exchange has ended. */
  async over(): Promise<void> {
    await inTime("every exchange to end", Promise.all(this.#runs));
  }

  /** The record of the exchange that ended last. */
  get last(): Outcome {
    const outcome = this.outcomes.at(-1);
    if (outcome === undefined) throw new Error("No exchange has ended");
    return outcome;
  }

  /** Resolves when `count` exchanges have ended. */
  async ended(count: number): Promise<void> {
    await eventually(`${count} exchanges to end`, () => this.outcomes.length >= count);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.gates.map((gate) => gate.close(0)));
    await this.over();
    for (const { held, streams } of this.gates) {
      if (held.bytes !== 0) throw new Error(`Bytes of bodies still held: ${held.bytes}`);
      for (const { label } of KEYS) {
        if (!streams.take(label, 1)) throw new Error(`A stream of ${label} is still counted`);
        streams.release(label);
      }
    }
  }
}

/** `message` as the body of a POST; strings and bytes stay as they are. */
export function bodyOf(message: unknown): string | Uint8Array {
  return typeof message === "string" || message instanceof Uint8Array
    ? message
    : JSON.stringify(message);
}

/** A request of JSON-RPC. */
export function rpc(method: string, params: unknown = {}, id: string | number = 1) {
  return { jsonrpc: "2.0", id, method, params };
}

/** A call of the tool `name`. */
export function call(name = "read_file", id: string | number = 1) {
  return rpc("tools/call", { name, arguments: {} }, id);
}

interface Made {
  readonly parts: GateParts;
  readonly upstream: MemoryUpstream;
  readonly clock: VirtualClock;
  readonly outcomes: Outcome[];
  readonly log: string[];
}

function make(setting: Setting): Made {
  const upstream = new MemoryUpstream();
  const clock = new VirtualClock();
  const outcomes: Outcome[] = [];
  const log: string[] = [];
  const recorder: AnyPolicyModule = {
    name: "audit",
    at: "head",
    options: (z) => z.object({}),
    create: () => () => allow({ onFinish: (outcome) => void outcomes.push(outcome) }),
  };
  let drawn = 0;
  const parts: GateParts = {
    builtIns: new Map([...BUILT_INS, ["audit", recorder]]),
    loadPlugin: (path) => {
      const module = setting.modules?.[path];
      return module === undefined
        ? Promise.reject(new Error(`No module ${path}`))
        : Promise.resolve(module);
    },
    connect: setting.connect ?? (() => upstream),
    clock,
    random: (bytes) =>
      new Uint8Array(bytes).map(() => (drawn = Math.imul(drawn, 1664525) + 1013904223) >>> 24),
    log: (source) => ({
      info: (text) => void log.push(`${source}: ${text}`),
      warn: (text) => void log.push(`${source}: ${text}`),
    }),
    userAgent: "mcpgate/test",
    ...setting.witness,
  };
  return { parts, upstream, clock, outcomes, log };
}

function configOf({ config: changes = {}, stages = [] }: Setting): Config {
  const [audit, auth, ...rest] = PIPELINE;
  const user = stages.map((name) => stage(name, name));
  const pipeline = [audit, auth, ...user, ...rest].filter((one) => one !== undefined);
  return config({ pipeline, ...changes });
}

function routes(own: NonNullable<Setting["own"]>): OwnRoutes {
  return { answer: (method, path) => own[`${method} ${path}`] ?? null };
}
