/**
 * What the operator is shown of a gate that serves: what the gate knows of itself, and beside it the
 * connections, the reloads and the process. Gathers when it is asked, and keeps nothing but counts.
 */
import type { Gate } from "../gate/gate.ts";
import { gateSnapshot } from "../gate/gate_snapshot.ts";
import type { Readiness, Sight } from "../gate/sight.ts";
import type { Snapshot } from "../gate/snapshot.ts";
import { UpstreamProbe } from "../gate/upstream_probe.ts";

/** What a view is lent. */
export interface SightParts {
  readonly program: Omit<Sight["program"], "startedMs">;
  /** What the stages of `gate` keep that is worth a look. */
  stageFacts(gate: Gate): Pick<Snapshot, "audit" | "buckets">;
}

/** A view of one gate. */
export class ServingSight implements Sight {
  readonly program: Sight["program"];
  /** Whether no exchange is taken in any more. */
  isStopping = false;
  readonly #gate: Gate;
  readonly #parts: SightParts;
  readonly #connections: () => Snapshot["connections"];
  readonly #probe: UpstreamProbe;
  readonly #reloads = { reloaded: 0, unchanged: 0, refused: 0 };
  #lastReloadMs: number | null = null;

  /** @param connections Those of the listener, at any moment */
  constructor(gate: Gate, parts: SightParts, connections: () => Snapshot["connections"]) {
    this.program = { ...parts.program, startedMs: Date.now() };
    this.#gate = gate;
    this.#parts = parts;
    this.#connections = connections;
    this.#probe = new UpstreamProbe(gate);
  }

  /** Counts a reload. */
  reloaded(outcome: keyof Omit<Snapshot["reloads"], "lastMs">): void {
    this.#reloads[outcome]++;
    this.#lastReloadMs = Date.now();
  }

  snapshot(): Snapshot {
    const { rss: residentBytes, heapUsed: heapBytes } = Deno.memoryUsage();
    return {
      ...gateSnapshot(this.#gate),
      ...this.#parts.stageFacts(this.#gate),
      reloads: { ...this.#reloads, lastMs: this.#lastReloadMs },
      connections: this.#connections(),
      memory: { residentBytes, heapBytes },
    };
  }

  async readiness(): Promise<Readiness> {
    const upstream = await this.#probe.ask();
    const { number: generation, config } = this.#gate.current;
    const { audit } = this.#parts.stageFacts(this.#gate);
    const reasons: string[] = [];
    if (this.isStopping) reasons.push("the gate is stopping");
    if (!upstream.isReachable) reasons.push(`the upstream does not answer (${upstream.detail})`);
    if (audit.isFailing && config.audit.onError === "refuse") {
      reasons.push("the audit log cannot be written, so nothing passes");
    }
    return { ready: reasons.length === 0, reasons, generation, upstream };
  }
}
