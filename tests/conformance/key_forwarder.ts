/**
 * A forwarder on loopback for clients that cannot be told an API key: it adds the Authorization
 * field to the head of every request and passes on every other byte, both ways, as it comes. Host
 * included: what listens behind it sees the name the client used. Knows nothing of MCP.
 */

/** A running forwarder. */
export class KeyForwarder implements AsyncDisposable {
  readonly #listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  readonly #target: URL;
  readonly #field: string;
  readonly #connections = new Set<Deno.Conn>();
  readonly #running: Promise<unknown>[] = [];

  /** Forwards to the server of `url` what shall arrive there with `key`. */
  constructor(url: string, key: string) {
    this.#target = new URL(url);
    this.#field = `authorization: Bearer ${key}\r\n`;
    this.#running.push(this.#accept());
  }

  /** Where clients without a key go. */
  get url(): string {
    return `http://127.0.0.1:${this.#listener.addr.port}${this.#target.pathname}`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#listener.close();
    for (const connection of [...this.#connections]) this.#close(connection);
    await Promise.all(this.#running);
  }

  async #accept(): Promise<void> {
    for await (const client of this.#listener) this.#running.push(this.#serve(client));
  }

  async #serve(client: Deno.TcpConn): Promise<void> {
    this.#connections.add(client);
    const { hostname, port } = this.#target;
    const server = await Deno.connect({ hostname, port: Number(port) });
    this.#connections.add(server);
    // A body written after its head would wait for the acknowledgement of the head, 40 ms late.
    for (const connection of [client, server]) connection.setNoDelay();
    const end = () => [client, server].forEach((connection) => this.#close(connection));
    // Whoever closes first, the other side learns it at once: that is how a client leaves.
    await Promise.all([
      pass(client, server, keyed(this.#field)).finally(end),
      pass(server, client, (chunk) => [chunk]).finally(end),
    ]);
  }

  #close(connection: Deno.Conn): void {
    if (this.#connections.delete(connection)) connection.close();
  }
}

/** Writes to `to` what `change` makes of what `from` sends, until one of them is gone. */
async function pass(
  from: Deno.Conn,
  to: Deno.Conn,
  change: (chunk: Uint8Array) => Uint8Array[],
): Promise<void> {
  const buffer = new Uint8Array(16_384);
  try {
    for (let read; (read = await from.read(buffer)) !== null;) {
      for (const part of change(buffer.slice(0, read))) await writeAll(to, part);
    }
  } catch (error) {
    if (!isGone(error)) throw error;
  }
}

async function writeAll(to: Deno.Conn, bytes: Uint8Array): Promise<void> {
  for (let at = 0; at < bytes.length;) at += await to.write(bytes.subarray(at));
}

function isGone(error: unknown): boolean {
  return error instanceof Deno.errors.BadResource || error instanceof Deno.errors.Interrupted ||
    error instanceof Deno.errors.ConnectionReset || error instanceof Deno.errors.BrokenPipe;
}

/**
 * Requests as they come in, `field` added to each head. A head is held back until it is whole, a body
 * is passed on as it comes.
 *
 * @throws {TypeError} A body without a Content-Length, which none of the clients here sends
 */
export function keyed(field: string): (chunk: Uint8Array) => Uint8Array[] {
  let head = "";
  let bodyLeft = 0;
  return (chunk) => {
    const out: Uint8Array[] = [];
    for (let at = 0; at < chunk.length;) {
      if (bodyLeft > 0) {
        const part = chunk.subarray(at, at + bodyLeft);
        out.push(part);
        bodyLeft -= part.length;
        at += part.length;
        continue;
      }
      head += String.fromCharCode(chunk[at++] ?? 0);
      if (!head.endsWith("\r\n\r\n")) continue;
      if (/^transfer-encoding:/im.test(head)) throw new TypeError(`Cannot forward:\n${head}`);
      bodyLeft = Number(/^content-length:[ \t]*(\d+)/im.exec(head)?.[1] ?? 0);
      out.push(Uint8Array.from(head.slice(0, -2) + field + "\r\n", (char) => char.charCodeAt(0)));
      head = "";
    }
    return out;
  };
}
