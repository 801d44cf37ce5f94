/** From the body of a POST, or a GET or DELETE, to what is asked, with the refusals on the way. */
import assert from "node:assert/strict";
import { readCalls, readVerb } from "../../src/gate/call.ts";
import type { Fields } from "../../src/gate/incoming.ts";
import { gateConfig } from "../policies/lent_host.ts";
import { bodyOf, call, rpc } from "./support/gate_scene.ts";

const CONFIG = gateConfig();
const BATCHES = gateConfig({ mcp: { ...CONFIG.mcp, batch: "allow" } });
const MODERN = "2026-07-28";

const META = {
  "io.modelcontextprotocol/protocolVersion": MODERN,
  "io.modelcontextprotocol/clientCapabilities": {},
};
const MODERN_CALL = rpc("tools/call", { name: "x", arguments: {}, _meta: META });
const MODERN_FIELDS: Fields = [
  ["mcp-protocol-version", MODERN],
  ["mcp-method", "tools/call"],
  ["mcp-name", "x"],
];

function read(message: unknown, fields: Fields = [], config = CONFIG) {
  const body = bodyOf(message);
  const bytes = typeof body === "string" ? new TextEncoder().encode(body) : body;
  return readCalls(bytes, fields, config);
}

function refusal(result: ReturnType<typeof read>) {
  return "denial" in result ? [result.denial.kind, result.denial.reason] : null;
}

const SHAPES = [
  {
    name: "a request",
    message: call("x", "7"),
    expected: {
      kind: "request",
      id: "7",
      method: "tools/call",
      params: { name: "x", arguments: {} },
    },
  },
  {
    name: "a notification",
    message: { jsonrpc: "2.0", method: "notifications/initialized" },
    expected: { kind: "notification", method: "notifications/initialized", params: {} },
  },
  {
    name: "a reply",
    message: {
      jsonrpc: "2.0",
      id: 3,
      result: { content: { type: "tool_use", name: "x", input: {} } },
    },
    expected: { kind: "reply", id: 3, toolUses: ["x"] },
  },
];

for (const { name, message, expected } of SHAPES) {
  Deno.test(`readCalls reads ${name}`, () => {
    assert.deepEqual(read(message, [["mcp-protocol-version", "2025-06-18"]]), {
      calls: [expected],
      isBatch: false,
      agreement: { era: "legacy", protocol: "2025-06-18" },
    });
  });
}

Deno.test("readCalls reads a modern request, and what goes up in its head", () => {
  const result = read(MODERN_CALL, MODERN_FIELDS);
  assert.deepEqual("agreement" in result && result.agreement, {
    era: "modern",
    protocol: MODERN,
    mcpMethod: "tools/call",
    mcpName: "x",
  });
});

const REFUSED: readonly {
  readonly name: string;
  readonly message: unknown;
  readonly fields?: Fields;
  readonly config?: typeof CONFIG;
  readonly kind: string;
  readonly reason: string;
  /** Whether the call is told all the same, so that the answer can carry its id. */
  readonly isTold?: boolean;
}[] = [
  { name: "no JSON", message: "{", kind: "parse", reason: "Parse error" },
  { name: "an empty body", message: "", kind: "parse", reason: "Parse error" },
  {
    name: "a request without id",
    message: { jsonrpc: "2.0", method: "tools/call", params: { name: "x" } },
    kind: "invalid",
    reason: "Request needs an id",
  },
  {
    name: "nesting beyond the limit",
    message: `{"jsonrpc":"2.0","id":1,"method":"x","params":{"a":${"[".repeat(200)}`,
    kind: "invalid",
    reason: "Invalid request: nested too deep",
  },
  {
    name: "an unknown revision",
    message: call(),
    fields: [["mcp-protocol-version", "1999-01-01"]],
    kind: "invalid",
    reason: "Unsupported protocol version",
    isTold: true,
  },
  {
    name: "a modern name that is another in the head",
    message: MODERN_CALL,
    fields: [...MODERN_FIELDS.slice(0, 2), ["mcp-name", "y"]],
    kind: "header_mismatch",
    reason: "Header mismatch: Mcp-Name",
    isTold: true,
  },
  {
    name: "a modern name that is there twice",
    message: MODERN_CALL,
    fields: [...MODERN_FIELDS, ["mcp-name", "x"]],
    kind: "header_mismatch",
    reason: "Header mismatch: Mcp-Name",
    isTold: true,
  },
  {
    name: "a batch",
    message: [call()],
    kind: "invalid",
    reason: "JSON-RPC batching is not accepted",
  },
  ...[
    { name: "of a later revision", message: [call()], version: "2025-06-18" },
    { name: "of nothing", message: [] },
    { name: "of too many", message: Array.from({ length: 33 }, (_, id) => call("x", id)) },
    { name: "with one id twice", message: [call("x", 1), call("y", 1)] },
    { name: "with initialize", message: [rpc("initialize")] },
    { name: "within a batch", message: [[call()]] },
    { name: "with an element that claims a modern revision", message: [MODERN_CALL] },
  ].map(({ name, message, version }) => ({
    name: `a batch ${name}`,
    message,
    fields: version === undefined ? [] : [["mcp-protocol-version", version] as const],
    config: BATCHES,
    kind: "invalid",
    reason: "JSON-RPC batching is not accepted",
  })),
  {
    name: "a batch with a bad element",
    message: [call(), { jsonrpc: "2.0", id: null, method: "ping" }],
    config: BATCHES,
    kind: "invalid",
    reason: "Invalid request: unacceptable id",
  },
];

for (const { name, message, fields, config, kind, reason, isTold = false } of REFUSED) {
  Deno.test(`readCalls refuses ${name}`, () => {
    const result = read(message, fields, config);
    assert.deepEqual(refusal(result), [kind, reason]);
    assert.equal("call" in result && result.call !== null, isTold);
  });
}

const PARAMS: readonly { name: string; fields: Fields; isSound: boolean }[] = [
  { name: "a plain value", fields: [["mcp-param-region", "eu west"]], isSound: true },
  { name: "an encoded value", fields: [["mcp-param-region", "=?base64?w6k=?="]], isSound: true },
  { name: "an empty value", fields: [["mcp-param-region", ""]], isSound: true },
  { name: "no name", fields: [["mcp-param-", "x"]], isSound: false },
  { name: "a name of odd characters", fields: [["mcp-param-a b", "x"]], isSound: false },
  { name: "bytes beyond ASCII", fields: [["mcp-param-region", "é"]], isSound: false },
  { name: "base64 without padding", fields: [["mcp-param-r", "=?base64?w6k?="]], isSound: false },
  { name: "base64 of no UTF-8", fields: [["mcp-param-r", "=?base64?/w==?="]], isSound: false },
  { name: "one name twice", fields: [["mcp-param-r", "a"], ["mcp-param-r", "a"]], isSound: false },
];

for (const { name, fields, isSound } of PARAMS) {
  Deno.test(`readCalls ${isSound ? "accepts" : "refuses"} an Mcp-Param header with ${name}`, () => {
    const result = read(MODERN_CALL, [...MODERN_FIELDS, ...fields]);
    const told = isSound ? null : ["header_mismatch", "Header mismatch: Mcp-Param"];
    assert.deepEqual(refusal(result), told);
    // On other messages they are dropped, so nobody need judge them.
    assert.equal(refusal(read(call(), fields)), null);
  });
}

Deno.test("readCalls reads every element of a batch, in order", () => {
  const elements = [
    call("x", 1),
    { jsonrpc: "2.0", method: "notifications/initialized" },
    call("y", "1"),
  ];
  const result = read(elements, [], BATCHES);
  assert.ok("calls" in result && result.isBatch);
  assert.deepEqual(result.calls.map((one) => "id" in one ? one.id : null), [1, null, "1"]);
});

const VERBS = [
  { method: "GET", version: null, expected: "listen" },
  { method: "GET", version: "2025-11-25", expected: "listen" },
  { method: "DELETE", version: "2025-03-26", expected: "end" },
  { method: "GET", version: MODERN, expected: "no_stream" },
  { method: "DELETE", version: MODERN, expected: "no_stream" },
  { method: "GET", version: "1999-01-01", expected: "invalid" },
];

for (const { method, version, expected } of VERBS) {
  Deno.test(`readVerb: ${method} of ${version ?? "no revision"} is ${expected}`, () => {
    const result = readVerb(method, version);
    assert.equal("denial" in result ? result.denial.kind : result.calls[0].kind, expected);
  });
}
