/**
 * A gate at work: its listener, its reloads and its end. What a gate is made of is handed in, and
 * signals are somebody else's; this says only what follows from them.
 */
import type { Config } from "../config/config.ts";
import type { Problem } from "../config/problem.ts";
import type { Gate } from "../gate/gate.ts";
import type { IncomingExchange } from "../gate/incoming.ts";
import type { Sight } from "../gate/sight.ts";
import type { Snapshot } from "../gate/snapshot.ts";
import { ServingSight } from "./serving_sight.ts";
import type { SightParts } from "./serving_sight.ts";
import type { Loaded } from "./validate.ts";

/** Something that accepts exchanges. */
export interface Accepting {
  /** The port it has, also where the configuration left the choice to the system. */
  readonly port: number;
  readonly connections: Snapshot["connections"];
  /** Accepts no more; settles when the exchanges under way have ended. */
  stop(): Promise<void>;
}

/** What serving is lent. */
export interface ServingParts {
  openGate(config: Config): Promise<Gate>;
  listen(options: {
    readonly hostname: string;
    readonly port: number;
    readonly onExchange: (exchange: IncomingExchange) => void | Promise<void>;
    /** Those of the configuration that rules at the moment. */
    readonly limits: () => Config["limits"];
    /** Whether it trusts `address` to speak for others. */
    readonly isProxy: (address: string) => boolean;
  }): Accepting;
  /** The operator's listener, which shows `sight`. Throws where its address cannot be had. */
  listenForAdmin(admin: NonNullable<Config["admin"]>, sight: Sight): Accepting;
  /** What that is made of. */
  readonly sight: SightParts;
  /** What a stage objected to, as problems of the file; other errors are thrown on. */
  problemsOf(error: unknown, loaded: Loaded): readonly Problem[];
}

/** What came of a reload. */
export type Reloaded =
  | { readonly outcome: "reloaded" | "unchanged"; readonly generation: number }
  /** Nothing has changed; `problems` says why. */
  | { readonly outcome: "refused"; readonly problems: readonly Problem[] };

/** Fixed while the program runs: a reload that changes one of them is refused whole. */
const FIXED_AT_START: readonly (keyof Config)[] = ["listen", "path", "admin"];

/** An address that another program has. */
export class AddressTaken extends Deno.errors.AddrInUse {
  override readonly name = "AddressTaken";

  /** @param setting Which setting names it */
  constructor(readonly setting: "listen" | "admin.listen", readonly port: number) {
    super(`${setting}: port ${port} is taken by another program`);
  }
}

/** A gate that serves. */
export class Serving {
  readonly #parts: ServingParts;
  readonly #gate: Gate;
  readonly #listener: Accepting;
  readonly #sight: ServingSight;
  readonly #admin: Accepting | null;
  #reloading: Promise<unknown> = Promise.resolve();

  private constructor(parts: ServingParts, gate: Gate, listener: Accepting) {
    this.#parts = parts;
    this.#gate = gate;
    this.#listener = listener;
    this.#sight = new ServingSight(gate, parts.sight, () => listener.connections);
    const { admin } = gate.current.config;
    this.#admin = admin === null
      ? null
      : atAddress("admin.listen", admin.listen, () => parts.listenForAdmin(admin, this.#sight));
  }

  /** Opens the gate, then the doors. Throws what a stage throws, or {@link AddressTaken}. */
  static async start(config: Config, parts: ServingParts): Promise<Serving> {
    const gate = await parts.openGate(config);
    let listener: Accepting | null = null;
    try {
      listener = atAddress("listen", config.listen, () =>
        parts.listen({
          ...config.listen,
          onExchange: (exchange) => gate.handle(exchange),
          limits: () => gate.current.config.limits,
          isProxy: (address) => gate.current.isTrustedProxy(address),
        }));
      return new Serving(parts, gate, listener);
    } catch (error) {
      await listener?.stop();
      await gate.close(0);
      throw error;
    }
  }

  /** Where clients on this machine go. */
  get url(): string {
    const { listen, path } = this.#gate.current.config;
    return urlOf(listen.hostname, this.#listener.port, path);
  }

  /** Where the operator looks, or null where there is nothing to see. */
  get adminUrl(): string | null {
    const { admin } = this.#gate.current.config;
    return admin === null || this.#admin === null
      ? null
      : urlOf(admin.listen.hostname, this.#admin.port, "/");
  }

  /** The number of the generation that rules. */
  get generation(): number {
    return this.#gate.current.number;
  }

  /** Lets `read`'s configuration rule, if it is a good one. One reload waits for the other. */
  reload(read: () => Loaded | readonly Problem[]): Promise<Reloaded> {
    const reloaded = this.#reloading.then(async () => {
      const reloaded = await this.#reload(read());
      this.#sight.reloaded(reloaded.outcome);
      return reloaded;
    });
    this.#reloading = reloaded.catch(() => {});
    return reloaded;
  }

  /** Accepts no more, lets open exchanges finish for the configured grace, and ends the rest. */
  async stop(): Promise<void> {
    await this.#reloading;
    this.#sight.isStopping = true;
    const stopped = this.#listener.stop();
    await this.#gate.close(this.#gate.current.config.graceMs);
    await stopped;
    // Last, so that monitors see the end coming.
    await this.#admin?.stop();
  }

  async #reload(loaded: Loaded | readonly Problem[]): Promise<Reloaded> {
    if (!("config" in loaded)) return { outcome: "refused", problems: loaded };
    const before = this.#gate.current.config;
    if (loaded.config.fingerprint === before.fingerprint) {
      this.#gate.reloadedUnchanged();
      return { outcome: "unchanged", generation: this.#gate.current.number };
    }
    const fixed = FIXED_AT_START.filter((name) =>
      JSON.stringify(loaded.config[name]) !== JSON.stringify(before[name])
    );
    if (fixed.length > 0) {
      const problems = fixed.map((name) =>
        loaded.problemAt(
          [name],
          "another value than at the start",
          "the same; restart to change it",
        )
      );
      return { outcome: "refused", problems };
    }
    try {
      await this.#gate.reload(loaded.config);
    } catch (error) {
      return { outcome: "refused", problems: this.#parts.problemsOf(error, loaded) };
    }
    return { outcome: "reloaded", generation: this.#gate.current.number };
  }
}

function urlOf(hostname: string, port: number, path: string): string {
  const isAny = hostname === "0.0.0.0" || hostname === "::";
  const host = isAny ? "localhost" : hostname;
  return `http://${host.includes(":") ? `[${host}]` : host}:${port}${path}`;
}

function atAddress<T>(
  setting: AddressTaken["setting"],
  { port }: Config["listen"],
  listen: () => T,
): T {
  try {
    return listen();
  } catch (error) {
    if (error instanceof Deno.errors.AddrInUse) throw new AddressTaken(setting, port);
    throw error;
  }
}
