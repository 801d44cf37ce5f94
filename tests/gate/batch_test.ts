/** Batches of 2025-03-26 (§1.7): all or nothing, and every request in one gets exactly one answer. */
import assert from "node:assert/strict";
import { refusedReply } from "../../src/gate/batch.ts";
import { UpstreamError } from "../../src/upstream/upstream.ts";
import { A, B, call, config, keyEntry, KEYS, rpc, Scene } from "./support/gate_scene.ts";
import type { Setting } from "./support/gate_scene.ts";
import { eventReply, jsonReply, MemoryReply } from "./support/memory_upstream.ts";

const ALLOWED: Setting = { config: { mcp: { ...config().mcp, batch: "allow" } } };
const INITIALIZED = { jsonrpc: "2.0", method: "notifications/initialized" };

function error(id: string | number, code: number, message: string) {
  return { jsonrpc: "2.0", id, error: { code, message } };
}

const UNAVAILABLE = "Upstream MCP server unavailable";

Deno.test("a batch goes up as it is, and its answers come down", async () => {
  await using scene = await Scene.open(ALLOWED);
  const batch = [call("x", 1), INITIALIZED, call("y", "1")];
  const exchange = await scene.post(batch);
  assert.deepEqual(exchange.json, [
    { jsonrpc: "2.0", id: 1, result: {} },
    { jsonrpc: "2.0", id: "1", result: {} },
  ]);
  const [request] = scene.upstream.requests;
  assert.equal(new TextDecoder().decode(request?.body ?? undefined), JSON.stringify(batch));
});

Deno.test("a batch with a denied element goes nowhere, and all its requests are told", async () => {
  await using scene = await Scene.open(ALLOWED);
  const batch = [call("read_file", 1), INITIALIZED, call("rm", 2), call("read_file", 3)];
  const exchange = await scene.post(batch, B);
  assert.equal(exchange.status, 200);
  assert.deepEqual(exchange.json, [
    error(1, -32600, "Batch rejected"),
    error(2, -32602, "Unknown tool: rm (not available to this API key)"),
    error(3, -32600, "Batch rejected"),
  ]);
  assert.equal(scene.upstream.requests.length, 0);
  assert.deepEqual([scene.outcomes.length, scene.last.stage], [1, "allowlist"]);
});

Deno.test("a batch of nothing but notifications is dropped where one is denied", async () => {
  await using scene = await Scene.open(ALLOWED);
  const exchange = await scene.post([INITIALIZED, { ...INITIALIZED, method: "notifications/x" }]);
  assert.deepEqual([exchange.status, exchange.text], [202, ""]);
  assert.equal(scene.upstream.requests.length, 0);
});

Deno.test("each element of a batch costs a token", async () => {
  const keys = [...KEYS.slice(1), keyEntry(A, { allow: ["*"], rateLimit: { rps: 1, burst: 2 } })];
  await using scene = await Scene.open({ config: { ...ALLOWED.config, keys } });
  const exchange = await scene.post([call("x", 1), call("x", 2), call("x", 3)]);
  assert.equal(exchange.status, 429);
  assert.equal(exchange.field("retry-after"), "1");
  const [first, second, third] = exchange.json as { id: number; error: { code: number } }[];
  assert.deepEqual([first?.error.code, second?.error.code, third?.error.code], [
    -32600,
    -32600,
    -31429,
  ]);
});

const FAILURES = [
  {
    name: "that cannot be reached",
    reply: () => Promise.reject(new UpstreamError("unreachable", "x")),
  },
  { name: "that accepts what wants answers", reply: () => new MemoryReply(202).end() },
  { name: "that answers one only", reply: () => jsonReply([error(1, 0, "")]) },
];

for (const { name, reply } of FAILURES) {
  Deno.test(`every request of a batch is told of an upstream ${name}`, async () => {
    await using scene = await Scene.open(ALLOWED);
    scene.upstream.next(reply);
    const exchange = await scene.post([INITIALIZED, call("x", 1), call("y", 2)]);
    assert.equal(exchange.status, 502);
    assert.deepEqual(exchange.json, [error(1, -32603, UNAVAILABLE), error(2, -32603, UNAVAILABLE)]);
  });
}

Deno.test("every request of a batch that waits on a broken stream is told", async () => {
  await using scene = await Scene.open(ALLOWED);
  const answer = { jsonrpc: "2.0", id: 2, result: {} };
  scene.upstream.next(eventReply([[answer]]).breakOff());
  const exchange = await scene.post([call("x", 1), call("y", 2), call("z", "2")]);
  assert.deepEqual(exchange.events, [
    [answer],
    error(1, -32603, UNAVAILABLE),
    error("2", -32603, UNAVAILABLE),
  ]);
});

Deno.test("a list within a batch's answers is filtered", async () => {
  await using scene = await Scene.open(ALLOWED);
  const list = (...names: string[]) => ({
    jsonrpc: "2.0",
    id: 1,
    result: { tools: names.map((name) => ({ name })) },
  });
  scene.upstream.next(jsonReply([list("read_file", "rm")]));
  const exchange = await scene.post([rpc("tools/list")], B);
  assert.deepEqual(exchange.json, [list("read_file")]);
});

Deno.test("refusedReply answers the upstream's request, so that it does not wait", () => {
  const denial = { kind: "invalid_params", stage: "allowlist", reason: "No" } as const;
  for (const id of [1, "1"]) {
    assert.deepEqual(
      JSON.parse(new TextDecoder().decode(refusedReply(id, denial))),
      error(id, -32602, "No"),
    );
  }
});
