/**
 * Several workers as one gate: they begin, reload and stop together, their audit lines go through one
 * desk, and none is replaced. A reload is prepared in each, then committed in each, and one that
 * objects refuses it everywhere. A worker that dies takes with it what it counted and remembered for
 * all, so nobody could say any more what holds: the program stops, and whoever started it starts it
 * anew. Judges no exchange, and none waits for it.
 */
import type { Served } from "../cli/served.ts";
import type { Config } from "../config/config.ts";
import type { GateParts } from "../gate/generation.ts";
import { addSnapshots } from "../gate/snapshot.ts";
import type { Snapshot } from "../gate/snapshot.ts";
import type { Reachability } from "../gate/upstream_probe.ts";
import { AuditDesk } from "./audit_desk.ts";
import type { DeskGeneration } from "./audit_desk.ts";
import { BEAT_MS } from "./gate_worker.ts";
import { allocateMemory } from "./shared_memory.ts";
import type { SharedMemory } from "./shared_memory.ts";
import { WorkerLink } from "./worker_link.ts";
import type { Thread, Told } from "./worker_link.ts";

/** How long a worker may be found not to have moved, in milliseconds. */
const STILL_MS = 30_000;

/** How long workers may take over their end, beside the grace; in milliseconds. */
const END_MS = 10_000;

/** What a supervisor is lent. */
export interface SupervisorParts extends Pick<GateParts, "clock" | "random" | "log"> {
  /** Starts a thread that runs a `GateWorker`. */
  spawn(): Thread;
  /** Throws where somebody else listens on that address: workers would share it with him. */
  claim(address: { readonly hostname: string; readonly port: number }): void;
  /** How long a worker may stand still, in milliseconds. Default 30 000. */
  readonly stillMs?: number;
}

/** Several workers. */
export class Supervisor implements Served {
  readonly #parts: SupervisorParts;
  readonly #links: readonly WorkerLink[];
  readonly #desk: AuditDesk;
  readonly #memory: SharedMemory;
  readonly #broken = Promise.withResolvers<string>();
  /** What the desk keeps for generations that some worker has not left, and who has left. */
  readonly #standing = new Map<
    number,
    { readonly desk: DeskGeneration; readonly left: Set<number> }
  >();
  readonly #beats: Int32Array;
  readonly #still: { beats: number; times: number }[];
  #watching: ReturnType<typeof setInterval> | undefined;
  #config: Config;
  #generation = 1;
  #port = 0;

  private constructor(parts: SupervisorParts, config: Config, count: number) {
    this.#parts = parts;
    this.#config = config;
    this.#desk = new AuditDesk(parts, count);
    this.#memory = allocateMemory(count, parts.random);
    this.#beats = new Int32Array(this.#memory.beats);
    this.#still = Array.from({ length: count }, () => ({ beats: 0, times: 0 }));
    this.#links = Array.from({ length: count }, (_, index) =>
      new WorkerLink(
        parts.spawn(),
        (told) => this.#hear(index, told),
        (why) => this.#breakDown(`worker ${index} has died: ${why}`),
      ));
  }

  /** Opens `count` gates, then their doors. Throws what a stage throws, or `Deno.errors.AddrInUse`. */
  static async start(config: Config, count: number, parts: SupervisorParts): Promise<Supervisor> {
    const supervisor = new Supervisor(parts, config, count);
    try {
      await supervisor.#begin();
      return supervisor;
    } catch (error) {
      await supervisor.#end(0);
      throw error;
    }
  }

  get config(): Config {
    return this.#config;
  }

  get generation(): number {
    return this.#generation;
  }

  get port(): number {
    return this.#port;
  }

  get broken(): Promise<string> {
    return this.#broken.promise;
  }

  /** Lets `config` rule in all workers, or throws what one of them objects and changes nothing. */
  async reload(config: Config): Promise<void> {
    const desk = await this.#desk.prepare(config);
    const asked = { config, audit: desk.place };
    const prepared = await Promise.allSettled(
      this.#links.map((link) => link.ask("prepare", asked)),
    );
    const objection = prepared.find((result) => result.status === "rejected");
    if (objection !== undefined) {
      await Promise.allSettled(this.#links.map((link) => link.ask("discard", null)));
      await desk.leave();
      throw objection.reason;
    }
    // From here on nothing can object: a worker that does not follow is one that has died.
    this.#config = config;
    this.#generation++;
    this.#stand(desk);
    const numbers = await Promise.all(this.#links.map((link) => link.ask("commit", null)));
    if (numbers.some((number) => number !== this.#generation)) {
      this.#breakDown(`workers are at different generations: ${numbers.join(", ")}`);
    }
    desk.reloaded();
  }

  reloadedUnchanged(): void {
    this.#standing.get(this.#generation)?.desk.reloaded();
    for (const link of this.#links) link.ask("reloadedUnchanged", null).catch(() => {});
  }

  /** Accepts no more, lets open exchanges finish for the configured grace, and ends the rest. */
  async stop(): Promise<void> {
    await this.#end(this.#config.graceMs);
  }

  async look(): Promise<Omit<Snapshot, "reloads">> {
    const seen = await Promise.all(this.#links.map((link) => link.ask("snapshot", null)));
    const whole = seen.reduce(addSnapshots);
    const { heapUsed } = Deno.memoryUsage();
    const heapBytes = whole.memory.heapBytes + heapUsed;
    const { waitingBytes, isFailing, lostLines } = this.audit;
    return {
      ...whole,
      audit: {
        waitingBytes: waitingBytes + whole.audit.waitingBytes,
        isFailing: isFailing || whole.audit.isFailing,
        // What workers have lost they have told the desk.
        lostLines,
      },
      memory: { ...whole.memory, heapBytes },
    };
  }

  get audit(): Snapshot["audit"] {
    return this.#desk.facts();
  }

  /** One worker asks for all, so that the upstream is not asked more for there being more. */
  async probe(): Promise<Reachability> {
    const [first] = this.#links;
    if (first === undefined) throw new TypeError("No workers");
    return await first.ask("probe", null);
  }

  async #begin(): Promise<void> {
    const config = this.#config;
    if (config.listen.port !== 0) this.#parts.claim(config.listen);
    const desk = await this.#desk.prepare(config);
    this.#stand(desk);
    const ports = this.#connected();
    await Promise.all(this.#links.map(async (link, index) => {
      await link.ask("hello", null);
      const others = ports[index] ?? [];
      await link.ask("begin", {
        place: { index, count: this.#links.length },
        nowMs: this.#parts.clock.monotonic(),
        memory: this.#memory,
        config,
        audit: desk.place,
        others,
      }, others.filter((port) => port !== null));
    }));
    // The first finds the port where the system chooses it.
    const { hostname, port } = config.listen;
    this.#port = port;
    for (const link of this.#links) {
      this.#port = await link.ask("listen", { hostname, port: this.#port });
    }
    this.#watching = setInterval(() => this.#watch(), BEAT_MS);
  }

  /** Ports between each two workers. */
  #connected(): (MessagePort | null)[][] {
    const count = this.#links.length;
    const ports: (MessagePort | null)[][] = Array.from(
      { length: count },
      () => new Array(count).fill(null),
    );
    for (const [one, ofOne] of ports.entries()) {
      for (let other = one + 1; other < count; other++) {
        const { port1, port2 } = new MessageChannel();
        ofOne[other] = port1;
        (ports[other] as (MessagePort | null)[])[one] = port2;
      }
    }
    return ports;
  }

  #stand(desk: DeskGeneration): void {
    this.#standing.set(this.#generation, { desk, left: new Set() });
  }

  #hear(index: number, told: Told): void {
    switch (told.tell) {
      case "lines":
        return this.#desk.take(index, told.output, told.text, told.lost);
      case "left":
        return this.#left(index, told.generation);
      case "crashed":
        return this.#breakDown(`worker ${index} cannot go on: ${told.why}`);
    }
  }

  #left(index: number, generation: number): void {
    const standing = this.#standing.get(generation);
    standing?.left.add(index);
    if (standing === undefined || standing.left.size < this.#links.length) return;
    this.#standing.delete(generation);
    this.#leave(standing.desk);
  }

  async #leave(desk: DeskGeneration): Promise<void> {
    try {
      await desk.leave();
    } catch (error) {
      this.#parts.log("audit").warn(`the audit log was not closed: ${error}`);
    }
  }

  /** A worker that stands still holds its share of all connections. */
  #watch(): void {
    // Counted, not measured: a program that was itself suspended has seen nobody stand still.
    const most = Math.ceil((this.#parts.stillMs ?? STILL_MS) / BEAT_MS);
    for (const [index, still] of this.#still.entries()) {
      const beats = Atomics.load(this.#beats, index);
      still.times = beats === still.beats ? still.times + 1 : 0;
      still.beats = beats;
      if (still.times === most) this.#breakDown(`worker ${index} does not move any more`);
    }
  }

  #breakDown(why: string): void {
    this.#broken.resolve(why);
  }

  async #end(graceMs: number): Promise<void> {
    clearInterval(this.#watching);
    const ended = (async () => {
      await Promise.allSettled(this.#links.map((link) => link.ask("drain", { graceMs })));
      await Promise.allSettled(this.#links.map((link) => link.ask("close", null)));
    })();
    const { promise: late, resolve } = Promise.withResolvers<void>();
    const timer = setTimeout(resolve, graceMs + END_MS);
    await Promise.race([ended, late]);
    clearTimeout(timer);
    for (const link of this.#links) link.end("it was stopped");
    for (const { desk } of this.#standing.values()) await this.#leave(desk);
    this.#standing.clear();
  }
}
