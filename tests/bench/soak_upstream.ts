/**
 * The MCP server of the soak: answers whatever is asked by what the question says, holds GET streams
 * open, and can be restarted on its port, which breaks off whatever is under way. Remembers nothing.
 */
import { eventually } from "../support/eventually.ts";
import { toolList } from "./fixed_reply.ts";

/** How long after a restart connections may still turn out to be broken, in milliseconds. */
const SETTLING_MS = 500;

/** A server on a port of the system's choice. */
export class SoakUpstream implements AsyncDisposable {
  #listener: Deno.TcpListener;
  readonly #connections = new Set<Deno.Conn>();
  /** How often it has been restarted. */
  #restarts = 0;
  #settledMs = 0;

  constructor() {
    this.#listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
    this.#accept();
  }

  get url(): string {
    return `http://127.0.0.1:${this.#listener.addr.port}/mcp`;
  }

  /** Begins to watch for faults: the function tells whether there was one since, or not long before. */
  watch(): () => boolean {
    const restarts = this.#restarts;
    const isUnsettled = performance.now() < this.#settledMs;
    return () => isUnsettled || restarts !== this.#restarts;
  }

  /** Breaks off all connections, and listens again a moment later. */
  async restart(): Promise<void> {
    const { port } = this.#listener.addr;
    this.#restarts++;
    this.#settledMs = Infinity;
    this.#close();
    await new Promise((resolve) => setTimeout(resolve, 50));
    await eventually("the upstream's port is free", () => {
      try {
        this.#listener = Deno.listen({ hostname: "127.0.0.1", port });
        return true;
      } catch (error) {
        if (error instanceof Deno.errors.AddrInUse) return false;
        throw error;
      }
    });
    this.#settledMs = performance.now() + SETTLING_MS;
    this.#accept();
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.#close();
    return Promise.resolve();
  }

  #close(): void {
    this.#listener.close();
    for (const connection of this.#connections) connection.close();
    this.#connections.clear();
  }

  async #accept(): Promise<void> {
    const listener = this.#listener;
    for (;;) {
      let connection: Deno.Conn;
      try {
        connection = await listener.accept();
      } catch {
        return;
      }
      this.#connections.add(connection);
      this.#serve(connection).catch(() => {}).finally(() => {
        if (this.#connections.delete(connection)) connection.close();
      });
    }
  }

  async #serve(connection: Deno.Conn): Promise<void> {
    const buffer = new Uint8Array(16 * 1024);
    let text = "";
    for (;;) {
      const count = await connection.read(buffer);
      if (count === null) return;
      text += ASCII.decode(buffer.subarray(0, count));
      const headEnd = text.indexOf("\r\n\r\n") + 4;
      if (headEnd < 4) continue;
      const bodyEnd = headEnd + Number(/\r\ncontent-length: (\d+)/i.exec(text)?.[1] ?? 0);
      if (text.length < bodyEnd) continue;
      const [method = ""] = text.split(" ", 1);
      const body = text.slice(headEnd, bodyEnd);
      text = text.slice(bodyEnd);
      const asked = body === "" ? null : JSON.parse(body);
      if (asked?.params?.arguments?.slow === true) {
        await new Promise((resolve) => setTimeout(resolve, 5));
      }
      await writeAll(connection, replyTo(method, asked));
    }
  }
}

interface Asked {
  readonly id?: number;
  readonly method: string;
  readonly params?: { readonly arguments?: { readonly events?: boolean } };
}

const ASCII = new TextDecoder("latin1");
const encoder = new TextEncoder();
const LIST = toolList(20);

function replyTo(method: string, asked: Asked | null): string {
  if (method === "GET") return `${EVENTS_HEAD}${chunk(": open\n\n")}`;
  if (asked === null) return "HTTP/1.1 204 No Content\r\n\r\n";
  if (asked.id === undefined) return "HTTP/1.1 202 Accepted\r\nContent-Length: 0\r\n\r\n";
  const of = (result: unknown) => JSON.stringify({ jsonrpc: "2.0", id: asked.id, result });
  switch (asked.method) {
    case "initialize": {
      const result = {
        protocolVersion: "2025-06-18",
        capabilities: { tools: {} },
        serverInfo: { name: "soak", version: "1" },
      };
      return json(of(result), `Mcp-Session-Id: ${crypto.randomUUID()}\r\n`);
    }
    case "tools/list":
      return json(LIST.replace('"id":7', `"id":${asked.id}`));
  }
  const answer = of({ content: [{ type: "text", text: "done" }] });
  if (asked.params?.arguments?.events !== true) return json(answer);
  const note = '{"jsonrpc":"2.0","method":"notifications/message","params":{"level":"info"}}';
  const events = chunk(`data: ${note}\n\n`) + chunk(`data: ${answer}\n\n`);
  return `${EVENTS_HEAD}${events}0\r\n\r\n`;
}

const EVENTS_HEAD =
  "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n";

function json(body: string, fields = ""): string {
  return `HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n${fields}Content-Length: ${body.length}\r\n\r\n${body}`;
}

function chunk(text: string): string {
  return `${text.length.toString(16)}\r\n${text}\r\n`;
}

async function writeAll(connection: Deno.Conn, text: string): Promise<void> {
  const bytes = encoder.encode(text);
  for (let sent = 0; sent < bytes.length;) sent += await connection.write(bytes.subarray(sent));
}
