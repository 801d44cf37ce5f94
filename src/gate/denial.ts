/**
 * A denial, rendered: which HTTP status, JSON-RPC code and text each refusal gets, by the table of
 * PROTOCOL §1.11. Real clients hang, fall back to other transports or start OAuth on the wrong
 * status, so nothing else in the program chooses one. Pure.
 */
import * as CODE from "../mcp/error_code.ts";
import type { JsonObject } from "../mcp/json.ts";
import type { Call, Era, Id } from "../mcp/message.ts";
import type { RefusalKind } from "../mcp/refusal.ts";
import type { DenialKind, GateConfig } from "../policy/contract.ts";
import type { Fields } from "./incoming.ts";

/** Refusals of the gate's own, beside those of policies and of the strict reader. */
export type DoorKind =
  | "host"
  | "origin"
  | "bad_target"
  | "not_found"
  | "http_method"
  | "bad_header"
  | "content_type"
  | "body_too_large"
  | "body_timeout"
  | "body_broken"
  | "session"
  | "event_id"
  | "streams"
  | "no_stream"
  | "overloaded"
  | "dropped"
  | "client_gone"
  | "internal"
  | "revoked"
  | "shutdown"
  | "upstream"
  | "upstream_timeout";

/** Why an exchange is refused. */
export interface Denial {
  readonly kind: DenialKind | DoorKind | RefusalKind;
  /** The stage that refused. */
  readonly stage: string;
  /** Told to the caller. */
  readonly reason: string;
  readonly detail?: string | undefined;
  readonly data?: JsonObject | undefined;
  readonly retryAfterMs?: number | undefined;
}

/** What of the exchange decides how a denial is told. */
export interface Asked {
  readonly call: Call | null;
  readonly era: Era;
  /** Whether the request carried a session id: its client is past the first contact. */
  readonly inSession: boolean;
  /** Whether a credential was sent, right or wrong. */
  readonly credentialSent: boolean;
}

/** A whole answer. */
export interface Answer {
  readonly status: number;
  readonly fields: Fields;
  readonly body: Uint8Array | null;
}

/** What one kind becomes: the status where no rule of §1.11 says 200, and the code. */
interface Form {
  readonly status: number;
  readonly code: number;
  /** Answered with 200 where the request has an id: always, or once contact is established. */
  readonly inBand?: "always" | "established";
}

const FORMS: Readonly<Record<Denial["kind"], Form>> = {
  host: { status: 403, code: CODE.FORBIDDEN },
  origin: { status: 403, code: CODE.FORBIDDEN },
  bad_target: { status: 400, code: CODE.INVALID_REQUEST },
  not_found: { status: 404, code: CODE.INVALID_REQUEST },
  http_method: { status: 405, code: CODE.INVALID_REQUEST },
  bad_header: { status: 400, code: CODE.INVALID_REQUEST },
  content_type: { status: 415, code: CODE.INVALID_REQUEST },
  body_too_large: { status: 413, code: CODE.INVALID_REQUEST },
  body_timeout: { status: 408, code: CODE.INVALID_REQUEST },
  body_broken: { status: 400, code: CODE.INVALID_REQUEST },
  session: { status: 404, code: CODE.INVALID_REQUEST },
  event_id: { status: 400, code: CODE.INVALID_REQUEST },
  streams: { status: 429, code: CODE.RATE_LIMITED },
  no_stream: { status: 405, code: CODE.INVALID_REQUEST },
  overloaded: { status: 503, code: CODE.INTERNAL_ERROR },
  dropped: { status: 202, code: CODE.INVALID_REQUEST },
  // For the record: nobody is there to be told, unless on the stream of the older transport.
  client_gone: { status: 503, code: CODE.INTERNAL_ERROR, inBand: "established" },
  internal: { status: 500, code: CODE.INTERNAL_ERROR },
  // Not 401, for the key may be as good as ever for what is left to it.
  revoked: { status: 503, code: CODE.UNAUTHENTICATED, inBand: "established" },
  shutdown: { status: 503, code: CODE.INTERNAL_ERROR, inBand: "established" },
  upstream: { status: 502, code: CODE.INTERNAL_ERROR, inBand: "established" },
  upstream_timeout: { status: 504, code: CODE.INTERNAL_ERROR, inBand: "established" },
  parse: { status: 400, code: CODE.PARSE_ERROR },
  invalid: { status: 400, code: CODE.INVALID_REQUEST },
  header_mismatch: { status: 400, code: CODE.HEADER_MISMATCH },
  unsupported_version: { status: 400, code: CODE.UNSUPPORTED_VERSION },
  missing_capability: { status: 400, code: CODE.MISSING_CAPABILITY },
  missing_meta: { status: 400, code: CODE.INVALID_PARAMS },
  unauthenticated: { status: 401, code: CODE.UNAUTHENTICATED },
  rate_limited: { status: 429, code: CODE.RATE_LIMITED },
  unknown_tool: { status: 400, code: CODE.INVALID_PARAMS, inBand: "always" },
  unknown_prompt: { status: 400, code: CODE.INVALID_PARAMS, inBand: "always" },
  unknown_resource: { status: 400, code: CODE.INVALID_PARAMS, inBand: "always" },
  unknown_method: { status: 405, code: CODE.METHOD_NOT_FOUND, inBand: "always" },
  invalid_params: { status: 400, code: CODE.INVALID_PARAMS, inBand: "always" },
  // Never 403: VS Code would start OAuth.
  forbidden: { status: 400, code: CODE.FORBIDDEN, inBand: "always" },
  unavailable: { status: 503, code: CODE.INTERNAL_ERROR, inBand: "established" },
};

/** Same words for every reason, so that nobody learns which part was wrong. */
const UNAUTHENTICATED = "Missing or unknown API key. Send it as: Authorization: Bearer <key>";

/** To who has sent no key: RFC 6750, section 3, wants no word of an error there. */
const CHALLENGE = 'Bearer realm="mcp"';

/** To others, with our words: some clients show of a 401 what stands here and not the body. */
const REJECTION = `${CHALLENGE}, error="invalid_token", error_description="${UNAUTHENTICATED}"`;

/** The answer that tells `denial` to the caller. */
export function render(denial: Denial, asked: Asked, config: GateConfig): Answer {
  const { call } = asked;
  if (denial.kind === "dropped" || isQuiet(denial, call)) {
    return { status: 202, fields: [], body: null };
  }
  const id = call?.kind === "request" ? call.id : null;
  const status = statusOf(denial, asked, config);
  return {
    status,
    fields: [["content-type", "application/json"], ...extraFields(denial, asked, status, config)],
    body: encoder.encode(errorText(denial, id, asked.era)),
  };
}

/** The JSON-RPC error that tells `denial`, as text; also for events on an open stream. */
export function errorText(denial: Denial, id: Id | null, era: Era): string {
  const { code } = FORMS[denial.kind];
  const data = denial.retryAfterMs === undefined
    ? denial.data
    : { ...denial.data, retryAfterMs: coarse(denial.retryAfterMs) };
  return JSON.stringify({
    jsonrpc: "2.0",
    id,
    error: {
      code: denial.kind === "unknown_resource" && era === "legacy" ? CODE.RESOURCE_NOT_FOUND : code,
      message: denial.kind === "unauthenticated" ? UNAUTHENTICATED : denial.reason,
      ...(data === undefined ? {} : { data }),
    },
  });
}

/** The HTTP methods that the transport of the upstream knows: DELETE ends a session. */
export function httpMethods({ upstream }: GateConfig): readonly string[] {
  return upstream.transport === "sse" ? ["GET", "POST"] : ["GET", "POST", "DELETE"];
}

/** In steps, so that no 404 or 405 shows in it: mcp-remote would change its transport (§1.11). */
function coarse(ms: number): number {
  return Math.max(1, Math.ceil(ms / 100)) * 100;
}

/** A refused notification or client reply is dropped silently (D6), except over a limit (D17). */
function isQuiet(denial: Denial, call: Call | null): boolean {
  if (call?.kind !== "notification" && call?.kind !== "reply") return false;
  return FORMS[denial.kind].inBand === "always";
}

function statusOf(denial: Denial, asked: Asked, config: GateConfig): number {
  const form = FORMS[denial.kind];
  if (asked.call?.kind === "listen" || asked.call?.kind === "end") {
    // VS Code takes 401 and 403 for an invitation to OAuth, Cursor loops on 400: 405 says "none".
    return form.inBand === "always" ? 405 : form.status;
  }
  if (asked.call?.kind !== "request") return form.status;
  if (denial.kind === "rate_limited" && config.defaults.rateLimitReply === "jsonrpc") return 200;
  if (denial.kind === "unknown_method" && asked.era === "modern") return 404;
  if (form.inBand === "always") return 200;
  if (form.inBand === "established" && isEstablished(asked)) return 200;
  return form.status;
}

/** D22: the client is past its first contact, where a status would change its transport. */
function isEstablished(asked: Asked): boolean {
  if (asked.call?.kind !== "request") return false;
  const { method } = asked.call;
  return asked.era === "modern"
    ? method !== "server/discover"
    : asked.inSession && method !== "initialize";
}

function extraFields(denial: Denial, asked: Asked, status: number, config: GateConfig): Fields {
  const fields: [string, string][] = [];
  if (status === 401) {
    fields.push(["www-authenticate", asked.credentialSent ? REJECTION : CHALLENGE]);
  }
  if (status === 405) fields.push(["allow", httpMethods(config).join(", ")]);
  if (denial.retryAfterMs !== undefined) {
    fields.push(["retry-after", String(Math.ceil(coarse(denial.retryAfterMs) / 1000))]);
  }
  return fields;
}

/** There is no reply, or none that can be passed on. */
export const UPSTREAM_UNAVAILABLE: Denial = {
  kind: "upstream",
  stage: "upstream",
  reason: "Upstream MCP server unavailable",
};

/** The upstream has refused in words of its own, which are not for the caller. */
export const REFUSED_BY_UPSTREAM: Denial = {
  kind: "upstream",
  stage: "upstream",
  reason: "Upstream MCP server refused the request",
};

const encoder = new TextEncoder();
