/**
 * The door to the street: `Deno.serve`, handing each request on as an exchange. Whatever becomes of
 * an exchange, its client gets an answer and the program goes on. Judges nothing.
 */
import type { IncomingExchange } from "../gate/incoming.ts";
import { DenoExchange } from "./deno_exchange.ts";

/** Where to listen, and what to do with what comes. */
export interface ListenOptions {
  readonly hostname: string;
  /** 0: chosen by the system. */
  readonly port: number;
  /** Answers one exchange; settles when it has ended. */
  readonly onExchange: (exchange: IncomingExchange) => Promise<void>;
  readonly log: { warn(text: string): void };
}

/** A listener at work. */
export interface Listener {
  readonly hostname: string;
  readonly port: number;
  /** Accepts nothing more; settles when the requests that are running have their answers. */
  stop(): Promise<void>;
  /** Breaks off what is running, too. */
  abort(): Promise<void>;
}

/** Listens from now on. Throws where the address cannot be had. */
export function listen(options: ListenOptions): Listener {
  const { onExchange, log } = options;
  const open = new Set<DenoExchange>();
  const cut = new AbortController();
  const server = Deno.serve({
    hostname: options.hostname,
    port: options.port,
    signal: cut.signal,
    onListen: () => {},
    // Only reached by a body that was broken off on purpose: the exchange has its own answers.
    onError: () => new Response(null, { status: 500 }),
  }, (request, info) => {
    const exchange = new DenoExchange(request, info.remoteAddr.hostname);
    open.add(exchange);
    run(exchange, onExchange).catch((error) => log.warn(`Exchange failed: ${textOf(error)}`))
      .finally(() => {
        if (!exchange.isAnswered && !exchange.signal.aborted) {
          log.warn("Exchange ended without an answer");
        }
        exchange.conclude();
        open.delete(exchange);
      });
    return exchange.response;
  });
  let isStopping = false;
  return {
    hostname: server.addr.hostname,
    port: server.addr.port,
    stop() {
      isStopping = true;
      return server.shutdown();
    },
    async abort() {
      for (const exchange of open) exchange.cut();
      // A server that is shutting down cannot be cut any more: Deno throws, outside of everything.
      if (!isStopping) cut.abort();
      isStopping = true;
      await server.finished;
    },
  };
}

/** An `onExchange` that throws before its first `await` is one that rejects. */
async function run(exchange: DenoExchange, onExchange: ListenOptions["onExchange"]): Promise<void> {
  await onExchange(exchange);
}

function textOf(error: unknown): string {
  return error instanceof Error ? error.stack ?? error.message : String(error);
}
