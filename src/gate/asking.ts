/**
 * An exchange put to the stages of its generation, and what they say as the gate tells it. A promise
 * only where a stage gives one. In which order what is asked and checked, `judgement.ts` says.
 */
import type { Call, Era } from "../mcp/message.ts";
import { ANONYMOUS } from "../policy/contract.ts";
import type { Denial } from "./denial.ts";
import { refuse } from "./door.ts";
import type { Exchange } from "./exchange.ts";

/** The message that is refused, and why. */
export interface Felled {
  readonly denial: Denial;
  readonly call: Call;
}

/** The asking of one exchange. */
export class Asking {
  readonly #exchange: Exchange;

  constructor(exchange: Exchange) {
    this.#exchange = exchange;
  }

  /** Step 12: where a reload came between head and body, the newest generation rules. */
  moveToCurrent(): void | Promise<void> {
    const { gate, generation, ruling } = this.#exchange;
    if (gate.current !== generation && ruling.denial === null) return this.#move();
  }

  async #move(): Promise<void> {
    const { gate, ruling, asked } = this.#exchange;
    // Again where another reload came while a stage was asked: nobody is cut who is not known yet.
    while (gate.current !== this.#exchange.generation && ruling.denial === null) {
      this.#exchange.enter(gate.current);
      ruling.principal = ANONYMOUS;
      asked.principal = ANONYMOUS;
      // Not `audit`: the exchange is on its list already. Hooks of the first round stay as well.
      await this.ask(1, this.#exchange.generation.pipeline.firstCall);
    }
  }

  /** Steps 15 to 17: every message is put to the rest of the pipeline. */
  askForCalls(era: Era, bodyBytes: number): Felled | null | Promise<Felled | null> {
    const { asked } = this.#exchange;
    this.#exchange.isRuled = true;
    asked.era = era;
    asked.bodyBytes = bodyBytes;
    return this.#askFrom(0);
  }

  #askFrom(first: number): Felled | null | Promise<Felled | null> {
    const { asked, calls, generation: { pipeline } } = this.#exchange;
    for (let index = first; index < calls.length; index++) {
      const call = asked.call = calls[index] as Call;
      const asking = this.ask(pipeline.firstCall, pipeline.size);
      if (asking !== undefined) {
        return asking.then(() => this.#felledBy(call) ?? this.#askFrom(index + 1));
      }
      const felled = this.#felledBy(call);
      if (felled !== null) return felled;
    }
    return null;
  }

  #felledBy(call: Call): Felled | null {
    const denial = this.denial();
    return denial === null ? null : { denial, call };
  }

  /** Asks the stages from `from` up to, not including, `to`. */
  ask(from: number, to: number): void | Promise<void> {
    const { generation, asked, ruling } = this.#exchange;
    return generation.pipeline.ask(from, to, asked, ruling);
  }

  /** Why the exchange does not go on, as far as the stages are concerned; null: it may. */
  denial(): Denial | null {
    const { ruling: { denial }, cutDenial } = this.#exchange;
    if (denial === null) return null;
    // A stage that was given up because the exchange was cut has not denied anything.
    if (cutDenial !== null) return cutDenial;
    const { kind, reason, detail, retryAfterMs } = denial.deny;
    if (denial.isGivenUp) {
      return refuse("client_gone", "Client left before its request was judged", detail);
    }
    return { kind, stage: denial.stage, reason, detail, retryAfterMs };
  }

  /** Whether a stage has said who is calling. */
  get isKnown(): boolean {
    return this.#exchange.principal.label !== ANONYMOUS.label;
  }

  /** The refusal of a caller of whom no stage said who he is; else notes him on record. */
  stranger(): Denial | null {
    if (!this.isKnown) return UNAUTHENTICATED;
    this.#exchange.record.label = this.#exchange.principal.label;
    return null;
  }
}

const UNAUTHENTICATED: Denial = {
  kind: "unauthenticated",
  stage: "door",
  reason: "Missing or unknown API key",
  detail: "no stage said who is calling",
};
