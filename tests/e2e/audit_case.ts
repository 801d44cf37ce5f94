/**
 * The audit matrix: each way an exchange can end, told by what the client sends, what the upstream
 * does with it and what must stand in the line.
 */
import { type AuditEntry, testKey } from "../support/gate_process.ts";
import { mcpPost, mcpVerb, toolCall, toolResult } from "../support/mcp_request.ts";
import type { RawRequest } from "../support/raw_http.ts";
import { answer, events, json, raw, type Script, silence } from "../support/recording_upstream.ts";

/** The key that most cases use. */
export const WORKER = testKey("worker", {
  allow: ["echo", "boom", "slow", "ponder"],
  rate_limit: { rps: 1000, burst: 1000 },
});
/** One way. */
export interface AuditCase {
  readonly name: string;
  /** What the upstream does with what reaches it. */
  readonly upstream?: Script;
  readonly request: RawRequest;
  /** Default: the whole answer is read. */
  readonly leave?: "before the head" | "mid-stream" | "inside the body" | "while a stage ponders";
  readonly line: Partial<AuditEntry>;
}

/** The call that most cases make. */
export const ECHO = toolCall("echo");
/** An event that answers nothing. */
export const PROGRESS = 'data: {"jsonrpc":"2.0","method":"notifications/progress","params":{}}\n\n';
const RESULT = `data: ${JSON.stringify(toolResult("done"))}\n\n`;
const ALLOWED = { decision: "allow", stage: null, reason: null, detail: null, label: "worker" };
const CALLED = { http: "POST", method: "tools/call", tool: "echo" };
const FAILED = { decision: "error", stage: "upstream", label: "worker", ...CALLED };
const AT_DOOR = { decision: "deny", stage: "door", label: null, method: null, tool: null };
const UNREAD = { decision: "deny", stage: "door", label: "worker", method: null, tool: null };

/** All that need no configuration of their own. */
export const AUDIT_CASES: readonly AuditCase[] = [
  {
    name: "a JSON answer",
    upstream: json(toolResult("done")),
    request: mcpPost(WORKER.key, ECHO),
    line: {
      ...ALLOWED,
      ...CALLED,
      status: 200,
      end: "complete",
      bytes_in: JSON.stringify(ECHO).length,
      bytes_out: JSON.stringify(toolResult("done")).length,
      remote: "127.0.0.1",
      generation: 1,
    },
  },
  {
    name: "an event stream",
    upstream: events([PROGRESS, RESULT]),
    request: mcpPost(WORKER.key, ECHO, [["MCP-Protocol-Version", "2025-06-18"]]),
    line: {
      ...ALLOWED,
      ...CALLED,
      status: 200,
      end: "complete",
      bytes_out: PROGRESS.length + RESULT.length,
      protocol: "2025-06-18",
    },
  },
  {
    name: "a notification",
    upstream: answer({ status: 202 }),
    request: mcpPost(WORKER.key, { jsonrpc: "2.0", method: "notifications/initialized" }),
    line: { ...ALLOWED, method: "notifications/initialized", status: 202, end: "complete" },
  },
  {
    name: "a stream of the server's own",
    upstream: events([PROGRESS]),
    request: mcpVerb("GET", WORKER.key),
    line: { ...ALLOWED, http: "GET", method: null, status: 200, end: "complete" },
  },
  {
    name: "an end of session",
    upstream: answer({ status: 405, fields: [["Allow", "POST"]] }),
    request: mcpVerb("DELETE", WORKER.key),
    line: { http: "DELETE", method: null, label: "worker", status: 405 },
  },
  {
    name: "a client gone before the head",
    upstream: silence,
    request: mcpPost(WORKER.key, ECHO),
    leave: "before the head",
    line: { label: "worker", ...CALLED, status: 0, end: "client_gone" },
  },
  {
    name: "a client gone mid-stream",
    upstream: events([PROGRESS, new Promise(() => {})]),
    request: mcpPost(WORKER.key, ECHO),
    leave: "mid-stream",
    line: { label: "worker", ...CALLED, status: 200, end: "client_gone" },
  },
  {
    name: "a client gone inside its own body",
    request: mcpPost(WORKER.key, ECHO),
    leave: "inside the body",
    // Whether its 400 was still sent is for the listener to know; that nothing was asked is not.
    line: { ...UNREAD, label: "worker", reason: "Request body broke off" },
  },
  {
    name: "a client gone while a stage ponders",
    request: mcpPost(WORKER.key, toolCall("ponder")),
    leave: "while a stage ponders",
    line: {
      decision: "deny",
      stage: "door",
      reason: "Client left before its request was judged",
      detail: "pondering had not decided when the exchange was cut",
      label: "worker",
      tool: "ponder",
      status: 0,
      end: "client_gone",
    },
  },
  {
    name: "an upstream that dies before the head",
    upstream: raw([], "reset"),
    request: mcpPost(WORKER.key, ECHO),
    line: { ...FAILED, status: 502, end: "upstream_error" },
  },
  {
    name: "an upstream that dies inside a JSON body",
    upstream: answer({
      fields: [["Content-Type", "application/json"], ["Content-Length", "999"]],
      body: ['{"jsonrpc"'],
      framing: "close",
    }),
    request: mcpPost(WORKER.key, ECHO),
    line: { ...FAILED, status: 502, end: "upstream_error" },
  },
  {
    name: "an upstream that dies mid-stream",
    upstream: events([PROGRESS], { unfinished: true, then: "close" }),
    request: mcpPost(WORKER.key, ECHO),
    line: { ...FAILED, status: 200, end: "upstream_error" },
  },
  {
    name: "an upstream that says nothing",
    upstream: silence,
    request: mcpPost(WORKER.key, ECHO),
    line: { ...FAILED, status: 504, end: "upstream_error" },
  },
  {
    name: "an upstream that redirects",
    upstream: answer({ status: 302, fields: [["Location", "http://127.0.0.1:9/"]] }),
    request: mcpPost(WORKER.key, ECHO),
    line: { ...FAILED, status: 502, end: "upstream_error" },
  },
  {
    name: "an upstream that wants a credential",
    upstream: answer({ status: 401, fields: [["WWW-Authenticate", "Bearer"]] }),
    request: mcpPost(WORKER.key, ECHO),
    line: { ...FAILED, status: 502, end: "upstream_error" },
  },
  {
    name: "a body that is no JSON",
    request: mcpPost(WORKER.key, '{"jsonrpc":"2.0",'),
    line: { ...UNREAD, http: "POST", status: 400, end: "complete", bytes_in: 17 },
  },
  {
    name: "a body with a member twice",
    request: mcpPost(WORKER.key, '{"jsonrpc":"2.0","id":1,"id":2,"method":"ping"}'),
    line: { ...UNREAD, status: 400, reason: "Invalid request: duplicate member" },
  },
  {
    name: "a batch",
    request: mcpPost(WORKER.key, [ECHO]),
    line: { ...UNREAD, status: 400 },
  },
  {
    name: "no key",
    request: mcpPost(null, ECHO),
    line: { decision: "deny", stage: "auth", label: null, method: null, status: 401, bytes_in: 0 },
  },
  {
    name: "an unknown key",
    request: mcpPost("mcpg_unknown_unknown_unknown", ECHO),
    line: { decision: "deny", stage: "auth", label: null, method: null, status: 401, bytes_in: 0 },
  },
  {
    name: "a foreign Host",
    request: mcpPost(WORKER.key, ECHO, [["Host", "evil.example"]]),
    line: { ...AT_DOOR, status: 403 },
  },
  {
    name: "a foreign Origin",
    request: mcpPost(WORKER.key, ECHO, [["Origin", "https://evil.example"]]),
    line: { ...AT_DOOR, status: 403 },
  },
  {
    name: "another path",
    request: { ...mcpPost(WORKER.key, ECHO), target: "/mcp/" },
    line: { ...AT_DOOR, status: 404 },
  },
  {
    name: "another HTTP method",
    request: { ...mcpPost(WORKER.key, ECHO), method: "PUT" },
    line: { ...AT_DOOR, http: "PUT", status: 405 },
  },
  {
    name: "a body over the limit",
    request: mcpPost(WORKER.key, toolCall("echo", { text: "x".repeat(20_000) })),
    line: { ...UNREAD, status: 413 },
  },
  {
    name: "another content type",
    request: {
      method: "POST",
      target: "/mcp",
      fields: [["Authorization", `Bearer ${WORKER.key}`], ["Content-Type", "text/plain"]],
      body: JSON.stringify(ECHO),
    },
    line: { ...UNREAD, status: 415 },
  },
  {
    name: "a denied tool",
    request: mcpPost(WORKER.key, toolCall("wipe")),
    line: { decision: "deny", stage: "allowlist", label: "worker", tool: "wipe", status: 200 },
  },
  {
    name: "an unknown method",
    request: mcpPost(WORKER.key, { jsonrpc: "2.0", id: 1, method: "tools/erase" }),
    line: { decision: "deny", stage: "allowlist", method: "tools/erase", status: 200 },
  },
  {
    name: "a stage that throws",
    request: mcpPost(WORKER.key, toolCall("boom")),
    line: { decision: "error", stage: "faulty", label: "worker", tool: "boom", status: 503 },
  },
  {
    name: "a stage that does not decide in time",
    request: mcpPost(WORKER.key, toolCall("slow")),
    line: { decision: "error", stage: "faulty", label: "worker", tool: "slow", status: 503 },
  },
  {
    name: "a preflight request",
    request: {
      method: "OPTIONS",
      target: "/mcp",
      fields: [["Origin", "http://localhost:6274"], ["Access-Control-Request-Method", "POST"]],
    },
    line: { decision: "allow", stage: null, label: null, http: "OPTIONS", status: 204 },
  },
  {
    name: "an OAuth discovery path",
    request: { target: "/.well-known/oauth-protected-resource/mcp" },
    line: { decision: "allow", label: null, http: "GET", status: 404 },
  },
];
