/**
 * The gate: takes exchanges in, lets the current generation rule them, and exchanges generations
 * while they run. Knows neither where exchanges come from nor what the stages do.
 */
import { Buffer } from "node:buffer";
import type { Config } from "../config/config.ts";
import { Exchange } from "./exchange.ts";
import type { Cut } from "./exchange.ts";
import { Generation } from "./generation.ts";
import type { GateParts } from "./generation.ts";
import { ownMemory } from "./gate_memory.ts";
import type { GateMemory } from "./gate_memory.ts";
import type { IncomingExchange } from "./incoming.ts";
import { headFacts } from "./head_facts.ts";
import type { HeadFacts } from "./head_facts.ts";
import { KeptThings } from "./kept_things.ts";
import { LegacyStreams } from "./legacy_stream.ts";
import { OpenExchanges } from "./open_exchanges.ts";
import type { OwnAnswer, OwnRoutes } from "./own_routes.ts";
import { hasExpired, hasLostGrant, hasLostKey } from "./revocation.ts";
import { WarmExchanges } from "./warm_exchanges.ts";

/** How often open exchanges are checked, for keys that ran out and for patience; in milliseconds. */
const CHECK_MS = 250;

/** Exchange ids that are made at once. */
const ID_BATCH = 256;

/** Random bytes of one, and the characters that they make. */
const ID_BYTES = 9;
const ID_LENGTH = 12;

/** How long an exchange that was cut may take to end, in milliseconds. */
const CUT_GRACE_MS = 2000;

/** A lock in front of one MCP server. */
export class Gate {
  readonly parts: GateParts;
  readonly handles: GateMemory["handles"];
  readonly streams: GateMemory["streams"];
  readonly held: GateMemory["held"];
  readonly memory: GateMemory;
  readonly legacyStreams = new LegacyStreams(() => this.#whenEmptier?.());
  readonly #ownRoutes: OwnRoutes;
  readonly #kept: KeptThings;
  readonly #open = new OpenExchanges<Exchange>();
  /** Generations that have not been taken apart: what they keep must be closed before the end. */
  readonly #standing = new Set<Generation>();
  readonly #checkTimer: ReturnType<typeof setInterval>;
  /** How long checks have been made for: time enough for patience. */
  #checkedMs = 0;
  #current: Generation;
  /** Ids that nobody has yet, one after the other from `#idsAt` on. */
  #ids = "";
  #idsAt = 0;
  #whenEmptier: (() => void) | null = null;
  readonly #warm = new WarmExchanges();

  private constructor(
    parts: GateParts,
    ownRoutes: OwnRoutes,
    memory: GateMemory,
    kept: KeptThings,
    first: Generation,
  ) {
    this.parts = parts;
    this.memory = memory;
    this.handles = memory.handles;
    this.streams = memory.streams;
    this.held = memory.held;
    this.#ownRoutes = ownRoutes;
    this.#kept = kept;
    this.#current = first;
    this.#stand(first);
    this.#checkTimer = setInterval(() => this.#check(), CHECK_MS);
  }

  /**
   * Builds the first generation. Throws what its stages throw.
   *
   * @param memory Shared with other gates; default: of this one alone
   */
  static async open(
    config: Config,
    parts: GateParts,
    ownRoutes: OwnRoutes,
    memory: GateMemory = ownMemory(parts),
  ): Promise<Gate> {
    const kept = new KeptThings();
    const first = await Generation.build(1, config, parts, kept, memory.secret);
    return new Gate(parts, ownRoutes, memory, kept, first);
  }

  /** The generation that rules new exchanges. */
  get current(): Generation {
    return this.#current;
  }

  /** The exchanges under way. */
  get open(): readonly Exchange[] {
    return this.#open.all();
  }

  /** What stages keep across reloads, by stage and name. */
  get kept(): Iterable<readonly [stage: string, name: string, thing: unknown]> {
    return this.#kept.all();
  }

  /** Runs one exchange to its end; a promise only where something is waited for. Never throws. */
  handle(incoming: IncomingExchange): void | Promise<void> {
    const generation = this.#current;
    const facts = headFacts(incoming, generation);
    const own = facts.hostDenial === null && facts.path !== null
      ? this.#ownRoutes.answer(incoming.method, facts.path)
      : null;
    return own instanceof Promise
      ? this.#admitLater(incoming, facts, own)
      : this.#admit(incoming, facts, own);
  }

  /** A reload while an own route is looked up must not take the generation apart. */
  async #admitLater(
    incoming: IncomingExchange,
    facts: HeadFacts,
    looking: Promise<OwnAnswer | null>,
  ): Promise<void> {
    const { generation } = facts;
    generation.enter();
    try {
      await this.#admit(incoming, facts, await looking);
    } finally {
      generation.leave();
    }
  }

  #admit(
    incoming: IncomingExchange,
    facts: HeadFacts,
    own: OwnAnswer | null,
  ): void | Promise<void> {
    if (own !== null && !own.audited) {
      return incoming.reply.send(own.status, own.fields, own.body).catch(() => {});
    }
    const exchange = new Exchange(this, facts, incoming, own);
    this.#open.add(exchange);
    return exchange.run();
  }

  /** Told by an exchange that has ended. */
  ended(exchange: Exchange): void {
    this.#open.remove(exchange);
    if (exchange.generation === this.#current) this.#warm.keep(exchange);
    this.#whenEmptier?.();
  }

  /** An opaque id for an exchange: 72 random bits. */
  newExchangeId(): string {
    if (this.#idsAt === this.#ids.length) {
      const bytes = this.parts.random(ID_BYTES * ID_BATCH);
      this.#ids = Buffer.from(bytes).toString("base64url");
      this.#idsAt = 0;
    }
    return this.#ids.slice(this.#idsAt, this.#idsAt += ID_LENGTH);
  }

  /** Makes `config` rule from now on. Throws what its stages throw; nothing changes then. */
  async reload(config: Config): Promise<void> {
    this.commit(await this.prepare(config));
  }

  /**
   * Builds what {@link commit} lets rule, and changes nothing yet. Throws what its stages throw. One
   * that is not to rule after all is retired.
   */
  prepare(config: Config): Promise<Generation> {
    const { number } = this.#current;
    return Generation.build(number + 1, config, this.parts, this.#kept, this.memory.secret);
  }

  /**
   * Lets `after`, the last that was prepared, rule from now on: one assignment swaps it in, and open
   * exchanges that lost their ground are ended.
   */
  commit(after: Generation): void {
    const before = this.#current;
    this.#current = after;
    this.#stand(after);
    // They would keep a configuration that is not needed any more, as would those that end later.
    this.#warm.forget();
    for (const exchange of this.#open.all()) {
      const { principal, generation, isRuled } = exchange;
      // What has not been ruled yet will be, by what holds now.
      if (
        hasLostKey(principal, generation.keys, after.keys, this.parts.clock) ||
        (isRuled && hasLostGrant(principal, generation.keys, after.keys))
      ) exchange.cut("revoked");
    }
    before.retire();
    after.reloaded();
  }

  /** Tells the stages of a reload that changed nothing. */
  reloadedUnchanged(): void {
    this.#current.reloaded();
  }

  /**
   * Lets open exchanges finish for `graceMs`, ends those that are left, and takes the gate apart.
   * Streams that wait for the upstream to speak are ended as soon as nothing else is open and no
   * answer is awaited on them. The
   * listener must have stopped accepting before.
   */
  async close(graceMs: number): Promise<void> {
    await this.drain(graceMs);
    await this.end();
  }

  /** Waits, for `graceMs` at most, until nothing is open but what waits for the upstream to speak. */
  drain(graceMs: number): Promise<void> {
    return this.#waitWhile(
      graceMs,
      () => this.legacyStreams.isAwaiting || this.#open.all().some((open) => !open.isListening),
    );
  }

  /** Ends what is open, and takes the gate apart. */
  async end(): Promise<void> {
    this.#cutAll("shutdown");
    await this.#waitWhile(CUT_GRACE_MS, () => this.#open.size > 0);
    clearInterval(this.#checkTimer);
    this.#current.retire();
    // What still hangs would keep a generation for ever; its line is written if it ends.
    const { promise: late, resolve } = Promise.withResolvers<void>();
    const timer = setTimeout(resolve, CUT_GRACE_MS);
    await Promise.race([Promise.all([...this.#standing].map(({ gone }) => gone)), late]);
    clearTimeout(timer);
  }

  #stand(generation: Generation): void {
    this.#standing.add(generation);
    generation.gone.then(() => this.#standing.delete(generation));
  }

  #cutAll(why: Cut): void {
    for (const exchange of this.#open.all()) exchange.cut(why);
  }

  #check(): void {
    this.#checkedMs += CHECK_MS;
    for (const exchange of this.#open.all()) {
      // The newest expiry counts, also for those who came in under another.
      if (
        hasExpired(exchange.principal, this.#current.keys, this.parts.clock) ||
        exchange.hasLostCertificate
      ) exchange.cut("revoked");
      exchange.check(this.#checkedMs);
    }
  }

  /** Waits until `isBusy` is false, at most `limitMs`; looks whenever an exchange has ended. */
  async #waitWhile(limitMs: number, isBusy: () => boolean): Promise<void> {
    if (!isBusy()) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    const timer = setTimeout(resolve, limitMs);
    this.#whenEmptier = () => isBusy() || resolve();
    await promise;
    clearTimeout(timer);
    this.#whenEmptier = null;
  }
}
