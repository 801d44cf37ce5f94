/**
 * One request of an exchange to the upstream, every field of it the gate's own, and its reply bound
 * to the life of the exchange. Knows neither what is asked nor what becomes of the reply.
 */
import type { Agreement } from "../mcp/era.ts";
import { UpstreamError } from "../upstream/upstream.ts";
import type {
  Asker,
  Fields,
  ReplyWaiter,
  Upstream,
  UpstreamReply,
  UpstreamRequest,
} from "../upstream/upstream.ts";
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
 * Asks the upstream, and tells `asker`. Neither the wait for the head nor one for what follows it
 * outlasts the exchange.
 */
export function askUpstream(exchange: Exchange, question: Question, asker: Asker): void {
  const { upstream } = question.generation ?? exchange.generation;
  const request = requestOf(exchange, question);
  // A stream may stay open for days, and no request like it follows soon.
  if (request.method !== "POST") exchange.incoming.notes.facts = null;
  new BoundReply(exchange, asker).ask(upstream, request);
}

/** The reply of {@link askUpstream}. Throws {@link UpstreamError}. */
export function upstreamReply(exchange: Exchange, question: Question): Promise<UpstreamReply> {
  return new Promise((onReply, onFailure) =>
    askUpstream(exchange, question, { onReply, onFailure })
  );
}

/** A reply that nobody waits for longer than its exchange lasts: before its head is in, and then. */
class BoundReply implements UpstreamReply, ReplyWaiter, Asker {
  status = 0;
  fields: Fields = NO_FIELDS;
  readonly #exchange: Exchange;
  /** Null once he has been told. */
  #asker: Asker | null;
  #reply: UpstreamReply | null = null;
  #waiter: ReplyWaiter | null = null;

  constructor(exchange: Exchange, asker: Asker) {
    this.#exchange = exchange;
    this.#asker = asker;
  }

  /** Asks `upstream`. */
  ask(upstream: Upstream, request: UpstreamRequest): void {
    const exchange = this.#exchange;
    if (exchange.cutSignal.aborted) return this.#fail(cutError());
    const { record, gate: { parts: { clock, census } } } = exchange;
    if (census !== undefined) record.askedMs = clock.monotonic();
    exchange.waiter = this;
    upstream.ask(request, this);
  }

  onReply(reply: UpstreamReply): void {
    const asker = this.#take();
    if (asker === null) return reply.cancel();
    this.status = reply.status;
    this.fields = reply.fields;
    this.#reply = reply;
    this.#exchange.trace?.answered(reply.status);
    asker.onReply(this);
  }

  onFailure(error: UpstreamError): void {
    this.#fail(error);
  }

  take(): Uint8Array | null | undefined {
    return this.#exchange.cutBy === null ? this.#reply?.take() : undefined;
  }

  get isAtEnd(): boolean {
    return this.#exchange.cutBy === null && this.#reply?.isAtEnd === true;
  }

  read(): Promise<Uint8Array | null> {
    return this.#exchange.untilCut((this.#reply as UpstreamReply).read());
  }

  wait(waiter: ReplyWaiter): void {
    if (this.#exchange.cutBy !== null) return waiter.onMore();
    this.#waiter = waiter;
    this.fields = NO_FIELDS;
    this.#exchange.waiter = this;
    this.#reply?.wait(this);
  }

  /** There is more, or the exchange has been cut: whichever comes first. */
  onMore(): void {
    if (this.#asker !== null) return this.#fail(cutError());
    const waiter = this.#waiter;
    this.#waiter = this.#exchange.waiter = null;
    waiter?.onMore();
  }

  cancel(): void {
    this.#reply?.cancel();
  }

  #fail(error: UpstreamError): void {
    const asker = this.#take();
    if (asker === null) return;
    this.#exchange.trace?.failed(error instanceof UpstreamError ? error.kind : "internal");
    asker.onFailure(error);
  }

  /** Whoever is to be told, for the only time. */
  #take(): Asker | null {
    const asker = this.#asker;
    if (asker === null) return null;
    this.#asker = this.#exchange.waiter = null;
    const { record, gate: { parts: { clock, census } } } = this.#exchange;
    if (census !== undefined) record.answeredMs = clock.monotonic();
    return asker;
  }
}

function cutError(): UpstreamError {
  return new UpstreamError("aborted", "The exchange was cut");
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
    path,
    fields,
    recurs,
    body: method === "POST" ? bytes : null,
    headTimeoutMs: config.upstream.timeoutMs,
    signal: cutSignal,
  };
}

const NO_FIELDS: Fields = [];
