/** Which tools an answer to the upstream names, wherever in it they stand. */
import assert from "node:assert/strict";
import { toolUsesOf } from "../../src/mcp/tool_uses.ts";
import { readClient } from "./read_client.ts";

const AMBIGUOUS = "ambiguous member";

/** A call whose params have the members `params`. */
function call(params: string): string {
  return `{"jsonrpc":"2.0","method":"tools/call","id":1,"params":{${params}}}`;
}

/** Reply number 1 with a sampling result whose content is `content`. */
function reply(content: string): string {
  return `{"jsonrpc":"2.0","id":1,"result":{"role":"assistant","content":${content}}}`;
}

const REFUSED = [
  {
    name: "inputResponses in an array",
    text: call('"inputResponses":[]'),
    what: "unacceptable inputResponses",
  },
  {
    name: "an ambiguous inputResponse",
    text: call('"inputResponses":{"a":{"content":{"Type":"tool_use","name":"x"}}}'),
    what: AMBIGUOUS,
  },
  {
    name: "an inputResponse that uses a tool of 257 characters",
    text: call(
      `"inputResponses":{"a":{"content":{"type":"tool_use","name":"${"n".repeat(257)}"}}}`,
    ),
    what: "unacceptable name",
  },
  {
    name: "a reply with Content",
    text: '{"jsonrpc":"2.0","id":1,"result":{"Content":{}}}',
    what: AMBIGUOUS,
  },
  { name: "a tool use of Type", text: reply('{"Type":"tool_use","name":"x"}'), what: AMBIGUOUS },
  {
    name: "a tool use with Name",
    text: reply('[{"type":"tool_use","name":"a","Name":"x"}]'),
    what: AMBIGUOUS,
  },
  {
    name: "a tool use cut at a NUL",
    text: reply('{"type\\u0000x":"tool_use","name":"x"}'),
    what: AMBIGUOUS,
  },
  {
    name: "a tool use with a padded name",
    text: reply('{"type":"tool_use","name":"a"," name ":"x"}'),
    what: AMBIGUOUS,
  },
  {
    name: "a tool use without name",
    text: reply('{"type":"tool_use"}'),
    what: "tool_use without a name",
  },
  {
    name: "a tool use of a lone surrogate",
    text: reply('{"type":"tool_use","name":"\\ud800"}'),
    what: "unacceptable name",
  },
];

for (const { name, text, what } of REFUSED) {
  Deno.test(`toolUsesOf refuses ${name}: ${what}`, () => {
    assert.deepEqual(readClient(text), { refused: "invalid", reason: `Invalid request: ${what}` });
  });
}

const ACCEPTED = [
  {
    name: "a reply that uses tools, in order",
    text: reply('[{"type":"tool_use","name":"b"},{"type":"text"},{"type":"tool_use","name":"a"}]'),
    message: { shape: "reply", id: 1, toolUses: ["b", "a"] },
  },
  {
    name: "a reply whose content is one tool use",
    text: reply('{"type":"tool_use","name":"a"}'),
    message: { shape: "reply", id: 1, toolUses: ["a"] },
  },
  {
    name: "an answered form with a Name of its own",
    text: reply('{"Name":"Ada","TYPE":"x","name":"ada"}'),
    message: { shape: "reply", id: 1, toolUses: [] },
  },
  {
    name: "a reply that is an error",
    text: '{"jsonrpc":"2.0","id":"a","error":{"code":-1,"message":"no"}}',
    message: { shape: "reply", id: "a", toolUses: [] },
  },
];

for (const { name, text, message } of ACCEPTED) {
  Deno.test(`toolUsesOf takes ${name}`, () => {
    assert.deepEqual(readClient(text), message);
  });
}

Deno.test("toolUsesOf gives the tools of all input responses, in order", () => {
  const content = [{ type: "tool_use", name: "a" }, { type: "tool_use", name: "b" }];
  const responses = {
    first: { role: "assistant", content },
    second: { action: "accept", content: { name: "no tool" } },
    third: { result: { content: { type: "tool_use", name: "c" } } },
  };
  assert.deepEqual(toolUsesOf(responses), ["a", "b", "c"]);
});
