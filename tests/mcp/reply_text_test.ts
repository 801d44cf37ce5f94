/** Which texts of the upstream pass on unparsed, and what is mended in those that do not. */
import assert from "node:assert/strict";
import { KeyTable } from "../../src/mcp/key_fold.ts";
import {
  filterCheck,
  GOVERNED,
  memberCheck,
  readReply,
  tidyEnvelope,
  withoutVariants,
} from "../../src/mcp/reply_text.ts";

const mayNeedFilter = filterCheck([]);

const NEEDS = [
  ...GOVERNED.map((name) => ({ name: `the member ${name}`, text: `{"result":{"${name}":[]}}` })),
  { name: "another case", text: '{"result":{"Tools":[]}}' },
  { name: "a long s", text: '{"result":{"tool\u017f":[]}}' },
  { name: "a Kelvin sign", text: '{"result":{"tas\u212as":[]}}' },
  { name: "an escaped letter", text: '{"result":{"to\\u006fls":[]}}' },
  { name: "an escaped capital", text: '{"result":{"\\u0054ools":[]}}' },
  { name: "an escaped NUL", text: '{"result":{"tools\\u0000":[]}}' },
  { name: "an escaped long s", text: '{"result":{"tool\\u017F":[]}}' },
  { name: "white space before the colon", text: '{"result":{"tools" :[]}}' },
  { name: "a request of the server's", text: '{"id":1,"method":"roots/list"}' },
  { name: "a request in another order", text: '{"method" : "ping", "id" : 1}' },
];

for (const { name, text } of NEEDS) {
  Deno.test(`mayNeedFilter sees ${name}`, () => assert.equal(mayNeedFilter(text), true));
}

const PASSES = [
  {
    name: "a tool's result",
    text: '{"jsonrpc":"2.0","id":1,"result":{"content":[{"type":"text","text":"tools"}]}}',
  },
  { name: "a member quoted in a string", text: '{"id":1,"result":{"text":"{\\"tools\\":[]}"}}' },
  {
    name: "a progress notification",
    text: '{"method":"notifications/progress","params":{"progress":1}}',
  },
  {
    name: "an escaped digit or sign",
    text: '{"id":1,"result":{"text":"\\u003cb\\u003e \\u0026 \\u2028"}}',
  },
  { name: "a longer name", text: '{"id":1,"result":{"toolset":1,"mytools":2}}' },
];

for (const { name, text } of PASSES) {
  Deno.test(`mayNeedFilter lets ${name} pass`, () => assert.equal(mayNeedFilter(text), false));
}

const MEMBERS = [
  { names: [], text: '"a"', seen: false },
  { names: ["a"], text: '{"a":1}', seen: true },
  { names: ["a"], text: '{"b":1}', seen: false },
  { names: ["a"], text: '{" a":1}', seen: true },
  { names: ["a"], text: '{"a\u00a0":1}', seen: true },
  { names: ["aB"], text: '{"a_b":1}', seen: true },
  { names: ["a.b"], text: '{"axb":1}', seen: false },
  { names: ["x/y"], text: '{"x\\/y":1}', seen: true },
  { names: ["x/y"], text: '{"x\\u002fy":1}', seen: true },
  { names: ["x1"], text: '{"x\\u0031":1}', seen: true },
  { names: ["x"], text: '{"b":"\\u0031"}', seen: false },
  { names: ['a"b', "é"], text: "{}", seen: true },
];

for (const { names, text, seen } of MEMBERS) {
  Deno.test(`memberCheck(${JSON.stringify(names)}) ${seen ? "sees" : "lets pass"} ${text}`, () => {
    assert.equal(memberCheck(names)(text), seen);
  });
}

Deno.test("readReply gives undefined for what is no JSON, and null for null", () => {
  assert.equal(readReply("{"), undefined);
  assert.equal(readReply(""), undefined);
  assert.equal(readReply("null"), null);
  assert.deepEqual(readReply('{"a":1,"a":2}'), { a: 2 });
});

const TIDIED = [
  {
    name: "unknown envelope members",
    message: { jsonrpc: "2.0", id: 1, Result: { tools: [1] }, result: {}, tools: [1] },
    tidy: { jsonrpc: "2.0", id: 1, result: {} },
  },
  {
    name: "variants in a result",
    message: {
      result: {
        Tools: [1],
        "tools\0": [1],
        "tools\0x": [1],
        "to\0ols": [1],
        "tool\u017f": [1],
        " tools": [1],
        tools: [],
      },
    },
    tidy: { result: { tools: [] } },
  },
  {
    name: "variants in params",
    message: { method: "m", params: { TOOLS: [1], a: 1 } },
    tidy: { method: "m", params: { a: 1 } },
  },
  {
    name: "variants in a task's result",
    message: { result: { result: { Tools: [1], a: 1 } } },
    tidy: { result: { result: { a: 1 } } },
  },
  {
    name: "a variant of result in a result",
    message: { result: { Result: { tools: [1] } } },
    tidy: { result: {} },
  },
  {
    name: "variants in a task notification",
    message: { params: { result: { Tools: [1] } } },
    tidy: { params: { result: {} } },
  },
  {
    name: "variants of a task's id",
    message: { result: { task: { TaskId: "x", taskId: "y" } } },
    tidy: { result: { task: { taskId: "y" } } },
  },
  {
    name: "variants in input requests",
    message: {
      result: {
        inputRequests: {
          a: { method: "m", params: { Tools: [1], x: 1 } },
          b: { Params: { tools: [1] } },
        },
      },
    },
    tidy: { result: { inputRequests: { a: { method: "m", params: { x: 1 } }, b: {} } } },
  },
];

for (const { name, message, tidy } of TIDIED) {
  Deno.test(`tidyEnvelope removes ${name}`, () => {
    const before = structuredClone(message);
    assert.deepEqual(tidyEnvelope(message), tidy);
    assert.deepEqual(message, before);
  });
}

const UNTOUCHED = [
  {
    name: "free data",
    message: {
      id: 1,
      result: {
        content: [{ Tools: 1 }],
        structuredContent: { Tools: 1, Result: 2 },
        isError: false,
      },
    },
  },
  {
    name: "schemas",
    message: { result: { tools: [{ name: "a", inputSchema: { properties: { Tools: {} } } }] } },
  },
  {
    name: "a log entry",
    message: { method: "notifications/message", params: { level: "info", data: { Tools: 1 } } },
  },
  { name: "a task that is no object", message: { result: { task: "x", result: [{ Tools: 1 }] } } },
  { name: "an error", message: { id: null, error: { code: 1, message: "m", data: { Tools: 1 } } } },
];

for (const { name, message } of UNTOUCHED) {
  Deno.test(`tidyEnvelope gives the same object for ${name}`, () => {
    assert.equal(tidyEnvelope(message), message);
  });
}

Deno.test("tidyEnvelope does not follow nesting without end", () => {
  let message: Record<string, unknown> = {};
  for (let depth = 0; depth < 100_000; depth++) message = { result: message };
  const nested = message as Parameters<typeof tidyEnvelope>[0];
  assert.equal(tidyEnvelope(nested), nested);
});

Deno.test("withoutVariants keeps the name itself and what is not like it", () => {
  const table = new KeyTable(["name"]);
  assert.deepEqual(withoutVariants({ name: 1, Name: 2, names: 3 }, table), { name: 1, names: 3 });
});
