/**
 * One call judged by a configuration, without a server: the whole gate is built in memory, with its
 * stages and user modules, and asked as over the network. So there is no second set of rules. Nothing
 * is listened on, sent or written.
 */
import type { Config } from "../config/config.ts";
import { CAPABILITIES_META, VERSION_META } from "../mcp/era.ts";
import type { JsonObject } from "../mcp/json.ts";
import { LEGACY_REVISIONS, MODERN_REVISIONS } from "../mcp/revision.ts";
import { allow } from "../policy/contract.ts";
import type { AnyPolicyModule, Key, Outcome } from "../policy/contract.ts";
import type { Upstream } from "../upstream/upstream.ts";
import { Gate } from "./gate.ts";
import type { GateParts } from "./generation.ts";
import type { Fields, IncomingExchange } from "./incoming.ts";

/** What is asked. */
export interface TrialCall {
  readonly label: string;
  readonly method: string;
  readonly params: JsonObject;
  /** Whether it is asked as by the newest revision. */
  readonly isModern: boolean;
}

/** A key as a client holds it and as it is configured. */
export interface TrialKey {
  readonly key: string;
  readonly hash: string;
}

/**
 * How the exchange ends in which `config` judges `call`. Throws what a stage throws when it is built.
 *
 * @param key One that nobody else has; it stands for the caller's own
 */
export async function judgeTrial(
  config: Config,
  call: TrialCall,
  { key, hash }: TrialKey,
  parts: GateParts,
): Promise<Outcome> {
  let outcome: Outcome | null = null;
  const builtIns = new Map(parts.builtIns);
  builtIns.set("audit", recorder((ended) => outcome = ended));
  const gate = await Gate.open(
    trialConfig(config, call.label, hash),
    { ...parts, builtIns, connect: () => ANSWERING },
    { answer: () => null },
  );
  try {
    await gate.handle(incoming(config, call, key));
  } finally {
    await gate.close(0);
  }
  if (outcome === null) throw new TypeError("An exchange has ended without an outcome");
  return outcome;
}

/** The configuration with a key for `label` that is known here, and the one transport that is asked. */
function trialConfig(config: Config, label: string, hash: string): Config {
  const keys = config.keys.map((key) => key.label === label ? withHash(key, hash) : key);
  return { ...config, keys, upstream: { ...config.upstream, transport: "http" } };
}

/** In the place of the key that lasts longest. */
function withHash(key: Key, hash: string): Key {
  const end = ({ expiresMs }: Key["hashes"][number]) => expiresMs ?? Infinity;
  const [longest] = key.hashes.toSorted((a, b) => end(b) - end(a));
  // One that certificates alone prove ends with its entry.
  const proof = longest ?? { createdMs: null, expiresMs: key.expiresMs };
  return { ...key, hashes: [{ ...proof, hash }] };
}

/** A stage in the place of the log. */
function recorder(onFinish: (outcome: Outcome) => void): AnyPolicyModule {
  return {
    name: "audit",
    at: "head",
    options: (z) => z.object({}),
    create: () => () => allow({ onFinish }),
  };
}

/** An upstream that has everything and does nothing. */
const ANSWERING: Upstream = {
  ask(_request, asker) {
    const result = {
      protocolVersion: LEGACY,
      capabilities: {},
      serverInfo: { name: "nothing", version: "0" },
    };
    let rest: Uint8Array | null = bytesOf({ jsonrpc: "2.0", id: ID, result });
    const take = () => {
      const bytes = rest;
      rest = null;
      return bytes;
    };
    asker.onReply({
      status: 200,
      fields: [["content-type", "application/json"]],
      take,
      get isAtEnd() {
        return rest === null;
      },
      read: () => Promise.resolve(take()),
      // All of it is there, or its end.
      wait: (waiter) => waiter.onMore(),
      cancel() {},
    });
  },
  close: () => Promise.resolve(),
};

const ID = 1;
const LEGACY = LEGACY_REVISIONS.at(-1) ?? "";
const MODERN = MODERN_REVISIONS.at(-1) ?? "";

function incoming(config: Config, call: TrialCall, key: string): IncomingExchange {
  const { method, isModern } = call;
  const params: JsonObject = isModern
    ? {
      ...call.params,
      _meta: { [VERSION_META]: MODERN, [CAPABILITIES_META]: {} },
    }
    : call.params;
  const name = params["name"] ?? params["uri"];
  const fields: Fields = [
    ["host", config.hosts[0] ?? "localhost"],
    ["authorization", `Bearer ${key}`],
    ["content-type", "application/json"],
    ["accept", "application/json, text/event-stream"],
    ["mcp-protocol-version", isModern ? MODERN : LEGACY],
    ...(isModern ? [["mcp-method", method] as const] : []),
    ...(isModern && typeof name === "string" ? [["mcp-name", name] as const] : []),
  ];
  let body: Uint8Array | null = bytesOf({ jsonrpc: "2.0", id: ID, method, params });
  const take = () => {
    const bytes = body;
    body = null;
    return bytes;
  };
  return {
    method: "POST",
    target: config.path,
    fields,
    notes: { facts: null },
    peer: "127.0.0.1",
    certificate: null,
    body: { take, read: () => Promise.resolve(take()) },
    reply: {
      send: () => Promise.resolve(),
      start: () => ({ write: () => Promise.resolve(), end: () => Promise.resolve(), abort() {} }),
    },
    isGone: false,
    watcher: null,
  };
}

function bytesOf(value: unknown): Uint8Array {
  return new TextEncoder().encode(JSON.stringify(value));
}
