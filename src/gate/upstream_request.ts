/**
 * The request that goes up, every field of it written here: nothing of the client's head reaches
 * the upstream but the few fields of PROTOCOL §1.1, each by its grammar, and never a credential.
 */
import { Buffer } from "node:buffer";
import { isAccept } from "../mcp/http_grammar.ts";
import type { Agreement } from "../mcp/era.ts";
import type { GateConfig } from "../policy/contract.ts";
import { sendsParams } from "./call.ts";
import { fieldText } from "../upstream/upstream.ts";
import type { Fields } from "../upstream/upstream.ts";

/** What decides the fields of one upstream request. */
export interface UpstreamHead {
  readonly method: "POST" | "GET" | "DELETE";
  /** As the client sent them. */
  readonly fields: Fields;
  readonly agreement: Agreement;
  /** Opened; null where there is none or it must not go up. */
  readonly session: string | null;
  /** Opened. */
  readonly lastEventId: string | null;
  readonly label: string;
  /** Names the gate's own part of the way, in place of the caller's field; null: nobody follows it. */
  readonly traceparent: string | null;
}

/** What every request of a generation carries. */
export interface Credentials {
  readonly upstreamHeaders: Fields;
  readonly userAgent: string;
}

/** The complete field list of the upstream request. */
export function upstreamFields(
  head: UpstreamHead,
  config: GateConfig,
  credentials: Credentials,
): Fields {
  const fields: [string, string][] = [];
  if (head.method === "POST") fields.push(["content-type", "application/json"]);
  const accept = fieldText(head.fields, "accept") ?? "";
  if (isAccept(accept)) fields.push(["accept", accept]);
  fields.push(["accept-encoding", "identity"], ["user-agent", credentials.userAgent]);

  const { protocol, mcpMethod, mcpName } = head.agreement;
  if (protocol !== null) fields.push(["mcp-protocol-version", protocol]);
  if (head.session !== null) fields.push(["mcp-session-id", head.session]);
  if (head.lastEventId !== null) fields.push(["last-event-id", asBytes(head.lastEventId)]);
  if (mcpMethod !== undefined) fields.push(["mcp-method", mcpMethod]);
  if (mcpName !== undefined) fields.push(["mcp-name", mcpName]);
  if (sendsParams(head.agreement)) {
    for (const field of head.fields) if (field[0].startsWith("mcp-param-")) fields.push([...field]);
  }

  addOwn(fields, head, config, credentials);
  return fields;
}

/** The operator's own come last and win: a client's copy of one of them never goes up. */
function addOwn(
  fields: [string, string][],
  head: UpstreamHead,
  { upstream: { forwardHeaders, identityHeader } }: GateConfig,
  { upstreamHeaders }: Credentials,
): void {
  for (const name of forwardHeaders) {
    const value = name === "traceparent" && head.traceparent !== null
      ? head.traceparent
      : fieldText(head.fields, name) ?? "";
    const isOwn = name === identityHeader || upstreamHeaders.some(([own]) => own === name);
    if (!isOwn && isForwardable(value)) fields.push([name, value]);
  }
  if (identityHeader !== null) fields.push([identityHeader, headerSafe(head.label)]);
  for (const [name, value] of upstreamHeaders) fields.push([name, value]);
}

/** Field values are bytes, one a character; an event's id goes up in the UTF-8 it came in. */
function asBytes(text: string): string {
  return Buffer.from(text, "utf8").toString("latin1");
}

/** Not empty and printable ASCII: what else would go up depends on who reads it. */
function isForwardable(value: string): boolean {
  return /^[\t\x20-\x7e]+$/.test(value);
}

/** A label may hold any character; a field value may not. */
function headerSafe(label: string): string {
  return /^[\x21-\x7e](?:[\x20-\x7e]*[\x21-\x7e])?$/.test(label) && !label.includes("%")
    ? label
    : encodeURIComponent(label);
}
