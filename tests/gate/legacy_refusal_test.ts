/**
 * Refusals on the HTTP+SSE transport through a whole gate: told on the stream wherever the message
 * was understood, so that no client takes them for the end of the transport; by a status elsewhere.
 */
import assert from "node:assert/strict";
import type { AnyPolicyModule, Context } from "../../src/policy/contract.ts";
import { allow, deny } from "../../src/policy/contract.ts";
import { UpstreamError } from "../../src/upstream/upstream.ts";
import { eventually } from "../support/eventually.ts";
import { config, type Setting } from "./support/gate_scene.ts";
import {
  A,
  B,
  call,
  ended,
  keyEntry,
  MemoryReply,
  messageOf,
  messagesOf,
  openLegacy,
  openStream,
  postTo,
  rpc,
  sentUp,
} from "./support/legacy_scene.ts";
import type { Answering } from "./support/memory_upstream.ts";

const META = {
  "io.modelcontextprotocol/protocolVersion": "2026-07-28",
  "io.modelcontextprotocol/clientCapabilities": {},
};

/** A user module that denies every request as `kind`. */
function denying(kind: "forbidden" | "unavailable"): Setting {
  const module = {
    name: "m",
    options: (z) => z.object({}),
    create: () => ({ call }: Context) =>
      call.kind === "request" ? deny(kind, "Not today") : allow(),
  } as AnyPolicyModule;
  return { modules: { m: module }, stages: ["m"] };
}

const ON_THE_STREAM = [
  {
    name: "a tool that is denied",
    message: call("wipe"),
    code: -32602,
    text: "Unknown tool: wipe (not available to this API key)",
  },
  {
    name: "a method that is unknown",
    message: rpc("evil/method"),
    code: -32601,
    text: "Method not found: evil/method",
  },
  {
    name: "a prompt that is denied",
    message: rpc("prompts/get", { name: "p" }),
    code: -32602,
    text: "Unknown prompt: p",
  },
  {
    name: "a resource that is denied",
    message: rpc("resources/read", { uri: "file:///x" }),
    code: -32002,
    text: "Resource not found",
  },
  {
    name: "a request of a later revision",
    message: rpc("server/discover", { _meta: META }),
    code: -32601,
    text: "Method not found: server/discover",
  },
  {
    name: "a call of a later revision",
    message: rpc("tools/call", { name: "read_file", _meta: META }),
    code: -32601,
    text: "Method not found: tools/call",
  },
  {
    name: "what a user module forbids",
    setting: denying("forbidden"),
    message: call(),
    code: -31403,
    text: "Not today",
  },
  {
    name: "what a user module cannot judge",
    setting: denying("unavailable"),
    message: call(),
    code: -32603,
    text: "Not today",
  },
] as const;

for (const { name, message, code, text, ...rest } of ON_THE_STREAM) {
  Deno.test(`told on the stream: ${name}`, async () => {
    await using scene = await openLegacy("setting" in rest ? rest.setting : {});
    const stream = await openStream(scene, B);
    const exchange = await postTo(scene, stream.target, message, B);
    assert.deepEqual([exchange.status, exchange.text], [202, ""]);
    assert.deepEqual(messagesOf(stream), [
      { jsonrpc: "2.0", id: 1, error: { code, message: text } },
    ]);
    assert.deepEqual(sentUp(scene), []);
    const { decision, status, label } = scene.last;
    assert.deepEqual(
      [decision, status, label],
      ["deny", 202, "b"].with(
        0,
        text === "Not today" && code === -32603 ? "error" : "deny",
      ),
    );
  });
}

Deno.test("told on the stream: a rate limit, whichever form it has elsewhere", async () => {
  await using scene = await openLegacy({
    config: { keys: [keyEntry(A, { allow: ["*"], rateLimit: { rps: 1, burst: 2 } })] },
  });
  const stream = await openStream(scene);
  const statuses = [];
  for (const id of [1, 2, 3]) {
    statuses.push((await postTo(scene, stream.target, rpc("ping", {}, id))).status);
  }
  assert.deepEqual(statuses, [202, 202, 202]);
  const told = messagesOf(stream) as { id: number; error: { code: number; data: unknown } }[];
  assert.deepEqual(told.map(({ id, error }) => [id, error.code]), [[2, -31429], [3, -31429]]);
  assert.deepEqual(scene.outcomes.map(({ decision }) => decision), ["allow", "deny", "deny"]);
});

const FAILURES: readonly { name: string; answer: Answering }[] = [
  { name: "cannot be reached", answer: () => Promise.reject(new UpstreamError("unreachable", "")) },
  { name: "breaks off", answer: () => Promise.reject(new UpstreamError("broken", "")) },
  { name: "answers 404", answer: () => new MemoryReply(404).end() },
  { name: "answers 500", answer: () => new MemoryReply(500).end() },
  { name: "answers 401", answer: () => new MemoryReply(401).end() },
  { name: "redirects", answer: () => new MemoryReply(307, [["location", "/"]]).end() },
];

for (const { name, answer } of FAILURES) {
  Deno.test(`told on the stream: an upstream that ${name}`, async () => {
    await using scene = await openLegacy();
    const stream = await openStream(scene);
    let reply: MemoryReply | null = null;
    scene.upstream.next(async (request) => reply = await answer(request));
    assert.equal((await postTo(scene, stream.target, call())).status, 202);
    assert.ok((reply as MemoryReply | null)?.cancelled ?? true);
    const message = "Upstream MCP server unavailable";
    assert.deepEqual(messagesOf(stream), [
      { jsonrpc: "2.0", id: 1, error: { code: -32603, message } },
    ]);
    assert.deepEqual([scene.last.decision, scene.last.end], ["error", "upstream_error"]);
    // It is not awaited any more: an answer that comes late is the second one.
    stream.reply.send(messageOf({ jsonrpc: "2.0", id: 1, result: {} })).end();
    await eventually("the end", () => ended(stream.exchange));
    assert.equal(messagesOf(stream).length, 1);
  });

  Deno.test(`a notification is accepted where an upstream ${name}`, async () => {
    await using scene = await openLegacy();
    const stream = await openStream(scene);
    scene.upstream.next(answer);
    const message = { jsonrpc: "2.0", method: "notifications/initialized" };
    assert.equal((await postTo(scene, stream.target, message)).status, 202);
    assert.deepEqual([messagesOf(stream), scene.last.decision], [[], "error"]);
  });
}

Deno.test("one answer only, where the server answers on the stream and fails the message", async () => {
  await using scene = await openLegacy();
  const stream = await openStream(scene);
  const answer = { jsonrpc: "2.0", id: 1, result: { content: [] } };
  scene.upstream.next(async () => {
    stream.reply.send(messageOf(answer));
    await stream.exchange.has('"result"');
    return new MemoryReply(500).end();
  });
  assert.equal((await postTo(scene, stream.target, call())).status, 202);
  assert.deepEqual([messagesOf(stream), scene.last.decision], [[answer], "error"]);
});

const BY_STATUS = [
  { name: "no JSON", body: "{", status: 400, code: -32700 },
  { name: "a batch", body: [call()], status: 400, code: -32600 },
  {
    name: "a duplicate member",
    body: '{"jsonrpc":"2.0","id":1,"id":2,"method":"ping"}',
    status: 400,
    code: -32600,
  },
  {
    name: "a request without an id",
    body: { jsonrpc: "2.0", method: "tools/list" },
    status: 400,
    code: -32600,
  },
  { name: "more than may be", body: "x".repeat(200), status: 413, code: -32600 },
] as const;

for (const { name, body, status, code } of BY_STATUS) {
  Deno.test(`told by status ${status}: ${name}`, async () => {
    const limits = { ...config().limits, bodyBytes: 100 };
    const mcp = { ...config().mcp, batch: "allow" as const };
    await using scene = await openLegacy({ config: { limits, mcp } });
    const stream = await openStream(scene);
    const exchange = await postTo(scene, stream.target, body);
    const told = exchange.json as { id: unknown; error: { code: number } };
    assert.deepEqual([exchange.status, told.id, told.error.code], [status, null, code]);
    assert.deepEqual([messagesOf(stream), sentUp(scene)], [[], []]);
  });
}

Deno.test("told by status 401: a key that is unknown, whatever stream it names", async () => {
  await using scene = await openLegacy();
  const { target } = await openStream(scene);
  const exchange = await postTo(scene, target, call(), "KEY-X-0123456789abcdef");
  assert.equal(exchange.status, 401);
});

Deno.test("told by status 400: an id that is in use, of which two answers would come", async () => {
  await using scene = await openLegacy();
  const stream = await openStream(scene);
  const statuses = [];
  for (const id of [1, "1", 1]) {
    statuses.push((await postTo(scene, stream.target, call("x", id))).status);
  }
  assert.deepEqual([statuses, sentUp(scene).length], [[202, 202, 400], 2]);
});

const QUIET = [
  { name: "a notification that is unknown", message: { jsonrpc: "2.0", method: "evil" } },
  {
    name: "a notification of a later revision",
    message: { jsonrpc: "2.0", method: "notifications/cancelled", params: { _meta: META } },
  },
  { name: "a reply that nobody asked for", message: { jsonrpc: "2.0", id: 1, result: {} } },
];

for (const { name, message } of QUIET) {
  Deno.test(`told to nobody: ${name}`, async () => {
    await using scene = await openLegacy();
    const stream = await openStream(scene);
    const exchange = await postTo(scene, stream.target, message);
    assert.deepEqual([exchange.status, exchange.text, messagesOf(stream)], [202, "", []]);
    assert.deepEqual([sentUp(scene), scene.last.decision], [[], "deny"]);
  });
}
