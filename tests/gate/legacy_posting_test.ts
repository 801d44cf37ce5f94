/**
 * Messages that are posted for a stream of the HTTP+SSE transport, through a whole gate: for whose
 * stream, how they go up, and where their answers come down.
 */
import assert from "node:assert/strict";
import type { AnyPolicyModule, Context } from "../../src/policy/contract.ts";
import { allow } from "../../src/policy/contract.ts";
import { eventually } from "../support/eventually.ts";
import type { MemoryExchange } from "./support/memory_exchange.ts";
import {
  A,
  accepted,
  B,
  call,
  ended,
  KEYS,
  LEGACY,
  messageOf,
  messagesOf,
  openLegacy,
  openStream,
  postTo,
  rpc,
  sentUp,
} from "./support/legacy_scene.ts";
import { fieldMap } from "./support/memory_upstream.ts";

Deno.test("a message goes to the server's own address, byte for byte, and is accepted", async () => {
  await using scene = await openLegacy();
  const { target } = await openStream(scene);
  const text = '{ "jsonrpc":"2.0", "id":1.0e0, "method":"tools/call",  "params":{"name":"x"} }'
    .replace("1.0e0", "1");
  const exchange = await postTo(scene, target, text);
  assert.deepEqual([exchange.status, exchange.text], [202, ""]);
  const request = await scene.upstream.request(1);
  assert.equal(request.path, "/messages?sessionId=SECRET-SESSION");
  assert.equal(new TextDecoder().decode(request.body ?? undefined), text);
});

Deno.test("a message goes up without fields of later revisions", async () => {
  await using scene = await openLegacy({
    config: { upstream: { ...LEGACY, identityHeader: "x-caller" } },
  });
  const { target } = await openStream(scene);
  const exchange = await postTo(scene, target, call(), A, [
    ["mcp-protocol-version", "2026-07-28"],
    ["mcp-session-id", "s"],
    ["mcp-method", "tools/list"],
    ["mcp-name", "other"],
    ["mcp-param-x", "1"],
    ["last-event-id", "7"],
    ["cookie", "c"],
  ]);
  assert.equal(exchange.status, 202);
  assert.deepEqual(fieldMap(await scene.upstream.request(1)), {
    "content-type": "application/json",
    accept: "application/json, text/event-stream",
    "accept-encoding": "identity",
    "user-agent": "mcpgate/test",
    "x-caller": "a",
  });
});

Deno.test("each stream and each message leave one record, joined by the stream", async () => {
  await using scene = await openLegacy();
  const { exchange, target } = await openStream(scene);
  await postTo(scene, target, call());
  await postTo(scene, target, call("read_file", 2));
  exchange.leave();
  await scene.ended(3);
  const [first, second, stream] = scene.outcomes;
  assert.deepEqual([first?.method, first?.subject, first?.status, first?.protocol], [
    "tools/call",
    "read_file",
    202,
    "2024-11-05",
  ]);
  assert.deepEqual([stream?.http, stream?.status, stream?.end], ["GET", 200, "client_gone"]);
  assert.match(stream?.session ?? "", /^[0-9a-f]{12}$/);
  assert.deepEqual([first?.session, second?.session], [stream?.session, stream?.session]);
});

for (const status of [200, 204]) {
  Deno.test(`a message is accepted where the server says ${status}`, async () => {
    await using scene = await openLegacy();
    const stream = await openStream(scene);
    scene.upstream.next(accepted(status));
    assert.equal((await postTo(scene, stream.target, call())).status, 202);
    assert.deepEqual(messagesOf(stream), []);
  });
}

Deno.test("an answer comes on the stream it was asked for, and on no other", async () => {
  await using scene = await openLegacy();
  const streams = [await openStream(scene), await openStream(scene), await openStream(scene, B)];
  const [first, second, other] = streams;
  if (first === undefined || second === undefined || other === undefined) return;
  await postTo(scene, first.target, call());
  await postTo(scene, second.target, call("x", "1"));
  const answer = { jsonrpc: "2.0", id: 1, result: { content: [] } };
  for (const { reply } of streams) reply.send(messageOf(answer)).end();
  await eventually("every stream to end", () => streams.every(({ exchange }) => ended(exchange)));
  assert.deepEqual(messagesOf(first), [answer]);
  assert.deepEqual(messagesOf(other), []);
  assert.deepEqual(messagesOf(second).map((told) => (told as { id: unknown }).id), ["1"]);
});

Deno.test("an answer is screened by what its request was ruled", async () => {
  const redact = {
    name: "redact",
    options: (z) => z.object({}),
    create: () => ({ call }: Context) =>
      call.kind === "request" && call.method === "tools/call"
        ? allow({ onReply: (message) => ({ ...message, result: { content: ["redacted"] } }) })
        : allow(),
  } as AnyPolicyModule;
  await using scene = await openLegacy({ modules: { redact }, stages: ["redact"] });
  const stream = await openStream(scene);
  await postTo(scene, stream.target, call());
  await postTo(scene, stream.target, rpc("ping", {}, 2));
  for (const id of [1, 2]) {
    stream.reply.send(messageOf({ jsonrpc: "2.0", id, result: { content: ["SECRET"] } }));
  }
  await stream.exchange.has('"id":2');
  assert.deepEqual(messagesOf(stream), [
    { jsonrpc: "2.0", id: 1, result: { content: ["redacted"] } },
    { jsonrpc: "2.0", id: 2, result: { content: ["SECRET"] } },
  ]);
});

Deno.test("an answer's list holds what the key may use", async () => {
  await using scene = await openLegacy();
  const stream = await openStream(scene, B);
  await postTo(scene, stream.target, rpc("tools/list"), B);
  const tools = [{ name: "wipe", description: "SECRET-DEF" }, { name: "read_file" }];
  stream.reply.send(
    messageOf({ jsonrpc: "2.0", id: 1, result: { tools, nextCursor: "SECRET-DEF" } }),
  );
  await stream.exchange.has("read_file");
  assert.doesNotMatch(stream.exchange.text, /SECRET-DEF/);
});

Deno.test("a cursor leads on for the key that it was given to, and for no other", async () => {
  await using scene = await openLegacy();
  const mine = await openStream(scene, B);
  const other = await openStream(scene, A);
  await postTo(scene, mine.target, rpc("tools/list"), B);
  mine.reply.send(
    messageOf({ jsonrpc: "2.0", id: 1, result: { tools: [], nextCursor: "page-2" } }),
  );
  await mine.exchange.has("nextCursor");
  const [page] = messagesOf(mine) as { result: { nextCursor: string } }[];
  const next = rpc("tools/list", { cursor: page?.result.nextCursor }, 2);
  await postTo(scene, mine.target, next, B, [["mcp-protocol-version", "2026-07-28"]]);
  await postTo(scene, other.target, next, A);
  assert.deepEqual(sentUp(scene).slice(1), [rpc("tools/list", { cursor: "page-2" }, 2)]);
  const [refused] = messagesOf(other) as { error: { code: number } }[];
  assert.equal(refused?.error.code, -32602);
});

Deno.test("a request of the server's is answered once, by the client that was asked", async () => {
  await using scene = await openLegacy();
  const mine = await openStream(scene);
  const other = await openStream(scene);
  mine.reply.send(messageOf({ jsonrpc: "2.0", id: 9, method: "roots/list" }));
  await mine.exchange.has("roots/list");
  const answer = { jsonrpc: "2.0", id: 9, result: { roots: [] } };
  for (const { target } of [other, mine, mine]) {
    assert.equal((await postTo(scene, target, answer)).status, 202);
  }
  assert.deepEqual(sentUp(scene), [answer]);
  assert.deepEqual(scene.outcomes.map(({ decision }) => decision), ["deny", "allow", "deny"]);
  other.reply.send(messageOf({ jsonrpc: "2.0", id: 9, method: "roots/list" })).end();
  await eventually("the end of the other stream", () => ended(other.exchange));
  assert.equal(scene.gate.handles.requests.size, 0);
});

Deno.test("a reply that names a denied tool goes up as an error", async () => {
  await using scene = await openLegacy();
  const { reply, exchange, target } = await openStream(scene, B);
  reply.send(messageOf({ jsonrpc: "2.0", id: 9, method: "sampling/createMessage", params: {} }));
  await exchange.has("sampling/createMessage");
  const content = { type: "tool_use", name: "wipe", id: "t", input: {} };
  const answer = { jsonrpc: "2.0", id: 9, result: { role: "assistant", model: "m", content } };
  assert.equal((await postTo(scene, target, answer, B)).status, 202);
  const [sent] = sentUp(scene) as { id: number; error: { code: number } }[];
  assert.deepEqual([sent?.id, sent?.error.code], [9, -32602]);
});

Deno.test("a request that was cancelled is not awaited, and its answer comes too late", async () => {
  await using scene = await openLegacy();
  const stream = await openStream(scene);
  const cancel = (requestId: number) => ({
    jsonrpc: "2.0",
    method: "notifications/cancelled",
    params: { requestId },
  });
  await postTo(scene, stream.target, call());
  await postTo(scene, stream.target, call("x", 3));
  stream.reply.send(messageOf({ jsonrpc: "2.0", id: 3, result: {} }));
  await stream.exchange.has('"id":3');
  for (const id of [7, 3, 1]) await postTo(scene, stream.target, cancel(id));
  assert.deepEqual(sentUp(scene), [call(), call("x", 3), cancel(1)]);
  stream.reply.send(messageOf({ jsonrpc: "2.0", id: 1, result: {} })).end();
  await eventually("the end", () => ended(stream.exchange));
  assert.deepEqual([messagesOf(stream).length, scene.last.end], [1, "complete"]);
});

const NAMED = {
  foreign: "of another key",
  gone: "that has ended",
  forged: "never issued",
  otherSecret: "sealed by nobody",
} as const;

Deno.test(`a stream ${Object.values(NAMED).join(", ")} is answered alike, and nothing goes up`, async () => {
  await using scene = await openLegacy();
  const mine = await openStream(scene);
  const foreign = (await openStream(scene, B)).target;
  const gone = await openStream(scene);
  gone.reply.end();
  await eventually("its end", () => ended(gone.exchange));
  const forged = mine.target.replace(/gs=./, (start) => start.endsWith("x") ? "gs=y" : "gs=x");
  const targets = [foreign, gone.target, forged, "/sse?gs=x", `${mine.target}x`];
  const answers = await Promise.all(targets.map((target) => postTo(scene, target, call())));
  const told = answers.map(withoutExchange);
  assert.deepEqual(told, told.map(() => told[0]));
  assert.deepEqual([told[0]?.status, sentUp(scene)], [404, []]);
});

const UNNAMED = ["/sse", "/sse?", "/sse?gs", "/sse?sessionId=1", "/sse?GS=x", "/sse?x=gs=1"];

for (const target of UNNAMED) {
  Deno.test(`a message for no stream is refused with 400: ${target}`, async () => {
    await using scene = await openLegacy();
    await openStream(scene);
    assert.equal((await postTo(scene, target, call())).status, 400);
    assert.deepEqual(sentUp(scene), []);
  });
}

Deno.test("a message that names two streams is refused with 400", async () => {
  await using scene = await openLegacy();
  const { target } = await openStream(scene);
  const twice = `${target}&${target.slice(target.indexOf("?") + 1)}`;
  assert.equal((await postTo(scene, twice, call())).status, 400);
});

Deno.test("a stream belongs to a label, and so outlives nothing but its own key", async () => {
  await using scene = await openLegacy();
  const { exchange, target } = await openStream(scene);
  await scene.gate.reload(scene.config({ keys: KEYS.slice(1) }));
  await eventually("the end of the stream", () => ended(exchange));
  assert.equal((await postTo(scene, target, call())).status, 401);
  await scene.gate.reload(scene.config());
  assert.equal((await postTo(scene, target, call())).status, 404);
});

/** What a client is told, but for the exchange's own id. */
function withoutExchange({ status, answerFields, text }: MemoryExchange) {
  const fields = answerFields.filter(([name]) => name !== "mcpgate-exchange");
  return { status, fields, text };
}
