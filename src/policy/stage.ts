/**
 * One stage of a pipeline: asks its policy and writes the answer into the ruling. Whatever goes wrong
 * denies: a policy that throws, rejects, runs out of time or returns anything but a decision.
 * Decisions that come at once are taken at once, without a promise.
 */
import type { Context, Decision, Head, Log, Message, Policy, ReplyFilter } from "./contract.ts";
import { deny } from "./contract.ts";
import { readDecision } from "./decision.ts";
import { isThenable, told } from "./failure.ts";
import { addFilter, addLateHook, type Ruling } from "./ruling.ts";

/**
 * What stages are asked about: one object for each exchange, which the gate fills in as it learns
 * and does not change while an answer is awaited. `principal` is kept up to date by the stages.
 */
export type Asked = { -readonly [K in keyof Context]: Context[K] };

/** What a stage is made of. */
export interface StageParts {
  readonly name: string;
  readonly asksForCall: boolean;
  readonly policy: Policy<Context>;
  /** Time limit of one decision; null for built-in stages, which are trusted to answer at once. */
  readonly timeoutMs: number | null;
  readonly log: Log;
}

/** A policy in its place. */
export class Stage {
  readonly name: string;
  readonly asksForCall: boolean;
  readonly #policy: Policy<Context>;
  readonly #timeoutMs: number | null;
  readonly #log: Log;

  constructor(parts: StageParts) {
    this.name = parts.name;
    this.asksForCall = parts.asksForCall;
    this.#policy = parts.policy;
    this.#timeoutMs = parts.timeoutMs;
    this.#log = parts.log;
  }

  /** Asks, and writes the decision into `ruling`. Never throws, never rejects. */
  ask(asked: Asked, ruling: Ruling): void | Promise<void> {
    const timeoutMs = this.#timeoutMs;
    const timeUp = timeoutMs === null ? null : new TimeUp(asked);
    try {
      const returned: unknown = this.#policy(timeUp === null ? asked : this.#view(asked, timeUp));
      if (!isThenable(returned)) return this.#accept(returned, asked, ruling);
      const settled = Promise.resolve(returned);
      if (timeoutMs !== null && timeUp !== null) {
        return this.#withinTime(settled, asked, ruling, { timeoutMs, timeUp });
      }
      return settled.then(
        (value) => this.#accept(value, asked, ruling),
        (error) => this.#failed(ruling, `rejected with ${told(error)}`),
      );
    } catch (error) {
      this.#failed(ruling, `threw ${told(error)}`);
    }
  }

  #withinTime(
    returned: Promise<unknown>,
    asked: Asked,
    ruling: Ruling,
    { timeoutMs, timeUp }: { timeoutMs: number; timeUp: TimeUp },
  ): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    let isLate = false;
    const giveUp = (what: string, isCut: boolean) => {
      isLate = true;
      end();
      this.#failed(ruling, what, isCut);
      resolve();
    };
    // An exchange that was cut waits for nobody: its line would come too late, or never.
    const onCut = () => giveUp("had not decided when the exchange was cut", true);
    const timer = setTimeout(() => {
      giveUp(`gave no decision within ${timeoutMs} ms`, false);
      timeUp.tell();
    }, timeoutMs);
    const end = () => {
      clearTimeout(timer);
      asked.signal.removeEventListener("abort", onCut);
    };
    const inTime = (settle: () => void) => {
      end();
      settle();
      resolve();
    };
    asked.signal.addEventListener("abort", onCut, { once: true });
    if (asked.signal.aborted) onCut();
    returned.then(
      (value) =>
        isLate ? this.#acceptLate(value, ruling) : inTime(() => this.#accept(value, asked, ruling)),
      (error) => {
        if (!isLate) inTime(() => this.#failed(ruling, `rejected with ${told(error)}`));
      },
    );
    return promise;
  }

  /** A user module gets an object of its own; one `at: "head"` gets no call, not even a stale one. */
  #view(asked: Asked, timeUp: TimeUp): Context {
    const { exchange, principal, http: { method, remote, sameHead } } = asked;
    const http = {
      method,
      remote,
      sameHead,
      header: (name: string) => asked.http.header(name),
      get certificate() {
        return asked.http.certificate;
      },
      get certificateFault() {
        return asked.http.certificateFault;
      },
    };
    const head: Head = {
      exchange,
      principal,
      http,
      get signal() {
        return timeUp.signal;
      },
    };
    // The type of the policy says Context for both; `asksForCall` is what its module declared.
    if (!this.asksForCall) return head as Context;
    const { call, era, bodyBytes } = asked;
    return Object.assign(head, { call, era, bodyBytes });
  }

  #accept(value: unknown, asked: Asked, ruling: Ruling): void {
    const decision = this.#read(value);
    if (typeof decision === "string") return this.#failed(ruling, decision);
    if (decision.verdict === "deny") {
      ruling.denial = { stage: this.name, deny: decision };
      return;
    }
    if (decision.principal !== undefined) {
      ruling.principal = decision.principal;
      asked.principal = decision.principal;
    }
    if (decision.onReply !== undefined) {
      const { onReply } = decision;
      const filter = this.#timeoutMs === null ? onReply : this.#guarded(onReply);
      addFilter(ruling, filter, decision.touches, this.#timeoutMs === null);
    }
    if (decision.onFinish !== undefined) ruling.hooks.push(decision.onFinish);
  }

  /**
   * The exchange is denied already, and stays so. What the late decision would have allowed is void
   * but for its hook, which may have to give back what the policy took.
   */
  #acceptLate(value: unknown, ruling: Ruling): void {
    const decision = this.#read(value);
    if (typeof decision === "string" || decision.verdict === "deny") return;
    if (decision.onFinish !== undefined) addLateHook(ruling, decision.onFinish, this.#log);
  }

  #read(value: unknown): Decision | string {
    try {
      return readDecision(value);
    } catch (error) {
      return `returned a decision that throws ${told(error)}`;
    }
  }

  /** @param isCut Whether it is not the policy that failed: nobody waits for it any more */
  #failed(ruling: Ruling, what: string, isCut = false): void {
    const detail = `${this.name} ${what}`;
    const denial = { stage: this.name, deny: deny("unavailable", "Policy failed", { detail }) };
    ruling.denial = isCut ? { ...denial, isGivenUp: true } : denial;
  }

  /** What a filter cannot judge does not pass. */
  #guarded(filter: ReplyFilter): ReplyFilter {
    return (message) => {
      let fault: string;
      try {
        const passed: unknown = filter(message);
        if (passed === message) return message;
        if (passed === null) return null;
        if (isThenable(passed)) Promise.resolve(passed).catch(() => {});
        else if (isMessage(passed)) return passed;
        fault = "returned no message";
      } catch (error) {
        fault = `threw ${told(error)}`;
      }
      this.#log.warn(`onReply ${fault}; the message is withheld`);
      return null;
    };
  }
}

/** The end of a stage's time, as its policy sees it. Few look, so the signal is made for those. */
class TimeUp {
  readonly #asked: Asked;
  #timeUp: AbortController | null = null;
  #signal: AbortSignal | null = null;
  #isUp = false;

  constructor(asked: Asked) {
    this.#asked = asked;
  }

  /** Aborted when the exchange is cut or {@link tell} is called. */
  get signal(): AbortSignal {
    if (this.#signal !== null) return this.#signal;
    this.#timeUp = new AbortController();
    if (this.#isUp) this.#timeUp.abort(timeIsUp());
    return this.#signal = AbortSignal.any([this.#asked.signal, this.#timeUp.signal]);
  }

  tell(): void {
    this.#isUp = true;
    this.#timeUp?.abort(timeIsUp());
  }
}

function timeIsUp(): DOMException {
  return new DOMException("The stage's time is up", "TimeoutError");
}

function isMessage(value: unknown): value is Message {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
