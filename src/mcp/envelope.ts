/**
 * Reads one JSON-RPC message of a client: the exact set of envelope members, one of three shapes, and
 * `params` that mean one thing (PROTOCOL 1.7 and 4.2, steps 5 to 7). Which methods exist for whom is
 * decided by others.
 */
import { isObject, type Json, type JsonObject, member } from "./json.ts";
import { ENVELOPE_MEMBERS, type Id } from "./message.ts";
import { checkParams, checkToolUses, isId, isText, type ParamLimits } from "./governed_params.ts";
import { invalid, isRefusal, type Refusal } from "./refusal.ts";
import { isRequestMethod } from "./revision.ts";
import { toolUsesOfResult } from "./tool_uses.ts";

/** Caps of one message. */
export interface EnvelopeLimits extends ParamLimits {
  /** Length of a method. */
  readonly method: number;
  /** Length of a string id. */
  readonly id: number;
}

/** A message of a client; `params` is `{}` where it has none. */
export type ClientMessage = ClientRequest | ClientNotification | ClientReply;

/** Wants an answer. */
export interface ClientRequest {
  readonly refused?: never;
  readonly shape: "request";
  readonly id: Id;
  readonly method: string;
  readonly params: JsonObject;
}

/** Wants none. The method need not be a known one. */
export interface ClientNotification {
  readonly refused?: never;
  readonly shape: "notification";
  readonly method: string;
  readonly params: JsonObject;
}

/** Answers a request of the upstream's. */
export interface ClientReply {
  readonly refused?: never;
  readonly shape: "reply";
  readonly id: Id;
  /** Tools that the answer tells the upstream to run. */
  readonly toolUses: readonly string[];
}

/** Said of every array, where batches are not accepted. */
export const BATCH_REFUSED: Refusal = Object.freeze({
  refused: "invalid",
  reason: "JSON-RPC batching is not accepted",
});

const NEEDS_ID: Refusal = Object.freeze({ refused: "invalid", reason: "Request needs an id" });
const NOT_A_MESSAGE = invalid("not a JSON-RPC 2.0 message");
const NO_PARAMS: JsonObject = Object.freeze({});

/** Whether `value` is a batch: to be read element by element, or refused. */
export function isBatch(value: Json): value is readonly Json[] {
  return Array.isArray(value);
}

/** The message that `value` is. Total: it answers, it never throws. */
export function readMessage(value: Json, limits: EnvelopeLimits): ClientMessage | Refusal {
  if (isBatch(value)) return BATCH_REFUSED;
  if (!isObject(value)) return NOT_A_MESSAGE;
  for (const key of Object.keys(value)) {
    if (!ENVELOPE_MEMBERS.has(key)) return invalid("unknown envelope member");
  }
  if (member(value, "jsonrpc") !== "2.0") return NOT_A_MESSAGE;
  const id = member(value, "id");
  if (id !== undefined && !isId(id, limits.id)) return invalid("unacceptable id");
  return Object.hasOwn(value, "method")
    ? readCall(value, id, limits)
    : readReply(value, id, limits);
}

function readCall(
  value: JsonObject,
  id: Id | undefined,
  limits: EnvelopeLimits,
): ClientMessage | Refusal {
  const method = member(value, "method");
  if (!isText(method, limits.method) || method === "") return invalid("unacceptable method");
  if (Object.hasOwn(value, "result") || Object.hasOwn(value, "error")) {
    return invalid("both a request and a reply");
  }
  const params = Object.hasOwn(value, "params") ? member(value, "params") : NO_PARAMS;
  if (!isObject(params)) return invalid("unacceptable params");
  const fault = checkParams(params, limits);
  if (fault !== null) return fault;
  if (id !== undefined) return { shape: "request", id, method, params };
  return isRequestMethod(method) ? NEEDS_ID : { shape: "notification", method, params };
}

function readReply(
  value: JsonObject,
  id: Id | undefined,
  limits: EnvelopeLimits,
): ClientReply | Refusal {
  const outcome = member(value, "result") ?? member(value, "error");
  const both = Object.hasOwn(value, "result") && Object.hasOwn(value, "error");
  if (id === undefined || both || !isObject(outcome) || Object.hasOwn(value, "params")) {
    return NOT_A_MESSAGE;
  }
  const toolUses = toolUsesOfResult(member(value, "result"));
  if (isRefusal(toolUses)) return toolUses;
  return checkToolUses(toolUses, limits) ?? { shape: "reply", id, toolUses };
}
