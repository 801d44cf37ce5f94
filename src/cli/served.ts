/**
 * Whatever serves, as `serving.ts` steers it: one gate with its listener, or several that act as one.
 * The first is here; the others are made by workers, which this room does not know.
 */
import type { Config } from "../config/config.ts";
import type { Gate } from "../gate/gate.ts";
import { gateSnapshot } from "../gate/gate_snapshot.ts";
import type { IncomingExchange } from "../gate/incoming.ts";
import { listeningRules } from "../gate/listening.ts";
import type { ListeningRules } from "../gate/listening.ts";
import type { Snapshot } from "../gate/snapshot.ts";
import { UpstreamProbe } from "../gate/upstream_probe.ts";
import type { Reachability } from "../gate/upstream_probe.ts";

/** Something that accepts exchanges. */
export interface Accepting {
  /** The port it has, also where the configuration left the choice to the system. */
  readonly port: number;
  readonly connections: Snapshot["connections"];
  /** Accepts no more; settles when the exchanges under way have ended. */
  stop(): Promise<void>;
}

/** What serves. */
export interface Served {
  /** The configuration that rules. */
  readonly config: Config;
  /** The number of its generation. */
  readonly generation: number;
  /** The port it listens on. */
  readonly port: number;
  /** Settles with the reason where it cannot go on; the program is to stop then. */
  readonly broken: Promise<string>;
  /** Lets `config` rule. Throws what its stages throw; nothing changes then. */
  reload(config: Config): Promise<void>;
  /** Tells the stages of a reload that changed nothing. */
  reloadedUnchanged(): void;
  /** Accepts no more, lets open exchanges finish for the configured grace, and ends the rest. */
  stop(): Promise<void>;
  /** What can be seen of it at this moment. */
  look(): Omit<Snapshot, "reloads"> | Promise<Omit<Snapshot, "reloads">>;
  /** What of that concerns the audit log. */
  readonly audit: Snapshot["audit"];
  /** Whether the upstream answers. */
  probe(): Promise<Reachability>;
}

/** What one gate that serves is made of. */
export interface ServedParts {
  openGate(config: Config): Promise<Gate>;
  listen(
    options: ListeningRules & {
      readonly hostname: string;
      readonly port: number;
      readonly onExchange: (exchange: IncomingExchange) => void | Promise<void>;
    },
  ): Accepting;
  /** What the stages of `gate` keep that is worth a look. */
  stageFacts(gate: Gate): Pick<Snapshot, "audit" | "buckets">;
}

/** One gate alone. */
export class ServedAlone implements Served {
  /** It breaks with the program. */
  readonly broken: Promise<string> = new Promise(() => {});
  readonly #gate: Gate;
  readonly #listener: Accepting;
  readonly #parts: ServedParts;
  readonly #probe: UpstreamProbe;

  private constructor(gate: Gate, listener: Accepting, parts: ServedParts) {
    this.#gate = gate;
    this.#listener = listener;
    this.#parts = parts;
    this.#probe = new UpstreamProbe(gate);
  }

  /** Opens the gate, then the door. Throws what a stage throws, or `Deno.errors.AddrInUse`. */
  static async start(config: Config, parts: ServedParts): Promise<ServedAlone> {
    const gate = await parts.openGate(config);
    try {
      const listener = parts.listen({
        ...config.listen,
        onExchange: (exchange) => gate.handle(exchange),
        ...listeningRules(gate),
      });
      return new ServedAlone(gate, listener, parts);
    } catch (error) {
      await gate.close(0);
      throw error;
    }
  }

  get config(): Config {
    return this.#gate.current.config;
  }

  get generation(): number {
    return this.#gate.current.number;
  }

  get port(): number {
    return this.#listener.port;
  }

  reload(config: Config): Promise<void> {
    return this.#gate.reload(config);
  }

  reloadedUnchanged(): void {
    this.#gate.reloadedUnchanged();
  }

  async stop(): Promise<void> {
    const stopped = this.#listener.stop();
    await this.#gate.close(this.config.graceMs);
    await stopped;
  }

  look(): Omit<Snapshot, "reloads"> {
    const { rss: residentBytes, heapUsed: heapBytes } = Deno.memoryUsage();
    return {
      ...gateSnapshot(this.#gate),
      ...this.#parts.stageFacts(this.#gate),
      connections: this.#listener.connections,
      memory: { residentBytes, heapBytes },
    };
  }

  get audit(): Snapshot["audit"] {
    return this.#parts.stageFacts(this.#gate).audit;
  }

  probe(): Promise<Reachability> {
    return this.#probe.ask();
  }
}
