/**
 * The way up and back through a whole gate: the judged bytes as they are (P5), heads of the gate's
 * own (P6), no secret across (P7), and what comes down filtered for the one who asked.
 */
import assert from "node:assert/strict";
import type { Fields } from "../../src/gate/incoming.ts";
import { A, B, bodyOf, call, config, rpc, Scene } from "./support/gate_scene.ts";
import { eventReply, fieldMap, jsonReply, MemoryReply } from "./support/memory_upstream.ts";

const MODERN = "2026-07-28";
const META = {
  "io.modelcontextprotocol/protocolVersion": MODERN,
  "io.modelcontextprotocol/clientCapabilities": {},
};

function modern(method: string, params: object = {}) {
  return rpc(method, { ...params, _meta: META });
}

function modernFields(method: string, more: Fields = []): Fields {
  return [["mcp-protocol-version", MODERN], ["mcp-method", method], ...more];
}

function listOf(...names: string[]) {
  return { jsonrpc: "2.0", id: 1, result: { tools: names.map((name) => ({ name })) } };
}

const BODIES = [
  '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"x","arguments":{"n":1.0,"N":1e3}}}',
  '\n{ "method" : "tools/call","params":{"arguments":{"a":"\\u00e9\\/"},"name":"\\u0078"},"id":"a","jsonrpc":"2.0"} ',
];

for (const body of BODIES) {
  Deno.test(`the judged bytes go up as they are: ${body.trim().slice(0, 20)}…`, async () => {
    await using scene = await Scene.open();
    await scene.post(body);
    const [request] = scene.upstream.requests;
    assert.equal(new TextDecoder().decode(request?.body ?? new Uint8Array(0)), body);
    assert.equal(scene.last.subject, "x");
  });
}

Deno.test("a request goes up with fields of the gate's own, whatever the client adds", async () => {
  await using scene = await Scene.open();
  await scene.post(call());
  await scene.post(call(), A, {
    fields: [
      ["cookie", "COOKIE-X"],
      ["x-forwarded-host", "x"],
      ["connection", "upgrade"],
      ["mcp-name", "other"],
      ["content-type", "application/json; charset=utf-8"],
      ["user-agent", "x"],
      ["traceparent", "x"],
    ],
  });
  const [plain, adorned] = scene.upstream.requests.map(fieldMap);
  assert.deepEqual(plain, {
    "content-type": "application/json",
    accept: "application/json, text/event-stream",
    "accept-encoding": "identity",
    "user-agent": "mcpgate/test",
  });
  assert.deepEqual(adorned, plain);
});

Deno.test("an answer comes down with fields of the gate's own, whatever the upstream adds", async () => {
  await using scene = await Scene.open();
  const fields = [
    ["set-cookie", "COOKIE-X"],
    ["server", "UPSTREAM-HOST"],
    ["location", "http://UPSTREAM-HOST"],
    ["www-authenticate", "Bearer"],
    ["etag", "x"],
    ["access-control-allow-origin", "*"],
  ] as const;
  for (const reply of [jsonReply(listOf(), 200, fields), eventReply([listOf()], fields).end()]) {
    scene.upstream.next(reply);
    const exchange = await scene.post(rpc("tools/list"));
    const names = exchange.answerFields.map(([name]) => name).toSorted();
    const isStream = exchange.field("content-type") === "text/event-stream";
    assert.deepEqual(names, [
      "cache-control",
      "content-type",
      "mcpgate-exchange",
      ...(isStream ? ["x-accel-buffering"] : []),
    ]);
    assert.equal(exchange.field("cache-control"), "no-store, no-transform");
    assert.deepEqual(isStream ? exchange.events : [exchange.json], [listOf()]);
  }
});

Deno.test("no key goes up, into the log or onto the record", async () => {
  const upstream = {
    ...config().upstream,
    forwardHeaders: ["x-trace"],
    identityHeader: "x-client",
  };
  await using scene = await Scene.open({ config: { upstream } });
  await scene.post(call(), A, { fields: [["x-api-key", A], ["x-trace", "t"]] });
  await scene.post(call(), "KEY-unknown-0123456789");
  await scene.ask({ target: `/mcp?key=${A}`, body: bodyOf(call("nothing")) }, B);
  const [request] = scene.upstream.requests;
  assert.ok(request);
  assert.equal(fieldMap(request)["x-client"], "a");
  const crossed = JSON.stringify([request.fields, scene.outcomes, scene.log]);
  assert.doesNotMatch(crossed, /KEY-/);
});

const LISTS = [
  { name: "JSON", reply: () => jsonReply(listOf("read_file", "rm")), isStream: false },
  { name: "a stream", reply: () => eventReply([listOf("read_file", "rm")]).end(), isStream: true },
];

for (const { name, reply, isStream } of LISTS) {
  Deno.test(`a list in ${name} shows a key what it may call`, async () => {
    await using scene = await Scene.open();
    for (const [key, names] of [[A, ["read_file", "rm"]], [B, ["read_file"]]] as const) {
      scene.upstream.next(reply());
      const exchange = await scene.post(rpc("tools/list"), key);
      assert.deepEqual(isStream ? exchange.events[0] : exchange.json, listOf(...names));
    }
  });
}

Deno.test("another's list on a stream of any kind is filtered by its shape", async () => {
  await using scene = await Scene.open();
  scene.upstream.next(eventReply([listOf("read_file", "SECRET-DEF")]).end());
  const exchange = await scene.ask({ method: "GET" }, B);
  assert.deepEqual(exchange.events, [listOf("read_file")]);
});

Deno.test("a denied tool and one that does not exist are told alike", async () => {
  await using scene = await Scene.open();
  const [one, other] = [await scene.post(call("rm"), B), await scene.post(call("no"), B)];
  assert.equal(scene.upstream.requests.length, 0);
  assert.equal(one.text.replace("rm", "no"), other.text);
  const fields = (exchange: typeof one) =>
    exchange.answerFields.filter(([name]) => name !== "mcpgate-exchange");
  assert.deepEqual(fields(one), fields(other));
});

Deno.test("a modern call goes up with headers written from its body", async () => {
  await using scene = await Scene.open();
  const fields = modernFields("tools/call", [["mcp-name", "=?base64?w6k=?="], [
    "mcp-param-a",
    "1",
  ]]);
  await scene.post(modern("tools/call", { name: "é", arguments: {} }), A, { fields });
  const [request] = scene.upstream.requests;
  assert.ok(request);
  assert.deepEqual(fieldMap(request), {
    "content-type": "application/json",
    accept: "application/json, text/event-stream",
    "accept-encoding": "identity",
    "user-agent": "mcpgate/test",
    "mcp-protocol-version": MODERN,
    "mcp-method": "tools/call",
    "mcp-name": "=?base64?w6k=?=",
    "mcp-param-a": "1",
  });
});

const NOTIFICATIONS = [
  {
    name: "that names its revision in the body",
    message: {
      jsonrpc: "2.0",
      method: "notifications/cancelled",
      params: { requestId: 1, _meta: META },
    },
  },
  {
    name: "that names it in the head only",
    message: { jsonrpc: "2.0", method: "notifications/cancelled", params: { requestId: 1 } },
  },
];

for (const { name, message } of NOTIFICATIONS) {
  Deno.test(`a modern notification ${name} is accepted and dropped`, async () => {
    await using scene = await Scene.open();
    const fields: Fields = [["mcp-protocol-version", MODERN]];
    const exchange = await scene.post(message, A, { fields });
    assert.deepEqual([exchange.status, exchange.text], [202, ""]);
    assert.deepEqual([scene.upstream.requests.length, scene.last.decision], [0, "deny"]);
  });
}

Deno.test("a reply that uses a denied tool goes up as an error, and the client is told nothing", async () => {
  await using scene = await Scene.open();
  scene.upstream.next(
    eventReply([{ jsonrpc: "2.0", id: 5, method: "sampling/createMessage" }]).end(),
  );
  await scene.ask({ method: "GET" }, B);
  const content = [{ type: "tool_use", name: "rm", input: { secret: 1 } }];
  const exchange = await scene.post({ jsonrpc: "2.0", id: 5, result: { content } }, B);
  assert.deepEqual([exchange.status, exchange.text], [202, ""]);
  const [, request] = scene.upstream.requests;
  assert.deepEqual(JSON.parse(new TextDecoder().decode(request?.body ?? undefined)), {
    jsonrpc: "2.0",
    id: 5,
    error: {
      code: -32602,
      message: "The answer uses a tool that is not available to this API key",
    },
  });
  assert.deepEqual([scene.last.decision, scene.last.stage], ["deny", "allowlist"]);
});

const CAPPED = [
  { name: "GET", request: { method: "GET" } },
  {
    name: "subscriptions/listen",
    request: {
      body: bodyOf(modern("subscriptions/listen", { notifications: {} })),
      fields: modernFields("subscriptions/listen"),
    },
  },
];

for (const { name, request } of CAPPED) {
  Deno.test(`streams of one key are capped: ${name}`, async () => {
    const limits = { ...config().limits, streamsPerKey: 2 };
    await using scene = await Scene.open({ config: { limits } });
    scene.upstream.otherwise = () => eventReply([": x\n\n"]);
    const open = [scene.begin(request), scene.begin({ method: "GET" })];
    for (const exchange of open) await exchange.has(":");
    const refused = scene.begin(request);
    await scene.ended(1);
    assert.equal(refused.status, 429);
    const others = scene.begin({ method: "GET" }, B);
    await others.has(":");
    open[0]?.leave();
    await scene.ended(2);
    const again = scene.begin(request);
    await again.has(":");
    for (const exchange of [again, others, ...open]) exchange.leave();
    await scene.over();
  });
}

Deno.test("the first event is with the client before there is a second", async () => {
  await using scene = await Scene.open();
  const progress = { jsonrpc: "2.0", method: "notifications/progress", params: { progress: 1 } };
  const reply = eventReply([progress]);
  scene.upstream.next(reply);
  const exchange = scene.begin({ body: bodyOf(call()) });
  await exchange.has("notifications/progress");
  reply.send('data: {"jsonrpc":"2.0","id":1,"result":{}}\n\n').end();
  await scene.over();
  assert.equal(exchange.events.length, 2);
});

Deno.test("an upstream's refusal passes where it is JSON-RPC, else in words of the gate's", async () => {
  await using scene = await Scene.open();
  const own = { jsonrpc: "2.0", id: null, error: { code: -32000, message: "its own" } };
  scene.upstream.next(jsonReply(own, 400), new MemoryReply(404).send("<UPSTREAM-HOST>").end());
  const passed = await scene.post(call());
  assert.deepEqual([passed.status, passed.json], [400, own]);
  const replaced = await scene.post(call());
  assert.equal(replaced.status, 404);
  assert.deepEqual(replaced.json, {
    jsonrpc: "2.0",
    id: 1,
    error: { code: -32603, message: "Upstream MCP server refused the request" },
  });
});
