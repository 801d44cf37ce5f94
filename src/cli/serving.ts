/**
 * A gate at work: its listener, its reloads and its end. What a gate is made of is handed in, and
 * signals are somebody else's; this says only what follows from them.
 */
import type { Config } from "../config/config.ts";
import type { Problem } from "../config/problem.ts";
import type { Sight } from "../gate/sight.ts";
import { ServedAlone } from "./served.ts";
import type { Accepting, Served, ServedParts } from "./served.ts";
import { ServingSight } from "./serving_sight.ts";
import { tlsProblems } from "./tls_problems.ts";
import type { TlsParts } from "./tls_problems.ts";
import type { Loaded } from "./validate.ts";
import { workerCount } from "./worker_count.ts";
import type { Machine } from "./worker_count.ts";

/** What serving is lent. */
export interface ServingParts extends ServedParts, TlsParts {
  /** The machine it runs on. */
  readonly machine: Machine;
  /** Starts so many workers that act as one gate. */
  serveTogether(config: Config, count: number): Promise<Served>;
  /** The operator's listener, which shows `sight`. Throws where its address cannot be had. */
  listenForAdmin(admin: NonNullable<Config["admin"]>, sight: Sight): Accepting;
  /** What that shows of the program. */
  readonly program: Omit<Sight["program"], "startedMs">;
  /** What a stage objected to, as problems of the file; other errors are thrown on. */
  problemsOf(error: unknown, loaded: Loaded): readonly Problem[];
}

/** What came of a reload. */
export type Reloaded =
  | { readonly outcome: "reloaded" | "unchanged"; readonly generation: number }
  /** Nothing has changed; `problems` says why. */
  | { readonly outcome: "refused"; readonly problems: readonly Problem[] };

/** Fixed while the program runs: a reload that changes one of them is refused whole. */
const FIXED_AT_START: ReadonlyMap<string, keyof Config> = new Map([
  ["listen", "listen"],
  ["path", "path"],
  ["workers", "workers"],
  ["admin", "admin"],
  ["pid_file", "pidFile"],
]);

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
  readonly #served: Served;
  readonly #sight: ServingSight;
  readonly #admin: Accepting | null;
  #reloading: Promise<unknown> = Promise.resolve();

  private constructor(parts: ServingParts, served: Served) {
    this.#parts = parts;
    this.#served = served;
    this.#sight = new ServingSight(served, parts.program);
    const { admin } = served.config;
    this.#admin = admin === null
      ? null
      : atAddress("admin.listen", admin.listen, () => parts.listenForAdmin(admin, this.#sight));
  }

  /** Opens the gate, then the doors. Throws what a stage throws, or {@link AddressTaken}. */
  static async start(config: Config, parts: ServingParts): Promise<Serving> {
    const served = await startServed(config, parts);
    try {
      return new Serving(parts, served);
    } catch (error) {
      await served.stop();
      throw error;
    }
  }

  /** Where clients on this machine go. */
  get url(): string {
    const { listen, path, tls } = this.#served.config;
    const scheme = tls === null ? "http" : "https";
    return urlOf(scheme, listen.hostname, this.#served.port, path);
  }

  /** Where the operator looks, or null where there is nothing to see. */
  get adminUrl(): string | null {
    const { admin } = this.#served.config;
    return admin === null || this.#admin === null
      ? null
      : urlOf("http", admin.listen.hostname, this.#admin.port, "/");
  }

  /** The number of the generation that rules. */
  get generation(): number {
    return this.#served.generation;
  }

  /** Settles with the reason where it cannot go on; it is to be stopped then. */
  get broken(): Promise<string> {
    return this.#served.broken;
  }

  /** Lets `read`'s configuration rule, if it is a good one. One reload waits for the other. */
  reload(read: () => Promise<Loaded | readonly Problem[]>): Promise<Reloaded> {
    const reloaded = this.#reloading.then(async () => {
      const reloaded = await this.#reload(await read());
      // A log that was moved away is no longer this one, whatever is wrong with the configuration.
      if (reloaded.outcome === "refused") this.#served.reloadedUnchanged();
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
    await this.#served.stop();
    // Last, so that monitors see the end coming.
    await this.#admin?.stop();
  }

  async #reload(loaded: Loaded | readonly Problem[]): Promise<Reloaded> {
    if (!("config" in loaded)) return { outcome: "refused", problems: loaded };
    const before = this.#served.config;
    if (loaded.config.fingerprint === before.fingerprint) {
      this.#served.reloadedUnchanged();
      return { outcome: "unchanged", generation: this.#served.generation };
    }
    const fixed = [...FIXED_AT_START].flatMap(([option, name]) =>
      JSON.stringify(loaded.config[name]) === JSON.stringify(before[name]) ? [] : [option]
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
    const problems = await tlsProblems(loaded, this.#parts, before);
    if (problems.length > 0) return { outcome: "refused", problems };
    try {
      await this.#served.reload(loaded.config);
    } catch (error) {
      return { outcome: "refused", problems: this.#parts.problemsOf(error, loaded) };
    }
    return { outcome: "reloaded", generation: this.#served.generation };
  }
}

async function startServed(config: Config, parts: ServingParts): Promise<Served> {
  const count = workerCount(config.workers, parts.machine);
  try {
    return count > 1
      ? await parts.serveTogether(config, count)
      : await ServedAlone.start(config, parts);
  } catch (error) {
    throw addressTaken("listen", config.listen, error);
  }
}

function urlOf(scheme: string, hostname: string, port: number, path: string): string {
  const isAny = hostname === "0.0.0.0" || hostname === "::";
  const host = isAny ? "localhost" : hostname;
  return `${scheme}://${host.includes(":") ? `[${host}]` : host}:${port}${path}`;
}

function atAddress<T>(
  setting: AddressTaken["setting"],
  address: Config["listen"],
  listen: () => T,
): T {
  try {
    return listen();
  } catch (error) {
    throw addressTaken(setting, address, error);
  }
}

/** `error`, or whose address another program has. */
function addressTaken(
  setting: AddressTaken["setting"],
  { port }: Config["listen"],
  error: unknown,
): unknown {
  return error instanceof Deno.errors.AddrInUse ? new AddressTaken(setting, port) : error;
}
