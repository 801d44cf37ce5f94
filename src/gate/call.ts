/**
 * From the bytes of a POST to what is asked: the strict reader, the envelope and the agreement of
 * headers and body, in that order (PROTOCOL §4.4, steps 11 and 13). What comes out has one meaning
 * under every parser; whether it may pass is for the policies.
 */
import { BATCH_REFUSED, isBatch, readMessage } from "../mcp/envelope.ts";
import type { ClientMessage } from "../mcp/envelope.ts";
import { agree } from "../mcp/era.ts";
import { isParamName, isParamValue } from "../mcp/http_grammar.ts";
import type { Agreement } from "../mcp/era.ts";
import type { Json } from "../mcp/json.ts";
import type { Call } from "../mcp/message.ts";
import type { Refusal } from "../mcp/refusal.ts";
import { LEGACY_REVISIONS, MODERN_REVISIONS } from "../mcp/revision.ts";
import { readStrict } from "../mcp/strict_json.ts";
import type { GateConfig } from "../policy/contract.ts";
import { fieldText, fieldValues } from "../upstream/upstream.ts";
import type { Denial } from "./denial.ts";
import { refuse } from "./door.ts";
import type { Fields } from "./incoming.ts";

/** What one POST asks. */
export interface Reading {
  /** One message, or the elements of a batch. */
  readonly calls: readonly [Call, ...Call[]];
  readonly isBatch: boolean;
  readonly agreement: Agreement;
}

/** A refusal, with the call that it refuses where that much was readable. */
export interface Unreadable {
  readonly denial: Denial;
  readonly call: Call | null;
}

/** Reads the body of a POST strictly, or says why it is refused. */
export function readCalls(bytes: Uint8Array, fields: Fields, config: GateConfig):
  | Reading
  | Unreadable {
  const document = readStrict(bytes, config.limits);
  if (document.refused) return unreadable(document);
  if (isBatch(document.value)) return readBatch(document.value, fields, config);

  const message = readMessage(document.value, config.limits);
  if (message.refused) return unreadable(message);
  const call = callOf(message);
  const agreement = agree(message, {
    protocolVersion: fieldValues(fields, "mcp-protocol-version")[0] ?? null,
    // Repetitions stay visible, joined, so that they agree with no body.
    method: fieldText(fields, "mcp-method"),
    name: fieldText(fields, "mcp-name"),
  });
  if (agreement.refused) return unreadable(agreement, call);
  if (sendsParams(agreement) && !areSoundParams(fields)) return unreadable(BAD_PARAM_HEADER, call);
  return { calls: [call], isBatch: false, agreement };
}

/** What a GET or DELETE asks, which belong to the legacy revisions. */
export function readVerb(method: string, version: string | null): Reading | Unreadable {
  const call: Call = { kind: method === "GET" ? "listen" : "end" };
  if (version === null || LEGACY_REVISIONS.includes(version)) {
    return { calls: [call], isBatch: false, agreement: { era: "legacy", protocol: version } };
  }
  const denial: Denial = MODERN_REVISIONS.includes(version)
    ? refuse("no_stream", "This revision knows POST only")
    : { kind: "invalid", stage: "door", reason: "Unsupported protocol version" };
  return { denial, call };
}

/** §1.7: batches exist in 2025-03-26 only, and are refused unless the configuration allows them. */
function readBatch(elements: readonly Json[], fields: Fields, config: GateConfig):
  | Reading
  | Unreadable {
  const version = fieldValues(fields, "mcp-protocol-version")[0] ?? null;
  const allowed = config.mcp.batch === "allow" && (version === null || version === "2025-03-26");
  if (!allowed || elements.length > config.limits.batch) return unreadable(BATCH_REFUSED);

  const headers = { protocolVersion: version, method: null, name: null };
  const calls: Call[] = [];
  const ids = new Set<string>();
  for (const element of elements) {
    const message = readMessage(element, config.limits);
    if (message.refused) return unreadable(message);
    if (message.shape === "request") {
      // The type belongs to an id: 1 and "1" are two.
      const id = JSON.stringify(message.id);
      if (message.method === "initialize" || ids.has(id)) return unreadable(BATCH_REFUSED);
      ids.add(id);
    }
    // An upstream that goes by the body would read a modern element by other rules than ours.
    if (agree(message, headers).refused !== undefined) return unreadable(BATCH_REFUSED);
    calls.push(callOf(message));
  }
  const [first, ...others] = calls;
  if (first === undefined) return unreadable(BATCH_REFUSED);
  return {
    calls: [first, ...others],
    isBatch: true,
    agreement: { era: "legacy", protocol: version },
  };
}

/** Whether the `Mcp-Param-*` fields of a message go up (§1.1). */
export function sendsParams({ era, mcpMethod }: Agreement): boolean {
  return era === "modern" && mcpMethod === "tools/call";
}

/** Whether every such field may: its name and value by the grammar, and each only once. */
function areSoundParams(fields: Fields): boolean {
  const names = new Set<string>();
  for (const [name, value] of fields) {
    if (!name.startsWith("mcp-param-")) continue;
    if (names.has(name) || !isParamName(name) || !isParamValue(value)) return false;
    names.add(name);
  }
  return true;
}

function callOf(message: ClientMessage): Call {
  switch (message.shape) {
    case "request":
      return {
        kind: "request",
        id: message.id,
        method: message.method,
        params: message.params,
      };
    case "notification":
      return { kind: "notification", method: message.method, params: message.params };
    case "reply":
      return { kind: "reply", id: message.id, toolUses: message.toolUses };
  }
}

function unreadable(refusal: Refusal, call: Call | null = null): Unreadable {
  const { refused: kind, reason, data } = refusal;
  return { denial: { kind, stage: "door", reason, data }, call };
}

const BAD_PARAM_HEADER: Refusal = {
  refused: "header_mismatch",
  reason: "Header mismatch: Mcp-Param",
};
