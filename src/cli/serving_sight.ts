/**
 * What the operator is shown of what serves: what that knows of itself, and beside it the reloads.
 * Gathers when it is asked, and keeps nothing but counts.
 */
import type { Readiness, Sight } from "../gate/sight.ts";
import type { Snapshot } from "../gate/snapshot.ts";
import type { Served } from "./served.ts";

/** A view of whatever serves. */
export class ServingSight implements Sight {
  readonly program: Sight["program"];
  /** Whether no exchange is taken in any more. */
  isStopping = false;
  readonly #served: Served;
  readonly #reloads = { reloaded: 0, unchanged: 0, refused: 0 };
  #lastReloadMs: number | null = null;

  constructor(served: Served, program: Omit<Sight["program"], "startedMs">) {
    this.program = { ...program, startedMs: Date.now() };
    this.#served = served;
  }

  /** Counts a reload. */
  reloaded(outcome: keyof Omit<Snapshot["reloads"], "lastMs">): void {
    this.#reloads[outcome]++;
    this.#lastReloadMs = Date.now();
  }

  async snapshot(): Promise<Snapshot> {
    const seen = await this.#served.look();
    return { ...seen, reloads: { ...this.#reloads, lastMs: this.#lastReloadMs } };
  }

  async readiness(): Promise<Readiness> {
    const upstream = await this.#served.probe();
    const { generation, config, audit } = this.#served;
    const reasons: string[] = [];
    if (this.isStopping) reasons.push("the gate is stopping");
    if (!upstream.isReachable) reasons.push(`the upstream does not answer (${upstream.detail})`);
    if (audit.isFailing && config.audit.onError === "refuse") {
      reasons.push("the audit log cannot be written, so nothing passes");
    }
    return { ready: reasons.length === 0, reasons, generation, upstream };
  }
}
