/**
 * Streams of the HTTP+SSE transport through a whole gate: how they begin, what passes on them, what
 * ends them and who is told.
 */
import assert from "node:assert/strict";
import { eventually } from "../support/eventually.ts";
import { config, type Scene } from "./support/gate_scene.ts";
import {
  A,
  B,
  beginStream,
  call,
  ended,
  ENDPOINT,
  eventReply,
  keyEntry,
  LEGACY,
  MemoryReply,
  messageOf,
  messagesOf,
  openLegacy,
  openStream,
  postTo,
  rpc,
} from "./support/legacy_scene.ts";
import { fieldMap, jsonReply } from "./support/memory_upstream.ts";

Deno.test("a stream begins with an endpoint of the gate's own", async () => {
  await using scene = await openLegacy();
  const { exchange, target } = await openStream(scene);
  assert.match(target, /^\/sse\?gs=[A-Za-z0-9_-]{24}\.[A-Za-z0-9_-]{22}$/);
  assert.equal(exchange.text, `event: endpoint\ndata: ${target}\n\n`);
  assert.equal(exchange.status, 200);
  assert.equal(exchange.field("content-type"), "text/event-stream");
  assert.equal(exchange.field("mcp-session-id"), null);
});

Deno.test("a stream is asked for without fields of later revisions", async () => {
  await using scene = await openLegacy();
  scene.begin({
    method: "GET",
    target: "/sse?sessionId=SECRET",
    fields: [
      ["accept", "text/event-stream"],
      ["mcp-protocol-version", "2025-11-25"],
      ["mcp-session-id", "s"],
      ["last-event-id", "7"],
    ],
  });
  const request = await scene.upstream.request(0);
  assert.deepEqual(fieldMap(request), {
    accept: "text/event-stream",
    "accept-encoding": "identity",
    "user-agent": "mcpgate/test",
  });
  assert.equal(request.path, undefined);
});

const OPENINGS = [
  { name: "an upstream that answers 404", reply: () => new MemoryReply(404).end(), status: 404 },
  { name: "an upstream that answers 500", reply: () => new MemoryReply(500).end(), status: 502 },
  {
    name: "an upstream that redirects",
    reply: () => new MemoryReply(307, [["location", "/elsewhere"]]).end(),
    status: 502,
  },
  { name: "an upstream that answers in JSON", reply: () => jsonReply({}), status: 502 },
  {
    name: "a stream that ends before its endpoint event",
    reply: () => eventReply([]).end(),
    status: 502,
  },
  {
    name: "a stream that names another server",
    reply: () => eventReply(["event: endpoint\ndata: http://UPSTREAM-HOST/m\n\n"]),
    status: 502,
  },
  {
    name: "a stream that breaks before its endpoint event",
    reply: () => eventReply([]).fail(),
    status: 502,
  },
  {
    name: "a stream that never says where messages go",
    reply: () => eventReply([": hello\n\n"]),
    status: 504,
  },
];

for (const { name, reply, status } of OPENINGS) {
  Deno.test(`a client is told by status ${status} of ${name}`, async () => {
    await using scene = await openLegacy({
      config: { upstream: { ...LEGACY, timeoutMs: 50 } },
    });
    const opened = reply();
    scene.upstream.next(opened);
    const exchange = beginStream(scene);
    await eventually("the answer", () => ended(exchange));
    assert.equal(exchange.status, status);
    assert.doesNotMatch(exchange.text, /UPSTREAM-HOST|endpoint/);
    assert.equal(scene.last.decision, status === 404 ? "allow" : "error");
    assert.ok(opened.cancelled);
  });
}

Deno.test("the time for the endpoint event is what the head of the stream has left", async () => {
  await using scene = await openLegacy();
  scene.upstream.next(() => {
    scene.clock.ms += LEGACY.timeoutMs - 10;
    return eventReply([": hello\n\n"]);
  });
  const exchange = beginStream(scene);
  await eventually("the answer", () => ended(exchange));
  assert.equal(exchange.status, 504);
});

Deno.test("a stream needs a key, and no more are open than the key may hold", async () => {
  const limits = { ...config().limits, streamsPerKey: 1 };
  await using scene = await openLegacy({ config: { limits } });
  const stranger = beginStream(scene, null);
  await eventually("the refusal", () => ended(stranger));
  await openStream(scene);
  const second = beginStream(scene);
  await eventually("the refusal", () => ended(second));
  assert.deepEqual([stranger.status, second.status], [401, 429]);
});

Deno.test("the transport knows no DELETE", async () => {
  await using scene = await openLegacy();
  const exchange = await scene.ask({ method: "DELETE", target: "/sse" });
  assert.deepEqual([exchange.status, exchange.field("allow")], [405, "GET, POST"]);
});

const EVENTS = [
  {
    name: "a notification",
    sent: messageOf({ jsonrpc: "2.0", method: "notifications/message", params: {} }),
    seen: messageOf({ jsonrpc: "2.0", method: "notifications/message", params: {} }),
  },
  { name: "a comment", sent: ": ping\n\n", seen: ":\n\n" },
  {
    name: "an event with an id, which goes without",
    sent: `id: 7\n${messageOf({ jsonrpc: "2.0", method: "n" })}`,
    seen: messageOf({ jsonrpc: "2.0", method: "n" }),
  },
  { name: "another endpoint, which is dropped", sent: ENDPOINT, seen: "" },
  {
    name: "an endpoint that reads like a message, which is dropped",
    sent: "event: endpoint\ndata: []\n\n",
    seen: "",
  },
  { name: "an event that is no message, which is dropped", sent: "data: hello\n\n", seen: "" },
  {
    name: "an answer that nobody awaits, which is dropped",
    sent: messageOf({ jsonrpc: "2.0", id: 1, result: { tools: [{ name: "SECRET-DEF" }] } }),
    seen: "",
  },
];

for (const { name, sent, seen } of EVENTS) {
  Deno.test(`a stream carries ${name}`, async () => {
    await using scene = await openLegacy();
    const { exchange, reply } = await openStream(scene, B);
    const before = exchange.text;
    reply.send(sent).end();
    await eventually("the end", () => ended(exchange));
    assert.equal(exchange.text, before + seen);
    assert.deepEqual([exchange.state, scene.last.end, scene.last.decision], [
      "complete",
      "complete",
      "allow",
    ]);
  });
}

Deno.test("a stream is screened by the shape of what the server says of its own accord", async () => {
  await using scene = await openLegacy();
  const { exchange, reply } = await openStream(scene, B);
  const tools = [{ name: "wipe", description: "SECRET-DEF" }, { name: "read_file" }];
  reply.send(messageOf({
    jsonrpc: "2.0",
    id: 5,
    method: "sampling/createMessage",
    params: { messages: [], tools },
  }));
  await exchange.has("read_file");
  assert.doesNotMatch(exchange.text, /SECRET-DEF/);
});

const ENDS = [
  {
    name: "breaks off",
    end: (reply: MemoryReply) => void reply.fail(),
    message: "Upstream MCP server unavailable",
    record: { decision: "error", stage: "upstream", end: "upstream_error" },
  },
  {
    name: "ends without the answer",
    end: (reply: MemoryReply) => void reply.end(),
    message: "Upstream MCP server unavailable",
    record: { decision: "error", stage: "upstream", end: "upstream_error" },
  },
  {
    name: "is cut because its key is gone",
    end: (_reply: MemoryReply, scene: Scene) => scene.gate.reload(scene.config({ keys: [] })),
    message: "What this API key may use has changed",
    record: { decision: "allow", stage: null, end: "revoked" },
  },
  {
    name: "is cut because its grant has narrowed",
    end: (_reply: MemoryReply, scene: Scene) =>
      scene.gate.reload(scene.config({ keys: [keyEntry(A, { allow: ["read_file"] })] })),
    message: "What this API key may use has changed",
    record: { decision: "allow", stage: null, end: "revoked" },
  },
  {
    name: "is cut because the gate ends",
    end: (_reply: MemoryReply, scene: Scene) => scene.gate.close(20),
    message: "Gateway is shutting down",
    record: { decision: "allow", stage: null, end: "shutdown" },
  },
];

for (const { name, end, message, record } of ENDS) {
  Deno.test(`whoever waits is told when a stream ${name}`, async () => {
    await using scene = await openLegacy();
    const stream = await openStream(scene);
    assert.equal((await postTo(scene, stream.target, call("read_file", "a"))).status, 202);
    assert.equal((await postTo(scene, stream.target, rpc("ping", {}, 2))).status, 202);
    const ending = end(stream.reply, scene);
    await eventually("the end", () => ended(stream.exchange));
    await ending;
    assert.equal(stream.exchange.state, "complete");
    assert.deepEqual(
      messagesOf(stream),
      ["a", 2].map((id) => ({
        jsonrpc: "2.0",
        id,
        error: { code: name.includes("cut because its") ? -31401 : -32603, message },
      })),
    );
    const { decision, stage, end: how } = scene.last;
    assert.deepEqual({ decision, stage, end: how }, record);
  });
}

Deno.test("a stream whose client leaves ends at the upstream, and takes no message more", async () => {
  await using scene = await openLegacy();
  const { exchange, reply, target } = await openStream(scene);
  exchange.leave();
  await eventually("the upstream's stream to be given up", () => reply.cancelled);
  await eventually("the record", () => scene.outcomes.length === 1);
  assert.equal(scene.last.end, "client_gone");
  assert.equal((await postTo(scene, target, call())).status, 404);
});

Deno.test("a stream goes on where its grant has grown, and answers follow the new one", async () => {
  await using scene = await openLegacy();
  const stream = await openStream(scene, B);
  await scene.gate.reload(scene.config({ keys: [keyEntry(B, { allow: ["*"] })] }));
  await postTo(scene, stream.target, rpc("tools/list"), B);
  stream.reply.send(messageOf({ jsonrpc: "2.0", id: 1, result: { tools: [{ name: "wipe" }] } }));
  await stream.exchange.has("wipe");
});

Deno.test("close waits for an answer that is awaited on a stream", async () => {
  await using scene = await openLegacy();
  const stream = await openStream(scene);
  await postTo(scene, stream.target, call());
  const closed = scene.gate.close(60_000);
  stream.reply.send(messageOf({ jsonrpc: "2.0", id: 1, result: { content: [] } }));
  await closed;
  assert.deepEqual(messagesOf(stream), [{ jsonrpc: "2.0", id: 1, result: { content: [] } }]);
});
