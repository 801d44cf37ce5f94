/**
 * Many exchanges at once, each at some point of its life, moved on in random order: bodies arrive in
 * pieces, upstreams answer when they like, clients stall and leave. It drives and knows what it did;
 * what must be true of it is for the properties.
 */
import { setImmediate } from "node:timers";
import { UpstreamError } from "../../src/upstream/upstream.ts";
import type { Scene } from "../gate/support/gate_scene.ts";
import type { MemoryExchange } from "../gate/support/memory_exchange.ts";
import { type MemoryReply, MemoryReply as Reply } from "../gate/support/memory_upstream.ts";
import type { Random } from "../support/random.ts";
import { randomRequest } from "./random_request.ts";
import { asked } from "./trouble.ts";

/** One exchange of the story. */
export interface Player {
  readonly exchange: MemoryExchange;
  readonly key: string | null;
  /** Pieces of the body that have not been sent. */
  readonly rest: Uint8Array[];
  hasLeft: boolean;
  isBodyEnded: boolean;
}

/** A request at the upstream that waits for its answer, or for more of it. */
interface Pending {
  readonly id: unknown;
  readonly answer: PromiseWithResolvers<MemoryReply>;
  reply: MemoryReply | null;
}

/** A story under way. */
export class Story {
  readonly players: Player[] = [];
  readonly #pending: Pending[] = [];

  constructor(readonly scene: Scene, readonly random: Random) {
    scene.upstream.otherwise = (request) => {
      const answer = Promise.withResolvers<MemoryReply>();
      this.#pending.push({ id: asked(request).id ?? null, answer, reply: null });
      return answer.promise;
    };
  }

  /** Something happens, or nothing. */
  async step(): Promise<void> {
    const kind = this.random.below(10);
    if (kind < 2) this.#begin();
    else if (kind < 5) this.#send();
    else if (kind < 8) this.#answer();
    else if (kind < 9) this.#disturb();
    await turn(this.random);
  }

  /** Everybody is let go on to the end; whoever listens leaves. */
  async conclude(): Promise<void> {
    for (const player of this.players) {
      player.exchange.resume();
      if (player.exchange.method !== "POST") this.#leave(player);
      else if (this.random.chance(0.5)) this.#complete(player);
      else this.#leave(player);
    }
    // Requests go up and streams are left open until every body has been judged.
    const over = this.scene.over();
    let isOver = false;
    over.finally(() => isOver = true).catch(() => {});
    while (!isOver) {
      for (const pending of this.#pending.splice(0)) {
        if (pending.reply === null) pending.answer.reject(new UpstreamError("broken", "the end"));
        else pending.reply.end();
      }
      await macrotask();
    }
    await over;
  }

  /** The gate is closed in the middle of it. */
  async close(): Promise<void> {
    // A client that takes nothing is given half a second, which is another test's.
    for (const { exchange } of this.players) exchange.resume();
    await this.scene.gate.close(0);
  }

  #begin(): void {
    const { key, request } = randomRequest(this.random);
    const bytes = typeof request.body === "string"
      ? new TextEncoder().encode(request.body)
      : request.body ?? new Uint8Array(0);
    const at = this.random.below(bytes.length + 1);
    const exchange = this.scene.begin({ ...request, body: null }, key);
    const rest = [bytes.slice(0, at), bytes.slice(at)].filter(({ length }) => length > 0);
    this.players.push({ exchange, key, rest, hasLeft: false, isBodyEnded: false });
  }

  #send(): void {
    if (this.players.length === 0) return;
    const player = this.random.pick(this.players.slice(-4));
    const piece = player.rest.shift();
    if (piece === undefined) this.#complete(player);
    else if (!player.hasLeft) player.exchange.send(piece);
  }

  #complete(player: Player): void {
    if (player.hasLeft || player.isBodyEnded) return;
    for (const piece of player.rest.splice(0)) player.exchange.send(piece);
    player.exchange.endBody();
    player.isBodyEnded = true;
  }

  #answer(): void {
    if (this.#pending.length === 0) return;
    const at = this.random.below(this.#pending.length);
    const pending = this.#pending[at] as Pending;
    const isOver = pending.reply === null
      ? this.#head(pending)
      : this.#more(pending.reply, pending.id);
    if (isOver) this.#pending.splice(at, 1);
  }

  #head(pending: Pending): boolean {
    const { random } = this;
    if (random.chance(0.1)) {
      const kind = random.pick(["unreachable", "timeout", "broken"] as const);
      pending.answer.reject(new UpstreamError(kind, "no"));
      return true;
    }
    const type = random.pick(["application/json", "text/event-stream", "text/html"]);
    const status = random.chance(0.8) ? 200 : random.pick([202, 302, 400, 404, 500]);
    pending.reply = new Reply(status, [["content-type", type]]);
    pending.answer.resolve(pending.reply);
    return false;
  }

  #more(reply: MemoryReply, id: unknown): boolean {
    const message = JSON.stringify({ jsonrpc: "2.0", id, result: {} });
    const isJson = reply.fields.some(([, value]) => value === "application/json");
    switch (this.random.below(5)) {
      case 0:
        reply.breakOff();
        return true;
      case 1:
        reply.end();
        return true;
      case 2:
        reply.send(message.slice(0, 9));
        return false;
      default:
        reply.send(isJson ? message : `data: ${message}\n\n`);
        return false;
    }
  }

  #disturb(): void {
    if (this.players.length === 0) return;
    const player = this.random.pick(this.players.slice(-6));
    const kind = this.random.below(4);
    if (kind === 0) player.exchange.stall();
    else if (kind === 1) player.exchange.resume();
    else this.#leave(player);
  }

  #leave(player: Player): void {
    if (player.hasLeft) return;
    player.hasLeft = true;
    player.exchange.leave();
  }
}

/** Lets others go on: for a few steps of theirs, or until they wait. */
export async function turn(random: Random): Promise<void> {
  if (random.chance(0.3)) return await macrotask();
  for (let steps = random.below(4); steps > 0; steps--) await Promise.resolve();
}

/** Lets others go on until they wait. */
export function macrotask(): Promise<void> {
  return new Promise((resolve) => setImmediate(() => resolve()));
}
