/**
 * The order of checks of PROTOCOL §4.4: where a request breaks two rules, the earlier one answers,
 * and the record names its stage.
 */
import assert from "node:assert/strict";
import { A, call, config, D, keyEntry, rpc, Scene } from "./support/gate_scene.ts";
import type { Request } from "./support/memory_exchange.ts";

/** A request, all of it. */
type Whole = Required<Omit<Request, "notes">>;

/** A rule, and how to break it. */
interface Breach {
  readonly name: string;
  readonly stage: string;
  readonly status: number;
  readonly reason: string;
  /** Changes a request that passes. */
  breaks(request: Whole): Partial<Request>;
  /** Null: without a key. */
  readonly key?: string | null;
  /** Whether requests were sent before, so that no token is left. */
  readonly spends?: boolean;
}

const field = (name: string, value: string) => ({ fields }: Whole) => ({
  fields: [...fields.filter(([other]) => other !== name), [name, value] as const],
});

const BREACHES: readonly Breach[] = [
  {
    name: "Host",
    stage: "door",
    status: 403,
    reason: "Host not allowed",
    breaks: field("host", "evil.example/mcp?"),
  },
  {
    name: "target that fits no Host",
    stage: "door",
    status: 400,
    reason: "Malformed request target",
    breaks: () => ({ target: null }),
  },
  {
    name: "path",
    stage: "door",
    status: 404,
    reason: "No MCP endpoint at this path",
    breaks: () => ({ target: "/mcp/" }),
  },
  {
    name: "HTTP method",
    stage: "door",
    status: 405,
    reason: "Use GET, POST or DELETE",
    breaks: () => ({ method: "PATCH" }),
  },
  {
    name: "Origin",
    stage: "door",
    status: 403,
    reason: "Origin not allowed",
    breaks: field("origin", "https://evil.example"),
  },
  {
    name: "key",
    stage: "auth",
    status: 401,
    reason: "Missing or unknown API key. Send it as: Authorization: Bearer <key>",
    breaks: () => ({}),
    key: null,
  },
  {
    name: "header grammar",
    stage: "door",
    status: 400,
    reason: "Malformed or repeated header: last-event-id",
    breaks: field("last-event-id", "two, values"),
  },
  {
    name: "Content-Type",
    stage: "door",
    status: 415,
    reason: "Content-Type must be application/json",
    breaks: field("content-type", "text/plain"),
  },
  {
    name: "size",
    stage: "door",
    status: 413,
    reason: "Request body too large",
    breaks: field("content-length", "4194305"),
  },
  {
    name: "body deadline",
    stage: "door",
    status: 408,
    reason: "Request body did not arrive in time",
    breaks: () => ({ body: null }),
  },
  {
    name: "strict reading",
    stage: "door",
    status: 400,
    reason: "Invalid request: duplicate member",
    breaks: () => ({
      body: '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"x","name":"y"}}',
    }),
  },
  {
    name: "era",
    stage: "door",
    status: 400,
    reason: "Unsupported protocol version",
    breaks: field("mcp-protocol-version", "1999-01-01"),
  },
  {
    name: "session",
    stage: "door",
    status: 404,
    reason: "Session not found",
    breaks: field("mcp-session-id", "somebody-elses.0123456789012345678901"),
  },
  {
    name: "rate",
    stage: "ratelimit",
    status: 429,
    reason: "Rate limit exceeded; retry in 1 s",
    breaks: () => ({}),
    spends: true,
  },
  {
    name: "method",
    stage: "allowlist",
    status: 200,
    reason: "Method not found: tools/destroy",
    breaks: () => ({ body: JSON.stringify(rpc("tools/destroy", { name: "nothing" })) }),
  },
  {
    name: "tool",
    stage: "allowlist",
    status: 200,
    reason: "Unknown tool: nothing (not available to this API key)",
    breaks: () => ({ body: JSON.stringify(call("nothing")) }),
  },
];

/** Sends one request that breaks all `breaches`, the earlier ones last, so that none is undone. */
async function outcomeOf(breaches: readonly Breach[]) {
  const spends = breaches.some((breach) => breach.spends);
  const key = keyEntry(D, { rateLimit: spends ? { rps: 1, burst: 1 } : { rps: 100, burst: 100 } });
  const limits = { ...config().limits, bodyDeadlineMs: 20 };
  await using scene = await Scene.open({ config: { keys: [key], limits } });
  if (spends) await scene.post(rpc("ping"), D);

  let request: Whole = {
    method: "POST",
    target: "/mcp",
    fields: [["content-type", "application/json"]],
    body: JSON.stringify(rpc("tools/list")),
    peer: "192.0.2.7",
  };
  for (const breach of breaches.toReversed()) request = { ...request, ...breach.breaks(request) };
  const sentBefore = scene.upstream.requests.length;
  const { status } = await scene.ask(request, breaches.some((one) => one.key === null) ? null : D);
  const { stage, reason, decision, status: recorded } = scene.last;
  assert.equal(scene.upstream.requests.length, sentBefore, "something was forwarded");
  assert.deepEqual({ decision, recorded }, { decision: "deny", recorded: status });
  return { stage, status, reason };
}

for (const [index, { name, stage, status, reason, ...breach }] of BREACHES.entries()) {
  const earlier = { name, stage, status, reason, ...breach };
  Deno.test(`order of checks: ${name} alone is refused`, async () => {
    assert.deepEqual(await outcomeOf([earlier]), { stage, status, reason });
  });
  const later = BREACHES.slice(index + 1);
  if (later.length === 0) continue;
  Deno.test(`order of checks: ${name} comes before all that follow it`, async (t) => {
    for (const other of later) {
      await t.step(other.name, async () => {
        assert.deepEqual(await outcomeOf([earlier, other]), { stage, status, reason });
      });
    }
  });
}

Deno.test("order of checks: the cap of streams comes after the key and before header grammar", async () => {
  const limits = { ...config().limits, streamsPerKey: 0 };
  await using scene = await Scene.open({ config: { limits } });
  const fields = [["last-event-id", "two, values"]] as const;
  const stranger = await scene.ask({ method: "GET", fields }, null);
  const known = await scene.ask({ method: "GET", fields }, A);
  assert.deepEqual([stranger.status, known.status], [401, 429]);
});
