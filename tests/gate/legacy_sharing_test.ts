/**
 * What shares a stream of the HTTP+SSE transport: the server's events and the gate's own words, one
 * client's patience, and the generations of a gate that is reloaded.
 */
import assert from "node:assert/strict";
import type { Upstream } from "../../src/upstream/upstream.ts";
import { eventually } from "../support/eventually.ts";
import { config } from "./support/gate_scene.ts";
import {
  accepted,
  call,
  ended,
  LEGACY,
  MemoryReply,
  messageOf,
  messagesOf,
  openLegacy,
  openStream,
  postTo,
  rpc,
} from "./support/legacy_scene.ts";

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
    send: (request) => {
      if (request.method === "POST") upstreams.push(`${url}${request.path}`);
      const reply = request.method === "GET"
        ? new MemoryReply(200, [["content-type", "text/event-stream"]])
          .send("event: endpoint\ndata: /m?s=1\n\n")
        : accepted();
      request.signal.addEventListener("abort", () => reply.fail("aborted"));
      return Promise.resolve(reply);
    },
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
