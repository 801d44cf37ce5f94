/**
 * MCP requests as bytes, for tests in which a client must do what no client library would: leave in
 * the middle, lie in a header, send what is no JSON.
 */
import type { RawRequest } from "./raw_http.ts";
import type { RawFields } from "./http_reader.ts";

/** A POST of `body`, with the headers every MCP client sends and `more`. */
export function mcpPost(
  key: string | null,
  body: string | object,
  more: RawFields = [],
): RawRequest {
  return {
    method: "POST",
    target: "/mcp",
    fields: [
      ...credential(key),
      ["Content-Type", "application/json"],
      ["Accept", "application/json, text/event-stream"],
      ...more,
    ],
    body: typeof body === "string" ? body : JSON.stringify(body),
  };
}

/** A GET or DELETE with the headers every MCP client sends and `more`. */
export function mcpVerb(method: "GET" | "DELETE", key: string, more: RawFields = []): RawRequest {
  return {
    method,
    target: "/mcp",
    fields: [...credential(key), ["Accept", "text/event-stream"], ...more],
  };
}

/** The JSON-RPC request that calls `tool`. */
export function toolCall(tool: string, args: object = {}, id: number | string = 1) {
  return { jsonrpc: "2.0", id, method: "tools/call", params: { name: tool, arguments: args } };
}

/** The JSON-RPC reply to request `id`: a tool's `text`. */
export function toolResult(text: string, id: number | string = 1) {
  return { jsonrpc: "2.0", id, result: { content: [{ type: "text", text }] } };
}

function credential(key: string | null): RawFields {
  return key === null ? [] : [["Authorization", `Bearer ${key}`]];
}
