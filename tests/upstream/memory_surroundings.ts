/** What an exchange stands in, in memory: tests say which connections there are, and count them. */
import { Http1Connection, type Socket } from "../../src/upstream/http1_connection.ts";
import { Deadline } from "../../src/upstream/http1_deadlines.ts";
import type { Http1Exchange, Surroundings } from "../../src/upstream/http1_exchange.ts";
import type { RequestBytes } from "../../src/upstream/http1_request.ts";

import { LASTING, wire } from "./memory_socket.ts";

/** Surroundings of one exchange. */
export class MemorySurroundings implements Surroundings {
  readonly host = "example.test";
  /** The ways by which attempts to connect were told to give up, one for each attempt. */
  readonly attempts: AbortSignal[] = [];
  /** How often the exchange was over. */
  overs = 0;
  readonly #kept: Http1Connection | null;
  readonly #connect: () => Promise<Socket>;

  /**
   * @param kept The connection that is there, or null
   * @param connect Makes further ones
   */
  constructor(kept: Http1Connection | null, connect: () => Promise<Socket>) {
    this.#kept = kept;
    this.#connect = connect;
  }

  take(): Http1Connection | null {
    return this.#kept;
  }

  async open(giveUp: AbortController): Promise<Http1Connection> {
    this.attempts.push(giveUp.signal);
    return new Http1Connection(await this.#connect(), LASTING, 1024);
  }

  spell(): RequestBytes {
    return { first: wire("POST / HTTP/1.1\r\n\r\n"), rest: null, recurring: null };
  }

  startClock(exchange: Http1Exchange): Deadline {
    return new Deadline(exchange, Infinity);
  }

  onOver(): void {
    this.overs++;
  }
}
