/** Which `params` of a call are read, and which are refused for being read in two ways. */
import assert from "node:assert/strict";
import { readClient } from "./read_client.ts";

const CALL = '"jsonrpc":"2.0","method":"tools/call"';
const AMBIGUOUS = "ambiguous member";

/** A call whose params have the members `params`. */
function call(params: string): string {
  return `{"jsonrpc":"2.0","method":"tools/call","id":1,"params":{${params}}}`;
}

const REFUSED = [
  { name: "params of null", text: `{${CALL},"id":1,"params":null}`, what: "unacceptable params" },
  {
    name: "params in an array",
    text: `{${CALL},"id":1,"params":["a"]}`,
    what: "unacceptable params",
  },
  {
    name: "65 params",
    text: call(Array.from({ length: 65 }, (_, at) => `"p${at}":1`).join(",")),
    what: "too many params",
  },
  { name: "Name beside name", text: call('"name":"a","Name":"b"'), what: AMBIGUOUS },
  { name: "Name alone", text: call('"Name":"b"'), what: AMBIGUOUS },
  { name: "taskid for taskId", text: call('"taskid":"b"'), what: AMBIGUOUS },
  {
    name: "two variants of one unknown name",
    text: call('"custom":1,"Custom":2'),
    what: AMBIGUOUS,
  },
  {
    name: "a long s in params",
    text: call('"argument\u017f":{}'),
    what: "unacceptable member name",
  },
  {
    name: "a Kelvin sign in params",
    text: call('"tas\u212a":{}'),
    what: "unacceptable member name",
  },
  { name: "a NUL in params", text: call('"name\\u0000":"b"'), what: "unacceptable member name" },
  { name: "a blank before name", text: call('" name":"b"'), what: "unacceptable member name" },
  { name: "an empty member name", text: call('"":1'), what: "unacceptable member name" },
  {
    name: "a member name of 129 characters",
    text: call(`"${"x".repeat(129)}":1`),
    what: "unacceptable member name",
  },
  { name: "a variant in _meta", text: call('"_meta":{"ProgressToken":1}'), what: AMBIGUOUS },
  {
    name: "a variant in _meta of the version",
    text: call('"_meta":{"io.modelcontextprotocol/ProtocolVersion":"2026-07-28"}'),
    what: AMBIGUOUS,
  },
  {
    name: "a variant in a related task",
    text: call('"_meta":{"io.modelcontextprotocol/related-task":{"TaskId":"t"}}'),
    what: AMBIGUOUS,
  },
  { name: "a variant in task", text: call('"task":{"TTL":1}'), what: AMBIGUOUS },
  {
    name: "a variant in notifications",
    text: call('"notifications":{"TaskIds":["t"]}'),
    what: AMBIGUOUS,
  },
  {
    name: "a variant in ref",
    text: call('"ref":{"type":"ref/prompt","name":"a","Name":"b"}'),
    what: AMBIGUOUS,
  },
  { name: "a name that is a number", text: call('"name":1'), what: "unacceptable name" },
  { name: "a name in an array", text: call('"name":["a"]'), what: "unacceptable name" },
  {
    name: "a name of 257 characters",
    text: call(`"name":"${"n".repeat(257)}"`),
    what: "unacceptable name",
  },
  {
    name: "a name with a lone surrogate",
    text: call('"name":"\\ud800"'),
    what: "unacceptable name",
  },
  { name: "a uri of null", text: call('"uri":null'), what: "unacceptable uri" },
  { name: "a cursor that is a number", text: call('"cursor":1'), what: "unacceptable cursor" },
  { name: "a taskId that is an object", text: call('"taskId":{}'), what: "unacceptable taskId" },
  {
    name: "a requestState over 8 KiB",
    text: call(`"requestState":"${"s".repeat(8193)}"`),
    what: "unacceptable requestState",
  },
  { name: "a requestId of null", text: call('"requestId":null'), what: "unacceptable requestId" },
  {
    name: "a progressToken that is a fraction",
    text: call('"progressToken":0.5'),
    what: "unacceptable progressToken",
  },
  { name: "a _meta in an array", text: call('"_meta":[]'), what: "unacceptable _meta" },
  {
    name: "a _meta progressToken of true",
    text: call('"_meta":{"progressToken":true}'),
    what: "unacceptable progressToken",
  },
  { name: "a task of true", text: call('"task":true'), what: "unacceptable task" },
  {
    name: "notifications of null",
    text: call('"notifications":null'),
    what: "unacceptable notifications",
  },
  {
    name: "taskIds that are no list",
    text: call('"notifications":{"taskIds":"t"}'),
    what: "unacceptable taskIds",
  },
  {
    name: "subscriptions that are no strings",
    text: call('"notifications":{"resourceSubscriptions":[1]}'),
    what: "unacceptable resourceSubscriptions",
  },
  {
    name: "a ref of unknown type",
    text: call('"ref":{"type":"ref/tool","name":"a"}'),
    what: "ref of unknown type",
  },
  { name: "a ref without type", text: call('"ref":{"name":"a"}'), what: "ref of unknown type" },
  {
    name: "a prompt ref with a uri",
    text: call('"ref":{"type":"ref/prompt","name":"a","uri":"b"}'),
    what: "ambiguous ref",
  },
  {
    name: "a resource ref with a name",
    text: call('"ref":{"type":"ref/resource","name":"a","uri":"b"}'),
    what: "ambiguous ref",
  },
  {
    name: "a ref whose name is a number",
    text: call('"ref":{"type":"ref/prompt","name":1}'),
    what: "unacceptable name",
  },
];

for (const { name, text, what } of REFUSED) {
  Deno.test(`checkParams refuses ${name}: ${what}`, () => {
    assert.deepEqual(readClient(text), { refused: "invalid", reason: `Invalid request: ${what}` });
  });
}

const ACCEPTED = [
  {
    name: "variants inside arguments",
    text: call('"name":"t","arguments":{"name":1,"Name":2," name":3,"":4}'),
    message: {
      shape: "request",
      id: 1,
      method: "tools/call",
      params: { name: "t", arguments: { name: 1, Name: 2, " name": 3, "": 4 } },
    },
  },
  {
    name: "an unknown param",
    text: call('"x-custom":1'),
    message: { shape: "request", id: 1, method: "tools/call", params: { "x-custom": 1 } },
  },
];

for (const { name, text, message } of ACCEPTED) {
  Deno.test(`checkParams takes ${name}`, () => {
    assert.deepEqual(readClient(text), message);
  });
}

Deno.test("checkParams reads nothing through the prototype", () => {
  const answer = readClient(
    '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"__proto__":{"name":"x"}}}',
  );
  assert.ok("shape" in answer && answer.shape === "request");
  assert.equal(Object.hasOwn(answer.params, "name"), false);
});
