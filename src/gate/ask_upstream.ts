/**
 * One request of an exchange to the upstream, every field of it the gate's own, and its reply bound
 * to the life of the exchange. Knows neither what is asked nor what becomes of the reply.
 */
import type { Agreement } from "../mcp/era.ts";
import { UpstreamError } from "../upstream/upstream.ts";
import type { Fields, ReplyWaiter, UpstreamReply, UpstreamRequest } from "../upstream/upstream.ts";
import type { Exchange } from "./exchange.ts";
import type { Generation } from "./generation.ts";
import type { OpenHandles } from "./open_handles.ts";
import { headFacts } from "./head_facts.ts";

/** What the request is made of, beside the exchange. */
export interface Question {
  readonly agreement: Agreement;
  readonly handles: OpenHandles;
  readonly bytes: Uint8Array;
  /** Path and query, in place of the configured ones. */
  readonly path?: string;
  /** Whose upstream is asked. Default: the generation that rules. */
  readonly generation?: Generation;
}

/**
 * Asks the upstream. Neither the wait for the head nor one for what follows it outlasts the exchange.
 * Throws {@link UpstreamError}.
 */
export async function askUpstream(exchange: Exchange, question: Question): Promise<UpstreamReply> {
  if (exchange.cutSignal.aborted) throw new UpstreamError("aborted", "The exchange was cut");
  const { record, gate: { parts: { clock, census } } } = exchange;
  if (census !== undefined) record.askedMs = clock.monotonic();
  const asking = (question.generation ?? exchange.generation).upstream.send(
    requestOf(exchange, question),
  );
  try {
    const reply = new BoundReply(exchange, await exchange.untilCut(asking));
    exchange.trace?.answered(reply.status);
    return reply;
  } catch (error) {
    exchange.trace?.failed(error instanceof UpstreamError ? error.kind : "internal");
    asking.then((late) => late.cancel(), () => {});
    throw error;
  } finally {
    if (census !== undefined) record.answeredMs = clock.monotonic();
  }
}

/** A reply that nobody waits for longer than its exchange lasts. */
class BoundReply implements UpstreamReply, ReplyWaiter {
  readonly status: number;
  fields: Fields;
  readonly #exchange: Exchange;
  readonly #reply: UpstreamReply;
  #waiter: ReplyWaiter | null = null;

  constructor(exchange: Exchange, reply: UpstreamReply) {
    this.status = reply.status;
    this.fields = reply.fields;
    this.#exchange = exchange;
    this.#reply = reply;
  }

  take(): Uint8Array | null | undefined {
    return this.#exchange.cutBy === null ? this.#reply.take() : undefined;
  }

  read(): Promise<Uint8Array | null> {
    return this.#exchange.untilCut(this.#reply.read());
  }

  wait(waiter: ReplyWaiter): void {
    if (this.#exchange.cutBy !== null) return waiter.onMore();
    this.#waiter = waiter;
    this.fields = NO_FIELDS;
    this.#exchange.waiter = this;
    this.#reply.wait(this);
  }

  /** There is more, or the exchange has been cut: whichever comes first. */
  onMore(): void {
    const waiter = this.#waiter;
    this.#waiter = this.#exchange.waiter = null;
    waiter?.onMore();
  }

  cancel(): void {
    this.#reply.cancel();
  }
}

function requestOf(exchange: Exchange, question: Question): UpstreamRequest {
  const { incoming, principal, cutSignal } = exchange;
  const { agreement, handles, bytes, path, generation = exchange.generation } = question;
  const method = incoming.method === "GET" || incoming.method === "DELETE"
    ? incoming.method
    : "POST";
  const { config } = generation;
  const { fields, recurs } = headFacts(incoming, generation).upstreamHead({
    method,
    fields: incoming.fields,
    agreement,
    session: handles.session,
    lastEventId: handles.lastEventId,
    label: principal.label,
    traceparent: exchange.trace?.goesUp(method, config.upstream.url) ?? null,
  });
  return {
    method,
    ...(path === undefined ? {} : { path }),
    fields,
    recurs,
    body: method === "POST" ? bytes : null,
    headTimeoutMs: config.upstream.timeoutMs,
    signal: cutSignal,
  };
}

const NO_FIELDS: Fields = [];
