/**
 * An upstream without a network: every request that the gate sends is written down, and the test
 * says what comes back, and when. It keeps the contract of `Upstream` and knows nothing of MCP.
 */
import type {
  Fields,
  ReplyWaiter,
  Upstream,
  UpstreamReply,
} from "../../../src/upstream/upstream.ts";
import { UpstreamError, type UpstreamRequest } from "../../../src/upstream/upstream.ts";
import { eventually } from "../../support/eventually.ts";
import { Inbox } from "./memory_exchange.ts";

/** Answers one request; rejecting with an {@link UpstreamError} is an answer too. */
export type Answering = (request: UpstreamRequest) => MemoryReply | Promise<MemoryReply>;

/** A reply whose body comes when the test says so. */
export class MemoryReply implements UpstreamReply {
  cancelled = false;
  readonly #body = new Inbox();

  constructor(readonly status = 200, readonly fields: Fields = []) {}

  take(): Uint8Array | null | undefined {
    return this.#body.take();
  }

  get isAtEnd(): boolean {
    return this.#body.isAtEnd;
  }

  read(): Promise<Uint8Array | null> {
    return this.#body.next();
  }

  wait(waiter: ReplyWaiter): void {
    this.#body.wait(() => waiter.onMore());
  }

  cancel(): void {
    this.cancelled = true;
    this.#body.fail(new UpstreamError("aborted", "given up"));
  }

  /** The next bytes of the body. */
  send(data: string | Uint8Array): this {
    this.#body.put(typeof data === "string" ? new TextEncoder().encode(data) : data);
    return this;
  }

  /** The body is complete. */
  end(): this {
    this.#body.put(null);
    return this;
  }

  /** The body breaks off behind what was sent. */
  breakOff(): this {
    this.#body.put(new UpstreamError("broken", "UPSTREAM-HOST hung up"));
    return this;
  }

  /** The body breaks off at once. */
  fail(kind: UpstreamError["kind"] = "broken"): this {
    this.#body.fail(new UpstreamError(kind, "UPSTREAM-HOST hung up"));
    return this;
  }
}

/** A reply of `value` as JSON. */
export function jsonReply(value: unknown, status = 200, fields: Fields = []): MemoryReply {
  return new MemoryReply(status, [["content-type", "application/json"], ...fields])
    .send(typeof value === "string" ? value : JSON.stringify(value)).end();
}

/** A stream of events that has not ended: one for each value, strings as they are. */
export function eventReply(values: readonly unknown[], fields: Fields = []): MemoryReply {
  const reply = new MemoryReply(200, [["content-type", "text/event-stream"], ...fields]);
  for (const value of values) reply.send(eventOf(value));
  return reply;
}

/** `value` as an event; a string stays as it is. */
export function eventOf(value: unknown): string {
  return typeof value === "string" ? value : `data: ${JSON.stringify(value)}\n\n`;
}

/** The answer to whatever request `bytes` are, with an empty result. */
export function echo(request: UpstreamRequest): MemoryReply {
  if (request.method === "DELETE") return new MemoryReply(200).end();
  if (request.method === "GET") return eventReply([]);
  const message = JSON.parse(new TextDecoder().decode(request.body ?? new Uint8Array(0)));
  const answers = (Array.isArray(message) ? message : [message])
    .filter(({ id, method }) => id !== undefined && method !== undefined)
    .map(({ id }) => ({ jsonrpc: "2.0", id, result: {} }));
  if (answers.length === 0) return new MemoryReply(202).end();
  return jsonReply(Array.isArray(message) ? answers : answers[0]);
}

/** The upstream of one generation, or of several that share it. */
export class MemoryUpstream implements Upstream {
  /** Every request, in order. */
  readonly requests: UpstreamRequest[] = [];
  /** Answers whatever has no answer of its own. */
  otherwise: Answering = echo;
  closed = 0;
  readonly #answers: Answering[] = [];

  /** Queues answers to the next requests. */
  next(...answers: readonly (MemoryReply | Answering)[]): void {
    for (const answer of answers) {
      this.#answers.push(typeof answer === "function" ? answer : () => answer);
    }
  }

  /** The request number `index`, counted from 0, as soon as it is there. */
  async request(index: number): Promise<UpstreamRequest> {
    await eventually(`upstream request ${index}`, () => this.requests.length > index);
    return this.requests[index] as UpstreamRequest;
  }

  readonly ask = asking((request) => this.#send(request));

  async #send(request: UpstreamRequest): Promise<UpstreamReply> {
    this.requests.push(request);
    const aborted = Promise.withResolvers<never>();
    const abort = () => aborted.reject(new UpstreamError("aborted", "given up"));
    if (request.signal.aborted) abort();
    request.signal.addEventListener("abort", { handleEvent: abort });
    aborted.promise.catch(() => {});
    const answer = this.#answers.shift() ?? this.otherwise;
    const reply = await Promise.race([answer(request), aborted.promise]);
    request.signal.addEventListener("abort", { handleEvent: () => reply.fail("aborted") });
    return reply;
  }

  close(): Promise<void> {
    this.closed++;
    return Promise.resolve();
  }
}

/** What an {@link Upstream} has that answers with what `send` gives. */
export function asking(
  send: (request: UpstreamRequest) => Promise<UpstreamReply>,
): Upstream["ask"] {
  return (request, asker) => {
    send(request).then((reply) => asker.onReply(reply), (error) => asker.onFailure(error));
  };
}

/** The fields of `request` by name; throws where one is there twice. */
export function fieldMap(request: UpstreamRequest): Record<string, string> {
  const map: Record<string, string> = {};
  for (const [name, value] of request.fields) {
    if (Object.hasOwn(map, name)) throw new Error(`Sent twice: ${name}`);
    map[name] = value;
  }
  return map;
}
