/** Which JSON-RPC messages a client may send, by table of what is refused and what is taken. */
import assert from "node:assert/strict";
import { isBatch } from "../../src/mcp/envelope.ts";
import { readClient } from "./read_client.ts";

const CALL = '"jsonrpc":"2.0","method":"tools/call"';
const NOT_A_MESSAGE = "not a JSON-RPC 2.0 message";
const WHOLE_REASONS = ["JSON-RPC batching is not accepted", "Request needs an id"];
const NEEDS_ID = "Request needs an id";

const REFUSED = [
  { name: "a batch", text: "[]", what: "JSON-RPC batching is not accepted" },
  { name: "null", text: "null", what: NOT_A_MESSAGE },
  { name: "a string", text: '"x"', what: NOT_A_MESSAGE },
  { name: "an empty object", text: "{}", what: NOT_A_MESSAGE },
  { name: "no version", text: '{"id":1,"method":"ping"}', what: NOT_A_MESSAGE },
  { name: "JSON-RPC 1.0", text: '{"jsonrpc":"1.0","id":1,"method":"ping"}', what: NOT_A_MESSAGE },
  {
    name: "a version that is a number",
    text: '{"jsonrpc":2.0,"id":1,"method":"ping"}',
    what: NOT_A_MESSAGE,
  },
  { name: "a member of its own", text: `{${CALL},"id":1,"x":1}`, what: "unknown envelope member" },
  {
    name: "a variant of method",
    text: `{${CALL},"id":1,"Method":"ping"}`,
    what: "unknown envelope member",
  },
  {
    name: "__proto__ in the envelope",
    text: `{${CALL},"id":1,"__proto__":{}}`,
    what: "unknown envelope member",
  },
  { name: "a null id", text: `{${CALL},"id":null}`, what: "unacceptable id" },
  { name: "a broken id", text: `{${CALL},"id":1.5}`, what: "unacceptable id" },
  { name: "an unsafe id", text: `{${CALL},"id":9007199254740993}`, what: "unacceptable id" },
  { name: "an infinite id", text: `{${CALL},"id":1e999}`, what: "unacceptable id" },
  { name: "an id that is an object", text: `{${CALL},"id":{}}`, what: "unacceptable id" },
  {
    name: "an id of 257 characters",
    text: `{${CALL},"id":"${"x".repeat(257)}"}`,
    what: "unacceptable id",
  },
  {
    name: "an id with a lone surrogate",
    text: `{${CALL},"id":"\\udc00"}`,
    what: "unacceptable id",
  },
  {
    name: "an empty method",
    text: '{"jsonrpc":"2.0","id":1,"method":""}',
    what: "unacceptable method",
  },
  {
    name: "a method of null",
    text: '{"jsonrpc":"2.0","id":1,"method":null}',
    what: "unacceptable method",
  },
  {
    name: "a method in an array",
    text: '{"jsonrpc":"2.0","id":1,"method":["ping"]}',
    what: "unacceptable method",
  },
  {
    name: "a method of 129 characters",
    text: `{"jsonrpc":"2.0","id":1,"method":"${"m".repeat(129)}"}`,
    what: "unacceptable method",
  },
  {
    name: "a request that is a reply too",
    text: `{${CALL},"id":1,"result":{}}`,
    what: "both a request and a reply",
  },
  {
    name: "a request that is an error too",
    text: `{${CALL},"id":1,"error":{}}`,
    what: "both a request and a reply",
  },
  { name: "a legacy request without id", text: `{${CALL}}`, what: NEEDS_ID },
  {
    name: "a modern request without id",
    text: '{"jsonrpc":"2.0","method":"server/discover"}',
    what: NEEDS_ID,
  },
  { name: "a reply without id", text: '{"jsonrpc":"2.0","result":{}}', what: NOT_A_MESSAGE },
  {
    name: "a reply with both outcomes",
    text: '{"jsonrpc":"2.0","id":1,"result":{},"error":{}}',
    what: NOT_A_MESSAGE,
  },
  { name: "a reply with neither outcome", text: '{"jsonrpc":"2.0","id":1}', what: NOT_A_MESSAGE },
  {
    name: "a reply with params",
    text: '{"jsonrpc":"2.0","id":1,"result":{},"params":{}}',
    what: NOT_A_MESSAGE,
  },
  { name: "a result of null", text: '{"jsonrpc":"2.0","id":1,"result":null}', what: NOT_A_MESSAGE },
  {
    name: "a null result beside an error",
    text: '{"jsonrpc":"2.0","id":1,"result":null,"error":{}}',
    what: NOT_A_MESSAGE,
  },
  {
    name: "a result in an array",
    text: '{"jsonrpc":"2.0","id":1,"result":[]}',
    what: NOT_A_MESSAGE,
  },
  {
    name: "an error that is a string",
    text: '{"jsonrpc":"2.0","id":1,"error":"no"}',
    what: NOT_A_MESSAGE,
  },
];

for (const { name, text, what } of REFUSED) {
  Deno.test(`readMessage refuses ${name}: ${what}`, () => {
    assert.deepEqual(readClient(text), {
      refused: "invalid",
      reason: WHOLE_REASONS.includes(what) ? what : `Invalid request: ${what}`,
    });
  });
}

const ACCEPTED = [
  {
    name: "an id that is the empty string",
    text: '{"jsonrpc":"2.0","id":"","method":"ping"}',
    message: { shape: "request", id: "", method: "ping", params: {} },
  },
  {
    name: '1 and "1" as different ids',
    text: '{"jsonrpc":"2.0","id":"1","method":"ping"}',
    message: { shape: "request", id: "1", method: "ping", params: {} },
  },
  {
    name: "an unknown request, for others to refuse",
    text: '{"jsonrpc":"2.0","id":1,"method":"x/y"}',
    message: { shape: "request", id: 1, method: "x/y", params: {} },
  },
  {
    name: "an unknown notification, for others to drop",
    text: '{"jsonrpc":"2.0","method":"notifications/x"}',
    message: { shape: "notification", method: "notifications/x", params: {} },
  },
];

for (const { name, text, message } of ACCEPTED) {
  Deno.test(`readMessage takes ${name}`, () => {
    assert.deepEqual(readClient(text), message);
  });
}

Deno.test("isBatch knows arrays from messages", () => {
  assert.equal(isBatch([{}]), true);
  assert.equal(isBatch({ length: 1 }), false);
});
