/**
 * Decides, once per message, which era's rules it is read by, and holds the headers of revision
 * 2026-07-28 against the body (PROTOCOL 1.6). Upstreams classify by body or by header, so exactly
 * one consistent pair may reach them: what comes out here is written anew from the body.
 */
import { isObject, type Json, member } from "./json.ts";
import type { ClientMessage } from "./envelope.ts";
import type { Era } from "./message.ts";
import { decodeName, encodeName } from "./mcp_name.ts";
import { invalid, type Refusal } from "./refusal.ts";
import { familyOf, LEGACY_REVISIONS, MODERN_REVISIONS } from "./revision.ts";

/** Values as received, null where absent. */
export interface ModernHeaders {
  /** `MCP-Protocol-Version` */
  readonly protocolVersion: string | null;
  /** `Mcp-Method` */
  readonly method: string | null;
  /** `Mcp-Name` */
  readonly name: string | null;
}

/** What header and body agree on. */
export interface Agreement {
  readonly refused?: never;
  readonly era: Era;
  /** The revision, null where a legacy message names none. */
  readonly protocol: string | null;
  /** `Mcp-Method` for the upstream; modern messages only. */
  readonly mcpMethod?: string;
  /** `Mcp-Name` for the upstream, encoded; modern methods that need one only. */
  readonly mcpName?: string;
}

/** The `_meta` member that names a modern message's revision. */
export const VERSION_META = "io.modelcontextprotocol/protocolVersion";
/** The `_meta` member that lists what a modern client can do. */
export const CAPABILITIES_META = "io.modelcontextprotocol/clientCapabilities";
/** The identifier of the tasks extension among the capabilities. */
export const TASKS_EXTENSION = "io.modelcontextprotocol/tasks";

const DATE = /^\d{4}-\d{2}-\d{2}$/;
const FIRST_MODERN = "2026-07-28";

/** Methods whose `params` member is mirrored in `Mcp-Name`. */
const NAME_MEMBER: ReadonlyMap<string, string> = new Map([
  ["tools/call", "name"],
  ["prompts/get", "name"],
  ["resources/read", "uri"],
  ["tasks/get", "taskId"],
  ["tasks/update", "taskId"],
  ["tasks/cancel", "taskId"],
]);

const MISSING_TASKS: Refusal = Object.freeze({
  refused: "missing_capability",
  reason: "Missing required client capability",
  data: { requiredCapabilities: { extensions: { [TASKS_EXTENSION]: {} } } },
});

/** The era of `message`, and the headers that tell the upstream the same. */
export function agree(message: ClientMessage, headers: ModernHeaders): Agreement | Refusal {
  const meta = message.shape === "reply" ? undefined : member(message.params, "_meta");
  const named = member(meta, VERSION_META);
  const header = headers.protocolVersion;
  if (named !== undefined) {
    if (typeof named !== "string") return missingMeta([VERSION_META]);
    if (header !== named) return mismatch("MCP-Protocol-Version");
    if (!MODERN_REVISIONS.includes(named)) return unsupported(named);
    return agreeModern(message, headers, named, meta);
  }
  if (header !== null && DATE.test(header) && header >= FIRST_MODERN) {
    if (message.shape === "reply") return invalid("no replies in this revision");
    if (message.shape === "request") return missingMeta(missingKeys(meta));
    return { era: "modern", protocol: header };
  }
  if (header === null || LEGACY_REVISIONS.includes(header)) {
    return { era: "legacy", protocol: header };
  }
  return { refused: "invalid", reason: "Unsupported protocol version" };
}

/** The member of `params` that `Mcp-Name` mirrors for `method`, or null. */
export function nameMember(method: string): string | null {
  return NAME_MEMBER.get(method) ?? null;
}

function agreeModern(
  message: ClientMessage,
  headers: ModernHeaders,
  protocol: string,
  meta: Json | undefined,
): Agreement | Refusal {
  if (message.shape === "reply") return invalid("no replies in this revision");
  const { method, params } = message;
  const request = message.shape === "request";
  if (request) {
    const missing = missingKeys(meta);
    if (missing.length > 0) return missingMeta(missing);
  }
  // Notifications are sent without these headers by existing clients: checked where present.
  if (headers.method === null ? request : headers.method !== method) return mismatch("Mcp-Method");
  const mirrored = NAME_MEMBER.get(method);
  if (mirrored === undefined) return { era: "modern", protocol, mcpMethod: method };
  const name = member(params, mirrored);
  if (typeof name !== "string" || headers.name === null || decodeName(headers.name) !== name) {
    return mismatch("Mcp-Name");
  }
  if (familyOf(method) === "tasks" && !declaresTasks(meta)) return MISSING_TASKS;
  return { era: "modern", protocol, mcpMethod: method, mcpName: encodeName(name) };
}

function missingKeys(meta: Json | undefined): string[] {
  const missing = [];
  if (typeof member(meta, VERSION_META) !== "string") missing.push(VERSION_META);
  if (!isObject(member(meta, CAPABILITIES_META))) missing.push(CAPABILITIES_META);
  return missing;
}

function declaresTasks(meta: Json | undefined): boolean {
  const extensions = member(member(meta, CAPABILITIES_META), "extensions");
  return member(extensions, TASKS_EXTENSION) !== undefined;
}

function missingMeta(keys: readonly string[]): Refusal {
  return {
    refused: "missing_meta",
    reason: `Missing or malformed params._meta: ${keys.join(", ")}`,
  };
}

function mismatch(header: string): Refusal {
  return { refused: "header_mismatch", reason: `Header mismatch: ${header}` };
}

function unsupported(requested: string): Refusal {
  return {
    refused: "unsupported_version",
    reason: "Unsupported protocol version",
    data: { supported: MODERN_REVISIONS, requested },
  };
}
