/**
 * The door to the street: HTTP/1.1 and 1.0 on a socket of our own, each request handed on as an
 * exchange. Whatever becomes of an exchange, its client gets an answer and the program goes on.
 * Judges nothing; what a connection is has a file of its own.
 */
import { plainAddress } from "../gate/client_address.ts";
import type { IncomingExchange } from "../gate/incoming.ts";
import type { ClientSocket } from "./client_socket.ts";
import { CHECK_MS, Connection } from "./connection.ts";
import type { ConnectionHome } from "./connection.ts";
import { ConnectionCounts } from "./connection_counts.ts";
import type { Http1Exchange } from "./http1_exchange.ts";
import { LateHeads } from "./late_heads.ts";
import { TlsDoor } from "./tls_door.ts";
import type { TlsFiles } from "./tls_door.ts";

/** Bounds that hold before anybody is asked who he is. */
export interface ListenLimits {
  /** Connections at once, in all. Default 16 384. */
  readonly connections: number;
  /** Connections at once from one address. Default 512. */
  readonly connectionsPerAddress: number;
  /** Milliseconds from the first byte of a request's head to its last. Default 10 000. */
  readonly headerDeadlineMs: number;
}

/** Where to listen, and what to do with what comes. */
export interface ListenOptions {
  readonly hostname: string;
  /** 0: chosen by the system. */
  readonly port: number;
  /** Answers one exchange; settles when it has ended, where it gives a promise. */
  readonly onExchange: (exchange: IncomingExchange) => void | Promise<void>;
  readonly log: { warn(text: string): void };
  /** Asked again and again, so that a reload changes them. Absent: the defaults. */
  readonly limits?: () => ListenLimits;
  /** Speaks TLS by these files, which are asked for in the same way. Absent: plain HTTP. */
  readonly tls?: () => TlsFiles;
  /** Milliseconds a connection may be silent between requests. Default 75 000. */
  readonly idleMs?: number;
  /** Whether an address stands for many clients: a proxy's connections count in the total only. */
  readonly isProxy?: (address: string) => boolean;
  /** What connections are counted in, shared with other listeners. Absent: one of its own. */
  readonly counts?: Pick<ConnectionCounts, "take" | "release">;
  /** Whether others may listen on the same address, and share what comes. Default false. */
  readonly reusePort?: boolean;
}

/** Connections of one listener. */
export interface ConnectionFigures {
  readonly open: number;
  /** Since the start. */
  readonly accepted: number;
  /** Since the start: those that were one too many. */
  readonly refused: number;
}

/** A listener at work. */
export interface Listener {
  readonly hostname: string;
  readonly port: number;
  /** Whether it speaks TLS. */
  readonly isSecure: boolean;
  /** How many connections are open, and how many there have been. */
  readonly connections: ConnectionFigures;
  /** Accepts nothing more; settles when the requests that are running have their answers. */
  stop(): Promise<void>;
  /** Breaks off what is running, too. */
  abort(): Promise<void>;
}

/** What holds where nobody says otherwise. */
export const LISTEN_LIMITS: ListenLimits = {
  connections: 16_384,
  connectionsPerAddress: 512,
  headerDeadlineMs: 10_000,
};

const IDLE_MS = 75_000;

/** Listens from now on. Throws where the address cannot be had. */
export function listen(options: ListenOptions): Listener {
  const { hostname, port, reusePort = false } = options;
  const door = options.tls === undefined ? null : new TlsDoor(options.tls);
  return new Http1Listener(Deno.listen({ hostname, port, reusePort }), door, options);
}

/** Pause after a connection that could not be accepted, for want of descriptors for example. */
const ACCEPT_PAUSE_MS = 100;

/** Time between two warnings of the same kind. */
const WARN_EVERY_MS = 10_000;

class Http1Listener implements Listener, ConnectionHome {
  readonly hostname: string;
  readonly port: number;
  readonly isSecure: boolean;
  nowMs = performance.now();
  isStopping = false;
  readonly idleMs: number;
  readonly lateHeads = new LateHeads();
  readonly #options: ListenOptions;
  readonly #socket: Deno.TcpListener;
  readonly #limits: () => ListenLimits;
  readonly #door: TlsDoor | null;
  readonly #connections = new Set<Connection>();
  readonly #counts: Pick<ConnectionCounts, "take" | "release">;
  readonly #accepting: Promise<void>;
  readonly #timer: ReturnType<typeof setInterval>;
  readonly #emptied = Promise.withResolvers<void>();
  readonly #warnedMs = new Map<string, number>();
  #accepted = 0;
  #refused = 0;

  constructor(socket: Deno.TcpListener, door: TlsDoor | null, options: ListenOptions) {
    this.hostname = socket.addr.hostname;
    this.port = socket.addr.port;
    this.#socket = socket;
    this.#options = options;
    this.idleMs = options.idleMs ?? IDLE_MS;
    this.#counts = options.counts ?? new ConnectionCounts();
    this.#limits = options.limits ?? (() => LISTEN_LIMITS);
    this.#door = door;
    this.isSecure = door !== null;
    this.#timer = setInterval(() => this.#check(), CHECK_MS);
    this.#accepting = this.#accept();
  }

  get connections(): ConnectionFigures {
    return { open: this.#connections.size, accepted: this.#accepted, refused: this.#refused };
  }

  async stop(): Promise<void> {
    if (!this.isStopping) {
      this.isStopping = true;
      this.#socket.close();
      for (const connection of this.#connections) connection.stop();
    }
    await this.#accepting;
    if (this.#connections.size > 0) await this.#emptied.promise;
    clearInterval(this.#timer);
    this.lateHeads.close();
  }

  async abort(): Promise<void> {
    const stopped = this.stop();
    for (const connection of this.#connections) connection.close();
    await stopped;
  }

  headerDeadlineMs(): number {
    return this.#limits().headerDeadlineMs;
  }

  run(exchange: Http1Exchange): void {
    let pending: void | Promise<void>;
    try {
      pending = this.#options.onExchange(exchange);
    } catch (error) {
      return this.#failed(exchange, error);
    }
    if (pending === undefined) return this.#ended(exchange);
    pending.then(() => this.#ended(exchange), (error) => this.#failed(exchange, error));
  }

  onClosed(connection: Connection): void {
    this.#connections.delete(connection);
    if (this.#connections.size === 0 && this.isStopping) this.#emptied.resolve();
  }

  onReleased({ peer }: Connection): void {
    this.#counts.release(peer);
  }

  #failed(exchange: Http1Exchange, error: unknown): void {
    this.#options.log.warn(`Exchange failed: ${textOf(error)}`);
    this.#ended(exchange);
  }

  #ended(exchange: Http1Exchange): void {
    if (!exchange.reply.isBegun && !exchange.isGone) {
      this.#options.log.warn("Exchange ended without an answer");
    }
    exchange.conclude();
  }

  async #accept(): Promise<void> {
    while (!this.isStopping) {
      try {
        this.#admit(await this.#socket.accept());
      } catch (error) {
        if (this.isStopping) return;
        // A client that left while it waited is not worth a word; a lack of descriptors passes.
        if (error instanceof Deno.errors.ConnectionAborted) continue;
        this.#warn("Cannot accept connections", `: ${textOf(error)}`);
        await new Promise((resolve) => setTimeout(resolve, ACCEPT_PAUSE_MS));
      }
    }
  }

  #admit(socket: Deno.TcpConn): void {
    const peer = plainAddress(socket.remoteAddr.hostname);
    const { connections: total, connectionsPerAddress: perAddress } = this.#limits();
    const isShared = this.#options.isProxy?.(peer) ?? false;
    if (this.isStopping || !this.#counts.take(peer, { total, perAddress }, isShared)) {
      socket.close();
      this.#refused++;
      this.#warn("Connections are refused, there are too many", `; the last came from ${peer}`);
      return;
    }
    try {
      socket.setNoDelay(true);
      // A client that has vanished without a word would hold a silent stream for ever.
      socket.setKeepAlive(true);
    } catch {
      // It has left already, as the first read will tell.
    }
    const connection = new Connection(this.#carrier(socket, peer), peer, this);
    this.#connections.add(connection);
    this.#accepted++;
    connection.open();
  }

  #carrier(socket: Deno.TcpConn, peer: string): ClientSocket {
    try {
      return this.#door?.secure(socket) ?? socket;
    } catch (error) {
      socket.close();
      this.#counts.release(peer);
      throw error;
    }
  }

  #check(): void {
    this.nowMs = performance.now();
    for (const connection of this.#connections) connection.check();
  }

  #warn(what: string, detail: string): void {
    const last = this.#warnedMs.get(what) ?? -Infinity;
    if (performance.now() - last < WARN_EVERY_MS) return;
    this.#warnedMs.set(what, performance.now());
    this.#options.log.warn(`${what}${detail}`);
  }
}

function textOf(error: unknown): string {
  return error instanceof Error ? error.stack ?? error.message : String(error);
}
