/**
 * One exchange: its lifetime, from the first fact on record to the finish hooks, whatever ends it.
 * What happens in between is judged elsewhere (`judgement.ts`).
 */
import type { Call } from "../mcp/message.ts";
import type { Principal } from "../policy/contract.ts";
import { finish, newRuling } from "../policy/pipeline.ts";
import { fieldValues, UpstreamError } from "../upstream/upstream.ts";
import type { ReplyWaiter } from "../upstream/upstream.ts";
import { Answering, ClientGone } from "./answering.ts";
import type { Patience } from "./body.ts";
import { corsFields } from "./cors.ts";
import { CutSignal } from "./cut_signal.ts";
import type { Answer, Denial } from "./denial.ts";
import { refuse } from "./door.ts";
import { ExchangeContext, RequestFacts } from "./exchange_context.ts";
import type { Gate } from "./gate.ts";
import type { Generation } from "./generation.ts";
import { headFacts } from "./head_facts.ts";
import type { HeadFacts } from "./head_facts.ts";
import type { ClientWatcher, Fields, IncomingExchange } from "./incoming.ts";
import { Judgement } from "./judgement.ts";
import type { Listed } from "./open_exchanges.ts";
import { ExchangeRecord } from "./record.ts";
import type { Trace } from "./tracing.ts";
import type { Way } from "./warm_exchanges.ts";

/** Why an exchange is cut short from outside. */
export type Cut = "client_gone" | "revoked" | "shutdown";

/** An exchange under way. */
export class Exchange implements ClientWatcher, Listed<Exchange> {
  /** Its neighbours among those that are open. */
  before: Exchange | null = null;
  after: Exchange | null = null;
  readonly gate: Gate;
  readonly incoming: IncomingExchange;
  /** The answer of a route that is the gate's own; null: it is none. */
  readonly own: Answer | null;
  readonly record: ExchangeRecord;
  readonly answering: Answering;
  /** Whom its moments are told; null: nobody follows it. */
  readonly trace: Trace | null;
  readonly ruling = newRuling();
  /** The one object that policies are shown; filled in as the exchange becomes known. */
  readonly asked: ExchangeContext;
  /** What is asked; empty until it has been read. */
  calls: readonly Call[] = [];
  /** Whether the generation that rules has been asked about the calls. */
  isRuled = false;
  /** For those who ask the upstream. */
  readonly cutSignal = new CutSignal();
  /** What is waited for of the client's, where something is. */
  patience: Patience | null = null;
  /** Who waits for more of the upstream's, without a promise; told when the exchange is cut. */
  waiter: ReplyWaiter | null = null;
  /** Made when somebody wants to see the signal. */
  #abort: AbortController | null = null;
  #cutBy: Cut | null = null;
  #generation: Generation;
  /** Those that ruled before, which stay until the exchange has ended. */
  #earlier: Generation[] | null = null;
  #giveUp: ((error: UpstreamError) => void) | null = null;
  #judgement: Judgement | null = null;

  /** @param facts Of the head of `incoming`, for the generation that is to rule */
  constructor(gate: Gate, facts: HeadFacts, incoming: IncomingExchange, own: Answer | null) {
    const { generation, remote, origin } = facts;
    this.gate = gate;
    this.incoming = incoming;
    this.own = own;
    const id = gate.newExchangeId();
    const { clock, tracing } = gate.parts;
    this.trace = tracing?.begin(incoming.method, traceparentOf(incoming)) ?? null;
    this.record = new ExchangeRecord(id, incoming, remote, clock.now(), clock.monotonic());
    this.#generation = generation;
    this.record.generation = generation.number;
    generation.enter();
    const common: Fields = [["mcpgate-exchange", id]];
    this.answering = new Answering(
      incoming.reply,
      this.record,
      origin === null ? common : [...common, ...corsFields(origin)],
      generation.config.limits.writeDeadlineMs,
    );
    this.asked = new ExchangeContext(
      id,
      new RequestFacts(incoming, remote, facts.sameHead),
      this,
    );
    incoming.watcher = this;
    if (incoming.isGone) this.cut("client_gone");
  }

  /** Who is calling; anonymous until authenticated. */
  get principal(): Principal {
    return this.ruling.principal;
  }

  /** Whether a certificate proved it that proves nothing any more. */
  get hasLostCertificate(): boolean {
    const { fingerprint, fault } = this.incoming.certificate ?? NO_CERTIFICATE;
    return fault !== null && fingerprint === this.principal.hash;
  }

  /** The generation that rules. */
  get generation(): Generation {
    return this.#generation;
  }

  /** How it went up to the upstream and back; null: it did not. */
  get way(): Way | null {
    return this.#judgement?.way ?? null;
  }

  /** What follows from its head alone, by the generation that rules. */
  get facts(): HeadFacts {
    return headFacts(this.incoming, this.#generation);
  }

  /** Aborted when the exchange is cut. Whoever can do without it saves what it costs to make. */
  get signal(): AbortSignal {
    if (this.#abort === null) {
      this.#abort = new AbortController();
      if (this.#cutBy !== null) this.#abort.abort(this.#cutBy);
    }
    return this.#abort.signal;
  }

  /** Why it was cut, or null. */
  get cutBy(): Cut | null {
    return this.#cutBy;
  }

  /** What its client is told where it was cut by the gate, else null. */
  get cutDenial(): Denial | null {
    const cut = this.#cutBy;
    if (cut === null || cut === "client_gone") return null;
    return cut === "revoked" && !this.isRuled ? KEY_GONE : CUT_DENIALS[cut];
  }

  /** Whether it is a stream for whatever comes, which ends only when it is ended. */
  get isListening(): boolean {
    return this.calls.some((call) =>
      call.kind === "listen" ||
      (call.kind === "request" && call.method === "subscriptions/listen")
    );
  }

  /** The client's field `name`, repetitions joined by a comma, or null. */
  header(name: string): string | null {
    return this.asked.http.header(name);
  }

  /** Lets `generation` rule from now on, and keeps it until the exchange has ended. */
  enter(generation: Generation): void {
    generation.enter();
    (this.#earlier ??= []).push(this.#generation);
    this.#generation = generation;
    this.record.generation = generation.number;
  }

  /** Ends what has been waited for too long. To be called now and then. */
  check(nowMs: number): void {
    this.answering.check(nowMs);
    this.patience?.check(nowMs);
  }

  onClientGone(): void {
    this.cut("client_gone");
  }

  /** Ends the exchange from outside; its client is told where it still listens. */
  cut(why: Cut): void {
    if (this.#cutBy !== null) return;
    this.record.end = why;
    this.#close(why);
    if (why === "client_gone") this.answering.leave();
    else this.answering.hurry();
    this.#giveUpNow();
  }

  /**
   * What `work` of the upstream's gives, one at a time. Rejects when the exchange is cut, whatever
   * becomes of `work`: that it ends is the gate's promise and not the transport's. What is over is
   * not held: one dead exchange would keep the next, and so all of them, until the heap is searched.
   */
  untilCut<T>(work: Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      this.#giveUp = reject;
      work.then((value) => {
        this.#giveUp = null;
        resolve(value);
      }, (error) => {
        this.#giveUp = null;
        reject(error);
      });
      if (this.#cutBy !== null) this.#giveUpNow();
    });
  }

  #giveUpNow(): void {
    this.#giveUp?.(new UpstreamError("aborted", "The exchange was cut"));
    this.#giveUp = null;
    this.waiter?.onMore();
  }

  /** Runs it to its end; a promise only where something is waited for. Never throws. */
  run(): void | Promise<void> {
    const judgement = this.#judgement = new Judgement(this);
    let pending: void | Promise<void>;
    try {
      pending = judgement.run();
    } catch (error) {
      pending = Promise.reject(error);
    }
    if (pending === undefined) return this.#end(judgement);
    return pending.then(
      () => this.#end(judgement),
      (error) => this.#failed(error, judgement).then(() => this.#end(judgement)),
    );
  }

  #end(judgement: Judgement): void {
    judgement.release();
    this.incoming.watcher = null;
    const { parts: { clock, census } } = this.gate;
    const outcome = this.record.outcome(clock.monotonic());
    finish(this.ruling, outcome, this.#generation.log);
    this.#generation.leave();
    if (this.#earlier !== null) { for (const generation of this.#earlier) generation.leave(); }
    census?.ended(this.record, outcome, this.#generation.keys.has(this.principal.label));
    this.trace?.ended(outcome, this.record.kind);
    this.gate.ended(this);
  }

  #close(why: Cut): void {
    this.#cutBy = why;
    this.cutSignal.abort();
    this.#abort?.abort(why);
  }

  /** A client that is gone needs no answer; anything else that is thrown is a bug of ours. */
  async #failed(error: unknown, judgement: Judgement): Promise<void> {
    if (error instanceof ClientGone || this.#cutBy === "client_gone") {
      return this.cut("client_gone");
    }
    this.#generation.log.warn(`exchange ${this.record.exchange} failed: ${error}`);
    const denial = refuse("internal", "Internal error", String(error));
    if (!this.answering.answered) await judgement.refuse(denial).catch(() => {});
    this.record.refused(denial);
    if (this.#cutBy === null) this.#close("client_gone");
  }
}

/** Two are none: what they would belong to cannot be said. */
function traceparentOf({ fields }: IncomingExchange): string | null {
  const [traceparent = null, second] = fieldValues(fields, "traceparent");
  return second === undefined ? traceparent : null;
}

/** What is told to those still waiting when their exchange is cut. */
const CUT_DENIALS: Readonly<Record<Exclude<Cut, "client_gone">, Denial>> = {
  revoked: refuse("revoked", "What this API key may use has changed"),
  shutdown: refuse("shutdown", "Gateway is shutting down"),
};

/** Before anything was permitted, an end of the key is what it would have been one moment later. */
const KEY_GONE: Denial = {
  kind: "unauthenticated",
  stage: "door",
  reason: "API key is no longer valid",
};

const NO_CERTIFICATE = { fingerprint: null, fault: null } as const;
