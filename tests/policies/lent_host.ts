/**
 * What a stage under test is given: a configuration with every default, a host whose clocks stand
 * still until they are moved and whose log is kept, and what a client asks.
 */
import type {
  AnyPolicyModule,
  Call,
  Clock,
  Context,
  Decision,
  GateConfig,
  Host,
  Key,
  KeyHash,
  Outcome,
  Principal,
} from "../../src/policy/contract.ts";

/** Both clocks in one; moved by hand. */
export class VirtualClock implements Clock {
  ms = 1_800_000_000_000;

  now(): number {
    return this.ms;
  }

  monotonic(): number {
    return this.ms - 1_799_999_999_000;
  }
}

/** A host with its doings in sight; disposing of it ends what was kept, as the gate does. */
export class LentHost implements Host, AsyncDisposable {
  readonly clock = new VirtualClock();
  readonly scope = new AsyncDisposableStack();
  readonly lines: string[] = [];
  readonly log = {
    info: (text: string) => void this.lines.push(`info: ${text}`),
    warn: (text: string) => void this.lines.push(`warn: ${text}`),
  };
  config: GateConfig;
  readonly #kept = new Map<string, unknown>();
  readonly #reloadHooks: (() => void)[] = [];

  constructor(changes: Partial<GateConfig> = {}) {
    this.config = gateConfig(changes);
  }

  keep<T>(name: string, make: () => T): T {
    if (!this.#kept.has(name)) this.#kept.set(name, make());
    return this.#kept.get(name) as T;
  }

  key(_purpose: string): Uint8Array | null {
    return null;
  }

  random(bytes: number): Uint8Array {
    return crypto.getRandomValues(new Uint8Array(bytes));
  }

  onReload(hook: () => void): void {
    this.#reloadHooks.push(hook);
  }

  /** What a reload that changes nothing does. */
  reload(): void {
    for (const hook of this.#reloadHooks) hook();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.scope.disposeAsync();
    const things = [...this.#kept.values()];
    this.#kept.clear();
    for (const thing of things) {
      if (isAsyncDisposable(thing)) await thing[Symbol.asyncDispose]();
    }
  }
}

function isAsyncDisposable(thing: unknown): thing is AsyncDisposable {
  return typeof thing === "object" && thing !== null && Symbol.asyncDispose in thing;
}

/** A policy, asked with a context whatever it looks at. */
export type Ask = (asked: Context) => Decision | Promise<Decision>;

/** The policy of `module`, built with no options. */
export async function build(module: AnyPolicyModule, host: Host): Promise<Ask> {
  return await module.create({}, host) as Ask;
}

/** One hash of a key. */
export function hashed(hash: string, expiresMs: number | null = null): KeyHash {
  return { hash, createdMs: null, expiresMs };
}

/** A key that may call nothing, with `changes`. Its hash is that of no key at all. */
export function keyNamed(label: string, changes: Partial<Key> = {}): Key {
  const { expiresMs = null } = changes;
  return {
    label,
    hashes: [hashed(label.charCodeAt(0).toString(16).padStart(64, "0"), expiresMs)],
    certificates: [],
    allow: [],
    deny: [],
    prompts: [],
    resources: [],
    rateLimit: { rps: 20, burst: 40 },
    expiresMs: null,
    ...changes,
  };
}

/** What the client of `label` asks, posted. */
export function asked(call: Call, changes: Partial<Context> = {}, label = "a"): Context {
  return {
    exchange: "x1",
    principal: { label, hash: null } satisfies Principal,
    http: {
      method: "POST",
      header: () => null,
      remote: "192.0.2.1",
      sameHead: {},
      certificate: null,
      certificateFault: null,
    },
    signal: new AbortController().signal,
    call,
    era: "legacy",
    bodyBytes: 100,
    ...changes,
  };
}

/** A request of `method`. */
export function request(method: string, params: Extract<Call, { kind: "request" }>["params"] = {}) {
  return { kind: "request", id: 1, method, params } satisfies Call;
}

/** An exchange that went well, with `changes`. */
export function outcome(changes: Partial<Outcome> = {}): Outcome {
  return {
    exchange: "x1",
    generation: 1,
    label: "a",
    http: "POST",
    method: "tools/call",
    subject: "read_file",
    decision: "allow",
    stage: null,
    reason: null,
    detail: null,
    status: 200,
    startedMs: 1_800_000_000_000,
    latencyMs: 1.25,
    bytesIn: 100,
    bytesOut: 200,
    remote: "192.0.2.1",
    session: null,
    protocol: "2025-11-25",
    end: "complete",
    ...changes,
  };
}

/** A configuration with every default, and `changes`. */
export function gateConfig(changes: Partial<GateConfig> = {}): GateConfig {
  return {
    upstream: {
      url: "http://localhost:9000/mcp",
      transport: "http",
      timeoutMs: 60_000,
      forwardHeaders: [],
      identityHeader: null,
      tls: null,
    },
    tls: null,
    listen: { hostname: "0.0.0.0", port: 8080 },
    admin: null,
    path: "/mcp",
    hosts: [],
    origins: [],
    workers: 1,
    trustedProxies: [],
    graceMs: 10_000,
    pidFile: null,
    keys: [],
    defaults: { rateLimit: { rps: 20, burst: 40 }, rateLimitReply: "http" },
    authFailures: { rps: 5, burst: 30 },
    audit: { output: "stderr", onError: "refuse", chain: false },
    mcp: { batch: "reject", resume: "on", instructions: "pass", samplingTools: "filter" },
    limits: {
      bodyBytes: 4 * 1024 * 1024,
      heldBytes: 64 * 1024 * 1024,
      connections: 16_384,
      connectionsPerAddress: 512,
      headerDeadlineMs: 10_000,
      bodyDeadlineMs: 10_000,
      writeDeadlineMs: 60_000,
      replyDeadlineMs: 600_000,
      depth: 128,
      members: 250_000,
      params: 64,
      method: 128,
      name: 256,
      id: 256,
      headerValueBytes: 8192,
      mcpParams: 32,
      batch: 32,
      replyBytes: 16 * 1024 * 1024,
      streamsPerKey: 128,
      auditLineBytes: 2048,
    },
    pipeline: [],
    ...changes,
  };
}
