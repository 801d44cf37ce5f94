/**
 * The world of the ownership model: three clients before one gate or several, an upstream that gives what it is
 * told to give, grants that come and go, keys that are exchanged. It knows how to ask, not what must
 * come of it.
 */
import { createHash } from "node:crypto";
import type { UpstreamRequest } from "../../../src/upstream/upstream.ts";
import { hashed } from "../../policies/lent_host.ts";
import { inTime } from "../../support/eventually.ts";
import type { Random } from "../../support/random.ts";
import { keyEntry, Scene } from "./gate_scene.ts";
import { MemoryExchange, type Request } from "./memory_exchange.ts";
import type { MemoryReply } from "./memory_upstream.ts";

/** Labels of the clients. `a` may use everything. */
export const LABELS = ["a", "b", "c"] as const;
/** One of them. */
export type Label = typeof LABELS[number];

/** Tools that grants name. */
export const TOOLS = ["read_file", "search"] as const;

/** A call that is under way. */
export interface OpenCall {
  readonly label: Label;
  /** What its key granted when it was ruled. */
  readonly tools: readonly string[];
  readonly reply: MemoryReply;
  readonly ended: Promise<void>;
}

/** Everything around the model. */
export class OwnershipWorld implements AsyncDisposable {
  /** Calls under way. */
  readonly calls = new Set<OpenCall>();
  readonly #scene: Scene;
  readonly #grants = new Map<Label, readonly string[]>(LABELS.map((label) => [label, TOOLS]));
  readonly #editions = new Map<Label, number>();
  #generation = 1;

  private constructor(scene: Scene, readonly random: Random) {
    this.#scene = scene;
  }

  /** @param gates How many share the work; each request goes to any of them */
  static async open(random: Random, gates = 1): Promise<OwnershipWorld> {
    const scene = await Scene.open({ gates });
    const world = new OwnershipWorld(scene, random);
    await world.#reload();
    return world;
  }

  /** What went up, in order. */
  get requests(): readonly UpstreamRequest[] {
    return this.#scene.upstream.requests;
  }

  mayCall(label: Label, tool: string): boolean {
    return label === "a" || this.#grants.get(label)?.includes(tool) === true;
  }

  /** Lets `label` ask, and the upstream answer with `reply`; the exchange has ended then. */
  async ask(label: Label, request: Request, reply: () => MemoryReply): Promise<MemoryExchange> {
    const { exchange, ended } = this.#begin(label, request, reply);
    await ended;
    return exchange;
  }

  /** Lets `label` ask what stays unanswered until {@link finish}. */
  async call(label: Label, request: Request, reply: MemoryReply): Promise<OpenCall> {
    const count = this.requests.length;
    const { ended } = this.#begin(label, request, () => reply);
    await this.#scene.upstream.request(count);
    const call = { label, tools: this.#grants.get(label) ?? [], reply, ended };
    this.calls.add(call);
    return call;
  }

  /** Lets the upstream end `call` with `text`. */
  async finish(call: OpenCall, text: string): Promise<void> {
    call.reply.send(text).end();
    await call.ended;
    this.calls.delete(call);
  }

  /** Gives or takes a tool; who loses one loses his open calls, which are given back. */
  async regrant(label: Label, tools: readonly string[]): Promise<readonly OpenCall[]> {
    this.#grants.set(label, tools);
    await this.#reload();
    return await this.#cutCalls(label, (call) => !call.tools.every((tool) => tools.includes(tool)));
  }

  /** Gives `label` another key, which ends what the old one opened. */
  async rekey(label: Label): Promise<readonly OpenCall[]> {
    this.#editions.set(label, (this.#editions.get(label) ?? 0) + 1);
    await this.#reload();
    return await this.#cutCalls(label, () => true);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const call of this.calls) await this.finish(call, "");
    await this.#scene[Symbol.asyncDispose]();
  }

  #begin(label: Label, request: Request, reply: () => MemoryReply) {
    this.#scene.upstream.otherwise = reply;
    // No limit of a rate is what is tested here.
    this.#scene.clock.ms += 1000;
    const fields = [["authorization", `Bearer ${this.#key(label)}`] as const];
    const exchange = new MemoryExchange({
      ...request,
      fields: [...fields, ...(request.fields ?? [])],
    });
    const gate = this.random.pick(this.#scene.gates);
    return { exchange, ended: Promise.resolve(gate.handle(exchange)) };
  }

  async #cutCalls(
    label: Label,
    isCut: (call: OpenCall) => boolean,
  ): Promise<readonly OpenCall[]> {
    const cut = [...this.calls].filter((call) => call.label === label && isCut(call));
    for (const call of cut) {
      await inTime("the gate to cut a call", call.ended);
      this.calls.delete(call);
    }
    return cut;
  }

  async #reload(): Promise<void> {
    const keys = LABELS.map((label) =>
      keyEntry(`KEY-${label.toUpperCase()}`, {
        hashes: [hashed(createHash("sha256").update(this.#key(label)).digest("hex"))],
        allow: label === "a" ? ["*"] : this.#grants.get(label) ?? [],
        prompts: ["*"],
        resources: ["*"],
      })
    );
    const fingerprint = String(++this.#generation);
    await this.#scene.reload(this.#scene.config({ keys, fingerprint }));
  }

  #key(label: Label): string {
    return `KEY-${label}-${this.#editions.get(label) ?? 0}-0123456789abcdef`;
  }
}
