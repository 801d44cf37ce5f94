/**
 * P14 on the whole gate: what is remembered stays within its bounds whatever floods in, what was
 * taken is given back, and the work on a message grows with its length and no faster. Counted, never
 * timed.
 */
import assert from "node:assert/strict";
import { compileGrant } from "../../policies/allowlist_grant.ts";
import { replyFilter, TOUCHES } from "../../policies/allowlist_replies.ts";
import { readCalls } from "../../src/gate/call.ts";
import { MEMORY_BOUNDS } from "../../src/gate/handle_memory.ts";
import { ReplyScreen, wireRules } from "../../src/gate/reply_screen.ts";
import { B, bodyOf, call, config, rpc } from "../gate/support/gate_scene.ts";
import { echo, eventReply, jsonReply } from "../gate/support/memory_upstream.ts";
import { countedWork } from "../support/counted_work.ts";
import { fuzzAsync } from "../support/fuzz.ts";
import { openProperty } from "./property_scene.ts";
import { cut } from "./random_framing.ts";
import { macrotask } from "./story.ts";
import { asked } from "./trouble.ts";

/** More than is remembered of one key. */
const MANY = MEMORY_BOUNDS.perOwner + 500;

Deno.test("requests under way that nobody answers are remembered up to a bound", async () => {
  await using scene = await openProperty();
  scene.upstream.otherwise = () => eventReply(["id: 1\ndata:\n\n"]);
  const exchanges = Array.from(
    { length: MANY },
    (_, id) => scene.begin({ body: bodyOf(call("read_file", id)) }, B),
  );
  while (scene.upstream.requests.length < MANY) await macrotask();
  const { size } = scene.gate.handles.requests;
  assert.ok(size > 0 && size <= MEMORY_BOUNDS.perOwner, `${size} are remembered`);
  for (const exchange of exchanges) exchange.leave();
  await scene.over();
});

Deno.test("requests of the upstream's that nobody answers are remembered up to a bound", async () => {
  await using scene = await openProperty();
  const requests = Array.from({ length: MANY }, (_, id) => ({
    jsonrpc: "2.0",
    id,
    method: "sampling/createMessage",
    params: { _meta: { progressToken: id } },
  }));
  scene.upstream.next(eventReply(requests).end());
  await scene.ask({ method: "GET" }, B);
  // Ids, and the tokens that go with them.
  const { size } = scene.gate.handles.requests;
  assert.ok(size > 0 && size <= 2 * MEMORY_BOUNDS.perOwner, `${size} are remembered`);
});

Deno.test("tasks are remembered up to a bound", async () => {
  await using scene = await openProperty();
  scene.upstream.otherwise = (request) => {
    const { id } = asked(request);
    return jsonReply({ jsonrpc: "2.0", id, result: { task: { taskId: `task ${id}` } } });
  };
  for (let id = 0; id < MANY; id++) await scene.post(call("read_file", id), B);
  const { size } = scene.gate.handles.tasks;
  assert.ok(size > 0 && size <= MEMORY_BOUNDS.perOwner, `${size} are remembered`);
});

Deno.test("bodies in memory never exceed their bound, and all of it comes back", async () => {
  const heldBytes = 5000;
  await using scene = await openProperty({
    config: { limits: { ...config().limits, heldBytes, bodyBytes: 2000 } },
  });
  let refused = 0;
  await fuzzAsync(60, async (random) => {
    const exchanges = Array.from({ length: 12 }, () => scene.begin({ body: null }, B));
    for (let steps = 40; steps > 0; steps--) {
      const exchange = random.pick(exchanges);
      const kind = random.below(10);
      if (kind === 0) exchange.leave();
      else if (kind === 1) exchange.endBody();
      else exchange.send(new Uint8Array(random.below(900)));
      if (random.chance(0.5)) await macrotask();
      assert.ok(scene.gate.held.bytes <= heldBytes, `${scene.gate.held.bytes} are held`);
    }
    for (const exchange of exchanges) exchange.leave();
    await scene.over();
    assert.equal(scene.gate.held.bytes, 0);
    refused += exchanges.filter(({ status }) => status === 503 || status === 413).length;
  });
  assert.ok(refused > 0, "no bound was met");
});

Deno.test("a body passes up to its limit and not beyond, announced or not, in whatever pieces", async () => {
  const bodyBytes = 500;
  await using scene = await openProperty({ config: { limits: { ...config().limits, bodyBytes } } });
  const message = JSON.stringify(call());
  await fuzzAsync(200, async (random) => {
    const size = bodyBytes + random.pick([-1, 0, 1, 300]);
    const fields = [["content-length", String(size)] as const].filter(() => random.chance(0.5));
    const exchange = scene.begin({ body: null, fields }, B);
    for (const piece of cut(random, new TextEncoder().encode(message.padEnd(size)))) {
      exchange.send(piece);
    }
    exchange.endBody();
    await scene.over();
    const wentUp = scene.upstream.requests.splice(0).length;
    const expected = size <= bodyBytes ? [200, 1] : [413, 0];
    assert.deepEqual([exchange.status, wentUp], expected, `${size} bytes`);
  });
});

Deno.test("a key never holds more streams than it may, and one that ended counts no more", async () => {
  const streamsPerKey = 5;
  await using scene = await openProperty({
    config: { limits: { ...config().limits, streamsPerKey } },
  });
  scene.upstream.otherwise = () => eventReply([]);
  let refused = 0;
  await fuzzAsync(40, async (random) => {
    const open = new Set([scene.begin({ method: "GET" }, B)]);
    for (let steps = 40; steps > 0; steps--) {
      if (random.chance(0.6)) open.add(scene.begin({ method: "GET" }, B));
      else for (const exchange of [...open].slice(0, 1)) exchange.leave();
      for (let turns = 3; turns > 0; turns--) await macrotask();
      for (const exchange of open) {
        if (exchange.status === 429) {
          refused++;
          assert.ok(open.size > streamsPerKey, "refused although there was room");
        }
      }
      for (const exchange of open) {
        if (exchange.isGone || exchange.status === 429) open.delete(exchange);
      }
      assert.ok(open.size <= streamsPerKey, `${open.size} are open`);
    }
    for (const exchange of open) exchange.leave();
    await scene.over();
  });
  assert.ok(refused > 0, "no bound was met");
});

/** Documents of about `n` characters, each shaped to make some reader slow. */
const SHAPES: readonly { readonly name: string; readonly make: (n: number) => string }[] = [
  { name: "open brackets", make: (n) => "[".repeat(n) },
  { name: "open objects", make: (n) => '{"a":'.repeat(n / 5) },
  { name: "empty objects", make: (n) => `[${"{},".repeat(n / 3)}{}]` },
  { name: "a long string", make: (n) => `["${"x".repeat(n)}"]` },
  { name: "escaped quotes", make: (n) => `["${'\\"'.repeat(n / 2)}"]` },
  { name: "a string of backslashes without an end", make: (n) => `["${"\\".repeat(n)}` },
  { name: "blanks", make: (n) => `{"tools"${" ".repeat(n)}:[]}` },
  { name: "integer-like members", make: (n) => `{${members(n / 12, (at) => at * 4096)}}` },
  { name: "members of one length", make: (n) => `{${members(n / 16, (at) => `m${1e6 + at}`)}}` },
  { name: "definitions", make: (n) => `{"tools":[${'{"name":"x"},'.repeat(n / 13)}{}]}` },
  { name: "lists in lists", make: (n) => `{"tools":${"[".repeat(n / 2)}${"]".repeat(n / 2)}}` },
  { name: "results in results", make: (n) => nested('{"result":', n / 11) },
  { name: "names of governed members", make: (n) => `["${'tools","'.repeat(n / 8)}"]` },
  { name: "escapes", make: (n) => `["${"\\u0074".repeat(n / 6)}"]` },
];

function members(count: number, name: (at: number) => string | number): string {
  return Array.from({ length: count }, (_, at) => `"${name(at)}":1`).join(",");
}

function nested(open: string, depth: number): string {
  return `${open.repeat(depth)}{"tools":[]}${"}".repeat(depth)}`;
}

/** What one character may cost: some ten searches look at it, and each may copy it. */
const PER_CHARACTER = 40;

function readUp(text: string): void {
  const params = `{"name":"a","arguments":${text}}`;
  const body = `{"jsonrpc":"2.0","id":1,"method":"tools/call","params":${params}}`;
  readCalls(new TextEncoder().encode(body), [], config());
}

function screenDown(text: string): void {
  const rights = compileGrant({ allow: ["read_file"], deny: [], prompts: [], resources: [] });
  const screen = new ReplyScreen(
    wireRules({ era: "legacy", method: null, instructions: "strip" }),
    [replyFilter(rights, rights.mayCall)],
    new Set(TOUCHES),
    [1],
    () => {},
  );
  screen.screen(`{"jsonrpc":"2.0","id":1,"result":${text}}`);
  screen.screen(`[${text}]`);
}

for (const { name, make } of SHAPES) {
  for (const [way, work] of [["up", readUp], ["down", screenDown]] as const) {
    Deno.test(`the work on ${name} on the way ${way} grows with their length, no faster`, () => {
      for (const n of [3000, 30_000, 300_000]) {
        const text = make(n);
        const touched = countedWork(() => work(text));
        assert.ok(touched <= PER_CHARACTER * (n + 500), `${touched} for ${n} characters`);
      }
    });
  }
}

Deno.test("a reply that nests deeper than any stack is withheld, and the gate goes on", async () => {
  await using scene = await openProperty();
  for (const open of ['{"result":', '{"tools":[],"result":', '{"inputRequests":']) {
    const result = nested(open, 300_000);
    scene.upstream.next(jsonReply(`{"jsonrpc":"2.0","id":1,"result":${result}}`));
    const { status, text } = await scene.post(rpc("tools/list"), B);
    // What nests in a place that nobody looks into may pass as it is.
    assert.ok(status === 502 || text.includes(result), text.slice(0, 100));
  }
  scene.upstream.next(echo);
  assert.equal((await scene.post(call(), B)).status, 200);
});
