/**
 * Ways in which an exchange ends at the gate itself: answered, or refused by its door or a stage.
 * Each says how it comes about and what must then be on record.
 */
import type { AnyPolicyModule, Outcome } from "../../src/policy/contract.ts";
import { allow, deny } from "../../src/policy/contract.ts";
import { B, call, config, KEYS, type Scene } from "./support/gate_scene.ts";
import type { Setting } from "./support/gate_scene.ts";
import type { MemoryExchange } from "./support/memory_exchange.ts";
import { eventReply, MemoryReply } from "./support/memory_upstream.ts";

/** A way to end. */
export interface Ending {
  readonly name: string;
  readonly setting?: Setting;
  /** Leads one exchange to its end. */
  lead(scene: Scene): Promise<MemoryExchange>;
  /** What the record must say. */
  readonly record: Partial<Outcome>;
  /** What the client must have been told; 0: nothing. Default: what is on record. */
  readonly status?: number;
}

const COMPLETE = { end: "complete", decision: "allow", stage: null, reason: null } as const;
const DENIED = { end: "complete", decision: "deny" } as const;
const POLICY_FAILED = { end: "complete", decision: "error", reason: "Policy failed" } as const;

/** Bounds that a test can reach. */
export const SMALL = { ...config().limits, bodyBytes: 64, bodyDeadlineMs: 20, writeDeadlineMs: 20 };
/** Opens the stream for whatever comes. */
export const LISTEN = { method: "GET", fields: [["accept", "text/event-stream"]] } as const;
/** What nobody answers. */
export const never = () => new Promise<never>(() => {});

/** A user module `m` at `at` that does as `decide` says. */
export function module(decide: () => unknown, at: "head" | "call" = "call"): Setting {
  const made = {
    name: "m",
    at,
    options: (z) => z.object({}),
    create: () => decide,
  } as AnyPolicyModule;
  return {
    config: { pipeline: pipelineWith({ name: "m", use: "m", options: {}, timeoutMs: 20 }) },
    modules: { m: made },
  };
}

function pipelineWith(stage: { name: string; use: string; options: unknown; timeoutMs: number }) {
  const [audit, auth, ...rest] = config().pipeline;
  return [audit, auth, stage, ...rest].filter((one) => one !== undefined);
}

/** All of them. */
export const AT_THE_GATE: readonly Ending[] = [
  {
    name: "an answer in JSON",
    lead: (scene) => scene.post(call()),
    record: { ...COMPLETE, status: 200, label: "a", method: "tools/call", subject: "read_file" },
  },
  {
    name: "an answer as a stream",
    lead(scene) {
      scene.upstream.next(eventReply([{ jsonrpc: "2.0", id: 1, result: {} }]).end());
      return scene.post(call());
    },
    record: { ...COMPLETE, status: 200, bytesOut: 44 },
  },
  {
    name: "a notification",
    lead: (scene) => scene.post({ jsonrpc: "2.0", method: "notifications/initialized" }),
    record: { ...COMPLETE, status: 202, method: "notifications/initialized", bytesOut: 0 },
  },
  {
    name: "a session's end",
    lead: (scene) => scene.ask({ method: "DELETE" }),
    record: { ...COMPLETE, status: 200, http: "DELETE", method: null },
  },
  {
    name: "a GET stream that the upstream ends",
    lead(scene) {
      scene.upstream.next(eventReply([]).end());
      return scene.ask(LISTEN);
    },
    record: { ...COMPLETE, status: 200, http: "GET" },
  },
  {
    name: "a refusal of the upstream's own",
    lead(scene) {
      scene.upstream.next(new MemoryReply(405).end());
      return scene.ask(LISTEN);
    },
    record: { ...COMPLETE, status: 405 },
  },
  {
    name: "a preflight request",
    setting: { config: { origins: ["https://app.example"] } },
    lead: (scene) =>
      scene.ask({ method: "OPTIONS", fields: [["origin", "https://app.example"]] }, null),
    record: { ...COMPLETE, status: 204, label: null, http: "OPTIONS" },
  },
  {
    name: "an audited route of the gate's own",
    setting: {
      own: { "GET /stub": { status: 404, fields: [], body: new Uint8Array(2), audited: true } },
    },
    lead: (scene) => scene.ask({ method: "GET", target: "/stub?key=secret" }, null),
    record: { ...COMPLETE, status: 404, label: null, bytesOut: 2 },
  },
  {
    name: "a Host that is not allowed",
    setting: { config: { hosts: ["gate.example"] } },
    lead: (scene) => scene.ask({ fields: [["host", "other.example"]] }),
    record: { ...DENIED, status: 403, stage: "door", label: null, reason: "Host not allowed" },
  },
  {
    name: "no key",
    lead: (scene) => scene.post(call(), null),
    record: { ...DENIED, status: 401, stage: "auth", label: null, method: null, bytesIn: 0 },
  },
  {
    name: "a malformed body",
    lead: (scene) => scene.post("{"),
    record: { ...DENIED, status: 400, stage: "door", label: "a", reason: "Parse error" },
  },
  {
    name: "a body over its limit",
    setting: { config: { limits: SMALL } },
    lead: (scene) => scene.post("x".repeat(65)),
    record: { ...DENIED, status: 413, stage: "door", bytesIn: 65 },
  },
  {
    name: "a body over the limit of all bodies",
    setting: { config: { limits: { ...SMALL, heldBytes: 10 } } },
    lead: (scene) => scene.post("x".repeat(11)),
    record: { ...DENIED, status: 503, stage: "door", bytesIn: 11 },
  },
  {
    name: "a body that does not arrive",
    setting: { config: { limits: SMALL } },
    async lead(scene) {
      const exchange = scene.begin({ body: null });
      exchange.send("{");
      await scene.over();
      return exchange;
    },
    record: { ...DENIED, status: 408, stage: "door", bytesIn: 1 },
  },
  {
    name: "a denied tool",
    lead: (scene) => scene.post(call("rm"), B),
    record: { ...DENIED, status: 200, stage: "allowlist", label: "b", subject: "rm" },
  },
  {
    name: "a refused notification",
    lead: (scene) => scene.post({ jsonrpc: "2.0", method: "notifications/unheard_of" }),
    record: { ...DENIED, status: 202, stage: "allowlist" },
  },
  {
    name: "a limit of the rate",
    setting: { config: { keys: KEYS.map((key) => ({ ...key, rateLimit: { rps: 1, burst: 1 } })) } },
    async lead(scene) {
      await scene.post(call());
      scene.outcomes.length = 0;
      return await scene.post(call());
    },
    record: { ...DENIED, status: 429, stage: "ratelimit" },
  },
  {
    name: "a policy that throws",
    setting: module(() => {
      throw new Error("boom");
    }),
    lead: (scene) => scene.post(call()),
    record: { ...POLICY_FAILED, status: 503, stage: "m", detail: "m threw Error: boom" },
  },
  {
    name: "a policy that throws before the body is read",
    setting: module(() => {
      throw new Error("boom");
    }, "head"),
    lead: (scene) => scene.post(call()),
    record: { ...POLICY_FAILED, status: 503, stage: "m", method: "tools/call" },
  },
  {
    name: "a policy that hangs",
    setting: module(never),
    lead: (scene) => scene.post(call()),
    record: { ...POLICY_FAILED, status: 503, detail: "m gave no decision within 20 ms" },
  },
  {
    name: "a policy that returns rubbish",
    setting: module(() => true),
    lead: (scene) => scene.post(call()),
    record: { ...POLICY_FAILED, status: 503, detail: "m returned boolean" },
  },
  {
    name: "a policy that denies everything",
    setting: module(() => deny("forbidden", "Closed today", { detail: "it is Sunday" })),
    lead: (scene) => scene.post(call()),
    record: { ...DENIED, status: 200, stage: "m", reason: "Closed today", detail: "it is Sunday" },
  },
  {
    name: "a filter of a policy's that throws",
    setting: module(() =>
      allow({
        onReply() {
          throw new Error("boom");
        },
      })
    ),
    lead: (scene) => scene.post(call()),
    record: { end: "upstream_error", status: 502, detail: "broken: reply cannot be passed on" },
  },
];
