/**
 * The screen alone (P2, P3): what a filter takes out never passes, whatever it is wrapped in or how
 * it is spelled; what nobody touches passes as the text it was; and which answers have passed is
 * known.
 */
import assert from "node:assert/strict";
import { ReplyScreen, wireRules } from "../../src/gate/reply_screen.ts";
import { isObject, member } from "../../src/mcp/json.ts";
import type { Json } from "../../src/mcp/json.ts";
import type { Id, Message, ReplyFilter } from "../../src/policy/contract.ts";

const TOUCHES = new Set(["tools"]);

/** Keeps of a list of tools those that are called `ok`. */
const onlyOk: ReplyFilter = (message) => {
  const result = member(message, "result");
  if (!isObject(result) || !Object.hasOwn(result, "tools")) return message;
  const tools = member(result, "tools");
  const kept = Array.isArray(tools) ? tools.filter((tool) => member(tool, "name") === "ok") : [];
  return Array.isArray(tools) && kept.length === tools.length
    ? message
    : { ...message, result: { ...result, tools: kept } };
};

interface Made {
  readonly filters?: readonly ReplyFilter[];
  readonly touches?: ReadonlySet<string> | null;
  readonly awaited?: readonly Id[];
  readonly rules?: Partial<Parameters<typeof wireRules>[0]>;
}

function made({ filters = [onlyOk], touches = TOUCHES, awaited = [], rules = {} }: Made = {}) {
  const faults: unknown[] = [];
  const wire = wireRules({ era: "legacy", method: null, instructions: "pass", ...rules });
  const screen = new ReplyScreen(wire, filters, touches, awaited, (error) => faults.push(error));
  return { screen, faults };
}

function list(...names: readonly Json[]): Json {
  return { jsonrpc: "2.0", id: 1, result: { tools: names.map((name) => ({ name })) } };
}

function screened(value: Json | string, options: Made = {}): unknown {
  const text = typeof value === "string" ? value : JSON.stringify(value);
  const passed = made(options).screen.screen(text);
  return passed === null ? null : JSON.parse(passed);
}

const UNTOUCHED = [
  { name: "a result", text: '{"jsonrpc":"2.0","id":1,"result":{"content":[]}}' },
  {
    name: "numbers as they are spelled",
    text: '{"jsonrpc":"2.0","id":1,"result":{"n":[1.0,1e400,-0,12345678901234567890]}}',
  },
  { name: "escapes and spaces", text: '{ "jsonrpc" : "2.0","id":1, "result":{"a":"\\/\\u00e9"}}' },
  {
    name: "a list of which nothing goes, numbers as they are spelled",
    text: '{"jsonrpc":"2.0","id":1,"result":{"tools":[{"name":"ok","x":1.0}]}}',
  },
  {
    name: "a server's request",
    text: '{"jsonrpc":"2.0","id":9,"method":"roots/list","params":{"x":1.0}}',
  },
  { name: "an array of messages", text: '[{"jsonrpc":"2.0","id":1,"result":{"n":1.0}}]' },
  { name: "an error", text: '{"jsonrpc":"2.0","id":1,"error":{"code":-1,"message":"x"}}' },
  { name: "leading blanks", text: ' \n{"jsonrpc":"2.0","id":1,"result":{}}' },
];

for (const { name, text } of UNTOUCHED) {
  Deno.test(`ReplyScreen passes ${name} as the same text`, () => {
    assert.equal(made().screen.screen(text), text);
  });
}

const OK = { name: "ok" };
const HIDDEN: readonly { readonly name: string; readonly text: string; readonly left: unknown }[] =
  [
    { name: "a list", text: JSON.stringify(list("ok", "no")), left: list("ok") },
    {
      name: "a list in an array",
      text: JSON.stringify([list("no"), list("ok", "no")]),
      left: [list(), list("ok")],
    },
    {
      name: "a list whose member is escaped",
      text: '{"jsonrpc":"2.0","id":1,"result":{"to\\u006fls":[{"name":"no"}]}}',
      left: list(),
    },
    {
      name: "a list whose name is escaped",
      text: '{"jsonrpc":"2.0","id":1,"result":{"tools":[{"name":"o\\u006b"},{"name":"n\\u006f"}]}}',
      left: list("ok"),
    },
    {
      name: "the first of two lists in one",
      text: '{"jsonrpc":"2.0","id":1,"result":{"tools":[{"name":"no"}],"tools":[{"name":"ok"}]}}',
      left: list("ok"),
    },
    {
      name: "variants of the member",
      text:
        '{"jsonrpc":"2.0","id":1,"result":{"Tools":[{"name":"no"}],"tool\u017f":[{"name":"no"}],"tools":[]}}',
      left: list(),
    },
    {
      name: "variants of the envelope",
      text:
        '{"jsonrpc":"2.0","id":1,"Result":{"tools":[{"name":"no"}]},"result":{"tools":[{"name":"ok"}]}}',
      left: { jsonrpc: "2.0", id: 1, result: { tools: [OK] } },
    },
    {
      name: "tools that are no list",
      text: '{"jsonrpc":"2.0","id":1,"result":{"tools":{"name":"no"}}}',
      left: list(),
    },
  ];

for (const { name, text, left } of HIDDEN) {
  Deno.test(`ReplyScreen takes out what a filter refuses: ${name}`, () => {
    const passed = made().screen.screen(text) ?? assert.fail("nothing passed");
    assert.doesNotMatch(passed, /"no"/);
    assert.deepEqual(JSON.parse(passed), left);
  });
}

const DROPPED = [
  { name: "no JSON at all", text: "hello" },
  { name: "a lone string", text: '"tools"' },
  { name: "a number", text: "1" },
  { name: "a broken list", text: '{"result":{"tools":[{"name":"no"}]}' },
  { name: "two documents", text: '{"result":{"tools":[]}} {"result":{"tools":[{"name":"no"}]}}' },
  { name: "an array in an array", text: `[${JSON.stringify([list("no")])}]` },
];

for (const { name, text } of DROPPED) {
  Deno.test(`ReplyScreen drops ${name}`, () => {
    assert.equal(made().screen.screen(text), null);
  });
}

const FAILING: readonly { readonly name: string; readonly filter: unknown }[] = [
  {
    name: "throws",
    filter: () => {
      throw new Error("boom");
    },
  },
  { name: "returns nothing", filter: () => undefined },
  { name: "returns a string", filter: () => "{}" },
  { name: "returns an array", filter: (message: Message) => [message] },
  { name: "returns true", filter: () => true },
  {
    name: "returns a message that cannot be written",
    filter: (message: Message) => ({ ...message, big: 1n }),
  },
];

for (const { name, filter } of FAILING) {
  Deno.test(`ReplyScreen withholds the message where a filter ${name}`, () => {
    const { screen, faults } = made({
      filters: [filter as ReplyFilter],
      touches: null,
      awaited: [1],
    });
    assert.equal(screen.screen('{"jsonrpc":"2.0","id":1,"result":{}}'), null);
    assert.deepEqual([...screen.unanswered], ["1"]);
    assert.equal(faults.length, name === "throws" ? 1 : 0);
  });
}

Deno.test("ReplyScreen withholds only the message of an array that a filter refuses", () => {
  const filter: ReplyFilter = (message) => message["id"] === 2 ? null : message;
  const messages = [1, 2, 3].map((id) => ({ jsonrpc: "2.0", id, result: {} }));
  const left = screened(messages, { filters: [filter], touches: null });
  assert.deepEqual(left, [messages[0], messages[2]]);
});

Deno.test("ReplyScreen shows every filter what those before it left", () => {
  const rename: ReplyFilter = (message) => ({ ...message, result: { a: 1 } });
  const seen: unknown[] = [];
  const look: ReplyFilter = (message) => {
    seen.push(message["result"]);
    return message;
  };
  screened({ jsonrpc: "2.0", id: 1, result: {} }, { filters: [rename, look], touches: null });
  assert.deepEqual(seen, [{ a: 1 }]);
});

Deno.test("ReplyScreen shows nothing to filters that look for other members", () => {
  const refuse: ReplyFilter = () => null;
  const text = '{"jsonrpc":"2.0","id":1,"result":{"content":[]}}';
  assert.equal(made({ filters: [refuse], touches: TOUCHES }).screen.screen(text), text);
});

const ANSWERS: readonly {
  readonly name: string;
  readonly text: string;
  readonly left: readonly string[];
}[] = [
  { name: "an answer", text: '{"jsonrpc":"2.0","id":1,"result":{}}', left: ['"1"'] },
  { name: "an answer with a text id", text: '{"jsonrpc":"2.0","id":"1","result":{}}', left: ["1"] },
  {
    name: "an error",
    text: '{"jsonrpc":"2.0","error":{"code":1,"message":""},"id":1}',
    left: ['"1"'],
  },
  { name: "an answer with spaces", text: '{ "id" : 1 , "result" : {} }', left: ['"1"'] },
  { name: "an id spelled otherwise", text: '{"id":1.0,"result":{}}', left: ['"1"'] },
  { name: "an escaped member", text: '{"\\u0069d":1,"result":{}}', left: ['"1"'] },
  { name: "both in an array", text: '[{"id":1,"result":{}},{"id":"1","error":{}}]', left: [] },
  {
    name: "an answer that names a method",
    text: '{"id":1,"result":{"method":"x"}}',
    left: ['"1"'],
  },
  { name: "another's answer", text: '{"jsonrpc":"2.0","id":2,"result":{}}', left: ["1", '"1"'] },
  {
    name: "another's, longer id",
    text: '{"jsonrpc":"2.0","id":11,"result":{}}',
    left: ["1", '"1"'],
  },
  { name: "a server's request", text: '{"id":1,"method":"roots/list"}', left: ["1", '"1"'] },
  { name: "a notification", text: '{"method":"n","params":{"id":1}}', left: ["1", '"1"'] },
  { name: "a filtered list", text: JSON.stringify(list("no")), left: ['"1"'] },
];

for (const { name, text, left } of ANSWERS) {
  Deno.test(`ReplyScreen knows what is unanswered after ${name}`, () => {
    const { screen } = made({ awaited: [1, "1"] });
    assert.notEqual(screen.screen(text), null);
    assert.deepEqual([...screen.unanswered], left);
  });
}
