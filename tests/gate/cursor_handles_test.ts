/**
 * Cursors through a whole gate: unreadable on the way down, whatever the channel; opened on the way
 * up, for the same key and list; of anybody else's nothing is known.
 */
import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import type { Json, JsonObject } from "../../src/mcp/json.ts";
import { member } from "../../src/mcp/json.ts";
import { A, asked, B, bodiesUp, C, HANDLE_KEYS, openScene, told } from "./support/handle_scene.ts";
import { bodyOf, rpc, type Scene } from "./support/gate_scene.ts";
import type { MemoryExchange, Request } from "./support/memory_exchange.ts";
import { eventOf, eventReply, jsonReply, MemoryReply } from "./support/memory_upstream.ts";

/** As mcp-go makes it: the name of the last tool of the page. */
const CURSOR = Buffer.from("hidden_tool").toString("base64");

function page(members: JsonObject, id: string | number = 1): JsonObject {
  return { jsonrpc: "2.0", id, result: members };
}

const TOOLS = page({ tools: [{ name: "read_file" }], nextCursor: CURSOR });

function cursorIn(exchange: MemoryExchange): Json | undefined {
  const message = exchange.text.startsWith("{") || exchange.text.startsWith("[")
    ? exchange.json
    : exchange.events[0];
  return member(member(Array.isArray(message) ? message[0] : message, "result"), "nextCursor");
}

/** A cursor of `key` for the tools, as the client got it. */
async function cursorOf(scene: Scene, key = B): Promise<string> {
  scene.upstream.next(jsonReply(TOOLS));
  const cursor = cursorIn(await scene.ask(asked("legacy", "tools/list"), key));
  return typeof cursor === "string" ? cursor : assert.fail("no cursor");
}

const CHANNELS: readonly {
  readonly name: string;
  readonly reply: () => MemoryReply;
  readonly request?: Request;
  readonly batch?: boolean;
}[] = [
  { name: "JSON", reply: () => jsonReply(TOOLS) },
  { name: "a stream", reply: () => eventReply([TOOLS]).end() },
  {
    name: "JSON to a modern client",
    reply: () => jsonReply(TOOLS),
    request: asked("modern", "tools/list"),
  },
  {
    name: "a GET stream",
    reply: () => eventReply([page({ tools: [], nextCursor: CURSOR }, 77)]).end(),
    request: { method: "GET" },
  },
  { name: "an array", reply: () => jsonReply([TOOLS]) },
  {
    name: "an answer to something else",
    reply: () => jsonReply(TOOLS),
    request: asked("legacy", "tools/call", { name: "read_file" }),
  },
  {
    name: "an escaped spelling",
    reply: () => jsonReply(JSON.stringify(TOOLS).replace("nextCursor", "n\\u0065xtCursor")),
  },
];

for (const { name, reply, request = asked("legacy", "tools/list") } of CHANNELS) {
  Deno.test(`a cursor in ${name} tells nothing, and leads on`, async () => {
    await using scene = await openScene();
    scene.upstream.next(reply());
    const exchange = await scene.ask(request, B);
    const cursor = cursorIn(exchange);
    assert.ok(typeof cursor === "string", exchange.text);
    const readable = exchange.text + Buffer.from(cursor, "base64url").toString("latin1");
    assert.doesNotMatch(readable, new RegExp(`hidden_tool|${CURSOR}`));
    await scene.ask(asked("legacy", "tools/list", { cursor }, 2), B);
    assert.equal(bodiesUp(scene)[1], bodyOf(rpc("tools/list", { cursor: CURSOR }, 2)));
  });
}

Deno.test("a stream with cursors is the same however it is cut", async () => {
  await using scene = await openScene();
  const bytes = new TextEncoder().encode(eventOf(TOOLS) + eventOf(page({ nextCursor: "é" }, 2)));
  for (let at = 0; at <= bytes.length; at++) {
    const reply = new MemoryReply(200, [["content-type", "text/event-stream"]]);
    scene.upstream.next(reply.send(bytes.slice(0, at)).send(bytes.slice(at)).end());
    scene.clock.ms += 1000;
    const exchange = await scene.ask(asked("legacy", "tools/list"), B);
    const [first, second] = exchange.events;
    assert.match(String(member(member(first, "result"), "nextCursor")), /^[\w-]{50,}$/);
    assert.deepEqual(second, page({}, 2));
  }
});

for (const [kind, spelling] of [["plain", ""], ["with blanks and escapes", " "]] as const) {
  Deno.test(`an opened cursor changes its own string only, ${kind}`, async () => {
    await using scene = await openScene();
    const cursor = await cursorOf(scene);
    const written = spelling === ""
      ? JSON.stringify(cursor)
      : `"\\u${cursor.charCodeAt(0).toString(16).padStart(4, "0")}${cursor.slice(1)}"`;
    const around = [
      `${spelling}{"params":{"x":{"cursor":1.0},${spelling}"cursor":${spelling}`,
      `,"y":[12345678901234567890,"\\u00e9\\/"]},"id":"é","method":"tools/list","jsonrpc":"2.0"}\n`,
    ];
    await scene.post(around.join(written), B);
    assert.equal(bodiesUp(scene)[1], around.join(JSON.stringify(CURSOR)));
  });
}

Deno.test("a cursor in a batch goes up opened in its element", async () => {
  const mcp = {
    batch: "allow",
    resume: "on",
    instructions: "pass",
    samplingTools: "filter",
  } as const;
  await using scene = await openScene({ config: { mcp } });
  const cursor = await cursorOf(scene);
  const batch = (value: string) => [rpc("ping", {}, 1), rpc("tools/list", { cursor: value }, 2)];
  await scene.post(batch(cursor), B);
  assert.equal(bodiesUp(scene)[1], bodyOf(batch(CURSOR)));
  const denied = await scene.post(batch("never-issued"), B);
  assert.equal(bodiesUp(scene).length, 2);
  assert.match(denied.text, /"id":1,"error":{"code":-32600.*"id":2,"error":{"code":-32602/);
});

const FOREIGN: readonly {
  readonly name: string;
  readonly key?: string;
  readonly method?: string;
  readonly change?: (cursor: string) => string;
}[] = [
  { name: "of another key", key: C },
  { name: "of a key that may do more", key: A },
  { name: "of another list", method: "prompts/list" },
  { name: "for what is no list", method: "ping" },
  { name: "changed", change: (cursor) => `${cursor.slice(0, -2)}AA` },
  { name: "as the upstream made it", change: () => CURSOR },
];

for (const era of ["legacy", "modern"] as const) {
  for (const { name, key = B, method = "tools/list", change = String } of FOREIGN) {
    if (era === "modern" && method === "ping") continue;
    Deno.test(`${era}: a cursor ${name} is one that never was`, async () => {
      await using scene = await openScene();
      const presented = change(await cursorOf(scene));
      const refused = await scene.ask(asked(era, method, { cursor: presented }), key);
      const never = await scene.ask(asked(era, method, { cursor: "never-issued" }), key);
      assert.deepEqual(told(refused), told(never));
      assert.equal(refused.status, 200);
      assert.deepEqual(refused.json, {
        jsonrpc: "2.0",
        id: 1,
        error: { code: -32602, message: "Invalid cursor" },
      });
      assert.equal(scene.upstream.requests.length, 1);
      assert.deepEqual([scene.last.decision, scene.last.stage], ["deny", "door"]);
    });
  }
}

Deno.test("a cursor outlives the key it was given to, under the same label", async () => {
  await using scene = await openScene();
  const cursor = await cursorOf(scene);
  const keys = HANDLE_KEYS.map((key) =>
    key.label === "b" ? { ...key, hashes: HANDLE_KEYS[2]?.hashes ?? [] } : key
  ).filter(({ label }) => label !== "c");
  await scene.gate.reload(scene.config({ keys, fingerprint: "2" }));
  await scene.ask(asked("legacy", "tools/list", { cursor }), C);
  assert.equal(bodiesUp(scene)[1], bodyOf(rpc("tools/list", { cursor: CURSOR })));
});

const RESULTS: readonly { name: string; method?: string; result: Json; seen: Json }[] = [
  ...["", null].map((nextCursor) => ({
    name: `${JSON.stringify(nextCursor)}, which says there is no more`,
    result: { tools: [], nextCursor },
    seen: { tools: [], nextCursor },
  })),
  ...[7, { after: "hidden_tool" }, ["hidden_tool"], true].map((nextCursor) => ({
    name: `${JSON.stringify(nextCursor)}, which is no cursor`,
    result: { tools: [], nextCursor },
    seen: { tools: [] },
  })),
  {
    name: "one beside no list that anybody asked for",
    method: "tools/call",
    result: { content: [], nextCursor: CURSOR },
    seen: { content: [] },
  },
  {
    name: "one in a tool's own data",
    method: "tools/call",
    result: { content: [], structuredContent: { nextCursor: CURSOR } },
    seen: { content: [], structuredContent: { nextCursor: CURSOR } },
  },
];

for (const { name, method = "tools/list", result, seen } of RESULTS) {
  Deno.test(`what a client sees of ${name}`, async () => {
    await using scene = await openScene();
    scene.upstream.next(jsonReply({ jsonrpc: "2.0", id: 1, result }));
    const exchange = await scene.ask(asked("legacy", method, { name: "read_file" }), B);
    assert.deepEqual(exchange.json, { jsonrpc: "2.0", id: 1, result: seen });
  });
}

Deno.test("the empty cursor goes up as it came down", async () => {
  await using scene = await openScene();
  const body = bodyOf(rpc("tools/list", { cursor: "" }));
  await scene.post(body, B);
  assert.deepEqual(bodiesUp(scene), [body]);
});

for (const form of ["JSON", "a stream"]) {
  Deno.test(`a page in ${form} whose cursor is too long to be sealed is no answer`, async () => {
    await using scene = await openScene();
    const long = page({ tools: [], nextCursor: "x".repeat(741) });
    scene.upstream.next(form === "JSON" ? jsonReply(long) : eventReply([long]).end());
    const exchange = await scene.ask(asked("modern", "tools/list"), B);
    assert.match(exchange.text, /"id":1,"error":{"code":-32603,"message":"Upstream MCP server/);
    assert.doesNotMatch(exchange.text, /xxx/);
    assert.match(scene.last.detail ?? "", /nextCursor is too long to be sealed/);
  });
}

Deno.test("lists of a result within a result have cursors of their own", async () => {
  await using scene = await openScene();
  const inner = { prompts: [], nextCursor: CURSOR };
  scene.upstream.next(
    eventReply([
      { jsonrpc: "2.0", id: 1, result: { result: inner } },
    ]).end(),
  );
  const exchange = await scene.ask(asked("legacy", "tools/list"), B);
  const [message] = exchange.events;
  const cursor = member(member(member(message, "result"), "result"), "nextCursor");
  assert.ok(typeof cursor === "string" && cursor !== CURSOR);
  await scene.ask(asked("legacy", "prompts/list", { cursor }), B);
  assert.equal(bodiesUp(scene)[1], bodyOf(rpc("prompts/list", { cursor: CURSOR })));
});
