/**
 * The end of a gate: exchanges under way get their grace, streams that merely wait get none, and
 * nothing, however it hangs, keeps the gate open or loses its record.
 */
import assert from "node:assert/strict";
import type { AnyPolicyModule } from "../../src/policy/contract.ts";
import { allow } from "../../src/policy/contract.ts";
import type { Upstream } from "../../src/upstream/upstream.ts";
import { eventually, inTime } from "../support/eventually.ts";
import { bodyOf, call, config, rpc, Scene } from "./support/gate_scene.ts";
import { asking, eventReply, jsonReply, MemoryReply } from "./support/memory_upstream.ts";

const MODERN = "2026-07-28";
const LONG = 60_000;
const ANSWER = { jsonrpc: "2.0", id: 1, result: {} };

const LISTENERS = [
  { name: "a GET stream", request: { method: "GET" } },
  {
    name: "subscriptions/listen",
    request: {
      body: bodyOf(rpc("subscriptions/listen", {
        notifications: {},
        _meta: {
          "io.modelcontextprotocol/protocolVersion": MODERN,
          "io.modelcontextprotocol/clientCapabilities": {},
        },
      })),
      fields: [["mcp-protocol-version", MODERN], ["mcp-method", "subscriptions/listen"]],
    },
  },
] as const;

for (const { name, request } of LISTENERS) {
  Deno.test(`close ends ${name} without waiting for it`, async () => {
    await using scene = await Scene.open();
    scene.upstream.next(eventReply([": hello\n\n"]));
    const exchange = scene.begin(request);
    await exchange.has(":\n\n");
    await inTime("the gate to close", scene.gate.close(LONG), 1000);
    assert.equal(exchange.state, "complete");
    assert.equal(scene.last.end, "shutdown");
  });
}

Deno.test("close lets a call finish within its grace, and streams stay for as long", async () => {
  await using scene = await Scene.open();
  const reply = new MemoryReply(200, [["content-type", "application/json"]]);
  scene.upstream.next(reply);
  const exchange = scene.begin({ body: bodyOf(call()) });
  await scene.upstream.request(0);
  const stream = scene.begin({ method: "GET" });
  await eventually("the stream to begin", () => stream.state === "open");
  const closed = scene.gate.close(LONG);
  reply.send(JSON.stringify(ANSWER));
  assert.equal(stream.state, "open");
  reply.end();
  await inTime("the gate to close", closed);
  assert.deepEqual(exchange.json, ANSWER);
  assert.deepEqual(scene.outcomes.map(({ end }) => end), ["complete", "shutdown"]);
});

const WAITING = [
  {
    name: "that waits for a head, in band within a session",
    begin(scene: Scene, session: string) {
      scene.upstream.next(() => new Promise(() => {}));
      return scene.begin({ body: bodyOf(call()), fields: [["mcp-session-id", session]] });
    },
    status: 200,
  },
  {
    name: "that waits for a head, with 503 at the first contact",
    begin(scene: Scene) {
      scene.upstream.next(() => new Promise(() => {}));
      return scene.begin({ body: bodyOf(rpc("initialize")) });
    },
    status: 503,
  },
  {
    name: "that waits for a stream's next event",
    begin(scene: Scene) {
      scene.upstream.next(eventReply([]));
      return scene.begin({ body: bodyOf(call()) });
    },
    status: 200,
  },
  {
    name: "that could be resumed elsewhere",
    begin(scene: Scene) {
      scene.upstream.next(eventReply(["id: 1\ndata:\n\n"]));
      return scene.begin({ body: bodyOf(call()) });
    },
    status: 200,
  },
];

for (const { name, begin, status } of WAITING) {
  Deno.test(`close tells a call ${name}`, async () => {
    await using scene = await Scene.open();
    scene.upstream.next(jsonReply(ANSWER, 200, [["mcp-session-id", "s1"]]));
    const first = await scene.post(rpc("initialize"));
    const exchange = begin(scene, first.field("mcp-session-id") ?? "");
    await scene.upstream.request(1);
    await scene.gate.close(0);
    await scene.over();
    assert.equal(exchange.status, status);
    const answer = exchange.field("content-type") === "text/event-stream"
      ? exchange.events.at(-1)
      : exchange.json;
    const error = { code: -32603, message: "Gateway is shutting down" };
    assert.deepEqual(answer, { jsonrpc: "2.0", id: 1, error });
    assert.equal(scene.last.end, "shutdown");
  });
}

Deno.test("close waits for no upstream that neither answers nor gives up", async () => {
  const deaf: Upstream = { ask: () => {}, close: () => Promise.resolve() };
  await using scene = await Scene.open({ connect: () => deaf });
  const exchange = scene.begin({ body: bodyOf(call()) });
  await eventually("the call to go up", () => scene.gate.held.bytes > 0);
  await inTime("the gate to close", scene.gate.close(0), 1000);
  assert.deepEqual([exchange.status, scene.last.end], [503, "shutdown"]);
});

Deno.test("a reply that comes after its exchange was cut is given up", async () => {
  const late = Promise.withResolvers<MemoryReply>();
  const deaf: Upstream = { ask: asking(() => late.promise), close: () => Promise.resolve() };
  await using scene = await Scene.open({ connect: () => deaf });
  const exchange = scene.begin({ body: bodyOf(call()) });
  await eventually("the call to go up", () => scene.gate.held.bytes > 0);
  exchange.leave();
  await scene.over();
  const reply = new MemoryReply();
  late.resolve(reply);
  await eventually("the reply to be given up", () => reply.cancelled);
});

Deno.test("close waits for no client that takes nothing, and keeps its record", async () => {
  await using scene = await Scene.open();
  const reply = eventReply([]);
  scene.upstream.next(reply);
  const exchange = scene.begin({ body: bodyOf(call()) });
  await eventually("the stream to begin", () => exchange.state === "open");
  exchange.stall();
  reply.send("data: {}\n\n");
  await inTime("the gate to close", scene.gate.close(0), 1500);
  assert.deepEqual([scene.outcomes.length, scene.last.end], [1, "shutdown"]);
  exchange.resume();
});

Deno.test("close waits for no body that does not arrive", async () => {
  await using scene = await Scene.open();
  const exchange = scene.begin({ body: null });
  exchange.send("{");
  await eventually("the body to begin", () => scene.gate.held.bytes === 1);
  await inTime("the gate to close", scene.gate.close(0), 1000);
  assert.deepEqual([exchange.status, scene.last.end], [503, "shutdown"]);
});

Deno.test("close ends what older generations keep, too", async () => {
  const ended: string[] = [];
  const module = {
    name: "keeper",
    options: (z) => z.object({}),
    create(_options, host) {
      host.keep("file", () => ({
        [Symbol.dispose]: () => void ended.push("file"),
      }));
      return () => allow();
    },
  } as AnyPolicyModule;
  // The older generation is the last to go: its upstream takes its time to close.
  let closeMs = 30;
  const connect = () => {
    const ms = closeMs;
    closeMs = 0;
    const close = () => new Promise<void>((resolve) => setTimeout(resolve, ms));
    return { ask: asking(() => Promise.resolve(eventReply([]))), close };
  };
  const setting = { stages: ["keeper"], modules: { keeper: module }, connect };
  await using scene = await Scene.open(setting);
  const exchange = scene.begin({ method: "GET" });
  await eventually("the stream to begin", () => exchange.state === "open");
  await scene.gate.reload(scene.config({ fingerprint: "2" }));
  assert.deepEqual(ended, []);
  await scene.gate.close(0);
  assert.deepEqual(ended, ["file"]);
});

Deno.test("a stage that cannot end properly is told to the operator and harms nobody", async () => {
  const module = {
    name: "clumsy",
    options: (z) => z.object({}),
    create(_options, host) {
      host.scope.defer(() => {
        throw new Error("cannot end");
      });
      return () => allow();
    },
  } as AnyPolicyModule;
  await using scene = await Scene.open({ stages: ["clumsy"], modules: { clumsy: module } });
  await scene.gate.reload(scene.config({ pipeline: config().pipeline }));
  const isTold = () =>
    scene.log.some((line) => /generation 1 left .*: Error: cannot end/.test(line));
  await eventually("the operator to be told", isTold);
  assert.equal((await scene.post(call())).status, 200);
});
