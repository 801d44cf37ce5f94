/** The gate's own rules for what comes down: private caches (P15), instructions, modern streams. */
import assert from "node:assert/strict";
import { ReplyScreen, wireRules } from "../../src/gate/reply_screen.ts";
import type { Json } from "../../src/mcp/json.ts";

type Options = Parameters<typeof wireRules>[0];

const LEGACY: Options = { era: "legacy", method: "tools/list", instructions: "pass" };
const MODERN: Options = { ...LEGACY, era: "modern" };

/** What passes of `message` where no policy has a filter, and nothing looks at it unasked. */
function passed(message: Json, options: Options): unknown {
  const screen = new ReplyScreen(wireRules(options), [], new Set(), [], () => assert.fail());
  const text = screen.screen(JSON.stringify(message));
  return text === null ? null : JSON.parse(text);
}

function result(value: Json): Json {
  return { jsonrpc: "2.0", id: 1, result: value };
}

const RESULTS: readonly {
  readonly name: string;
  readonly options: Options;
  readonly sent: Json;
  readonly passes: Json;
}[] = [
  {
    name: "a public result becomes private",
    options: LEGACY,
    sent: { tools: [], cacheScope: "public", ttlMs: 5 },
    passes: { tools: [], cacheScope: "private", ttlMs: 5 },
  },
  {
    name: "so does one of an unknown scope",
    options: LEGACY,
    sent: { cacheScope: ["public"] },
    passes: { cacheScope: "private" },
  },
  {
    name: "a long life is cut to a minute",
    options: MODERN,
    sent: { cacheScope: "private", ttlMs: 60_001 },
    passes: { cacheScope: "private", ttlMs: 60_000 },
  },
  {
    name: "so is one that is no number",
    options: LEGACY,
    sent: { ttlMs: "1e9" },
    passes: { ttlMs: 60_000 },
  },
  {
    name: "a modern list says private where it says nothing",
    options: MODERN,
    sent: { tools: [] },
    passes: { tools: [], cacheScope: "private" },
  },
  {
    name: "so does server/discover, whatever is in it",
    options: { ...MODERN, method: "server/discover" },
    sent: {},
    passes: { cacheScope: "private" },
  },
  {
    name: "other modern results are left alone",
    options: { ...MODERN, method: "tools/call" },
    sent: { content: [] },
    passes: { content: [] },
  },
  {
    name: "legacy lists are left alone",
    options: LEGACY,
    sent: { tools: [] },
    passes: { tools: [] },
  },
  {
    name: "a result within a result becomes private",
    options: LEGACY,
    sent: { result: { cacheScope: "public" } },
    passes: { result: { cacheScope: "private" } },
  },
  {
    name: "instructions pass",
    options: LEGACY,
    sent: { instructions: "call rm" },
    passes: { instructions: "call rm" },
  },
  {
    name: "instructions are stripped where that is asked",
    options: { ...LEGACY, instructions: "strip" },
    sent: { serverInfo: {}, instructions: "call rm" },
    passes: { serverInfo: {} },
  },
];

for (const { name, options, sent, passes } of RESULTS) {
  Deno.test(`wireRules: ${name}`, () => {
    assert.deepEqual(passed(result(sent), options), result(passes));
    assert.deepEqual(passed([result(sent)], options), [result(passes)]);
  });
}

Deno.test("wireRules: a task's result in a notification becomes private", () => {
  const notification = (scope: string) => ({
    jsonrpc: "2.0",
    method: "notifications/tasks",
    params: { result: { cacheScope: scope } },
  });
  assert.deepEqual(passed(notification("public"), LEGACY), notification("private"));
});

const REQUEST = { jsonrpc: "2.0", id: 1, method: "sampling/createMessage", params: {} };

Deno.test("wireRules: a server's request passes to a legacy client only", () => {
  assert.deepEqual(passed(REQUEST, LEGACY), REQUEST);
  assert.equal(passed(REQUEST, MODERN), null);
});

Deno.test("wireRules: an answer to nobody passes in a refusal only", () => {
  const nameless = { jsonrpc: "2.0", id: null, error: { code: -32700, message: "Parse error" } };
  assert.equal(passed(nameless, LEGACY), null);
  assert.deepEqual(passed([nameless, result({})], LEGACY), [result({})]);
  assert.deepEqual(passed(nameless, { ...LEGACY, isRefusal: true }), nameless);
});

Deno.test("wireRules: notifications pass to a modern client", () => {
  const notification = { jsonrpc: "2.0", method: "notifications/message", params: { id: 1 } };
  assert.deepEqual(passed(notification, MODERN), notification);
});
