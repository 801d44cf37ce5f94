/**
 * One worker: a gate and a listener in a thread of their own, which do what the supervisor asks. It
 * shares with the other workers what must be one (`shared_memory.ts`), gives them the exchanges that
 * are theirs (`handover.ts`), and decides everything else alone. An error that nobody catches is its
 * end, and says so: what it has under way is cut, each with its audit line.
 */
import type { Config } from "../config/config.ts";
import { freeze } from "../config/freeze.ts";
import type { Gate } from "../gate/gate.ts";
import type { GateMemory } from "../gate/gate_memory.ts";
import { gateSnapshot } from "../gate/gate_snapshot.ts";
import type { Generation } from "../gate/generation.ts";
import type { IncomingExchange } from "../gate/incoming.ts";
import { listeningRules } from "../gate/listening.ts";
import type { ListeningRules } from "../gate/listening.ts";
import type { Snapshot } from "../gate/snapshot.ts";
import { UpstreamProbe } from "../gate/upstream_probe.ts";
import type { Clock } from "../policy/contract.ts";
import type { Listener } from "../server/listener.ts";
import type { ConnectionCounts } from "../server/connection_counts.ts";
import { failureOf } from "./failure.ts";
import type { AskMessage, AskName, Asks, AuditPlace, WorkerMessage } from "./messages.ts";
import { OtherWorkers } from "./other_workers.ts";
import type { Place, SharedMemory } from "./shared_memory.ts";
import { sharedConnections, sharedGateMemory } from "./shared_memory.ts";

/** How often a worker shows that it moves, in milliseconds. */
export const BEAT_MS = 250;

/** What a gate of several is opened with. */
export interface SharedGround {
  readonly place: Place;
  readonly clock: Clock;
  readonly memory: SharedMemory;
  readonly gateMemory: GateMemory;
  /** Where the lines for an output go. */
  readonly auditPlace: (output: string) => AuditPlace;
  readonly post: (message: WorkerMessage) => void;
}

/** What a worker is lent. */
export interface WorkerParts {
  /** To the supervisor. */
  readonly post: (message: WorkerMessage) => void;
  /** A clock of this thread that never goes back, in milliseconds. */
  readonly monotonic: () => number;
  openGate(config: Config, ground: SharedGround): Promise<Gate>;
  listen(
    options: ListeningRules & {
      readonly hostname: string;
      readonly port: number;
      readonly reusePort: true;
      readonly onExchange: (exchange: IncomingExchange) => void | Promise<void>;
      readonly counts: Pick<ConnectionCounts, "take" | "release">;
    },
  ): Listener;
  /** What the stages of `gate` keep that is worth a look. */
  stageFacts(gate: Gate): Pick<Snapshot, "audit" | "buckets">;
}

type Answering = {
  readonly [Name in AskName]: (
    asked: Asks[Name]["asked"],
  ) => Asks[Name]["answered"] | Promise<Asks[Name]["answered"]>;
};

/** A gate among several, and its listener. */
export class GateWorker {
  readonly #parts: WorkerParts;
  readonly #places = new Map<string, AuditPlace>();
  #gate: Gate | null = null;
  #memory: SharedMemory | null = null;
  #others: OtherWorkers | null = null;
  #listener: Listener | null = null;
  #probe: UpstreamProbe | null = null;
  #prepared: Generation | null = null;
  #draining: Promise<null> | null = null;
  #closing: Promise<null> | null = null;
  #stopped: Promise<void> = Promise.resolve();
  #beating: ReturnType<typeof setInterval> | undefined;
  readonly #answering: Answering;

  constructor(parts: WorkerParts) {
    this.#parts = parts;
    this.#answering = {
      hello: () => null,
      begin: (asked) => this.#begin(asked),
      listen: (asked) => this.#listen(asked),
      prepare: (asked) => this.#prepare(asked),
      commit: () => this.#commit(),
      discard: () => this.#discard(),
      reloadedUnchanged: () => {
        this.#open.reloadedUnchanged();
        return null;
      },
      drain: ({ graceMs }) => this.#drain(graceMs),
      close: () => this.#close(),
      snapshot: () => this.#snapshot(),
      probe: () => (this.#probe ??= new UpstreamProbe(this.#open)).ask(),
    };
  }

  /** Answers what is asked. Never rejects. */
  async hear(message: AskMessage): Promise<void> {
    const { number: answer } = message;
    try {
      const work = this.#answering[message.ask] as (asked: unknown) => unknown;
      this.#parts.post({ answer, answered: await work(message.asked) });
    } catch (error) {
      this.#parts.post({ answer, failure: failureOf(error) });
    }
  }

  /** Notes that `error` was caught by nobody. Who knows what it has left half done? */
  crash(error: unknown): void {
    const why = error instanceof Error ? error.stack ?? error.message : String(error);
    this.#parts.post({ tell: "crashed", why });
    this.#drain(0).then(() => this.#close()).catch(() => {});
  }

  get #open(): Gate {
    if (this.#gate === null) throw new TypeError("Worker has not begun");
    return this.#gate;
  }

  async #begin(asked: Asks["begin"]["asked"]): Promise<null> {
    const { place, nowMs, memory, audit, others } = asked;
    const aheadMs = nowMs - this.#parts.monotonic();
    const clock: Clock = {
      now: () => Date.now(),
      monotonic: () => this.#parts.monotonic() + aheadMs,
    };
    this.#places.set(audit.output, audit);
    this.#memory = memory;
    const gate = await this.#parts.openGate(freeze(asked.config), {
      place,
      clock,
      memory,
      gateMemory: sharedGateMemory(memory, place, clock),
      auditPlace: (output) => {
        const found = this.#places.get(output);
        if (found === undefined) throw new TypeError(`No place for lines: ${output}`);
        return found;
      },
      post: this.#parts.post,
    });
    this.#gate = gate;
    this.#tellWhenLeft(gate.current);
    this.#others = new OtherWorkers(place.index, others, (exchange) => gate.handle(exchange));
    const beats = new Int32Array(memory.beats);
    this.#beating = setInterval(() => Atomics.add(beats, place.index, 1), BEAT_MS);
    return null;
  }

  #listen({ hostname, port }: Asks["listen"]["asked"]): number {
    const gate = this.#open;
    const [memory, others] = [this.#memory, this.#others];
    if (memory === null || others === null) throw new TypeError("Worker has not begun");
    this.#listener = this.#parts.listen({
      hostname,
      port,
      reusePort: true,
      onExchange: (exchange) => others.give(gate, exchange) ?? gate.handle(exchange),
      ...listeningRules(gate),
      counts: sharedConnections(memory),
    });
    return this.#listener.port;
  }

  async #prepare({ config, audit }: Asks["prepare"]["asked"]): Promise<null> {
    this.#places.set(audit.output, audit);
    this.#prepared = await this.#open.prepare(freeze(config));
    return null;
  }

  #commit(): number {
    const prepared = this.#prepared;
    if (prepared === null) throw new TypeError("Nothing is prepared");
    this.#prepared = null;
    this.#tellWhenLeft(prepared);
    this.#open.commit(prepared);
    return prepared.number;
  }

  async #discard(): Promise<null> {
    const prepared = this.#prepared;
    this.#prepared = null;
    prepared?.retire();
    await prepared?.gone;
    return null;
  }

  #drain(graceMs: number): Promise<null> {
    return this.#draining ??= (async () => {
      this.#stopped = this.#listener?.stop() ?? this.#stopped;
      this.#stopped.catch(() => {});
      await this.#gate?.drain(graceMs);
      return null;
    })();
  }

  #close(): Promise<null> {
    return this.#closing ??= (async () => {
      await this.#gate?.end();
      await this.#stopped;
      clearInterval(this.#beating);
      return null;
    })();
  }

  #snapshot(): Snapshot {
    const gate = this.#open;
    const { rss: residentBytes, heapUsed: heapBytes } = Deno.memoryUsage();
    return {
      ...gateSnapshot(gate),
      ...this.#parts.stageFacts(gate),
      connections: this.#listener?.connections ?? { open: 0, accepted: 0, refused: 0 },
      // Of reloads the supervisor knows.
      reloads: { reloaded: 0, unchanged: 0, refused: 0, lastMs: null },
      memory: { residentBytes, heapBytes },
    };
  }

  /** What is kept for a generation is kept until no worker has anything of it. */
  #tellWhenLeft(generation: Generation): void {
    generation.gone.then(() => this.#parts.post({ tell: "left", generation: generation.number }));
  }
}
