/**
 * The way to the upstream over HTTP/1.1 connections of our own: one request at a time on each, kept
 * for the next where the reply allows it, as many as there are open requests. It follows no redirect,
 * decodes no content and asks no proxy. It adds `host` and `content-length` and knows nothing else of
 * what it carries.
 */
import { type Home, Http1Connection } from "./http1_connection.ts";
import { type Deadline, Deadlines } from "./http1_deadlines.ts";
import { addressesOf, dial, type Origin, originOf } from "./http1_dial.ts";
import { Http1Exchange, type Surroundings } from "./http1_exchange.ts";
import { IdleConnections } from "./http1_idle.ts";
import { type RequestBytes, RequestSpeller } from "./http1_request.ts";
import type { UpstreamFiles } from "./http1_secure.ts";
import { type Asker, type Upstream, UpstreamError, type UpstreamRequest } from "./upstream.ts";

/** Where the upstream is, and how its connections are kept. */
export interface Http1Options {
  /** Absolute http or https URL; every request goes to its path and query. */
  readonly url: string;
  /** What TLS goes by. Null, the default: the runtime's trust, and no certificate of one's own. */
  readonly tls?: UpstreamFiles | null;
  /** Bound of one connection attempt. Default 10 s; the head's time limit holds in any case. */
  readonly connectTimeoutMs?: number;
  /**
   * An unused connection is closed after this time, or sooner where the upstream's `Keep-Alive`
   * says so. Default 4 s: less than the 5 s after which Node.js and uvicorn close, so that a request
   * does not meet a connection that is just being closed.
   */
  readonly idleTimeoutMs?: number;
  /** Bytes of a reply's head; more is `broken`. Default 64 KiB. */
  readonly headBytes?: number;
}

/** The {@link Upstream} at `options.url`. Connects when there is something to send. */
export function http1Upstream(options: Http1Options): Upstream {
  return new Http1Upstream(options);
}

class Http1Upstream implements Upstream, Home, Surroundings {
  readonly host: string;
  readonly isSecure: boolean;
  readonly #origin: Origin;
  readonly #tls: UpstreamFiles | null;
  readonly #connectTimeoutMs: number;
  readonly #idleTimeoutMs: number;
  readonly #headBytes: number;
  readonly #speller: RequestSpeller;
  readonly #idle = new IdleConnections();
  readonly #deadlines = new Deadlines();
  readonly #drained = Promise.withResolvers<void>();
  /** Exchanges that are not over. */
  #underWay = 0;
  #isClosing = false;
  /** Open or not: the engine keeps what it has compiled for a kind of object while one of it is left. */
  readonly #warm: Http1Connection[] = [];

  constructor(options: Http1Options) {
    const url = new URL(options.url);
    this.host = url.host;
    this.#origin = originOf(url);
    this.isSecure = this.#origin.isSecure;
    this.#tls = options.tls ?? null;
    this.#connectTimeoutMs = options.connectTimeoutMs ?? 10_000;
    this.#idleTimeoutMs = options.idleTimeoutMs ?? 4_000;
    this.#headBytes = options.headBytes ?? 64 * 1024;
    this.#speller = new RequestSpeller(url);
  }

  ask(request: UpstreamRequest, asker: Asker): void {
    if (this.#isClosing) {
      const what = `Upstream ${this.host} cannot be reached: the way to it is closed`;
      return asker.onFailure(new UpstreamError("unreachable", what));
    }
    this.#underWay++;
    new Http1Exchange(this, request, asker).start(request);
  }

  close(): Promise<void> {
    this.#isClosing = true;
    this.#idle.close();
    this.#endWhenDrained();
    return this.#drained.promise;
  }

  keep(connection: Http1Connection, keepMs: number): boolean {
    if (this.#isClosing) return false;
    this.#warm[0] = connection;
    this.#idle.put(connection, Math.min(keepMs, this.#idleTimeoutMs));
    return true;
  }

  take({ recurring }: RequestBytes): Http1Connection | null {
    return this.#idle.take(recurring);
  }

  async open(giveUp: AbortController): Promise<Http1Connection> {
    const limit = this.#connectTimeoutMs;
    const timer = setTimeout(
      () => giveUp.abort(new Error(`no connection within ${limit} ms`)),
      limit,
    );
    try {
      const socket = await dial(this.#origin, giveUp.signal, addressesOf, this.#tls);
      return new Http1Connection(socket, this, this.#headBytes);
    } finally {
      clearTimeout(timer);
    }
  }

  spell(request: UpstreamRequest): RequestBytes {
    return this.#speller.spell(request);
  }

  reuse(request: RequestBytes): void {
    this.#speller.reuse(request);
  }

  startClock(exchange: Http1Exchange, ms: number): Deadline {
    return this.#deadlines.start(exchange, ms);
  }

  onOver(): void {
    this.#underWay--;
    this.#endWhenDrained();
  }

  #endWhenDrained(): void {
    if (!this.#isClosing || this.#underWay > 0) return;
    this.#deadlines.close();
    this.#drained.resolve();
  }
}
