/**
 * A POST of the HTTP+SSE transport of 2024-11-05: one message for a stream that its caller holds
 * open. It is judged like any other; what came of it is told on the stream, since clients of this
 * transport take a status of 400 and more for its end (PROTOCOL §1.2, §1.11).
 */
import type { Agreement } from "../mcp/era.ts";
import type { Json } from "../mcp/json.ts";
import { member } from "../mcp/json.ts";
import type { Call } from "../mcp/message.ts";
import { UpstreamError } from "../upstream/upstream.ts";
import type { UpstreamReply } from "../upstream/upstream.ts";
import { ClientGone } from "./answering.ts";
import { upstreamReply } from "./ask_upstream.ts";
import { type Denial, UPSTREAM_UNAVAILABLE } from "./denial.ts";
import { refuse } from "./door.ts";
import type { Exchange } from "./exchange.ts";
import { screenOf } from "./exchange_screen.ts";
import { STREAM_PARAMETER } from "./legacy_listening.ts";
import type { LegacyStream } from "./legacy_stream.ts";
import type { OpenHandles } from "./open_handles.ts";
import type { Permitted } from "./permitted.ts";
import { sessionDigest } from "./seal.ts";

/** No field of a later revision goes up. */
export const LEGACY_AGREEMENT: Agreement = { era: "legacy", protocol: null };

/** No session and no resumption: the stream is both. */
export const NO_HANDLES: OpenHandles = { session: null, lastEventId: null };

/** How long the upstream may take over the body of an answer that says "accepted", in milliseconds. */
const DISCARD_MS = 1000;

/** The stream that `exchange` names as its own, or why there is none. */
export function ownStream(exchange: Exchange): LegacyStream | Denial {
  const { incoming, gate, generation, principal } = exchange;
  const named = streamParameters(incoming.target ?? "");
  const [sealed] = named;
  if (sealed === undefined || named.length > 1) {
    return refuse(
      "bad_target",
      "Message URL names no stream: open one by GET and use its endpoint",
    );
  }
  const id = generation.sealer.open("stream", principal.label, "", sealed);
  const stream = id === null ? null : gate.legacyStreams.find(id, principal.label);
  if (stream === null) return refuse("session", "Session not found");
  exchange.record.session = sessionDigest(stream.id);
  return stream;
}

/**
 * Tells `denial` on the stream and accepts the message, where that is the way to tell it; null then.
 * Else the denial to be told by its status.
 */
export async function tellOnStream(exchange: Exchange, denial: Denial): Promise<Denial | null> {
  const [call] = exchange.calls;
  if (call === undefined || !IN_BAND.has(denial.kind)) return denial;
  if (call.kind === "request") {
    const stream = ownStream(exchange);
    if ("kind" in stream) return stream;
    try {
      await stream.refuse(call.id, denial);
    } catch (error) {
      // Of the stream's client, which is gone; this one is told that its stream is.
      if (error instanceof ClientGone) return refuse("session", "Session not found");
      throw error;
    }
  }
  await accept(exchange);
  return null;
}

/** The way up of one permitted message. */
export class LegacyPosting {
  readonly way = "posted";
  readonly #exchange: Exchange;
  readonly #permitted: Permitted;

  constructor(exchange: Exchange, permitted: Permitted) {
    this.#exchange = exchange;
    this.#permitted = permitted;
  }

  /**
   * Sends the judged bytes up and accepts the message.
   *
   * @param substitute Goes up in their place: the gate's answer for a client reply it refused
   */
  async forward(substitute?: Uint8Array): Promise<void> {
    const { body, refuse } = this.#permitted;
    const [call] = this.#exchange.calls;
    const stream = ownStream(this.#exchange);
    if ("kind" in stream) return await refuse(stream);
    if (call?.kind === "request") {
      // A second answer would be judged by the ruling of the first request.
      if (stream.awaited.has(call.id)) {
        this.#land();
        return await refuse(ID_IN_USE);
      }
      await this.#await(call, stream);
    }
    let reply: UpstreamReply;
    try {
      reply = await this.#send(stream, substitute ?? body.bytes);
    } catch (error) {
      return await this.#failed(error, call, stream);
    } finally {
      body[Symbol.dispose]();
    }
    if (call?.kind === "notification") forgetCancelled(call, stream);
    await accept(this.#exchange);
    await discard(reply);
  }

  /** Keeps what judges the answer, and the generation that it is judged by, until it has come. */
  async #await(call: Extract<Call, { kind: "request" }>, stream: LegacyStream): Promise<void> {
    const { generation } = this.#exchange;
    generation.enter();
    const givenUp = stream.awaited.add(call.id, {
      screen: screenOf(this.#exchange, this.#permitted.bearer, []),
      release: () => {
        generation.leave();
        this.#land();
      },
    });
    if (givenUp !== null) await stream.refuse(givenUp, GIVEN_UP);
  }

  /** What the exchange asked is not under way any more. */
  #land(): void {
    const { bearer, flights } = this.#permitted;
    for (const flight of flights) bearer.memory.requests.answered(bearer, flight);
  }

  async #send(stream: LegacyStream, bytes: Uint8Array): Promise<UpstreamReply> {
    const { generation } = this.#exchange;
    // Where a reload has changed the upstream, the stream's own server is the one that knows it.
    const isSame = generation.config.upstream.url === stream.generation.config.upstream.url;
    const reply = await upstreamReply(this.#exchange, {
      agreement: LEGACY_AGREEMENT,
      handles: NO_HANDLES,
      bytes,
      path: stream.path,
      generation: isSame ? generation : stream.generation,
    });
    if (ACCEPTED.has(reply.status)) return reply;
    reply.cancel();
    throw new UpstreamError("broken", `upstream answered ${reply.status}`);
  }

  async #failed(error: unknown, call: Call | undefined, stream: LegacyStream): Promise<void> {
    const { cutBy, cutDenial, record } = this.#exchange;
    // The answer may have come on the stream all the same; then it is the only one.
    const awaited = call?.kind === "request" ? stream.awaited.take(call.id) : null;
    awaited?.release();
    if (cutBy === "client_gone") return;
    if (!(error instanceof UpstreamError)) throw error;
    const kind = error.kind === "timeout" ? "upstream_timeout" : "upstream";
    const detail = `${error.kind}: ${error.message}`;
    const denial = cutDenial ?? { ...UPSTREAM_UNAVAILABLE, kind, detail };
    if (cutBy === null) record.end = "upstream_error";
    if (call?.kind === "request" && awaited === null) {
      record.refused(denial);
      return await accept(this.#exchange);
    }
    await this.#permitted.refuse(denial);
  }
}

/** The values of the parameter that names a stream; nothing of another spelling is one. */
function streamParameters(target: string): string[] {
  const query = target.indexOf("?");
  if (query < 0) return [];
  return target.slice(query + 1).split("&").filter((pair) =>
    pair.startsWith(`${STREAM_PARAMETER}=`)
  )
    .map((pair) => pair.slice(STREAM_PARAMETER.length + 1));
}

/** A request that was cancelled gets no answer, and its client expects none. */
function forgetCancelled(
  { method, params }: Extract<Call, { kind: "notification" }>,
  stream: LegacyStream,
): void {
  if (method !== "notifications/cancelled") return;
  const id: Json | undefined = member(params, "requestId");
  stream.awaited.take(id)?.release();
}

async function accept(exchange: Exchange): Promise<void> {
  await exchange.answering.send({ status: 202, fields: [], body: null });
}

/** Reads the rest of `reply`, so that its connection can be used again. */
async function discard(reply: UpstreamReply): Promise<void> {
  const timer = setTimeout(() => reply.cancel(), DISCARD_MS);
  try {
    while (await reply.read() !== null);
  } catch {
    // It was accepted: how its words end is nobody's concern.
  } finally {
    clearTimeout(timer);
  }
}

/** What an upstream says to a message it takes. */
const ACCEPTED: ReadonlySet<number> = new Set([200, 202, 204]);

/** Refusals of a message that was understood. Others are of the request that carried it. */
const IN_BAND: ReadonlySet<Denial["kind"]> = new Set<Denial["kind"]>([
  "client_gone",
  "dropped",
  "forbidden",
  "internal",
  "invalid_params",
  "rate_limited",
  "revoked",
  "shutdown",
  "unavailable",
  "unknown_method",
  "unknown_prompt",
  "unknown_resource",
  "unknown_tool",
  "upstream",
  "upstream_timeout",
]);

const ID_IN_USE: Denial = { kind: "invalid", stage: "door", reason: "Request id is in use" };

const GIVEN_UP = refuse("overloaded", "Too many requests without an answer");
