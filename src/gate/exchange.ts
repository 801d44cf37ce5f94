/**
 * One exchange: its lifetime, from the first fact on record to the finish hooks, whatever ends it.
 * What happens in between is judged elsewhere (`judgement.ts`).
 */
import type { Call } from "../mcp/message.ts";
import { ANONYMOUS } from "../policy/contract.ts";
import type { Principal } from "../policy/contract.ts";
import { finish, newRuling } from "../policy/pipeline.ts";
import type { Asked } from "../policy/pipeline.ts";
import { fieldValues, UpstreamError } from "../upstream/upstream.ts";
import { Answering, ClientGone } from "./answering.ts";
import { corsFields } from "./cors.ts";
import type { Answer, Denial } from "./denial.ts";
import { refuse } from "./door.ts";
import type { Gate } from "./gate.ts";
import type { Generation } from "./generation.ts";
import type { IncomingExchange } from "./incoming.ts";
import { Judgement } from "./judgement.ts";
import { ExchangeRecord } from "./record.ts";

/** Why an exchange is cut short from outside. */
export type Cut = "client_gone" | "revoked" | "shutdown";

/** What was settled before anybody was asked: the Host, and routes that are the gate's own. */
export interface Arrival {
  readonly hostDenial: Denial | null;
  readonly own: Answer | null;
}

/** An exchange under way. */
export class Exchange {
  readonly gate: Gate;
  readonly incoming: IncomingExchange;
  readonly arrival: Arrival;
  readonly record: ExchangeRecord;
  readonly answering: Answering;
  readonly ruling = newRuling();
  /** The one object that policies are shown; filled in as the exchange becomes known. */
  readonly asked: Asked;
  /** What is asked; empty until it has been read. */
  calls: readonly Call[] = [];
  /** Whether the generation that rules has been asked about the calls. */
  isRuled = false;
  readonly #abort = new AbortController();
  readonly #generations: Generation[] = [];
  readonly #onClientGone = (): void => this.cut("client_gone");
  #generation: Generation;
  #giveUp: () => void = () => {};

  /** @param remote The client's address, seen through trusted proxies */
  constructor(
    gate: Gate,
    generation: Generation,
    incoming: IncomingExchange,
    remote: string,
    arrival: Arrival,
  ) {
    this.gate = gate;
    this.incoming = incoming;
    this.arrival = arrival;
    this.#generation = generation;
    const id = gate.newExchangeId();
    const { clock } = gate.parts;
    this.record = new ExchangeRecord(id, incoming, remote, clock.now(), clock.monotonic());
    this.enter(generation);
    const origin = generation.door.allowedOrigin(incoming);
    this.answering = new Answering(
      incoming.reply,
      this.record,
      [["mcpgate-exchange", id], ...(origin === null ? [] : corsFields(origin))],
      generation.config.limits.writeDeadlineMs,
    );
    this.asked = {
      exchange: id,
      principal: ANONYMOUS,
      http: { method: incoming.method, header: (name) => this.header(name), remote },
      signal: this.#abort.signal,
      call: NOT_READ,
      era: "legacy",
      bodyBytes: 0,
    };
    incoming.signal.addEventListener("abort", this.#onClientGone);
    if (incoming.signal.aborted) this.cut("client_gone");
  }

  /** Who is calling; anonymous until authenticated. */
  get principal(): Principal {
    return this.ruling.principal;
  }

  /** The generation that rules. */
  get generation(): Generation {
    return this.#generation;
  }

  /** Aborted when the exchange is cut. */
  get signal(): AbortSignal {
    return this.#abort.signal;
  }

  /** Why it was cut, or null. */
  get cutBy(): Cut | null {
    return this.#abort.signal.aborted ? this.#abort.signal.reason : null;
  }

  /** What its client is told where it was cut by the gate, else null. */
  get cutDenial(): Denial | null {
    const cut = this.cutBy;
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
    const values = fieldValues(this.incoming.fields, name);
    return values.length === 0 ? null : values.join(", ");
  }

  /** Lets `generation` rule from now on, and keeps it until the exchange has ended. */
  enter(generation: Generation): void {
    generation.enter();
    this.#generations.push(generation);
    this.#generation = generation;
    this.record.generation = generation.number;
  }

  /** Ends the exchange from outside; its client is told where it still listens. */
  cut(why: Cut): void {
    if (this.#abort.signal.aborted) return;
    this.record.end = why;
    this.#abort.abort(why);
    if (why === "client_gone") this.answering.leave();
    else this.answering.hurry();
    this.#giveUp();
  }

  /**
   * What `work` of the upstream's gives, one at a time. Rejects when the exchange is cut, whatever
   * becomes of `work`: that it ends is the gate's promise and not the transport's.
   */
  untilCut<T>(work: Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      this.#giveUp = () => reject(new UpstreamError("aborted", "The exchange was cut"));
      work.then(resolve, reject);
      if (this.#abort.signal.aborted) this.#giveUp();
    });
  }

  /** Runs it to its end. Never throws. */
  async run(): Promise<void> {
    const judgement = new Judgement(this);
    try {
      await judgement.run();
    } catch (error) {
      await this.#failed(error, judgement);
    } finally {
      judgement.release();
      this.incoming.signal.removeEventListener("abort", this.#onClientGone);
      const log = this.gate.parts.log("gate");
      finish(this.ruling, this.record.outcome(this.gate.parts.clock.monotonic()), log);
      for (const generation of this.#generations) generation.leave();
    }
  }

  /** A client that is gone needs no answer; anything else that is thrown is a bug of ours. */
  async #failed(error: unknown, judgement: Judgement): Promise<void> {
    if (error instanceof ClientGone || this.cutBy === "client_gone") return this.cut("client_gone");
    this.gate.parts.log("gate").warn(`exchange ${this.record.exchange} failed: ${error}`);
    const denial = refuse("internal", "Internal error", String(error));
    if (!this.answering.answered) await judgement.refuse(denial).catch(() => {});
    this.record.refused(denial);
    this.#abort.abort("client_gone");
  }
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

/** What a stage at the head would find as the call: it is typed not to look. */
const NOT_READ: Call = Object.freeze({ kind: "listen" });
