/**
 * What the tests of a listener share. They are handed the function that listens and see exchanges
 * through `IncomingExchange` alone, clients through their bytes: they know nothing of the server
 * behind them.
 */
import type { IncomingExchange } from "../../src/gate/incoming.ts";
import { listen } from "../../src/server/listener.ts";
import type { Listener, ListenOptions } from "../../src/server/listener.ts";
import { RawClient } from "../support/raw_http.ts";

/** Listens: the function under test. */
export type Listen = (options: ListenOptions) => Listener;

const TLS = new URL("../testdata/tls/", import.meta.url);

/** What the listener under test shows of itself over TLS. */
export const FILES = {
  cert: Deno.readTextFileSync(new URL("localhost.pem", TLS)),
  key: Deno.readTextFileSync(new URL("localhost.key.pem", TLS)),
  clientCa: null,
};

/** Who vouches for it. */
export const CA = Deno.readTextFileSync(new URL("ca.pem", TLS));

/** Listens over TLS. */
export const listenTls: Listen = (options) => listen({ tls: () => FILES, ...options });

/** Over what a listener is to behave in the same way. */
export const CARRIERS: readonly { readonly over: string; readonly listen: Listen }[] = [
  { over: "http1", listen },
  { over: "http1 over TLS", listen: listenTls },
];

/** A client of `listener`. */
export function connectTo({ port, isSecure }: Listener): Promise<RawClient> {
  return isSecure ? RawClient.connectTls(port, CA) : RawClient.connect(port);
}

/** A listener at work, a client connected to it, and what was logged. */
export interface Bench {
  readonly listener: Listener;
  readonly client: RawClient;
  readonly warnings: string[];
}

/** Runs `test` against a listener whose exchanges `onExchange` answers; all is ended afterwards. */
export async function withListener(
  listen: Listen,
  onExchange: ListenOptions["onExchange"],
  test: (bench: Bench) => Promise<void>,
  hostname = "127.0.0.1",
): Promise<void> {
  const warnings: string[] = [];
  const log = { warn: (text: string) => void warnings.push(text) };
  const listener = listen({ hostname, port: 0, onExchange, log });
  const client = await connectTo(listener);
  try {
    await test({ listener, client, warnings });
  } finally {
    client.close();
    await listener.abort();
  }
}

/** The whole request body. */
export async function readAll(exchange: IncomingExchange): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  for (let chunk; (chunk = await exchange.body.read()) !== null;) chunks.push(chunk);
  return new Uint8Array(await new Blob(chunks as BlobPart[]).arrayBuffer());
}

/** Resolves when the client of `exchange` goes before its answer is complete. */
export function left(exchange: IncomingExchange): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  if (exchange.isGone) resolve();
  else exchange.watcher = { onClientGone: resolve };
  return promise;
}

/** The exchanges that arrive, one after the other, for tests that play the gate themselves. */
export class Arrivals {
  readonly #arrived: IncomingExchange[] = [];
  readonly #awaited: ((exchange: IncomingExchange) => void)[] = [];
  readonly #release = Promise.withResolvers<void>();

  /** To be handed to the listener: takes an exchange and holds it until {@link release}. */
  readonly onExchange = async (exchange: IncomingExchange): Promise<void> => {
    const next = this.#awaited.shift();
    if (next === undefined) this.#arrived.push(exchange);
    else next(exchange);
    await this.#release.promise;
  };

  /** The next exchange. */
  next(): Promise<IncomingExchange> {
    const exchange = this.#arrived.shift();
    if (exchange !== undefined) return Promise.resolve(exchange);
    return new Promise((resolve) => this.#awaited.push(resolve));
  }

  /** Lets every `onExchange` return. */
  release(): void {
    this.#release.resolve();
  }
}
