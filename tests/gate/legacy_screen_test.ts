/**
 * What passes on a stream of the HTTP+SSE transport: answers that are awaited, each once and by the
 * ruling of its request; everything else by the ruling of the stream.
 */
import assert from "node:assert/strict";
import { AwaitedAnswers } from "../../src/gate/legacy_answers.ts";
import { LegacyScreen } from "../../src/gate/legacy_screen.ts";
import type { Id } from "../../src/mcp/message.ts";

const OWN = { screen: (text: string) => `stream:${text}` };

/** A screen of a stream, on which the answers to `ids` are awaited. */
function screenFor(ids: readonly Id[], passed = (text: string): string | null => `post:${text}`) {
  const released: Id[] = [];
  const awaited = new AwaitedAnswers(() => {});
  for (const id of ids) {
    awaited.add(id, { screen: { screen: passed }, release: () => void released.push(id) });
  }
  return { screen: new LegacyScreen(OWN, awaited), awaited, released };
}

const PASSING = [
  {
    name: "an answer is judged by the ruling of its request",
    text: '{"jsonrpc":"2.0","id":1,"result":{}}',
    passes: 'post:{"jsonrpc":"2.0","id":1,"result":{}}',
  },
  {
    name: "an error is an answer",
    text: '{"jsonrpc":"2.0","id":1,"error":{"code":1,"message":"no"}}',
    passes: 'post:{"jsonrpc":"2.0","id":1,"error":{"code":1,"message":"no"}}',
  },
  {
    name: "an answer is known however it is spelled",
    text: '{"id":1,"\\u0072esult":{}}',
    passes: 'post:{"id":1,"\\u0072esult":{}}',
  },
  {
    name: "an id in a text is another than a number",
    text: '{"id":"1","result":{}}',
    passes: null,
  },
  { name: "an answer to nobody is dropped", text: '{"id":2,"result":{}}', passes: null },
  { name: "an answer without an id is dropped", text: '{"result":{}}', passes: null },
  {
    name: "an answer to null is dropped",
    text: '{"id":null,"error":{"code":1,"message":"no"}}',
    passes: null,
  },
  { name: "an answer to an object is dropped", text: '{"id":{},"result":{}}', passes: null },
  {
    name: "a notification is judged by the ruling of the stream",
    text: '{"method":"notifications/message"}',
    passes: 'stream:{"method":"notifications/message"}',
  },
  {
    name: "a notification with a result inside it is one",
    text: '{"method":"n","params":{"result":{}}}',
    passes: 'stream:{"method":"n","params":{"result":{}}}',
  },
  {
    name: "a request of the server's is judged by the ruling of the stream",
    text: '{"id":1,"method":"ping"}',
    passes: 'stream:{"id":1,"method":"ping"}',
  },
  {
    name: "what is both a request and an answer is dropped",
    text: '{"id":1,"method":"ping","result":{}}',
    passes: null,
  },
  { name: "what is no JSON is dropped", text: '{"result":', passes: null },
  { name: "what is no message is dropped", text: '"result":', passes: null },
  {
    name: "each of an array is judged by itself",
    text: '[{"id":1,"result":{}},{"id":2,"result":{}},{"method":"n"}]',
    passes: '[post:{"id":1,"result":{}},stream:{"method":"n"}]',
  },
  {
    name: "an array of which nothing passes is dropped",
    text: '[{"id":2,"result":{}}]',
    passes: null,
  },
] as const;

for (const { name, text, passes } of PASSING) {
  Deno.test(`LegacyScreen: ${name}`, () => {
    assert.equal(screenFor([1]).screen.screen(text), passes);
  });
}

Deno.test("LegacyScreen lets an answer pass once, and gives back what it needed", () => {
  const { screen, released, awaited } = screenFor([1, "1"]);
  const text = '{"id":1,"result":{}}';
  assert.deepEqual([screen.screen(text), screen.screen(text)], [`post:${text}`, null]);
  assert.deepEqual([released, [...awaited.ids()]], [[1], ["1"]]);
});

Deno.test("LegacyScreen tells a client whose answer may not pass", () => {
  const { screen, awaited } = screenFor([1], () => null);
  const told = JSON.parse(screen.screen('{"id":1,"result":{}}') ?? "");
  assert.deepEqual([told.id, told.error.code, awaited.size], [1, -32603, 0]);
});

Deno.test("AwaitedAnswers gives the oldest up where there are too many, and says which", () => {
  const { awaited, released } = screenFor(Array.from({ length: 1024 }, (_, id) => id));
  const none = { screen: OWN, release: () => {} };
  assert.equal(awaited.add("late", none), 0);
  assert.deepEqual([released, awaited.size, awaited.has(0), awaited.has(1)], [
    [0],
    1024,
    false,
    true,
  ]);
});

Deno.test("AwaitedAnswers forgets all at once", () => {
  const { awaited, released } = screenFor([1, "b"]);
  assert.deepEqual([awaited.clear(), released, awaited.size], [[1, "b"], [1, "b"], 0]);
});
