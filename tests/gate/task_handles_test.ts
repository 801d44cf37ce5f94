/**
 * Tasks through a whole gate, of 2025-11-25 and of the extension of 2026-07-28: whoever was given
 * one may ask for it while he may call its tool; to others it does not exist.
 */
import assert from "node:assert/strict";
import type { Json, JsonObject } from "../../src/mcp/json.ts";
import { MEMORY_BOUNDS } from "../../src/gate/handle_memory.ts";
import { A, asked, B, bodiesUp, C, HANDLE_KEYS, openScene, told } from "./support/handle_scene.ts";
import { bodyOf, type Scene } from "./support/gate_scene.ts";
import { eventOf, eventReply, jsonReply } from "./support/memory_upstream.ts";

const CREATED = {
  legacy: { task: { taskId: "t-1", status: "working", ttl: 60_000 } },
  modern: { resultType: "task", taskId: "t-1", status: "working", ttlMs: 60_000 },
};
const NOT_FOUND = {
  jsonrpc: "2.0",
  id: 1,
  error: { code: -32602, message: "Failed to retrieve task: Task not found" },
};
const RELATED = { "io.modelcontextprotocol/related-task": { taskId: "t-1" } };

type Era = keyof typeof CREATED;

/** Starts task `t-1` for `key`. */
async function start(scene: Scene, era: Era, key = B, tool = "read_file"): Promise<void> {
  scene.upstream.next(jsonReply({ jsonrpc: "2.0", id: 1, result: CREATED[era] }));
  const exchange = await scene.ask(asked(era, "tools/call", { name: tool }), key);
  assert.match(exchange.text, /"t-1"/);
}

const METHODS: readonly {
  readonly era: Era;
  readonly method: string;
  readonly params?: JsonObject;
}[] = [
  { era: "legacy", method: "tasks/get" },
  { era: "legacy", method: "tasks/result" },
  { era: "legacy", method: "tasks/cancel" },
  { era: "modern", method: "tasks/get" },
  { era: "modern", method: "tasks/update", params: { taskId: "t-1", inputResponses: {} } },
  { era: "modern", method: "tasks/cancel" },
  {
    era: "modern",
    method: "subscriptions/listen",
    params: { notifications: { taskIds: ["t-1"] } },
  },
  { era: "legacy", method: "tools/call", params: { name: "read_file", _meta: RELATED } },
  { era: "legacy", method: "ping", params: { _meta: RELATED } },
];

for (const { era, method, params = { taskId: "t-1" } } of METHODS) {
  const request = asked(era, method, params);
  const answer = () =>
    method === "subscriptions/listen"
      ? eventReply([{ jsonrpc: "2.0", id: 1, result: {} }]).end()
      : jsonReply({ jsonrpc: "2.0", id: 1, result: {} });

  Deno.test(`${era}: ${method} of one's own task goes up as it is`, async () => {
    await using scene = await openScene();
    await start(scene, era);
    scene.upstream.next(answer());
    assert.equal((await scene.ask(request, B)).status, 200);
    assert.deepEqual(bodiesUp(scene).slice(1), [request.body]);
    assert.equal(scene.last.subject, "read_file");
  });

  Deno.test(`${era}: ${method} of another's task is of one that never was`, async () => {
    await using scene = await openScene();
    const never = await scene.ask(request, C);
    await start(scene, era);
    for (const key of [C, A]) {
      assert.deepEqual(told(await scene.ask(request, key)), told(never));
    }
    assert.deepEqual([never.status, never.json], [200, NOT_FOUND]);
    assert.equal(scene.upstream.requests.length, 1);
    assert.deepEqual([scene.last.decision, scene.last.stage], ["deny", "door"]);
  });

  Deno.test(`${era}: ${method} of a task whose tool was taken away is of one that never was`, async () => {
    await using scene = await openScene();
    await start(scene, era, B, "search");
    const keys = HANDLE_KEYS.map((key) => ({ ...key, allow: ["read_file"] }));
    await scene.gate.reload(scene.config({ keys, fingerprint: "2" }));
    const refused = await scene.ask(request, B);
    assert.deepEqual([refused.status, refused.json], [200, NOT_FOUND]);
    assert.deepEqual(told(refused), told(await scene.ask(request, C)));
    assert.equal(scene.upstream.requests.length, 1);
    await scene.gate.reload(scene.config({ fingerprint: "3" }));
    scene.upstream.next(answer());
    await scene.ask(request, B);
    assert.equal(scene.upstream.requests.length, 2);
  });
}

Deno.test("one foreign task among one's own refuses the whole listen", async () => {
  await using scene = await openScene();
  await start(scene, "modern");
  const params = { notifications: { taskIds: ["t-1", "t-2"] } };
  const exchange = await scene.ask(asked("modern", "subscriptions/listen", params), B);
  assert.deepEqual(exchange.json, NOT_FOUND);
});

Deno.test("a request about tasks that names none is about one that never was", async () => {
  await using scene = await openScene();
  const exchange = await scene.ask(asked("legacy", "tasks/get"), B);
  assert.deepEqual([exchange.status, exchange.json], [200, NOT_FOUND]);
});

Deno.test("a client that does not declare the extension is told so first, whoever owns the task", async () => {
  await using scene = await openScene();
  await start(scene, "modern");
  const request = asked("modern", "tasks/get", { taskId: "t-1" });
  const body = String(request.body).replace('"io.modelcontextprotocol/tasks":{}', "");
  for (const key of [B, C]) {
    const exchange = await scene.ask({ ...request, body }, key);
    assert.equal(exchange.status, 400);
    assert.match(exchange.text, /-32021/);
  }
});

for (const era of ["legacy", "modern"] as const) {
  Deno.test(`${era}: tasks/list is no method`, async () => {
    await using scene = await openScene();
    const exchange = await scene.ask(asked(era, "tasks/list"), A);
    assert.equal(exchange.status, era === "legacy" ? 200 : 404);
    assert.match(exchange.text, /"code":-32601,"message":"Method not found: tasks\/list"/);
    assert.equal(scene.upstream.requests.length, 0);
  });
}

const CREATIONS: readonly { name: string; method?: string; id?: number; result: Json }[] = [
  { name: "a prompt's answer", method: "prompts/get", result: CREATED.legacy },
  { name: "an answer to nobody", id: 9, result: CREATED.legacy },
  { name: "a result with a taskId of its own", result: { taskId: "t-1" } },
  { name: "a tool's own data", result: { structuredContent: { task: { taskId: "t-1" } } } },
];

for (const { name, method = "tools/call", id = 1, result } of CREATIONS) {
  Deno.test(`${name} makes no task anybody's`, async () => {
    await using scene = await openScene();
    const answers = [{ jsonrpc: "2.0", id, result }, { jsonrpc: "2.0", id: 1, result: {} }];
    scene.upstream.next(eventReply(answers).end());
    await scene.ask(asked("legacy", method, { name: "read_file" }), B);
    const exchange = await scene.ask(asked("legacy", "tasks/get", { taskId: "t-1" }), B);
    assert.deepEqual(exchange.json, NOT_FOUND);
  });
}

Deno.test("what a modern stream says of a legacy request under way makes no task anybody's", async () => {
  await using scene = await openScene();
  const reply = eventReply([]);
  scene.upstream.next(reply);
  const held = scene.begin(asked("legacy", "tools/call", { name: "search" }, 9), B);
  await scene.upstream.request(0);
  const created = { jsonrpc: "2.0", id: 9, result: CREATED.legacy };
  scene.upstream.next(eventReply([created, { jsonrpc: "2.0", id: 1, result: {} }]).end());
  scene.begin(asked("modern", "tools/call", { name: "read_file" }), B);
  await scene.ended(1);
  reply.send(eventOf({ jsonrpc: "2.0", id: 9, result: {} })).end();
  await scene.over();
  assert.equal(held.status, 200);
  const exchange = await scene.ask(asked("legacy", "tasks/get", { taskId: "t-1" }), B);
  assert.deepEqual(exchange.json, NOT_FOUND);
});

Deno.test("a task is remembered while it is asked for, and a day longer", async () => {
  await using scene = await openScene();
  await start(scene, "legacy");
  const get = asked("legacy", "tasks/get", { taskId: "t-1" });
  for (const [wait, found] of [[0.9, true], [0.9, true], [1, false]] as const) {
    scene.clock.ms += wait * MEMORY_BOUNDS.idleMs;
    assert.equal((await scene.ask(get, B)).text.includes("error"), !found);
  }
});

const NEWS: readonly { name: string; method: string; params: Json; passes: boolean }[] = [
  ...["notifications/tasks/status", "notifications/tasks"].flatMap((method) => [
    { name: "of one's own task", method, params: { taskId: "t-1", status: "x" }, passes: true },
    { name: "of another's task", method, params: { taskId: "t-2", status: "x" }, passes: false },
    { name: "of no task", method, params: { status: "x" }, passes: false },
    { name: "of a task by a number", method, params: { taskId: 1 }, passes: false },
  ]),
  { name: "of another kind", method: "notifications/x", params: { taskId: "t-2" }, passes: true },
];

for (const { name, method, params, passes } of NEWS) {
  Deno.test(`${method} ${name} ${passes ? "passes" : "does not pass"}`, async () => {
    await using scene = await openScene();
    await start(scene, "legacy");
    const message = { jsonrpc: "2.0", method, params };
    scene.upstream.next(eventReply([message]).end());
    const exchange = await scene.ask({ method: "GET" }, B);
    assert.deepEqual(exchange.events, passes ? [message] : []);
  });
}

Deno.test("what a task in the news has given is screened like any result", async () => {
  await using scene = await openScene();
  await start(scene, "legacy");
  const result = { prompts: [], nextCursor: "plain", requestState: "plain" };
  const message = (inner: Json) => ({
    jsonrpc: "2.0",
    method: "notifications/tasks",
    params: { taskId: "t-1", result: inner },
  });
  scene.upstream.next(eventReply([message(result)]).end());
  const { text } = await scene.ask({ method: "GET" }, B);
  assert.doesNotMatch(text, /plain|requestState/);
  assert.match(text, /"result":{"prompts":\[\],"nextCursor":"[\w-]{40,}"}/);
});

Deno.test("a list of tasks that comes all the same shows one's own", async () => {
  await using scene = await openScene();
  await start(scene, "legacy");
  const tasks = ["t-2", "t-1", 7].map((taskId) => ({ taskId }));
  scene.upstream.next(eventReply([{ jsonrpc: "2.0", id: 5, result: { tasks } }]).end());
  const [message] = (await scene.ask({ method: "GET" }, B)).events;
  assert.deepEqual(message, { jsonrpc: "2.0", id: 5, result: { tasks: [{ taskId: "t-1" }] } });
});

const CAPABILITIES: readonly { name: string; sent: Json; seen: Json }[] = [
  { name: "the list", sent: { list: {}, cancel: {} }, seen: { cancel: {} } },
  { name: "nothing else", sent: { cancel: {} }, seen: { cancel: {} } },
  { name: "nothing of what is no object", sent: true, seen: true },
];

for (const { name, sent, seen } of CAPABILITIES) {
  Deno.test(`of the tasks a server offers, ${name} is taken out`, async () => {
    await using scene = await openScene();
    const answer = (tasks: Json) => ({
      jsonrpc: "2.0",
      id: 1,
      result: { capabilities: { tools: {}, tasks } },
    });
    scene.upstream.next(jsonReply(answer(sent)));
    const exchange = await scene.ask(asked("legacy", "initialize"), A);
    assert.equal(exchange.text, bodyOf(answer(seen)));
  });
}

for (const [what, taskId] of [["its own", "c-1"], ["the upstream's", "t-1"]] as const) {
  Deno.test(`a client's news of a task of ${what} goes no further`, async () => {
    await using scene = await openScene();
    await start(scene, "legacy");
    const params = { taskId, status: "working" };
    const message = { jsonrpc: "2.0", method: "notifications/tasks/status", params };
    const exchange = await scene.post(message, B);
    assert.deepEqual([exchange.status, exchange.text, scene.last.decision], [202, "", "deny"]);
    assert.equal(scene.upstream.requests.length, 1);
  });
}
