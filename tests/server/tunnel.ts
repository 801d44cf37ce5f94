/**
 * A way between a client and a listener that does to the client's bytes what networks and attackers
 * do: cuts them up, holds them back, alters them. What comes back is left alone.
 */

/** What the tunnel does with the bytes of the client. */
export interface Wayward {
  /** Bytes that are handed on at once; each piece is a packet of its own. */
  readonly piece?: number;
  /** Milliseconds for which the first bytes are held back. */
  readonly delayMs?: number;
}

/** A tunnel to one listener. */
export class Tunnel implements AsyncDisposable {
  readonly #listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  readonly #target: number;
  readonly #way: Wayward;
  readonly #open = new Set<Deno.Conn>();
  readonly #work: Promise<void>[] = [];
  #isAltering = false;

  constructor(target: number, way: Wayward = {}) {
    this.#target = target;
    this.#way = way;
    this.#work.push(this.#accept());
  }

  /** Where clients go. */
  get port(): number {
    return this.#listener.addr.port;
  }

  /** Flips a bit of what the client sends from now on. */
  alter(): void {
    this.#isAltering = true;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#listener.close();
    for (const connection of this.#open) this.#close(connection);
    await Promise.all(this.#work);
  }

  async #accept(): Promise<void> {
    try {
      for await (const client of this.#listener) {
        this.#open.add(client);
        const server = await Deno.connect({ hostname: "127.0.0.1", port: this.#target });
        server.setNoDelay(true);
        this.#open.add(server);
        this.#work.push(this.#carry(client, server, this.#way), this.#carry(server, client, {}));
      }
    } catch (error) {
      if (!(error instanceof Deno.errors.BadResource)) throw error;
    }
  }

  async #carry(from: Deno.Conn, to: Deno.Conn, { piece, delayMs }: Wayward): Promise<void> {
    const buffer = new Uint8Array(16_384);
    let wait = delayMs ?? 0;
    try {
      for (let count; (count = await from.read(buffer)) !== null;) {
        if (wait > 0) await new Promise((resolve) => setTimeout(resolve, wait));
        wait = 0;
        if (from !== to && this.#isAltering) buffer[count - 1]! ^= 1;
        for (let at = 0; at < count; at += piece ?? count) {
          await to.write(buffer.subarray(at, Math.min(count, at + (piece ?? count))));
          if (piece !== undefined) await new Promise((resolve) => setTimeout(resolve, 0));
        }
      }
    } catch {
      // One end has left: so does the other.
    }
    this.#close(from);
    this.#close(to);
  }

  #close(connection: Deno.Conn): void {
    if (this.#open.delete(connection)) connection.close();
  }
}
