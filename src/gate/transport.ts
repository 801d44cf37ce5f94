/**
 * Which transport the upstream speaks, and what is different for an exchange because of it. Two are
 * known: Streamable HTTP, where an exchange is answered by its own reply, and the HTTP+SSE transport
 * of 2024-11-05, where messages are posted for a stream (PROTOCOL §1.2).
 */
import { fieldValues } from "../upstream/upstream.ts";
import { readCalls, readVerb } from "./call.ts";
import type { Reading, Unreadable } from "./call.ts";
import type { Exchange } from "./exchange.ts";
import type { Denial } from "./denial.ts";
import type { Fields } from "./incoming.ts";
import { relayStream } from "./legacy_listening.ts";
import { LEGACY_AGREEMENT, LegacyPosting, NO_HANDLES, ownStream } from "./legacy_posting.ts";
import type { OpenHandles } from "./open_handles.ts";
import { Passage } from "./passage.ts";
import type { Permitted } from "./permitted.ts";

/** Whether `exchange` belongs to the HTTP+SSE transport. */
export function isLegacyTransport({ generation }: Exchange): boolean {
  return generation.config.upstream.transport === "sse";
}

/** Whether `exchange` posts a message for a stream, on which it is answered. */
export function isPosting(exchange: Exchange): boolean {
  return isLegacyTransport(exchange) && exchange.incoming.method === "POST";
}

/** The fields of `exchange` that say of which revision it is: no earlier one has any. */
export function revisionFields(exchange: Exchange): Fields {
  return isLegacyTransport(exchange) ? LEGACY_FIELDS : exchange.incoming.fields;
}

/** Reads what `exchange` asks, of a POST from the `bytes` of its body. */
export function readExchange(exchange: Exchange, bytes: Uint8Array): Reading | Unreadable {
  const { incoming, generation } = exchange;
  const fields = revisionFields(exchange);
  if (incoming.method !== "POST") {
    return readVerb(incoming.method, fieldValues(fields, "mcp-protocol-version")[0] ?? null);
  }
  const reading = readCalls(bytes, fields, generation.config);
  return isLegacyTransport(exchange) && "denial" in reading ? asUnknownMethod(reading) : reading;
}

/**
 * To the HTTP+SSE transport, messages of a revision with headers of its own are unknown ones: said
 * so, clients that tried one go back to `initialize`; at a status of 400 Python's gives up.
 */
function asUnknownMethod(unreadable: Unreadable): Unreadable {
  const { denial, call } = unreadable;
  if (call === null || !("method" in call) || !LATER_REVISION.has(denial.kind)) return unreadable;
  return {
    denial: { kind: "unknown_method", stage: "door", reason: `Method not found: ${call.method}` },
    call,
  };
}

/** The handles of an exchange of the HTTP+SSE transport, or why its stream is none of its caller's. */
export function streamHandles(exchange: Exchange): OpenHandles | Denial {
  const stream = isPosting(exchange) ? ownStream(exchange) : null;
  return stream !== null && "kind" in stream ? stream : NO_HANDLES;
}

/** The way of `exchange`, whose judgement has permitted it. */
export function passageOf(
  exchange: Exchange,
  permitted: Permitted,
): Pick<Passage, "forward" | "way"> {
  if (!isLegacyTransport(exchange)) return new Passage(exchange, permitted);
  if (isPosting(exchange)) return new LegacyPosting(exchange, permitted);
  return new Passage(exchange, {
    ...permitted,
    agreement: LEGACY_AGREEMENT,
    relayStream: (reply) => relayStream(exchange, permitted.bearer, reply),
  });
}

/** What is wrong with a message that names a revision in its body, where no field can agree. */
const LATER_REVISION: ReadonlySet<Denial["kind"]> = new Set<Denial["kind"]>([
  "header_mismatch",
  "missing_meta",
  "unsupported_version",
]);

/** What stands in place of the fields of later revisions. */
const LEGACY_FIELDS: Fields = [["mcp-protocol-version", "2024-11-05"]];
