/** Whether headers and body agree on the revision of a request, by table. */
import assert from "node:assert/strict";
import { agree, type ModernHeaders, nameMember } from "../../src/mcp/era.ts";
import type { ClientMessage } from "../../src/mcp/envelope.ts";
import type { JsonObject } from "../../src/mcp/json.ts";

const VERSION = "io.modelcontextprotocol/protocolVersion";
const CAPABILITIES = "io.modelcontextprotocol/clientCapabilities";
const META = { [VERSION]: "2026-07-28", [CAPABILITIES]: {} };
const TASK_META = {
  ...META,
  [CAPABILITIES]: { extensions: { "io.modelcontextprotocol/tasks": {} } },
};
const NONE: ModernHeaders = { protocolVersion: null, method: null, name: null };

function headers(protocolVersion: string | null, method?: string, name?: string): ModernHeaders {
  return { protocolVersion, method: method ?? null, name: name ?? null };
}

function request(method: string, params: JsonObject = {}): ClientMessage {
  return { shape: "request", id: 1, method, params };
}

function notification(params: JsonObject = {}): ClientMessage {
  return { shape: "notification", method: "notifications/cancelled", params };
}

const REPLY: ClientMessage = { shape: "reply", id: 1, toolUses: [] };
const CALL = request("tools/call", { name: "read", _meta: META });

const AGREED = [
  {
    name: "no version anywhere",
    message: request("ping"),
    headers: NONE,
    agreement: { era: "legacy", protocol: null },
  },
  ...["2024-11-05", "2025-03-26", "2025-06-18", "2025-11-25"].map((version) => ({
    name: `the header ${version}`,
    message: request("tools/call", { name: "a" }),
    headers: headers(version),
    agreement: { era: "legacy", protocol: version },
  })),
  {
    name: "modern headers on a legacy message, which are dropped",
    message: request("tools/call", { name: "a" }),
    headers: headers("2025-11-25", "tools/list", "b"),
    agreement: { era: "legacy", protocol: "2025-11-25" },
  },
  {
    name: "a legacy reply",
    message: REPLY,
    headers: headers("2025-06-18"),
    agreement: { era: "legacy", protocol: "2025-06-18" },
  },
  {
    name: "a modern call",
    message: CALL,
    headers: headers("2026-07-28", "tools/call", "read"),
    agreement: { era: "modern", protocol: "2026-07-28", mcpMethod: "tools/call", mcpName: "read" },
  },
  {
    name: "a name in another spelling, which is written anew",
    message: CALL,
    headers: headers("2026-07-28", "tools/call", " =?base64?cmVhZA==?= "),
    agreement: { era: "modern", protocol: "2026-07-28", mcpMethod: "tools/call", mcpName: "read" },
  },
  {
    name: "a URI that a header cannot carry",
    message: request("resources/read", { uri: "file:///é", _meta: META }),
    headers: headers("2026-07-28", "resources/read", "=?base64?ZmlsZTovLy/DqQ==?="),
    agreement: {
      era: "modern",
      protocol: "2026-07-28",
      mcpMethod: "resources/read",
      mcpName: "=?base64?ZmlsZTovLy/DqQ==?=",
    },
  },
  {
    name: "a task of a client that declares the extension",
    message: request("tasks/get", { taskId: "t", _meta: TASK_META }),
    headers: headers("2026-07-28", "tasks/get", "t"),
    agreement: { era: "modern", protocol: "2026-07-28", mcpMethod: "tasks/get", mcpName: "t" },
  },
  {
    name: "a modern list, whose Mcp-Name is dropped",
    message: request("tools/list", { _meta: META }),
    headers: headers("2026-07-28", "tools/list", "read"),
    agreement: { era: "modern", protocol: "2026-07-28", mcpMethod: "tools/list" },
  },
  {
    name: "initialize with a modern version, which is for others to refuse",
    message: request("initialize", { _meta: META }),
    headers: headers("2026-07-28", "initialize"),
    agreement: { era: "modern", protocol: "2026-07-28", mcpMethod: "initialize" },
  },
  {
    name: "a modern notification without Mcp-Method",
    message: notification({ _meta: { [VERSION]: "2026-07-28" } }),
    headers: headers("2026-07-28"),
    agreement: { era: "modern", protocol: "2026-07-28", mcpMethod: "notifications/cancelled" },
  },
  {
    name: "a modern notification by its header alone",
    message: notification(),
    headers: headers("2026-07-28"),
    agreement: { era: "modern", protocol: "2026-07-28" },
  },
];

for (const { name, message, headers, agreement } of AGREED) {
  Deno.test(`agree takes ${name}`, () => {
    assert.deepEqual(agree(message, headers), agreement);
  });
}

const MISSING = "Missing or malformed params._meta: ";
const UNSUPPORTED = "Unsupported protocol version";

const REFUSED = [
  {
    name: "a version that is no string",
    message: request("ping", { _meta: { [VERSION]: 1 } }),
    headers: headers("2026-07-28"),
    refusal: { refused: "missing_meta", reason: MISSING + VERSION },
  },
  {
    name: "a version in the body only",
    message: CALL,
    headers: headers(null, "tools/call", "read"),
    refusal: { refused: "header_mismatch", reason: "Header mismatch: MCP-Protocol-Version" },
  },
  {
    name: "a legacy version in the header",
    message: CALL,
    headers: headers("2025-11-25", "tools/call", "read"),
    refusal: { refused: "header_mismatch", reason: "Header mismatch: MCP-Protocol-Version" },
  },
  {
    name: "a revision to come",
    message: request("ping", { _meta: { ...META, [VERSION]: "2027-01-01" } }),
    headers: headers("2027-01-01", "ping"),
    refusal: {
      refused: "unsupported_version",
      reason: UNSUPPORTED,
      data: { supported: ["2026-07-28"], requested: "2027-01-01" },
    },
  },
  {
    name: "a legacy revision in the body",
    message: request("ping", { _meta: { ...META, [VERSION]: "2025-11-25" } }),
    headers: headers("2025-11-25", "ping"),
    refusal: {
      refused: "unsupported_version",
      reason: UNSUPPORTED,
      data: { supported: ["2026-07-28"], requested: "2025-11-25" },
    },
  },
  {
    name: "a modern header without _meta",
    message: request("tools/list"),
    headers: headers("2026-07-28", "tools/list"),
    refusal: { refused: "missing_meta", reason: `${MISSING}${VERSION}, ${CAPABILITIES}` },
  },
  {
    name: "a header to come without _meta",
    message: request("tools/list"),
    headers: headers("2031-01-01", "tools/list"),
    refusal: { refused: "missing_meta", reason: `${MISSING}${VERSION}, ${CAPABILITIES}` },
  },
  {
    name: "no capabilities",
    message: request("tools/list", { _meta: { [VERSION]: "2026-07-28" } }),
    headers: headers("2026-07-28", "tools/list"),
    refusal: { refused: "missing_meta", reason: MISSING + CAPABILITIES },
  },
  {
    name: "capabilities that are no object",
    message: request("tools/list", { _meta: { ...META, [CAPABILITIES]: [] } }),
    headers: headers("2026-07-28", "tools/list"),
    refusal: { refused: "missing_meta", reason: MISSING + CAPABILITIES },
  },
  {
    name: "no Mcp-Method",
    message: CALL,
    headers: headers("2026-07-28", undefined, "read"),
    refusal: { refused: "header_mismatch", reason: "Header mismatch: Mcp-Method" },
  },
  {
    name: "another Mcp-Method",
    message: CALL,
    headers: headers("2026-07-28", "tools/list", "read"),
    refusal: { refused: "header_mismatch", reason: "Header mismatch: Mcp-Method" },
  },
  {
    name: "Mcp-Method in another case",
    message: CALL,
    headers: headers("2026-07-28", "Tools/Call", "read"),
    refusal: { refused: "header_mismatch", reason: "Header mismatch: Mcp-Method" },
  },
  {
    name: "another Mcp-Method of a notification",
    message: notification({ _meta: META }),
    headers: headers("2026-07-28", "tools/call"),
    refusal: { refused: "header_mismatch", reason: "Header mismatch: Mcp-Method" },
  },
  {
    name: "no Mcp-Name",
    message: CALL,
    headers: headers("2026-07-28", "tools/call"),
    refusal: { refused: "header_mismatch", reason: "Header mismatch: Mcp-Name" },
  },
  {
    name: "another Mcp-Name",
    message: CALL,
    headers: headers("2026-07-28", "tools/call", "write"),
    refusal: { refused: "header_mismatch", reason: "Header mismatch: Mcp-Name" },
  },
  {
    name: "Mcp-Name in another case",
    message: CALL,
    headers: headers("2026-07-28", "tools/call", "Read"),
    refusal: { refused: "header_mismatch", reason: "Header mismatch: Mcp-Name" },
  },
  {
    name: "a malformed Mcp-Name",
    message: CALL,
    headers: headers("2026-07-28", "tools/call", "=?base64?cmVhZA?="),
    refusal: { refused: "header_mismatch", reason: "Header mismatch: Mcp-Name" },
  },
  {
    name: "a modern call that names nothing",
    message: request("tools/call", { _meta: META }),
    headers: headers("2026-07-28", "tools/call", "read"),
    refusal: { refused: "header_mismatch", reason: "Header mismatch: Mcp-Name" },
  },
  {
    name: "a task of a client that does not declare the extension",
    message: request("tasks/get", { taskId: "t", _meta: META }),
    headers: headers("2026-07-28", "tasks/get", "t"),
    refusal: {
      refused: "missing_capability",
      reason: "Missing required client capability",
      data: { requiredCapabilities: { extensions: { "io.modelcontextprotocol/tasks": {} } } },
    },
  },
  {
    name: "a modern reply",
    message: REPLY,
    headers: headers("2026-07-28"),
    refusal: { refused: "invalid", reason: "Invalid request: no replies in this revision" },
  },
  ...["2025-01-01", "draft", "2024-11-05 ", "DRAFT-2026-v1", "", "9999"].map((version) => ({
    name: `the unknown header "${version}"`,
    message: request("ping"),
    headers: headers(version),
    refusal: { refused: "invalid", reason: UNSUPPORTED },
  })),
];

for (const { name, message, headers, refusal } of REFUSED) {
  Deno.test(`agree refuses ${name}`, () => {
    assert.deepEqual(agree(message, headers), refusal);
  });
}

Deno.test("nameMember says what Mcp-Name mirrors", () => {
  assert.equal(nameMember("tasks/cancel"), "taskId");
  assert.equal(nameMember("skills/get"), null);
});
