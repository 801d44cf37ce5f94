/**
 * What is known of one exchange while it runs, and the outcome it becomes. The gate writes it from
 * the first moment on, so that whatever ends the exchange finds it complete (PROTOCOL §0, rule 10).
 */
import { subjectOf } from "../mcp/revision.ts";
import type { Call } from "../mcp/message.ts";
import type { Outcome } from "../policy/contract.ts";
import type { Denial } from "./denial.ts";
import type { IncomingExchange } from "./incoming.ts";

/** The facts of one exchange. */
export class ExchangeRecord {
  label: string | null = null;
  method: string | null = null;
  subject: string | null = null;
  session: string | null = null;
  protocol: string | null = null;
  /** Number of the generation that rules. */
  generation = 0;
  status = 0;
  bytesIn = 0;
  bytesOut = 0;
  end: Outcome["end"] = "complete";
  /** When it went up, and when its reply's head was in or was given up; NaN: not, or nobody counts. */
  askedMs = NaN;
  answeredMs = NaN;
  #denial: Denial | null = null;
  #decision: Outcome["decision"] = "allow";

  constructor(
    readonly exchange: string,
    readonly incoming: IncomingExchange,
    readonly remote: string,
    readonly startedMs: number,
    readonly startedMonotonicMs: number,
  ) {}

  /** Notes what is asked; of a batch, the first call that has a method. */
  asked(calls: readonly Call[]): void {
    for (const call of calls) {
      if (call.kind !== "request" && call.kind !== "notification") continue;
      this.method = call.method;
      this.subject = subjectOf(call.method, call.params);
      return;
    }
  }

  /** Notes why the exchange does not go on; the first reason stands. */
  refused(denial: Denial): void {
    if (this.#denial !== null) return;
    this.#denial = denial;
    this.#decision = FAILURES.has(denial.kind) ? "error" : "deny";
  }

  /** What kind of refusal it met; empty where none. */
  get kind(): string {
    return this.#denial?.kind ?? "";
  }

  /** What its caller was told of that; empty where nothing. */
  get reason(): string {
    return this.#denial?.reason ?? "";
  }

  /** What finish hooks are told. */
  outcome(nowMonotonicMs: number): Outcome {
    return {
      exchange: this.exchange,
      generation: this.generation,
      label: this.label,
      http: this.incoming.method,
      method: this.method,
      subject: this.subject,
      decision: this.#decision,
      stage: this.#denial?.stage ?? null,
      reason: this.#denial?.reason ?? null,
      detail: this.#denial?.detail ?? null,
      status: this.status,
      startedMs: this.startedMs,
      latencyMs: nowMonotonicMs - this.startedMonotonicMs,
      bytesIn: this.bytesIn,
      bytesOut: this.bytesOut,
      remote: this.remote,
      session: this.session,
      protocol: this.protocol,
      end: this.end,
    };
  }
}

/** Kinds that tell of a failure, not of a decision against the caller. */
const FAILURES: ReadonlySet<Denial["kind"]> = new Set([
  "internal",
  "upstream",
  "upstream_timeout",
  "unavailable",
  "shutdown",
]);
