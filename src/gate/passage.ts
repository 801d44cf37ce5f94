/**
 * The way of a permitted exchange: up to the upstream with fields of the gate's own and the judged
 * bytes, and back through the screen. Decides nothing about who may do what.
 */
import type { Call, Id } from "../mcp/message.ts";
import { fieldValues, UpstreamError } from "../upstream/upstream.ts";
import type { Asker, UpstreamReply } from "../upstream/upstream.ts";
import { askUpstream } from "./ask_upstream.ts";
import { errorText, REFUSED_BY_UPSTREAM, UPSTREAM_UNAVAILABLE } from "./denial.ts";
import type { Exchange } from "./exchange.ts";
import { listScreenOf, screenOf } from "./exchange_screen.ts";
import { ListScreen } from "./list_screen.ts";
import type { Fields } from "./incoming.ts";
import type { Permitted } from "./permitted.ts";
import {
  errorEvents,
  EventPassing,
  EventRelay,
  isErrorBody,
  readWhole,
  screenedBody,
  type StreamEnd,
  takeEvents,
} from "./relay.ts";
import { replyForm } from "./reply_head.ts";
import type { ReplyScreen } from "./reply_screen.ts";
import { sessionFields } from "./reply_session.ts";
import { encoded } from "./slab.ts";
import type { Way } from "./warm_exchanges.ts";

/** One way up and back. */
export class Passage implements Asker {
  /** How it went, as far as it went. */
  way: Way = "empty";
  readonly #exchange: Exchange;
  readonly #permitted: Permitted;
  /** What the reply is judged as answering: of a batch, its first request. */
  readonly #call: Call;
  /** Whether something else went up in the place of what was judged. */
  #isSubstituted = false;
  #forwarded: Pick<PromiseWithResolvers<void>, "resolve" | "reject"> | null = null;
  #reply: UpstreamReply | null = null;
  #sessionFields: Fields = [];
  #screened: ReplyScreen | null = null;
  #passing: EventPassing | null = null;
  /** Held to the end, so that a table of warm exchanges that keeps this keeps one of its kind. */
  #relay: EventRelay | null = null;
  /** Whether what is unanswered may still be answered, on another stream. */
  #isResumable = false;

  constructor(exchange: Exchange, permitted: Permitted) {
    this.#exchange = exchange;
    this.#permitted = permitted;
    const { calls } = exchange;
    this.#call = calls.find((call) => call.kind === "request") ?? calls[0] as Call;
  }

  /**
   * Sends the judged bytes up and the reply down.
   *
   * @param substitute Goes up in their place: the gate's answer for a client reply it refused
   */
  forward(substitute?: Uint8Array): Promise<void> {
    const { body, agreement, handles } = this.#permitted;
    this.#isSubstituted = substitute !== undefined;
    const bytes = substitute ?? body.bytes;
    return new Promise((resolve, reject) => {
      this.#forwarded = { resolve, reject };
      askUpstream(this.#exchange, { agreement, handles, bytes }, this);
    });
  }

  onReply(reply: UpstreamReply): void {
    this.#permitted.body[Symbol.dispose]();
    this.#reply = reply;
    let answered: Promise<void>;
    try {
      answered = this.#answer(reply);
    } catch (error) {
      return this.#failed(error);
    }
    answered.then(this.#passed, this.#failed);
  }

  onFailure(error: UpstreamError): void {
    this.#permitted.body[Symbol.dispose]();
    // Who cuts an exchange has still to say what becomes of its answer.
    Promise.resolve().then(() => this.#unavailable(error)).then(this.#passed, this.#failed);
  }

  readonly #passed = (): void => {
    this.#over();
    this.#forwarded?.resolve();
  };

  readonly #failed = (error: unknown): void => {
    this.#over();
    this.#forwarded?.reject(error);
  };

  #over(): void {
    this.#reply?.cancel();
    this.#land();
  }

  #answer(reply: UpstreamReply): Promise<void> {
    if (this.#isSubstituted) return this.#empty(202);
    const session = sessionFields(this.#exchange, this.#permitted, reply);
    if (session === null) {
      return this.#unavailable(new UpstreamError("broken", "session id is too long"));
    }
    this.#sessionFields = session;
    const form = replyForm(reply, this.#call);
    switch (form.form) {
      case "sse":
        return this.#stream(reply);
      case "json":
        return this.#json(reply, 200, []);
      case "refusal":
        return this.#json(reply, form.status, form.fields);
      case "empty":
        this.#forgetSession();
        return this.#empty(form.status, this.#sessionFields);
      case "failure":
        return this.#unavailable(new UpstreamError("broken", form.detail));
    }
  }

  /** A whole JSON body: an answer, or with `status` over 200 the upstream's own refusal. */
  #json(reply: UpstreamReply, status: number, fields: Fields): Promise<void> {
    const { limits, upstream } = this.#exchange.generation.config;
    const whole = readWhole(reply, {
      bytes: limits.replyBytes,
      silenceMs: upstream.timeoutMs,
      wholeMs: limits.replyDeadlineMs,
    });
    return whole instanceof Promise
      ? whole.then(
        (bytes) => this.#sendJson(bytes, status, fields),
        (error) => this.#unavailable(error),
      )
      : this.#sendJson(whole, status, fields);
  }

  #sendJson(bytes: Uint8Array | null, status: number, fields: Fields): Promise<void> {
    this.way = "whole";
    const screen = this.#screen(status !== 200);
    const passed = bytes === null || (status !== 200 && !isErrorBody(bytes))
      ? null
      : this.#screenedAnswer(bytes, screen, status);
    if (status === 200 && (passed === null || screen.unanswered.size > 0)) {
      const what = passed === null ? "reply cannot be passed on" : "reply answers something else";
      return this.#unavailable(new UpstreamError("broken", what));
    }
    return this.#exchange.answering.send({
      status,
      fields: [JSON_TYPE, ...fields, ...this.#sessionFields],
      body: passed ?? encoded(this.#genericRefusal()),
    });
  }

  #screenedAnswer(bytes: Uint8Array, screen: ReplyScreen, status: number): Uint8Array | null {
    const judging = status === 200 ? this.#listScreen(screen) : screen;
    return judging instanceof ListScreen ? judging.body(bytes) : screenedBody(bytes, judging);
  }

  #listScreen(screen: ReplyScreen): ReplyScreen | ListScreen {
    return listScreenOf(this.#exchange, this.#permitted.bearer.era, screen);
  }

  #stream(reply: UpstreamReply): Promise<void> {
    const { relayStream } = this.#permitted;
    return relayStream === undefined
      ? this.#events(reply)
      : relayStream(reply).catch((error) => this.#unavailable(error));
  }

  #events(reply: UpstreamReply): Promise<void> {
    const { generation, answering, principal: { label } } = this.#exchange;
    const { handles, agreement } = this.#permitted;
    const { sealer, config } = generation;
    const session = handles.session ?? fieldValues(reply.fields, "mcp-session-id")[0] ?? "";
    const canResume = config.mcp.resume === "on" && agreement.era === "legacy";
    const screen = this.#screen();
    const passing = this.#passing = new EventPassing({
      screen: this.#listScreen(screen),
      sealEventId: (id) =>
        canResume && isFieldText(id) ? sealer.seal("event", label, session, id) : null,
      maxEventBytes: config.limits.replyBytes,
    });
    const { text, end } = takeEvents(reply, passing);
    this.way = end === null ? "stream" : "events";
    if (end === null) return this.#restOfEvents(reply, text, passing, screen);
    // All of the stream is there: it goes out as one piece.
    return answering.send({
      status: 200,
      fields: [EVENT_TYPE, ...this.#sessionFields, UNBUFFERED],
      body: encoded(text + this.#lastEvents(end, screen)),
    });
  }

  async #restOfEvents(
    reply: UpstreamReply,
    begun: string,
    passing: EventPassing,
    screen: ReplyScreen,
  ): Promise<void> {
    const stream = this.#exchange.answering.stream(this.#sessionFields);
    try {
      await stream.write(begun);
      this.#relay = new EventRelay(reply, stream, passing);
      const { text, end } = await this.#relay.run();
      if (this.#exchange.cutBy === "client_gone") return stream.abort();
      await stream.end(text + this.#lastEvents(end, screen));
    } catch (error) {
      stream.abort();
      throw error;
    }
  }

  /** Notes how a stream has ended; what is still to be told those who wait for an answer on it. */
  #lastEvents(end: StreamEnd, screen: ReplyScreen): string {
    const { cutBy, cutDenial, record } = this.#exchange;
    // A client that has seen an id may ask for the rest, unless it is the gate that ends this.
    this.#isResumable = this.#passing?.idSeen === true && cutBy === null;
    const isLost = screen.unanswered.size > 0 && !this.#isResumable;
    if (cutBy === null && (!end.ok || isLost)) {
      const detail = end.ok ? "stream ended before the answer" : end.detail;
      record.refused({ ...UPSTREAM_UNAVAILABLE, detail });
      record.end = "upstream_error";
    }
    if (!isLost) return "";
    return errorEvents(
      screen.unanswered,
      cutDenial ?? UPSTREAM_UNAVAILABLE,
      this.#permitted.agreement.era,
    );
  }

  #empty(status: number, fields: Fields = []): Promise<void> {
    return this.#exchange.answering.send({ status, fields, body: null });
  }

  /** Tells the caller that there is no reply, and the audit log why. */
  async #unavailable(error: unknown): Promise<void> {
    const { cutBy, cutDenial, record } = this.#exchange;
    const { refuse } = this.#permitted;
    if (cutBy === "client_gone") return;
    if (cutDenial !== null) return await refuse(cutDenial);
    if (!(error instanceof UpstreamError)) throw error;
    record.end = "upstream_error";
    const kind = error.kind === "timeout" ? "upstream_timeout" : "upstream";
    await refuse({ ...UPSTREAM_UNAVAILABLE, kind, detail: `${error.kind}: ${error.message}` });
  }

  #screen(isRefusal = false): ReplyScreen {
    const awaited: Id[] = [];
    for (const call of this.#exchange.calls) if (call.kind === "request") awaited.push(call.id);
    const { bearer } = this.#permitted;
    return this.#screened = screenOf(this.#exchange, bearer, awaited, isRefusal);
  }

  /** Notes which requests are not under way any more: what was answered, and what never will be. */
  #land(): void {
    const { bearer, flights } = this.#permitted;
    const mayYetCome = this.#isResumable || this.#exchange.cutBy === "client_gone";
    for (const flight of flights) {
      const isAnswered = this.#screened?.unanswered.has(flight.id) === false;
      if (isAnswered || !mayYetCome) bearer.memory.requests.answered(bearer, flight);
    }
  }

  /** A session that its client has ended leaves nothing behind. */
  #forgetSession(): void {
    if (this.#call.kind !== "end") return;
    const { bearer } = this.#permitted;
    this.way = "ended";
    if (bearer.session !== "") bearer.memory.requests.forget(bearer);
  }

  #genericRefusal(): string {
    const id = this.#call.kind === "request" ? this.#call.id : null;
    return errorText(REFUSED_BY_UPSTREAM, id, this.#permitted.agreement.era);
  }
}

/** Whether a client can send `id` back in a field: one that cannot is not given to it. */
function isFieldText(id: string): boolean {
  return !/\p{Cc}/u.test(id);
}

const JSON_TYPE = ["content-type", "application/json"] as const;
const EVENT_TYPE = ["content-type", "text/event-stream"] as const;
/** As every stream says: a proxy that gathers it would hold back what follows. */
const UNBUFFERED = ["x-accel-buffering", "no"] as const;
