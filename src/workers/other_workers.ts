/**
 * The other workers, as one of them sees them: which of them an exchange belongs to, and the ports
 * between. Only what is posted for a stream of the HTTP+SSE transport belongs to anybody: its target
 * says which worker has the stream, in a part that is sealed, and that worker looks at the seal.
 */
import type { Gate } from "../gate/gate.ts";
import type { IncomingExchange } from "../gate/incoming.ts";
import { STREAM_PARAMETER } from "../gate/legacy_listening.ts";
import { GivenExchanges, TakenExchanges } from "./handover.ts";
import type { ToHolder, ToOwner } from "./handover.ts";

/** The worker in the id of a stream, as `streamPrefix` of `shared_memory.ts` writes it. */
const OWNER = new RegExp(`[?&]${STREAM_PARAMETER}=w(\\d{1,4})-`);

/** All but one. */
export class OtherWorkers {
  readonly #index: number;
  readonly #given: readonly (GivenExchanges | null)[];

  /**
   * @param index Of this one
   * @param ports To the others by their index; null: none
   * @param handle Runs an exchange that another has given to this one
   */
  constructor(
    index: number,
    ports: readonly (MessagePort | null)[],
    handle: (exchange: IncomingExchange) => void | Promise<void>,
  ) {
    this.#index = index;
    this.#given = ports.map((port) => {
      if (port === null) return null;
      const given = new GivenExchanges(port);
      const taken = new TakenExchanges(port, handle);
      port.onmessage = ({ data }: MessageEvent<ToHolder | ToOwner>) => {
        if ("do" in data) given.take(data);
        else taken.hear(data);
      };
      return given;
    });
  }

  /** Gives `exchange` to the worker that it belongs to; null where it belongs to this one. */
  give(gate: Gate, exchange: IncomingExchange): Promise<void> | null {
    if (gate.current.config.upstream.transport !== "sse" || exchange.method !== "POST") return null;
    const owner = Number(OWNER.exec(exchange.target ?? "")?.[1] ?? this.#index);
    return this.#given[owner]?.give(exchange) ?? null;
  }
}
