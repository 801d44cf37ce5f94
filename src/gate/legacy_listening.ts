/**
 * A GET of the HTTP+SSE transport of 2024-11-05: the server's stream becomes the client's, with an
 * endpoint event of the gate's own in place of the server's, and with room for what the gate itself
 * has to say (PROTOCOL §1.2). Ids of events are dropped: nothing is resumed on this transport.
 */
import { Buffer } from "node:buffer";
import { formatEvent } from "../mcp/sse_writer.ts";
import type { UpstreamReply } from "../upstream/upstream.ts";
import { errorText, UPSTREAM_UNAVAILABLE } from "./denial.ts";
import type { Exchange } from "./exchange.ts";
import { screenOf } from "./exchange_screen.ts";
import type { Bearer } from "./handle_bearer.ts";
import { readEndpoint } from "./legacy_endpoint.ts";
import { LegacyScreen } from "./legacy_screen.ts";
import { messageEvent } from "./legacy_stream.ts";
import type { LegacyStream } from "./legacy_stream.ts";
import { EventPassing, EventRelay } from "./relay.ts";
import { sessionDigest } from "./seal.ts";

/** The parameter of a message URL that names its stream. */
export const STREAM_PARAMETER = "gs";

/**
 * Passes the stream `reply` on until its end. Throws `UpstreamError` where it does not begin as one
 * of this transport, before anything has gone out, and `ClientGone`.
 */
export async function relayStream(
  exchange: Exchange,
  bearer: Bearer,
  reply: UpstreamReply,
): Promise<void> {
  const { gate, generation, principal, answering, record } = exchange;
  const { upstream, limits, path: ownPath } = generation.config;
  const elapsedMs = gate.parts.clock.monotonic() - record.startedMonotonicMs;
  const endpoint = await readEndpoint(reply, upstream.url, upstream.timeoutMs - elapsedMs);

  const id = gate.memory.streamPrefix + Buffer.from(gate.parts.random(18)).toString("base64url");
  const sealed = generation.sealer.seal("stream", principal.label, "", id);
  record.session = sessionDigest(id);
  const out = answering.stream([]);
  const stream = gate.legacyStreams.open({
    id,
    label: principal.label,
    generation,
    path: endpoint.path,
    out,
    onBroken: () => exchange.cut("client_gone"),
  });
  try {
    // Never an absolute URL: clients refuse a foreign origin, and which is the gate's it cannot know.
    await stream.write(endpointEvent(`${ownPath}?${STREAM_PARAMETER}=${sealed}`));
    const passing = new EventPassing({
      screen: new LegacyScreen(screenOf(exchange, bearer, []), stream.awaited),
      sealEventId: () => null,
      maxEventBytes: limits.replyBytes,
    });
    const { text, end } = await new EventRelay(endpoint.reply, stream, passing).run();
    await stream.write(text);
    await lastWords(exchange, stream, end.ok ? null : end.detail);
    if (exchange.cutBy === "client_gone") out.abort();
    else await out.end();
  } catch (error) {
    out.abort();
    throw error;
  } finally {
    gate.legacyStreams.close(stream);
    gate.handles.requests.forget({ label: principal.label, session: sessionDigest(id) });
  }
}

/** Tells what ended the stream to those who still wait for an answer on it (D24). */
async function lastWords(
  exchange: Exchange,
  stream: LegacyStream,
  failure: string | null,
): Promise<void> {
  const { cutBy, cutDenial, record } = exchange;
  const unanswered = exchange.gate.legacyStreams.close(stream);
  if (cutBy === null && (failure !== null || unanswered.length > 0)) {
    record.refused({
      ...UPSTREAM_UNAVAILABLE,
      detail: failure ?? "stream ended before the answer",
    });
    record.end = "upstream_error";
  }
  if (cutBy === "client_gone") return;
  const denial = cutDenial ?? UPSTREAM_UNAVAILABLE;
  const told = unanswered.map((id) => messageEvent(errorText(denial, id, "legacy")));
  await stream.writeLast(told.join(""));
}

function endpointEvent(data: string): string {
  return formatEvent({ event: "endpoint", id: null, retry: null, data });
}
