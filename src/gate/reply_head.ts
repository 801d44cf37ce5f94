/**
 * What the head of the upstream's reply means for the client: pass the body on, in which form, or
 * tell that there is none (PROTOCOL §1.1, upstream status mapping). Nothing of the upstream's head
 * reaches the client but what is named here.
 */
import {
  isEventStreamContentType,
  isJsonContentType,
  isMethodList,
  isPlainEncoding,
} from "../mcp/http_grammar.ts";
import { fieldValues } from "../upstream/upstream.ts";
import type { UpstreamReply } from "../upstream/upstream.ts";
import type { Call } from "../mcp/message.ts";

/** How a reply is passed on. */
export type ReplyForm =
  | { readonly form: "json" }
  | { readonly form: "sse" }
  /** No body: an accepted notification, an ended session. */
  | { readonly form: "empty"; readonly status: number }
  /** A refusal of the upstream's: its JSON-RPC error if it is one, else a text of ours. */
  | { readonly form: "refusal"; readonly status: number; readonly fields: [string, string][] }
  /** Not to be passed on; `detail` is for the audit log. */
  | { readonly form: "failure"; readonly detail: string };

/** Judges the head of `reply` to `call`. */
export function replyForm(reply: UpstreamReply, call: Call): ReplyForm {
  const { status } = reply;
  if (!fieldValues(reply.fields, "content-encoding").every(isPlainEncoding)) {
    return failure("upstream sent an encoded reply");
  }
  if (status === 200) return okForm(reply, call);
  if (status === 202 || status === 204) {
    if (call.kind === "notification" || call.kind === "reply") return empty(202);
    return call.kind === "end" ? empty(status) : failure(`upstream answered ${status}`);
  }
  if (status >= 300 && status < 400) return failure(`upstream redirect refused: ${status}`);
  if (RELAYED.has(status)) return { form: "refusal", status, fields: refusalFields(reply) };
  return failure(`upstream answered ${status}`);
}

function okForm(reply: UpstreamReply, call: Call): ReplyForm {
  if (call.kind === "end") return empty(200);
  const types = fieldValues(reply.fields, "content-type");
  const type = types.length === 1 ? types[0] ?? "" : "";
  if (isEventStreamContentType(type)) return { form: "sse" };
  if (call.kind !== "listen" && isJsonContentType(type)) return { form: "json" };
  if (call.kind === "notification" || call.kind === "reply") return empty(202);
  return failure("upstream answered with an unknown content type");
}

/** The upstream's own statuses that clients know what to do with. */
const RELAYED: ReadonlySet<number> = new Set([400, 404, 405, 406, 409, 415, 429, 503]);

function refusalFields(reply: UpstreamReply): [string, string][] {
  const fields: [string, string][] = [];
  const allow = fieldValues(reply.fields, "allow").join(", ");
  if (reply.status === 405) {
    fields.push(["allow", isMethodList(allow) ? allow : "POST"]);
  }
  const [retryAfter] = fieldValues(reply.fields, "retry-after");
  if (retryAfter !== undefined && /^\d{1,9}$/.test(retryAfter)) {
    fields.push(["retry-after", retryAfter]);
  }
  return fields;
}

function empty(status: number): ReplyForm {
  return { form: "empty", status };
}

function failure(detail: string): ReplyForm {
  return { form: "failure", detail };
}
