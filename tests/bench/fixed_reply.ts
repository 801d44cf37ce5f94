/** What the fixed upstream of the bench answers, and what it is asked: ordinary MCP messages. */
import type { FixedAnswer } from "./nginx_process.ts";
import { ID } from "./wrk_load.ts";

/** The request of all calls: 134 bytes of JSON. */
export const CALL = JSON.stringify({
  jsonrpc: "2.0",
  id: ID,
  method: "tools/call",
  params: { name: "tool_0", arguments: { path: "/var/data/reports/2026-07.csv", limit: 100 } },
});

/** The same in revision 2026-07-28, which mirrors much of it in {@link MODERN_FIELDS}. */
export const MODERN_CALL = JSON.stringify({
  jsonrpc: "2.0",
  id: ID,
  method: "tools/call",
  params: {
    name: "tool_0",
    arguments: { path: "/var/data/reports/2026-07.csv", limit: 100 },
    _meta: {
      "io.modelcontextprotocol/protocolVersion": "2026-07-28",
      "io.modelcontextprotocol/clientInfo": { name: "bench", version: "1" },
      "io.modelcontextprotocol/clientCapabilities": {},
    },
  },
});

/** The fields that go with {@link MODERN_CALL}. */
export const MODERN_FIELDS: Readonly<Record<string, string>> = {
  "MCP-Protocol-Version": "2026-07-28",
  "Mcp-Method": "tools/call",
  "Mcp-Name": "tool_0",
};

/** Opens a session. */
export const INITIALIZE = JSON.stringify({
  jsonrpc: "2.0",
  id: ID,
  method: "initialize",
  params: {
    protocolVersion: "2025-11-25",
    capabilities: {},
    clientInfo: { name: "bench", version: "1" },
  },
});

/** The session as its server calls it. */
export const SESSION = "8f14e45f-ceea-467f-a9e3-1d2c3b4a5f60";

/** The field that says in a session of which revision it is. */
export const SESSION_REVISION = { "MCP-Protocol-Version": "2025-11-25" };

/** The request of all lists. */
export const LIST = JSON.stringify({ jsonrpc: "2.0", id: ID, method: "tools/list", params: {} });

const RESULT = JSON.stringify({
  jsonrpc: "2.0",
  id: ID,
  result: { content: [{ type: "text", text: "date,amount\n2026-07-01,42\n" }], isError: false },
});

const PROGRESS = JSON.stringify({
  jsonrpc: "2.0",
  method: "notifications/progress",
  params: { progressToken: 7, progress: 1, total: 2 },
});

/** A list of `count` tools of a usual size, about 400 bytes each. */
export function toolList(count: number): string {
  const tools = Array.from({ length: count }, (_, index) => ({
    name: `tool_${index}`,
    title: `Tool number ${index}`,
    description: "Reads rows from a table of the reporting store and returns them as text. " +
      "The path is relative to the root of the store; rows are cut at the limit.",
    inputSchema: {
      type: "object",
      properties: {
        path: { type: "string", description: "Path of the table" },
        limit: { type: "integer", minimum: 1, maximum: 1000 },
      },
      required: ["path"],
    },
  }));
  return JSON.stringify({ jsonrpc: "2.0", id: ID, result: { tools } });
}

/** The answers by path. */
export const ANSWERS: Readonly<Record<string, FixedAnswer>> = {
  "/call": { type: "application/json", body: RESULT },
  "/event": { type: "text/event-stream", body: `event: message\ndata: ${RESULT}\n\n` },
  "/events": {
    type: "text/event-stream",
    body: `data: ${PROGRESS}\n\nevent: message\ndata: ${RESULT}\n\n`,
  },
  "/list200": { type: "application/json", body: toolList(200) },
  "/list1000": { type: "application/json", body: toolList(1000) },
};
