/** One answer for each request (P12), and none of the server's requests for modern clients. */
import assert from "node:assert/strict";
import type { Json } from "../../src/mcp/json.ts";
import { asked, B, openScene } from "./support/handle_scene.ts";
import { eventOf, eventReply, MemoryReply } from "./support/memory_upstream.ts";

const FIRST = { jsonrpc: "2.0", id: 1, result: { n: 1 } };
const SECOND = { jsonrpc: "2.0", id: 1, result: { n: 2 } };
const ERROR = { jsonrpc: "2.0", id: 1, error: { code: -1, message: "late" } };
const OTHER = { jsonrpc: "2.0", id: 2, result: { content: [{ id: 1, type: "x" }] } };
const TEXT = { jsonrpc: "2.0", id: "1", result: { n: 3 } };
const NOTE = { jsonrpc: "2.0", method: "notifications/x", params: { result: 1 } };

const STREAMS: readonly {
  name: string;
  sent: readonly (Json | string)[];
  seen: readonly Json[];
}[] = [
  { name: "a second answer", sent: [FIRST, SECOND], seen: [FIRST] },
  { name: "an error behind the answer", sent: [FIRST, NOTE, ERROR], seen: [FIRST, NOTE] },
  { name: "an answer behind the error", sent: [ERROR, FIRST], seen: [ERROR] },
  { name: "a second answer in an array", sent: [FIRST, [SECOND, NOTE]], seen: [FIRST, [NOTE]] },
  { name: "two answers in one array", sent: [[FIRST, SECOND]], seen: [[FIRST]] },
  {
    name: "a second answer with its id in front",
    sent: [FIRST, 'data: {"id":1,"jsonrpc":"2.0","result":{}}\n\n'],
    seen: [FIRST],
  },
  {
    name: "a second answer with escaped members",
    sent: [FIRST, eventOf(SECOND).replace("result", "r\\u0065sult")],
    seen: [FIRST],
  },
  {
    name: "the answer behind another's that mentions its id",
    sent: [OTHER, FIRST],
    seen: [OTHER, FIRST],
  },
  { name: "an id of another type", sent: [FIRST, TEXT], seen: [FIRST, TEXT] },
];

for (const { name, sent, seen } of STREAMS) {
  Deno.test(`what a client sees of a stream with ${name}`, async () => {
    await using scene = await openScene();
    scene.upstream.next(eventReply(sent).end());
    const exchange = await scene.ask(asked("legacy", "tools/call", { name: "read_file" }), B);
    assert.deepEqual(exchange.events, seen);
    assert.equal(scene.last.end, "complete");
  });
}

Deno.test("a stream with second answers is the same however it is cut", async () => {
  const bytes = new TextEncoder().encode([OTHER, FIRST, SECOND, NOTE].map(eventOf).join(""));
  await using scene = await openScene();
  for (let at = 0; at <= bytes.length; at++) {
    const reply = new MemoryReply(200, [["content-type", "text/event-stream"]]);
    scene.upstream.next(reply.send(bytes.slice(0, at)).send(bytes.slice(at)).end());
    scene.clock.ms += 1000;
    const exchange = await scene.ask(asked("legacy", "tools/call", { name: "read_file" }), B);
    assert.deepEqual(exchange.events, [OTHER, FIRST, NOTE]);
  }
});

Deno.test("a request of the server's never reaches a modern client, nor makes it owe an answer", async () => {
  await using scene = await openScene();
  const request = { jsonrpc: "2.0", id: 7, method: "roots/list" };
  scene.upstream.next(eventReply([request, FIRST]).end());
  const exchange = await scene.ask(asked("modern", "tools/call", { name: "read_file" }), B);
  assert.deepEqual(exchange.events, [FIRST]);
  assert.equal(scene.gate.handles.requests.size, 0);
});

Deno.test("a server offers the revisions that the gate knows", async () => {
  await using scene = await openScene();
  const offers = (supportedVersions: Json) => ({
    jsonrpc: "2.0",
    id: 1,
    result: { supportedVersions, ttlMs: 0, cacheScope: "private" },
  });
  scene.upstream.next(eventReply([offers(["2025-11-25", "2026-07-28", "2027-01-01", 7])]).end());
  const exchange = await scene.ask(asked("modern", "server/discover"), B);
  assert.deepEqual(exchange.events, [offers(["2025-11-25", "2026-07-28"])]);
});
