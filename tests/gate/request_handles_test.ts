/**
 * Requests under way through a whole gate: what a client answers, reports on or cancels must be his,
 * in his session; of anything else the upstream hears nothing, and the client the same as ever.
 */
import assert from "node:assert/strict";
import type { Json } from "../../src/mcp/json.ts";
import { A, asked, B, bodiesUp, C, inSession, openScene, told } from "./support/handle_scene.ts";
import { bodyOf, rpc, type Scene } from "./support/gate_scene.ts";
import type { Request } from "./support/memory_exchange.ts";
import { eventOf, eventReply, jsonReply, MemoryReply } from "./support/memory_upstream.ts";

const DROPPED = { status: 202, text: "" };
const SAMPLING = {
  jsonrpc: "2.0",
  id: 7,
  method: "sampling/createMessage",
  params: { messages: [], _meta: { progressToken: "tok" } },
};
const REPLY = { jsonrpc: "2.0", id: 7, result: { role: "assistant", content: { type: "text" } } };
const PROGRESS = note("notifications/progress", { progressToken: "tok", progress: 1 });
const CANCEL = note("notifications/cancelled", { requestId: 1 });

function note(method: string, params: Json): Json {
  return { jsonrpc: "2.0", method, params };
}

/** Opens a session of `key`, which the upstream calls `id`. */
async function session(scene: Scene, id: string, key = B): Promise<string> {
  const answer = { jsonrpc: "2.0", id: 0, result: {} };
  scene.upstream.next(jsonReply(answer, 200, [["mcp-session-id", id]]));
  const exchange = await scene.ask(asked("legacy", "initialize", {}, 0), key);
  return exchange.field("mcp-session-id") ?? assert.fail("no session");
}

/** Lets `messages` come to the GET stream of a session. */
async function deliver(scene: Scene, sealed: string, messages: readonly unknown[], key = B) {
  scene.upstream.next(eventReply(messages).end());
  return await scene.ask(inSession({ method: "GET" }, sealed), key);
}

function posted(message: Json, sealed?: string): Request {
  const request = { body: bodyOf(message) };
  return sealed === undefined ? request : inSession(request, sealed);
}

for (const message of [REPLY, { jsonrpc: "2.0", id: 7, error: { code: -1, message: "no" } }]) {
  const what = "error" in message ? "an error" : "a result";
  Deno.test(`${what} for a request that came down goes up as it is, once`, async () => {
    await using scene = await openScene();
    const sealed = await session(scene, "s1");
    await deliver(scene, sealed, [SAMPLING]);
    const first = await scene.ask(posted(message, sealed), B);
    assert.deepEqual([first.status, bodiesUp(scene).at(-1)], [202, bodyOf(message)]);
    const before = scene.upstream.requests.length;
    const second = await scene.ask(posted(message, sealed), B);
    assert.deepEqual({ status: second.status, text: second.text }, DROPPED);
    assert.equal(scene.upstream.requests.length, before);
    assert.deepEqual([scene.last.decision, scene.last.stage], ["deny", "door"]);
  });
}

Deno.test("of two replies at once one goes up", async () => {
  await using scene = await openScene();
  const sealed = await session(scene, "s1");
  await deliver(scene, sealed, [SAMPLING]);
  const both = [scene.begin(posted(REPLY, sealed), B), scene.begin(posted(REPLY, sealed), B)];
  await scene.over();
  assert.deepEqual(both.map(({ status }) => status), [202, 202]);
  assert.equal(bodiesUp(scene).filter((body) => body === bodyOf(REPLY)).length, 1);
});

const CHANNELS: readonly { name: string; reply: () => MemoryReply; request: Request }[] = [
  {
    name: "the stream of a call",
    reply: () => eventReply([SAMPLING, { jsonrpc: "2.0", id: 1, result: {} }]).end(),
    request: asked("legacy", "tools/call", { name: "read_file" }),
  },
  {
    name: "an array",
    reply: () => eventReply([[SAMPLING, note("notifications/x", {})]]).end(),
    request: { method: "GET" },
  },
  {
    name: "an escaped spelling",
    reply: () => eventReply([eventOf(SAMPLING).replace('"id"', '"\\u0069d"')]).end(),
    request: { method: "GET" },
  },
];

for (const { name, reply, request } of CHANNELS) {
  Deno.test(`a request that came down by ${name} may be answered`, async () => {
    await using scene = await openScene();
    const sealed = await session(scene, "s1");
    scene.upstream.next(reply());
    assert.match((await scene.ask(inSession(request, sealed), B)).text, /sampling/);
    await scene.ask(posted(PROGRESS, sealed), B);
    await scene.ask(posted(REPLY, sealed), B);
    assert.deepEqual(bodiesUp(scene).slice(-2), [bodyOf(PROGRESS), bodyOf(REPLY)]);
  });
}

Deno.test("a request that came down with the session itself may be answered in it", async () => {
  await using scene = await openScene();
  const fields = [["mcp-session-id", "s1"]] as const;
  const messages = [SAMPLING, { jsonrpc: "2.0", id: 1, result: {} }];
  scene.upstream.next(eventReply(messages, fields).end());
  const exchange = await scene.ask(asked("legacy", "initialize"), B);
  await scene.ask(posted(REPLY, exchange.field("mcp-session-id") ?? ""), B);
  assert.equal(bodiesUp(scene).at(-1), bodyOf(REPLY));
});

Deno.test("without sessions a key is asked, and answers", async () => {
  await using scene = await openScene();
  scene.upstream.next(eventReply([SAMPLING]).end());
  await scene.ask({ method: "GET" }, B);
  const stray = await scene.ask(posted(REPLY), C);
  assert.deepEqual(told(stray), told(await scene.ask(posted(REPLY), B)));
  assert.deepEqual(bodiesUp(scene).slice(1), [bodyOf(REPLY)]);
});

const STRAYS: readonly {
  readonly name: string;
  readonly message: Json;
  readonly key?: string;
  readonly inOther?: boolean;
  readonly stage?: string;
}[] = [
  { name: "a reply of another key", message: REPLY, key: C },
  { name: "a reply of a key that may do more", message: REPLY, key: A },
  { name: "a reply in another session", message: REPLY, inOther: true },
  { name: "a reply with an id of another type", message: { ...REPLY, id: "7" } },
  { name: "a reply to nothing", message: { ...REPLY, id: 8 } },
  {
    name: "a reply of another key that uses a denied tool",
    message: { jsonrpc: "2.0", id: 7, result: { content: [{ type: "tool_use", name: "rm" }] } },
    key: C,
    stage: "allowlist",
  },
  { name: "progress of another key", message: PROGRESS, key: C },
  { name: "progress in another session", message: PROGRESS, inOther: true },
  {
    name: "progress on nothing",
    message: note("notifications/progress", { progressToken: 7, progress: 1 }),
  },
  { name: "progress without a token", message: note("notifications/progress", { progress: 1 }) },
  {
    name: "progress on a foreign task",
    message: note("notifications/progress", {
      progressToken: "tok",
      _meta: { "io.modelcontextprotocol/related-task": { taskId: "t" } },
    }),
  },
  { name: "a cancellation of another key", message: CANCEL, key: C },
  { name: "a cancellation in another session", message: CANCEL, inOther: true },
  {
    name: "a cancellation with an id of another type",
    message: note("notifications/cancelled", { requestId: "1" }),
  },
  {
    name: "a cancellation of nothing",
    message: note("notifications/cancelled", { requestId: 2 }),
  },
  { name: "a cancellation without an id", message: note("notifications/cancelled", {}) },
  {
    name: "a cancellation of the initialize",
    message: note("notifications/cancelled", { requestId: 0 }),
  },
];

for (const { name, message, key = B, inOther = false, stage = "door" } of STRAYS) {
  Deno.test(`${name} is taken and goes no further`, async () => {
    await using scene = await openScene();
    const own = await session(scene, "s1");
    const other = await session(scene, "s2");
    const foreign = key === B ? other : await session(scene, "s3", key);
    await deliver(scene, own, [SAMPLING]);
    const reply = eventReply([]);
    scene.upstream.next(reply);
    scene.begin(inSession(asked("legacy", "tools/call", { name: "read_file" }), own), B);
    const count = key === B ? 4 : 5;
    await scene.upstream.request(count - 1);
    const stray = scene.begin(posted(message, key === B && !inOther ? own : foreign), key);
    await scene.ended(count);
    assert.deepEqual({ status: stray.status, text: stray.text }, DROPPED);
    assert.equal(scene.upstream.requests.length, count);
    assert.deepEqual([scene.last.decision, scene.last.stage], ["deny", stage]);
    reply.send(eventOf({ jsonrpc: "2.0", id: 1, result: {} })).end();
  });
}

Deno.test("a call under way may be cancelled, and not after its answer", async () => {
  await using scene = await openScene();
  const sealed = await session(scene, "s1");
  const reply = eventReply([]);
  scene.upstream.next(reply);
  scene.begin(inSession(asked("legacy", "tools/call", { name: "read_file" }), sealed), B);
  await scene.upstream.request(1);
  const cancel = scene.begin(posted(CANCEL, sealed), B);
  await scene.upstream.request(2);
  assert.equal(bodiesUp(scene).at(-1), bodyOf(CANCEL));
  reply.send(`id: e1\n${eventOf({ jsonrpc: "2.0", id: 1, result: {} })}`).end();
  await scene.over();
  assert.equal(cancel.status, 202);
  await scene.ask(posted(CANCEL, sealed), B);
  assert.equal(scene.upstream.requests.length, 3);
});

Deno.test("an initialize under way may not be cancelled", async () => {
  await using scene = await openScene();
  const reply = eventReply([]);
  scene.upstream.next(reply);
  scene.begin(asked("legacy", "initialize"), B);
  await scene.upstream.request(0);
  const cancel = scene.begin(posted(CANCEL), B);
  await scene.ended(1);
  assert.deepEqual([cancel.status, scene.upstream.requests.length], [202, 1]);
  reply.send(eventOf({ jsonrpc: "2.0", id: 1, result: {} })).end();
});

Deno.test("a call whose client has left may still be cancelled", async () => {
  await using scene = await openScene();
  scene.upstream.next(eventReply([]));
  const exchange = scene.begin(asked("legacy", "tools/call", { name: "read_file" }), B);
  await scene.upstream.request(0);
  exchange.leave();
  await scene.over();
  await scene.ask(posted(CANCEL), B);
  assert.equal(bodiesUp(scene).at(-1), bodyOf(CANCEL));
});

Deno.test("a call that the upstream failed is not under way", async () => {
  await using scene = await openScene();
  scene.upstream.next(new MemoryReply(500).end());
  await scene.ask(asked("legacy", "tools/call", { name: "read_file" }), B);
  await scene.ask(posted(CANCEL), B);
  assert.equal(scene.upstream.requests.length, 1);
});

Deno.test("a call whose stream can be resumed is under way until its answer comes by another", async () => {
  await using scene = await openScene();
  scene.upstream.next(eventReply(["id: e1\ndata: \n\n"]).end());
  await scene.ask(asked("legacy", "tools/call", { name: "read_file" }), B);
  await scene.ask(posted(CANCEL), B);
  assert.equal(bodiesUp(scene).at(-1), bodyOf(CANCEL));
  scene.upstream.next(eventReply([{ jsonrpc: "2.0", id: 1, result: { content: [] } }]).end());
  await scene.ask({ method: "GET" }, B);
  await scene.ask(posted(CANCEL), B);
  assert.equal(scene.upstream.requests.length, 3);
});

Deno.test("a task that is created on a resumed stream belongs to the call that asked for it", async () => {
  await using scene = await openScene();
  scene.upstream.next(eventReply(["id: e1\ndata: \n\n"]).end());
  await scene.ask(asked("legacy", "tools/call", { name: "read_file" }), B);
  const answer = { jsonrpc: "2.0", id: 1, result: { task: { taskId: "t" } } };
  scene.upstream.next(eventReply([answer]).end());
  await scene.ask({ method: "GET" }, B);
  await scene.ask(asked("legacy", "tasks/get", { taskId: "t" }), B);
  assert.equal(scene.upstream.requests.length, 3);
});

Deno.test("a session that its client ends leaves nothing to be remembered", async () => {
  await using scene = await openScene();
  const sealed = await session(scene, "s1");
  await deliver(scene, sealed, [SAMPLING]);
  scene.upstream.next(new MemoryReply(405).end());
  await scene.ask(inSession({ method: "DELETE" }, sealed), B);
  assert.equal(scene.gate.handles.requests.size, 2);
  await scene.ask(inSession({ method: "DELETE" }, sealed), B);
  assert.equal(scene.gate.handles.requests.size, 0);
});

Deno.test("a reply refused by a limit is taken when it comes again", async () => {
  const rateLimit = { rps: 1, burst: 2 };
  await using scene = await openScene();
  const keys = scene.config().keys.map((key) => ({ ...key, rateLimit }));
  await scene.gate.reload(scene.config({ keys, fingerprint: "2" }));
  scene.upstream.next(eventReply([SAMPLING]).end());
  await scene.ask({ method: "GET" }, B);
  await scene.ask(asked("legacy", "ping"), B);
  assert.equal((await scene.ask(posted(REPLY), B)).status, 429);
  scene.clock.ms += 2000;
  assert.equal((await scene.ask(posted(REPLY), B)).status, 202);
  assert.equal(bodiesUp(scene).at(-1), bodyOf(REPLY));
});

Deno.test("a stray reply in a batch fells the batch", async () => {
  const mcp = {
    batch: "allow",
    resume: "on",
    instructions: "pass",
    samplingTools: "filter",
  } as const;
  await using scene = await openScene({ config: { mcp } });
  const exchange = await scene.post([rpc("ping", {}, 1), REPLY], B);
  assert.equal(exchange.status, 200);
  assert.match(exchange.text, /^\[{"jsonrpc":"2.0","id":1,"error":{"code":-32600,/);
  assert.equal(scene.upstream.requests.length, 0);
});
