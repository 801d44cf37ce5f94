/**
 * Asks the upstream of a configuration as the gate would: over the same transport to the same address
 * with the operator's own fields. The one entrance to this room for the composition root.
 */
import type { Config } from "../config/config.ts";
import type { Upstream } from "../upstream/upstream.ts";
import { askHealth, type Health } from "./health.ts";
import { type Asking, askOffer, type Offer } from "./offer.ts";

/** Milliseconds that a person at a terminal waits for one answer, at most. */
const PATIENCE_MS = 15_000;

/** Asks upstreams. */
export class Surveyor {
  readonly #connect: (config: Config) => Upstream;
  readonly #userAgent: string;

  /** @param connect The way to an upstream, as the gate has it */
  constructor(connect: (config: Config) => Upstream, userAgent: string) {
    this.#connect = connect;
    this.#userAgent = userAgent;
  }

  /** What the upstream offers. Rejects with `SurveyError` or `UpstreamError`. */
  offer(config: Config): Promise<Offer> {
    return this.#asking(config, askOffer);
  }

  /** Whether it can be spoken to. */
  health(config: Config): Promise<Health> {
    return this.#asking(config, askHealth);
  }

  async #asking<T>(config: Config, ask: (asking: Asking) => Promise<T>): Promise<T> {
    const upstream = this.#connect(config);
    const { url, transport, timeoutMs } = config.upstream;
    try {
      return await ask({
        upstream,
        url,
        transport,
        calling: {
          fields: config.secrets.upstreamHeaders,
          userAgent: this.#userAgent,
          timeoutMs: Math.min(timeoutMs, PATIENCE_MS),
        },
      });
    } finally {
      await upstream.close();
    }
  }
}
