/**
 * May it pass? The steps of PROTOCOL §4.4 in their order, from the Host to the last stage of the
 * pipeline. Each either goes on or names a denial; how that is told is the table's affair
 * (`denial.ts`), and what was permitted takes its way in `passage.ts`.
 */
import type { Agreement } from "../mcp/era.ts";
import type { Call } from "../mcp/message.ts";
import { Asking } from "./asking.ts";
import type { Felled } from "./asking.ts";
import { batchRefusal, refusedReply } from "./batch.ts";
import { readBody } from "./body.ts";
import type { HeldBody } from "./body.ts";
import { openedBody, presentHandles, takeHandles } from "./body_handles.ts";
import type { Presented } from "./body_handles.ts";
import { preflightFields } from "./cors.ts";
import { render } from "./denial.ts";
import type { Denial } from "./denial.ts";
import { refuse } from "./door.ts";
import type { Exchange } from "./exchange.ts";
import { bearerOf } from "./handle_bearer.ts";
import type { Bearer } from "./handle_bearer.ts";
import { tellOnStream } from "./legacy_posting.ts";
import { openHandles } from "./open_handles.ts";
import type { OpenHandles } from "./open_handles.ts";
import {
  isLegacyTransport,
  isPosting,
  passageOf,
  readExchange,
  revisionFields,
  streamHandles,
} from "./transport.ts";
import type { Way } from "./warm_exchanges.ts";

/** The judgement of one exchange. */
export class Judgement {
  readonly #exchange: Exchange;
  readonly #stages: Asking;
  #agreement: Agreement = { era: "legacy", protocol: null };
  #isBatch = false;
  #streamLabel: string | null = null;
  #held: HeldBody = NO_BODY;
  #passage: ReturnType<typeof passageOf> | null = null;

  constructor(exchange: Exchange) {
    this.#exchange = exchange;
    this.#stages = new Asking(exchange);
  }

  /**
   * Judges the exchange and lets it pass or refuses it; a promise only where something is waited for.
   * Throws, or rejects with, `ClientGone`.
   */
  run(): void | Promise<void> {
    const asking = this.#stages.ask(0, 1);
    return asking === undefined ? this.#enter() : asking.then(() => this.#enter());
  }

  #enter(): void | Promise<void> {
    const { incoming, own, generation, facts } = this.#exchange;
    const outside = this.#stages.denial() ?? (own === null ? facts.outsideDenial : null);
    if (outside !== null) return this.refuse(outside);
    if (own !== null) return this.#exchange.answering.send(own);
    if (incoming.method === "OPTIONS") return this.#preflight();
    const asking = this.#stages.ask(1, generation.pipeline.firstCall);
    return asking === undefined ? this.#judgeHead() : asking.then(() => this.#judgeHead());
  }

  #judgeHead(): void | Promise<void> {
    const { incoming, gate, generation, record, facts } = this.#exchange;
    const denied = this.#stages.denial() ?? this.#stages.stranger();
    // A caller who is known is told in-band where he can be, so his body is read all the same.
    const isTold = denied === null || (this.#stages.isKnown && incoming.method === "POST");
    if (!isTold) return this.refuse(denied);
    const atHead = denied ?? this.#takeStreamForGet() ?? facts.headerDenial;
    if (atHead !== null && atHead !== denied) return this.refuse(atHead);
    if (incoming.method !== "POST") return this.#judgeBody(NO_BODY, denied);
    const body = readBody(incoming, generation.config.limits, gate.held, record, this.#exchange);
    return body instanceof Promise
      ? body.then((read) => this.#judgeBody(read, denied))
      : this.#judgeBody(body, denied);
  }

  /** How the exchange went through; null: it was not let pass. */
  get way(): Way | null {
    return this.#passage?.way ?? null;
  }

  /** Gives back what the exchange held of the gate's. */
  release(): void {
    this.#exchange.gate.streams.release(this.#streamLabel);
    this.#held[Symbol.dispose]();
  }

  /**
   * Tells the caller why he is refused.
   *
   * @param denied The element of a batch that fells it; null: nothing of it can be answered
   */
  async refuse(denial: Denial, denied: Call | null = null): Promise<void> {
    const exchange = this.#exchange;
    exchange.record.refused(denial);
    const { config } = exchange.generation;
    const asked = {
      era: this.#agreement.era,
      inSession: exchange.header("mcp-session-id") !== null,
      credentialSent: (exchange.header("authorization") ?? exchange.header("x-api-key")) !== null,
    };
    const [call = verbOf(exchange.incoming.method)] = exchange.calls;
    const told = isPosting(exchange) ? await tellOnStream(exchange, denial) : denial;
    if (told === null) return;
    await exchange.answering.send(
      this.#isBatch
        ? batchRefusal(told, denied, exchange.calls, asked, config)
        : render(told, { ...asked, call }, config),
    );
  }

  /** @param denied What a stage has said already: it is told as soon as it is known to whom */
  #judgeBody(body: HeldBody | Denial, denied: Denial | null): void | Promise<void> {
    if (!("bytes" in body)) return this.refuse(denied ?? this.#exchange.cutDenial ?? body);
    this.#held = body;
    const unreadable = this.#read(body.bytes);
    const refused = denied ?? unreadable;
    if (refused !== null) return this.refuse(refused);
    const moving = this.#stages.moveToCurrent();
    return moving === undefined ? this.#judgeCalls() : moving.then(() => this.#judgeCalls());
  }

  #judgeCalls(): void | Promise<void> {
    const handles = this.#stages.denial() ?? this.#stages.stranger() ?? this.#openHandles();
    if ("kind" in handles) return this.refuse(handles);
    const bearer = bearerOf(this.#exchange, this.#agreement.era);
    const presented = this.#present(bearer);
    const asking = this.#stages.askForCalls(this.#agreement.era, this.#held.bytes.length);
    return asking instanceof Promise
      ? asking.then((felled) => this.#conclude(felled, presented, handles, bearer))
      : this.#conclude(asking, presented, handles, bearer);
  }

  #conclude(
    felled: Felled | null,
    presented: Presented,
    handles: OpenHandles,
    bearer: Bearer,
  ): Promise<void> {
    const refusal = felled ?? presented.foreign;
    if (refusal !== null) {
      const { denial, call } = refusal;
      const isTold = call.kind !== "reply" || this.#isBatch || denial.kind === "rate_limited";
      if (isTold) return this.refuse(denial, call);
      // The upstream waits for it, if it asked this client, so it gets an error in its place.
      this.#exchange.record.refused(denial);
      return this.#pass(this.#held, handles, bearer, refusedReply(call.id, denial));
    }
    const last = this.#lastCheck();
    if (last !== null) return this.refuse(last);
    const { config } = this.#exchange.generation;
    const fields = revisionFields(this.#exchange);
    const opened = openedBody(this.#held, presented.opened, fields, config);
    return "bytes" in opened ? this.#pass(opened, handles, bearer) : this.refuse(opened);
  }

  #pass(
    body: HeldBody,
    handles: OpenHandles,
    bearer: Bearer,
    substitute?: Uint8Array,
  ): Promise<void> {
    const { calls } = this.#exchange;
    const flights = takeHandles(calls, bearer);
    if ("kind" in flights) return this.refuse(flights, calls[0]);
    this.#passage = passageOf(this.#exchange, {
      agreement: this.#agreement,
      handles,
      bearer,
      flights,
      body,
      refuse: (denial) => this.refuse(denial),
    });
    return this.#passage.forward(substitute);
  }

  /** Reads what is asked; of GET and DELETE the method says it. */
  #read(bytes: Uint8Array): Denial | null {
    const { record } = this.#exchange;
    record.protocol = this.#exchange.header("mcp-protocol-version");
    const reading = readExchange(this.#exchange, bytes);
    if ("denial" in reading) {
      this.#exchange.calls = reading.call === null ? [] : [reading.call];
    } else {
      this.#exchange.calls = reading.calls;
      this.#isBatch = reading.isBatch;
      this.#agreement = reading.agreement;
      record.protocol = reading.agreement.protocol;
    }
    record.asked(this.#exchange.calls);
    return "denial" in reading ? reading.denial : null;
  }

  /** Step 7: before anything is read. */
  #takeStreamForGet(): Denial | null {
    return this.#exchange.incoming.method === "GET" ? this.#takeStream() : null;
  }

  /** What a permitted call can still fail by. */
  #lastCheck(): Denial | null {
    const { calls, incoming, isListening } = this.#exchange;
    if (this.#agreement.era === "modern" && calls[0]?.kind === "notification") {
      // §1.6: closing the stream says it. To the upstream all callers are one, and ids are not.
      return refuse("dropped", "Notifications are not used in this revision");
    }
    return isListening && incoming.method === "POST" ? this.#takeStream() : null;
  }

  /** Takes one of the streams that the caller may hold open. */
  #takeStream(): Denial | null {
    const { principal, gate, generation } = this.#exchange;
    if (!gate.streams.take(principal.label, generation.config.limits.streamsPerKey)) {
      return refuse("streams", "Too many open streams");
    }
    this.#streamLabel = principal.label;
    return null;
  }

  #openHandles(): OpenHandles | Denial {
    if (isLegacyTransport(this.#exchange)) return streamHandles(this.#exchange);
    const { incoming, calls, generation, principal, record, facts } = this.#exchange;
    const session = facts.session(principal.label);
    const handles = openHandles(incoming.fields, calls, this.#agreement, {
      sealer: generation.sealer,
      label: principal.label,
      resume: generation.config.mcp.resume,
      session,
    });
    if (!("kind" in handles) && handles.session !== null) record.session = session?.digest ?? null;
    return handles;
  }

  #preflight(): Promise<void> {
    const { generation, answering } = this.#exchange;
    const requested = this.#exchange.header("access-control-request-headers");
    const fields = preflightFields(requested, generation.config.upstream.forwardHeaders);
    return answering.send({ status: 204, fields, body: null });
  }

  /** Looks up the handles in the messages; stages are told which tools run in the tasks named. */
  #present(bearer: Bearer): Presented {
    const exchange = this.#exchange;
    const presented = presentHandles(exchange.calls, this.#isBatch, bearer);
    exchange.calls = presented.calls;
    for (const call of presented.calls) {
      if (call.kind === "request") exchange.record.subject ??= call.taskTools?.[0] ?? null;
    }
    return presented;
  }
}

/** GET and DELETE ask by their method alone, whatever else becomes of them. */
function verbOf(method: string): Call | null {
  if (method === "GET") return { kind: "listen" };
  return method === "DELETE" ? { kind: "end" } : null;
}

const NO_BODY: HeldBody = { bytes: new Uint8Array(0), [Symbol.dispose]: () => {} };
