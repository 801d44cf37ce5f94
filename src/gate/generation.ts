/**
 * A generation: one configuration with everything built from it. It is built whole or not at all,
 * serves the exchanges that entered it, and is taken apart when it has been retired and the last of
 * them has left. Knows nothing of how an exchange runs.
 */
import type { Config } from "../config/config.ts";
import type { AnyPolicyModule, Clock, Host, Log } from "../policy/contract.ts";
import { buildPipeline } from "../policy/pipeline.ts";
import type { Pipeline } from "../policy/pipeline.ts";
import type { Upstream } from "../upstream/upstream.ts";
import type { Census } from "./census.ts";
import { compileCidrs } from "./client_address.ts";
import { CursorSeal } from "./cursor_seal.ts";
import { Door } from "./door.ts";
import type { KeptThings } from "./kept_things.ts";
import { ListMemory } from "./list_memory.ts";
import { indexKeys } from "./revocation.ts";
import type { KeyIndex } from "./revocation.ts";
import { Sealer } from "./seal.ts";
import { stageKey } from "./stage_key.ts";
import type { Tracing } from "./tracing.ts";
import type { Credentials } from "./upstream_request.ts";

/** What the composition root lends the gate. */
export interface GateParts {
  readonly builtIns: ReadonlyMap<string, AnyPolicyModule>;
  /** Loads the user module at `path`; `text` is what the configuration was read with. */
  readonly loadPlugin: (path: string, text?: string) => Promise<AnyPolicyModule>;
  readonly connect: (config: Config) => Upstream;
  readonly clock: Clock;
  readonly random: (bytes: number) => Uint8Array;
  /** A log whose lines name `source`. */
  readonly log: (source: string) => Log;
  readonly userAgent: string;
  /** Counts how exchanges end. Absent: nobody looks, and nothing is counted. */
  readonly census?: Census;
  /** Follows exchanges. Absent: nobody does. */
  readonly tracing?: Tracing;
}

/** One built configuration. */
export class Generation {
  readonly door: Door;
  readonly sealer: Sealer;
  readonly cursors: CursorSeal;
  readonly keys: KeyIndex;
  readonly isTrustedProxy: (address: string) => boolean;
  readonly credentials: Credentials;
  readonly lists = new ListMemory();
  readonly #scope: AsyncDisposableStack;
  readonly #reloadHooks: readonly (() => void)[];
  #inside = 0;
  #isRetired = false;
  readonly #gone = Promise.withResolvers<void>();

  private constructor(
    readonly number: number,
    readonly config: Config,
    readonly pipeline: Pipeline,
    readonly upstream: Upstream,
    readonly log: Log,
    sealSecret: string | Uint8Array,
    parts: GateParts,
    scope: AsyncDisposableStack,
    reloadHooks: readonly (() => void)[],
  ) {
    this.door = new Door(config);
    this.keys = indexKeys(config.keys);
    this.isTrustedProxy = compileCidrs(config.trustedProxies);
    this.sealer = new Sealer(sealSecret);
    this.cursors = new CursorSeal(sealSecret, parts.random);
    this.credentials = {
      upstreamHeaders: config.secrets.upstreamHeaders,
      userAgent: parts.userAgent,
    };
    this.#scope = scope;
    this.#reloadHooks = reloadHooks;
  }

  /**
   * Builds all stages of `config`. Throws what a stage throws, and leaves nothing behind then.
   *
   * @param randomSecret Seals handles where the configuration has no secret
   */
  static async build(
    number: number,
    config: Config,
    parts: GateParts,
    kept: KeptThings,
    randomSecret: Uint8Array,
  ): Promise<Generation> {
    await using scope = new AsyncDisposableStack();
    const reloadHooks: (() => void)[] = [];
    const texts = new Map(config.moduleTexts);
    const tenancy = scope.use(kept.tenancy());
    const lend = (stage: string): Host => ({
      clock: parts.clock,
      log: parts.log(stage),
      config,
      scope,
      keep: (name, make) => tenancy.keep(`${stage}\0${name}`, make),
      random: (bytes) => parts.random(bytes),
      key: (purpose) => stageKey(config.secrets.seal, stage, purpose),
      onReload: (hook) => reloadHooks.push(hook),
    });
    const pipeline = await buildPipeline(
      config.pipeline,
      parts.builtIns,
      (path) => parts.loadPlugin(path, texts.get(path)),
      lend,
    );
    const upstream = parts.connect(config);
    scope.defer(() => upstream.close());
    return new Generation(
      number,
      config,
      pipeline,
      upstream,
      parts.log("gate"),
      config.secrets.seal ?? randomSecret,
      parts,
      scope.move(),
      reloadHooks,
    );
  }

  /** Takes an exchange in, so that everything it needs stays. */
  enter(): void {
    this.#inside++;
  }

  /** Lets it out again. */
  leave(): void {
    this.#inside--;
    this.#dismantleIfEmpty();
  }

  /** No exchange enters any more. */
  retire(): void {
    this.#isRetired = true;
    this.#dismantleIfEmpty();
  }

  /** Settles when a retired generation has been taken apart. */
  get gone(): Promise<void> {
    return this.#gone.promise;
  }

  /** Tells the stages that a reload took place, changed or not: files are reopened. */
  reloaded(): void {
    for (const hook of this.#reloadHooks) {
      try {
        hook();
      } catch (error) {
        this.log.warn(`a stage failed to follow the reload: ${error}`);
      }
    }
  }

  #dismantleIfEmpty(): void {
    if (!this.#isRetired || this.#inside > 0) return;
    const failed = (error: unknown) =>
      this.log.warn(`generation ${this.number} left something behind: ${error}`);
    // Of the stages: that one cannot end properly must not end the program.
    this.#scope.disposeAsync().catch(failed).then(this.#gone.resolve);
  }
}
