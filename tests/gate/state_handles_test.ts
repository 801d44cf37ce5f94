/**
 * States of requests (2026-07-28): what a server wants back with a retry belongs to the key, the
 * method and the subject that it was told to.
 */
import assert from "node:assert/strict";
import type { Json, JsonObject } from "../../src/mcp/json.ts";
import { member } from "../../src/mcp/json.ts";
import { A, asked, B, bodiesUp, C, openScene, told } from "./support/handle_scene.ts";
import type { Scene } from "./support/gate_scene.ts";
import { eventReply, jsonReply } from "./support/memory_upstream.ts";

const READ: JsonObject = { name: "read_file" };

function asksBack(requestState: Json, id: string | number = 1): JsonObject {
  return {
    jsonrpc: "2.0",
    id,
    result: { resultType: "input_required", inputRequests: {}, requestState },
  };
}

function stateIn(message: unknown): Json | undefined {
  return member(member(message, "result"), "requestState");
}

/** The state of a call of `read_file` by B, as the client got it. */
async function stateOf(scene: Scene, state = "round-1"): Promise<string> {
  scene.upstream.next(jsonReply(asksBack(state)));
  const exchange = await scene.ask(asked("modern", "tools/call", READ), B);
  const sealed = stateIn(exchange.json);
  return typeof sealed === "string" ? sealed : assert.fail("no state");
}

/** The state that went up last. */
function stateUp(scene: Scene): Json | undefined {
  return member(member(JSON.parse(bodiesUp(scene).at(-1) ?? ""), "params"), "requestState");
}

const STATES = [
  { name: "a word", state: "round-1" },
  { name: "JSON", state: '{"step":1,"of":[2,3]}' },
  { name: "a token", state: "eyJhbGciOiJIUzI1NiJ9.e30.x-_y" },
  { name: "characters beyond ASCII and controls", state: "é🚲\0\n" },
  { name: "all that a stateless server knows", state: "x".repeat(8000) },
];

for (const { name, state } of STATES) {
  Deno.test(`a state that is ${name} comes back as it was`, async () => {
    await using scene = await openScene();
    const sealed = await stateOf(scene, state);
    assert.match(sealed, /^[\x21-\x7e]{1,8192}$/);
    assert.notEqual(sealed, state);
    const retry = asked("modern", "tools/call", { ...READ, requestState: sealed }, 2);
    await scene.ask(retry, B);
    assert.equal(stateUp(scene), state);
  });
}

Deno.test("a state in a stream is sealed as well", async () => {
  await using scene = await openScene();
  scene.upstream.next(eventReply([asksBack("round-1")]).end());
  const exchange = await scene.ask(asked("modern", "tools/call", READ), B);
  const sealed = stateIn(exchange.events[0]);
  assert.notEqual(sealed, "round-1");
  await scene.ask(asked("modern", "tools/call", { ...READ, requestState: sealed }), B);
  assert.equal(stateUp(scene), "round-1");
});

const FOREIGN: readonly {
  readonly name: string;
  readonly key?: string;
  readonly method?: string;
  readonly params?: JsonObject;
  readonly change?: (state: string) => string;
}[] = [
  { name: "of another key", key: C },
  { name: "of a key that may do more", key: A },
  { name: "of another tool", params: { name: "search" } },
  { name: "of another method", method: "prompts/get" },
  { name: "changed", change: (state) => `${state.slice(0, -1)}!` },
  { name: "as the upstream made it", change: () => "round-1" },
];

for (
  const { name, key = B, method = "tools/call", params = READ, change = String } of FOREIGN
) {
  Deno.test(`a state ${name} is one that never was`, async () => {
    await using scene = await openScene();
    const presented = change(await stateOf(scene));
    const ask = (requestState: string) =>
      scene.ask(asked("modern", method, { ...params, requestState }), key);
    const refused = await ask(presented);
    assert.deepEqual(told(refused), told(await ask("never-issued")));
    assert.equal(refused.status, 200);
    assert.match(refused.text, /"code":-32602,"message":"Invalid requestState"/);
    assert.equal(scene.upstream.requests.length, 1);
  });
}

Deno.test("a state whose tool the key may no longer call is no use", async () => {
  await using scene = await openScene();
  const sealed = await stateOf(scene);
  const keys = scene.config().keys.map((key) => ({ ...key, allow: ["search"] }));
  await scene.gate.reload(scene.config({ keys, fingerprint: "2" }));
  const retry = asked("modern", "tools/call", { ...READ, requestState: sealed });
  const exchange = await scene.ask(retry, B);
  assert.match(exchange.text, /Unknown tool: read_file/);
  assert.equal(scene.upstream.requests.length, 1);
});

const UNPLACED = [
  { name: "in an answer to nobody", message: asksBack("secret-state", 9) },
  {
    name: "within the result of a task",
    message: { jsonrpc: "2.0", id: 1, result: { result: { requestState: "secret-state" } } },
  },
  { name: "that is no string", message: asksBack({ is: "secret-state" }) },
];

for (const { name, message } of UNPLACED) {
  Deno.test(`a state ${name} does not come down`, async () => {
    await using scene = await openScene();
    const last = { jsonrpc: "2.0", id: 1, result: {} };
    scene.upstream.next(eventReply([message, last]).end());
    const exchange = await scene.ask(asked("modern", "tools/call", READ), B);
    assert.doesNotMatch(exchange.text, /secret-state/);
    assert.equal(exchange.status, 200);
  });
}

Deno.test("a state that is too long to come back is no answer", async () => {
  await using scene = await openScene();
  scene.upstream.next(jsonReply(asksBack("x".repeat(8192))));
  const exchange = await scene.ask(asked("modern", "tools/call", READ), B);
  assert.match(exchange.text, /"code":-32603/);
  assert.match(scene.last.detail ?? "", /requestState is too long/);
});

Deno.test("an answer in a retry that uses a denied tool is refused before its state is looked at", async () => {
  await using scene = await openScene();
  const inputResponses = { q: { content: [{ type: "tool_use", name: "rm", input: {} }] } };
  for (const requestState of [await stateOf(scene), "never-issued"]) {
    const params = { ...READ, inputResponses, requestState };
    const exchange = await scene.ask(asked("modern", "tools/call", params), B);
    assert.match(exchange.text, /"code":-32602,"message":"The answer uses a tool/);
  }
  assert.equal(scene.upstream.requests.length, 1);
});
