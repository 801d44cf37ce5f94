/**
 * What shares a stream of the HTTP+SSE transport: the server's events and the gate's own words, one
 * client's patience, and the generations of a gate that is reloaded.
 */
import assert from "node:assert/strict";
import { ClientGone } from "../../src/gate/answering.ts";
import type { Generation } from "../../src/gate/generation.ts";
import { LegacyStreams } from "../../src/gate/legacy_stream.ts";
import { allow } from "../../src/policy/contract.ts";
import type { AnyPolicyModule } from "../../src/policy/contract.ts";
import type { Upstream } from "../../src/upstream/upstream.ts";
import { eventually } from "../support/eventually.ts";
import { bodyOf, config } from "./support/gate_scene.ts";
import {
  A,
  accepted,
  call,
  ended,
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
import { asking, fieldMap } from "./support/memory_upstream.ts";

Deno.test("a refusal never stands inside an event of the server's", async () => {
  await using scene = await openLegacy();
  const stream = await openStream(scene);
  const note = { jsonrpc: "2.0", method: "notifications/message", params: { data: "one" } };
  const bytes = new TextEncoder().encode(messageOf(note));
  for (const byte of bytes) {
    stream.reply.send(Uint8Array.of(byte));
    await postTo(scene, stream.target, rpc("evil/method"));
  }
  await stream.exchange.has('"one"');
  const messages = messagesOf(stream);
  assert.equal(messages.length, bytes.length + 1);
  assert.deepEqual(messages.find((message) => Object.hasOwn(message as object, "method")), note);
});

Deno.test("a refusal waits for a client that takes nothing, and ends with its stream", async () => {
  const limits = { ...config().limits, writeDeadlineMs: 50 };
  await using scene = await openLegacy({ config: { limits } });
  const stream = await openStream(scene);
  stream.exchange.stall();
  const refused = await postTo(scene, stream.target, rpc("evil/method"));
  assert.equal(refused.status, 404);
  await eventually("the stream to end", () => ended(stream.exchange));
  assert.equal(stream.exchange.state, "broken");
  await scene.ended(2);
  assert.deepEqual(scene.outcomes.map(({ http, end }) => [http, end]).sort(), [
    ["GET", "client_gone"],
    ["POST", "complete"],
  ]);
});

Deno.test("a message goes to the server whose stream it is, also after a reload", async () => {
  const upstreams: string[] = [];
  const reached = (url: string): Upstream => ({
    ask: asking((request) => {
      if (request.method === "POST") upstreams.push(`${url}${request.path}`);
      const reply = request.method === "GET"
        ? new MemoryReply(200, [["content-type", "text/event-stream"]])
          .send("event: endpoint\ndata: /m?s=1\n\n")
        : accepted();
      request.signal.addEventListener("abort", { handleEvent: () => reply.fail("aborted") });
      return Promise.resolve(reply);
    }),
    close: () => Promise.resolve(),
  });
  const servers = ["http://upstream.example:9000", "http://other.example"];
  await using scene = await openLegacy({ connect: () => reached(servers.shift() ?? "") });
  const before = await openStream(scene);
  const moved = { ...LEGACY, url: "http://other.example/sse" };
  await scene.gate.reload(scene.config({ upstream: moved }));
  const after = await openStream(scene);
  for (const { target } of [before, after]) await postTo(scene, target, call());
  assert.deepEqual(upstreams, [
    "http://upstream.example:9000/m?s=1",
    "http://other.example/m?s=1",
  ]);
});

Deno.test("a message goes up with what the newest configuration says of the same server", async () => {
  await using scene = await openLegacy();
  const { target } = await openStream(scene);
  const secrets = { ...config().secrets, upstreamHeaders: [["x-token", "new"]] as const };
  await scene.gate.reload(scene.config({ secrets }));
  await postTo(scene, target, call());
  assert.equal(fieldMap(await scene.upstream.request(1))["x-token"], "new");
});

Deno.test("what judges an answer lives until the answer has come", async () => {
  const gone: number[] = [];
  let built = 0;
  const module = {
    name: "m",
    options: (z) => z.object({}),
    create: (_options, { scope }) => {
      const number = ++built;
      scope.defer(() => void gone.push(number));
      return () => allow({ onReply: (message) => gone.includes(number) ? null : message });
    },
  } as AnyPolicyModule;
  await using scene = await openLegacy({ modules: { m: module }, stages: ["m"] });
  const stream = await openStream(scene);
  await scene.gate.reload(scene.config());
  await postTo(scene, stream.target, call());
  await scene.gate.reload(scene.config());
  const answer = { jsonrpc: "2.0", id: 1, result: { content: [] } };
  stream.reply.send(messageOf(answer));
  await stream.exchange.has('"id":1');
  assert.deepEqual(messagesOf(stream), [answer]);
  await eventually("the second generation to go", () => gone.length > 0);
  assert.deepEqual(gone, [2]);
});

Deno.test("a stream takes no message more while its last words are written", async () => {
  await using scene = await openLegacy();
  const stream = await openStream(scene);
  await postTo(scene, stream.target, call());
  stream.exchange.stall();
  stream.reply.end();
  await eventually("the stream to be closed", () => !scene.gate.legacyStreams.isAwaiting);
  assert.equal((await postTo(scene, stream.target, rpc("ping", {}, 2))).status, 404);
  stream.exchange.resume();
  await eventually("the end", () => ended(stream.exchange));
  assert.deepEqual(messagesOf(stream).map((told) => (told as { id: unknown }).id), [1]);
});

Deno.test("a client that leaves its POST is told nothing on its stream", async () => {
  await using scene = await openLegacy();
  const stream = await openStream(scene);
  scene.upstream.next(() => new Promise(() => {}));
  const exchange = scene.begin({ target: stream.target, body: bodyOf(call()) });
  await scene.upstream.request(1);
  exchange.leave();
  await scene.ended(1);
  assert.equal(scene.last.end, "client_gone");
  assert.deepEqual(messagesOf(stream), []);
  // The id is free again.
  assert.equal((await postTo(scene, stream.target, call())).status, 202);
});

Deno.test("a request that is given up for others is told so", async () => {
  const keys = [keyEntry(A, { allow: ["*"], rateLimit: { rps: 1e6, burst: 1e6 } })];
  await using scene = await openLegacy({ config: { keys } });
  const stream = await openStream(scene);
  for (let id = 0; id <= 1024; id++) await postTo(scene, stream.target, rpc("ping", {}, id));
  assert.deepEqual(messagesOf(stream), [{
    jsonrpc: "2.0",
    id: 0,
    error: { code: -32603, message: "Too many requests without an answer" },
  }]);
});

Deno.test("what the server says to a message it takes is read to its end", async () => {
  await using scene = await openLegacy();
  const stream = await openStream(scene);
  const reply = new MemoryReply(202).send("Acc");
  scene.upstream.next(reply);
  assert.equal((await postTo(scene, stream.target, call())).status, 202);
  assert.equal(scene.outcomes.length, 0);
  reply.send("epted").end();
  await scene.ended(1);
  assert.ok(!reply.cancelled);
});

Deno.test("words that never end are given up", async () => {
  await using scene = await openLegacy();
  const stream = await openStream(scene);
  const reply = new MemoryReply(202).send("Acc");
  scene.upstream.next(reply);
  assert.equal((await postTo(scene, stream.target, call())).status, 202);
  await scene.ended(1);
  assert.ok(reply.cancelled);
});

const OPENING = {
  id: "s",
  label: "a",
  generation: null as unknown as Generation,
  path: "/m",
  onBroken: () => {},
};

Deno.test("LegacyStream writes one thing after the other, and its last when it is closed", async () => {
  const written: string[] = [];
  const first = Promise.withResolvers<void>();
  const out = {
    write(text: string) {
      written.push(text);
      return text === "first" ? first.promise : Promise.resolve();
    },
  };
  const stream = new LegacyStreams(() => {}).open({ ...OPENING, out });
  const writing = [stream.write("first"), stream.write("second")];
  await Promise.resolve();
  assert.deepEqual(written, ["first"]);
  stream.close();
  await assert.rejects(stream.write("late"), ClientGone);
  const last = stream.writeLast("last");
  first.resolve();
  await Promise.all([...writing, last]);
  assert.deepEqual(written, ["first", "second", "last"]);
});

Deno.test("LegacyStreams finds a stream for its owner, while it is open", () => {
  const streams = new LegacyStreams(() => {});
  const stream = streams.open({ ...OPENING, out: { write: () => Promise.resolve() } });
  assert.deepEqual([streams.find("s", "a"), streams.find("s", "b")], [stream, null]);
  streams.close(stream);
  assert.equal(streams.find("s", "a"), null);
});
