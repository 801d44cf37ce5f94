/**
 * What is known of lists changes nothing but the cost. A gate that remembers what lists were
 * filtered to is asked beside one that may not, since a user module wants to see every message, for
 * the same few lists again and again, by different callers with different ids.
 */
import assert from "node:assert/strict";
import { allow, type AnyPolicyModule } from "../../src/policy/contract.ts";
import type { Message } from "../../src/mcp/message.ts";
import type { Scene } from "../gate/support/gate_scene.ts";
import { MemoryReply } from "../gate/support/memory_upstream.ts";
import { fuzzAsync } from "../support/fuzz.ts";
import type { Random } from "../support/random.ts";
import { HOLDERS, holders, openProperty } from "./property_scene.ts";
import { cut } from "./random_framing.ts";
import { legacyAsk, modernAsk } from "./random_request.ts";

const METHODS = ["tools/list", "prompts/list", "resources/list", "resources/templates/list"];

const IDS: readonly (string | number)[] = [0, 1, 7, -3, 9007199254740991, "", "1", 'a"\\b']
  .concat(["é🚲\u2028", '"},"id":2,"result":{', "tools", '"tools":', "\ud800"]);

const DEFINITIONS = [
  '{"name":"read_file"}',
  '{"name":"read_file","inputSchema":{"properties":{"id":{"type":"string"}}}}',
  '{ "name" : "search_web" , "title" : "é\\u00e9" }',
  '{"name":"hidden","description":"SECRET-DEF"}',
  '{"name":"read_file","Name":"hidden"}',
  '{"name":"hidden","name":"read_file"}',
  '{"name":"read_\\u0066ile","n":1.0}',
  '{"uri":"file:///docs/a","name":"greet"}',
  '{"uriTemplate":"file:///docs/{x}"}',
  '{"name":"greet","uri":"file:///etc/x"}',
  "null",
];

const BESIDE = [
  '"nextCursor":"c1"',
  '"nextCursor":""',
  '"nextCursor":null',
  '"nextCursor":5',
  '"cacheScope":"public"',
  '"cacheScope":"private"',
  '"ttlMs":999999',
  '"ttlMs":1',
  '"_meta":{"a":[1,{"result":{}}]}',
  '"resultType":"complete"',
  '"resultType":"task","taskId":"t"',
  '"Tools":[{"name":"hidden"}]',
  '"requestState":"s"',
  '"tasks":[{"taskId":"t"}]',
  '"instructions":"use hidden"',
  '"extra":true',
];

/** Around the result of an answer; `ID` stands for the id that was asked with. */
const ENVELOPES = [
  '{"jsonrpc":"2.0","id":ID,"result":RESULT}',
  '{"jsonrpc":"2.0","id":ID,"result":RESULT}',
  '{"result":RESULT,"jsonrpc":"2.0","id":ID}',
  '{"result":RESULT,"jsonrpc":"2.0","id":ID}',
  '{"jsonrpc":"2.0", "id":ID, "result":RESULT}',
  '{"id":ID,"jsonrpc":"2.0","result":RESULT}',
  '{"jsonrpc":"2.0","id":ID,"result":RESULT,"id":7}',
  '{"jsonrpc":"2.0","id":ID,"result":RESULT,"id":ID}',
  '{"jsonrpc":"2.0","id":ID,"result":RESULT,"extra":1}',
  '{"jsonrpc":"2.0","id":ID,"result":{},"result":RESULT}',
  '{"jsonrpc":"2.0","id":ID,"result":RESULT,"jsonrpc":"2.0","id":ID}',
  '{"id":7,"result":RESULT,"jsonrpc":"2.0","id":ID}',
  '{"jsonrpc":"2.0","id":7,"result":RESULT}',
  '{"jsonrpc":"2.0","id":ID,"error":RESULT}',
  '[{"jsonrpc":"2.0","id":ID,"result":RESULT}]',
  '\ufeff{"result":RESULT,"jsonrpc":"2.0","id":ID}',
  '{"jsonrpc":"2.0","id":ID,"result":RESULT} ',
];

/** An answer with places for an id. */
function randomList(random: Random): string {
  const members = [random.pick(["tools", "prompts", "resources", "resourceTemplates", "result"])]
    .concat(random.chance(0.1) ? ["tools"] : [])
    .map((name) => {
      const definitions = Array.from({ length: random.below(5) }, () => random.pick(DEFINITIONS));
      return `"${name}":[${definitions.join(",")}]`;
    });
  while (random.chance(0.35)) members.push(random.pick(BESIDE));
  const result = `{${random.shuffle(members).join(",")}}`;
  return random.pick(ENVELOPES).replace("RESULT", () => result);
}

/** A user module that lets everything pass and wants to see it. */
function watching(seen: Message[]): AnyPolicyModule {
  return {
    name: "watching",
    options: (z) => z.object({}),
    create: () => () =>
      allow({
        touches: [],
        onReply: (message) => {
          seen.push(message);
          return message;
        },
      }),
  };
}

function openWatched(seen: Message[] = []): Promise<Scene> {
  return openProperty({ stages: ["watching"], modules: { watching: watching(seen) } });
}

/** What of an answer does not differ between gates: cursors are sealed anew each time. */
function told({ status, text }: { readonly status: number; readonly text: string }): string {
  return `${status} ${text}`.replace(/"nextCursor":"[^"]+"/g, '"nextCursor":SEALED');
}

function replies(random: Random, text: string): () => MemoryReply {
  const isStream = random.chance(0.5);
  const before = random.chance(0.3)
    ? 'data: {"jsonrpc":"2.0","method":"notifications/message","params":{}}\n\n'
    : "";
  const again = random.chance(0.2) ? `data: ${text}\n\n` : "";
  const body = isStream ? `${before}event: message\ndata: ${text}\n\n${again}` : text;
  const bytes = new TextEncoder().encode(body);
  // What is no UTF-8 is read as something else, and must be so each time.
  if (random.chance(0.1)) bytes[bytes.indexOf(0x6e)] = 0xff;
  const pieces = random.chance(0.5) ? [bytes] : cut(random, bytes);
  const type = isStream ? "text/event-stream" : "application/json";
  return () => {
    const reply = new MemoryReply(200, [["content-type", type]]);
    for (const piece of pieces) reply.send(piece);
    return reply.end();
  };
}

Deno.test("Known lists: an answer is the same whether the list in it is known or not", async () => {
  let known = 0;
  await fuzzAsync(25, async (random) => {
    await using remembering = await openProperty();
    await using forgetting = await openWatched();
    const lists = Array.from({ length: 3 }, () => randomList(random));
    for (let turn = 0; turn < 40; turn++) {
      const id = random.pick(IDS);
      const method = random.chance(0.7) ? "tools/list" : random.pick(METHODS);
      const key = HOLDERS[random.pick(["a", "b", "b", "c", "d", "e"])] ?? null;
      const text = random.pick(lists).replaceAll("ID", () => JSON.stringify(id));
      const request = random.chance(0.5)
        ? legacyAsk({ jsonrpc: "2.0", id, method, params: {} })
        : modernAsk(method, {}, id);
      const reply = replies(random, text);
      remembering.upstream.next(reply());
      forgetting.upstream.next(reply());
      const one = await remembering.ask(request, key);
      const other = await forgetting.ask(request, key);
      assert.equal(told(one), told(other), `${method} ${text}`);
      const { decision, detail, bytesOut } = remembering.last;
      assert.deepEqual({ decision, detail }, {
        decision: forgetting.last.decision,
        detail: forgetting.last.detail,
      });
      assert.equal(bytesOut, one.bytes.length);
      if (remembering.upstream.requests.length === forgetting.upstream.requests.length) continue;
      assert.fail("one of them was not forwarded");
    }
    assert.equal(forgetting.gate.current.lists.bytes, 0);
    known += remembering.gate.current.lists.bytes;
  });
  assert.ok(known > 0, "nothing was ever remembered");
});

const LIST = '{"jsonrpc":"2.0","id":1,"result":{"tools":[{"name":"read_file"},{"name":"x"}]}}';
const ASKED = legacyAsk({ jsonrpc: "2.0", id: 1, method: "tools/list", params: {} });

async function namesFor(scene: Scene, label: string): Promise<string[]> {
  scene.upstream.next(
    new MemoryReply(200, [["content-type", "application/json"]]).send(LIST).end(),
  );
  const { text } = await scene.ask(ASKED, HOLDERS[label]);
  return [...text.matchAll(/"name":"(\w+)"/g)].map(([, name = ""]) => name);
}

Deno.test("Known lists: what a list was filtered to for one caller is not what another gets", async () => {
  await using scene = await openProperty();
  for (let round = 0; round < 3; round++) {
    assert.deepEqual(await namesFor(scene, "b"), ["read_file"]);
    assert.deepEqual(await namesFor(scene, "d"), []);
    assert.deepEqual(await namesFor(scene, "a"), ["read_file", "x"]);
  }
});

Deno.test("Known lists: a reload forgets what lists were filtered to", async () => {
  await using scene = await openProperty();
  assert.deepEqual(await namesFor(scene, "b"), ["read_file"]);
  await scene.gate.reload(scene.config({ keys: holders({ b: { allow: ["x"] } }) }));
  assert.equal(scene.gate.current.lists.bytes, 0);
  assert.deepEqual(await namesFor(scene, "b"), ["x"]);
});

Deno.test("Known lists: a user module sees every list that passes, known or not", async () => {
  const seen: Message[] = [];
  await using scene = await openWatched(seen);
  for (let round = 1; round <= 3; round++) {
    await namesFor(scene, "b");
    assert.equal(seen.length, round);
  }
});

const HANDLES: readonly { readonly name: string; readonly member: string }[] = [
  { name: "a cursor", member: '"nextCursor":"c"' },
  { name: "what is no cursor", member: '"nextCursor":5' },
  { name: "a state", member: '"requestState":"s"' },
  { name: "tasks", member: '"tasks":[{"taskId":"t"}]' },
  { name: "a task", member: '"task":{"taskId":"t"}' },
  { name: "a type of its own", member: '"resultType":"input_required"' },
  { name: "another result", member: '"result":{"nextCursor":"c"}' },
  { name: "anything unknown", member: '"skills":[]' },
];

for (const { name, member } of HANDLES) {
  Deno.test(`Known lists: none that holds ${name}`, async () => {
    await using scene = await openProperty();
    const text = `{"jsonrpc":"2.0","id":1,"result":{"tools":[{"name":"read_file"}],${member}}}`;
    for (const label of ["a", "b"]) {
      scene.upstream.next(
        new MemoryReply(200, [["content-type", "application/json"]]).send(text).end(),
      );
      assert.match((await scene.ask(ASKED, HOLDERS[label])).text, /read_file/);
    }
    assert.equal(scene.gate.current.lists.bytes, 0);
  });
}

Deno.test("Known lists: a body with a BOM does not speak for event data with one", async () => {
  await using scene = await openProperty();
  const text = '\ufeff{"result":{"tools":[{"name":"read_file"}]},"jsonrpc":"2.0","id":1}';
  scene.upstream.next(
    new MemoryReply(200, [["content-type", "application/json"]]).send(text).end(),
    new MemoryReply(200, [["content-type", "text/event-stream"]]).send(`data: ${text}\n\n`).end(),
  );
  assert.match((await scene.ask(ASKED, HOLDERS["b"])).text, /read_file/);
  assert.doesNotMatch((await scene.ask(ASKED, HOLDERS["b"])).text, /read_file/);
});
