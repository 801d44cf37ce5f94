/**
 * May it pass? The steps of PROTOCOL §4.4 in their order, from the Host to the last stage of the
 * pipeline. Each either goes on or names a denial; how that is told is the table's affair
 * (`denial.ts`), and what was permitted takes its way in `passage.ts`.
 */
import type { Agreement } from "../mcp/era.ts";
import type { Call } from "../mcp/message.ts";
import { ANONYMOUS } from "../policy/contract.ts";
import { batchRefusal, refusedReply } from "./batch.ts";
import { readBody } from "./body.ts";
import type { HeldBody } from "./body.ts";
import { readCalls, readVerb } from "./call.ts";
import { preflightFields } from "./cors.ts";
import { render } from "./denial.ts";
import type { Denial } from "./denial.ts";
import { checkHeaders, refuse } from "./door.ts";
import type { Exchange } from "./exchange.ts";
import { openHandles } from "./open_handles.ts";
import type { OpenHandles } from "./open_handles.ts";
import { Passage } from "./passage.ts";
import { sessionDigest } from "./seal.ts";

/** The judgement of one exchange. */
export class Judgement {
  readonly #exchange: Exchange;
  #agreement: Agreement = { era: "legacy", protocol: null };
  #isBatch = false;
  #streamLabel: string | null = null;

  constructor(exchange: Exchange) {
    this.#exchange = exchange;
  }

  /** Judges the exchange and lets it pass or refuses it. Throws `ClientGone`. */
  async run(): Promise<void> {
    const { incoming, arrival, generation } = this.#exchange;
    await this.#ask(0, 1);
    const outside = this.#denial() ?? arrival.hostDenial ??
      (arrival.own === null ? generation.door.check(incoming) : null);
    if (outside !== null) return await this.refuse(outside);
    if (arrival.own !== null) return await this.#exchange.answering.send(arrival.own);
    if (incoming.method === "OPTIONS") return await this.#preflight();

    await this.#ask(1, generation.pipeline.firstCall);
    const denied = this.#denial() ?? this.#stranger();
    // A caller who is known is told in-band where he can be, so his body is read all the same.
    const isTold = denied === null || (this.#isKnown() && incoming.method === "POST");
    if (!isTold) return await this.refuse(denied);
    const atHead = denied ?? this.#takeStreamForGet() ?? checkHeaders(incoming, generation.config);
    if (atHead !== null && atHead !== denied) return await this.refuse(atHead);
    await this.#readAndJudge(denied);
  }

  /** Gives back what the exchange held of the gate's. */
  release(): void {
    this.#exchange.gate.streams.release(this.#streamLabel);
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
    await exchange.answering.send(
      this.#isBatch
        ? batchRefusal(denial, denied, exchange.calls, asked, config)
        : render(denial, { ...asked, call }, config),
    );
  }

  async #readAndJudge(denied: Denial | null): Promise<void> {
    const { incoming, gate, generation, record, signal } = this.#exchange;
    const body = incoming.method === "POST"
      ? await readBody(incoming, generation.config.limits, gate.held, record, signal)
      : NO_BODY;
    if (!("bytes" in body)) return await this.refuse(denied ?? this.#exchange.cutDenial ?? body);
    using held: HeldBody = body;
    const unreadable = this.#read(held.bytes);
    const refused = denied ?? unreadable;
    if (refused !== null) return await this.refuse(refused);

    await this.#moveToCurrent();
    const handles = this.#denial() ?? this.#stranger() ?? this.#openHandles();
    if ("kind" in handles) return await this.refuse(handles);
    const refusal = await this.#askForCalls(held.bytes.length);
    if (refusal !== null) {
      return await this.#refuseCall(refusal.denial, refusal.call, held, handles);
    }
    const last = this.#lastCheck();
    if (last !== null) return await this.refuse(last);
    await this.#passage(held, handles).forward();
  }

  /** Step 12: where a reload came between head and body, the newest generation rules. */
  async #moveToCurrent(): Promise<void> {
    const { gate, ruling, asked } = this.#exchange;
    // Again where another reload came while a stage was asked: nobody is cut who is not known yet.
    while (gate.current !== this.#exchange.generation && ruling.denial === null) {
      this.#exchange.enter(gate.current);
      ruling.principal = ANONYMOUS;
      asked.principal = ANONYMOUS;
      // Not `audit`: the exchange is on its list already. Hooks of the first round stay as well.
      await this.#ask(1, this.#exchange.generation.pipeline.firstCall);
    }
  }

  /** Steps 15 to 17: every message is put to the rest of the pipeline. */
  async #askForCalls(bodyBytes: number): Promise<{ denial: Denial; call: Call } | null> {
    const { asked, calls, generation } = this.#exchange;
    const { pipeline } = generation;
    this.#exchange.isRuled = true;
    asked.era = this.#agreement.era;
    asked.bodyBytes = bodyBytes;
    for (const call of calls) {
      asked.call = call;
      await this.#ask(pipeline.firstCall, pipeline.size);
      const denial = this.#denial();
      if (denial !== null) return { denial, call };
    }
    return null;
  }

  #ask(from: number, to: number): void | Promise<void> {
    const { generation, asked, ruling } = this.#exchange;
    return generation.pipeline.ask(from, to, asked, ruling);
  }

  #denial(): Denial | null {
    const { denial } = this.#exchange.ruling;
    if (denial === null) return null;
    const { kind, reason, detail, retryAfterMs } = denial.deny;
    return { kind, stage: denial.stage, reason, detail, retryAfterMs };
  }

  #isKnown(): boolean {
    return this.#exchange.principal.label !== ANONYMOUS.label;
  }

  /** The refusal of a caller of whom no stage said who he is; else notes him on record. */
  #stranger(): Denial | null {
    if (!this.#isKnown()) return UNAUTHENTICATED;
    this.#exchange.record.label = this.#exchange.principal.label;
    return null;
  }

  /** Reads what is asked; of GET and DELETE the method says it. */
  #read(bytes: Uint8Array): Denial | null {
    const { incoming, record, generation } = this.#exchange;
    record.protocol = this.#exchange.header("mcp-protocol-version");
    const reading = incoming.method === "POST"
      ? readCalls(bytes, incoming.fields, generation.config)
      : readVerb(incoming.method, record.protocol);
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
    const { incoming, calls, generation, principal, record } = this.#exchange;
    const handles = openHandles(incoming.fields, calls, this.#agreement, {
      sealer: generation.sealer,
      label: principal.label,
      resume: generation.config.mcp.resume,
    });
    if (!("kind" in handles) && handles.session !== null) {
      record.session = sessionDigest(handles.session);
    }
    return handles;
  }

  async #preflight(): Promise<void> {
    const { generation, answering } = this.#exchange;
    const requested = this.#exchange.header("access-control-request-headers");
    const fields = preflightFields(requested, generation.config.upstream.forwardHeaders);
    await answering.send({ status: 204, fields, body: null });
  }

  /** A denied call that is no lone request: its batch falls with it, a reply leaves a trace. */
  async #refuseCall(
    denial: Denial,
    call: Call,
    body: HeldBody,
    handles: OpenHandles,
  ): Promise<void> {
    this.#exchange.record.refused(denial);
    if (this.#isBatch || call.kind !== "reply" || denial.kind === "rate_limited") {
      return await this.refuse(denial, call);
    }
    await this.#passage(body, handles).forward(refusedReply(call.id, denial));
  }

  #passage(body: HeldBody, handles: OpenHandles): Passage {
    return new Passage(this.#exchange, {
      agreement: this.#agreement,
      handles,
      body,
      refuse: (denial) => this.refuse(denial),
    });
  }
}

/** GET and DELETE ask by their method alone, whatever else becomes of them. */
function verbOf(method: string): Call | null {
  if (method === "GET") return { kind: "listen" };
  return method === "DELETE" ? { kind: "end" } : null;
}

const NO_BODY: HeldBody = { bytes: new Uint8Array(0), [Symbol.dispose]: () => {} };

const UNAUTHENTICATED: Denial = {
  kind: "unauthenticated",
  stage: "door",
  reason: "Missing or unknown API key",
  detail: "no stage said who is calling",
};
