/**
 * The upstream double of the tests: a raw HTTP/1.1 server that writes down every request as it came
 * over the wire and answers as the test says, byte by byte if need be: late, cut off, reset, never.
 * It knows nothing of MCP. It stands on `node:net`, since only that can reset a connection.
 */
import { createServer, type Server, type Socket } from "node:net";
import { eventually } from "./eventually.ts";
import {
  bodyPieces,
  bytesOf,
  framingOf,
  HttpReader,
  joined,
  type RawFields,
} from "./http_reader.ts";

/** A request as it came over the wire. */
export interface RecordedRequest {
  readonly method: string;
  readonly target: string;
  /** As sent, in order. */
  readonly fields: RawFields;
  readonly body: Uint8Array<ArrayBuffer>;
  /** The body as text. */
  readonly text: string;
  /** Counts the connections from 0; equal numbers mean the connection was used again. */
  readonly connection: number;
  /** Resolves when the client has closed this connection. */
  readonly gone: Promise<void>;
}

/** What an answer is made of: bytes to send, or something to wait for before going on. */
export type Step = string | Uint8Array | Promise<unknown>;

/** What happens to the connection after an answer. */
export type Ending = "keep" | "close" | "reset" | "silence";

/** Answers one request on `wire`; returns what becomes of the connection. */
export type Script = (request: RecordedRequest, wire: Wire) => Ending | Promise<Ending>;

/** The sending side of one connection. Nothing is rejected: a client that left is no failure here. */
export interface Wire {
  /** Sends `data` as it is; settles when the socket has taken it, or the client is gone. */
  write(data: string | Uint8Array): Promise<void>;
  /** Whether the client has closed. */
  readonly gone: boolean;
}

/** An answer in parts, for {@link answer}. */
export interface Answer {
  /** Default 200. */
  readonly status?: number;
  readonly fields?: RawFields;
  readonly body?: string | Uint8Array | readonly Step[];
  /** Default `length` for a body in one piece, `chunked` for one in steps. */
  readonly framing?: "length" | "chunked" | "close";
  /** Leaves out what ends the body, so that `then` cuts it off. Default false. */
  readonly unfinished?: boolean;
  /** Default `keep`; `close` where the framing is `close`. */
  readonly then?: Ending;
}

/** The script that sends `parts`, well-framed. */
export function answer(parts: Answer): Script {
  const { status = 200, fields = [], body = "", unfinished = false } = parts;
  const whole = typeof body === "string" || body instanceof Uint8Array;
  const framing = parts.framing ?? (whole ? "length" : "chunked");
  const ending = parts.then ?? (framing === "close" ? "close" : "keep");
  return async (request, wire) => {
    const steps: readonly Step[] = whole ? [body] : body;
    const lines = [
      `HTTP/1.1 ${status} Status`,
      ...fields.map(([name, value]) => `${name}: ${value}`),
    ];
    if (framing === "chunked") lines.push("Transfer-Encoding: chunked");
    if (framing === "length") lines.push(`Content-Length: ${lengthOf(steps)}`);
    if (framing === "close") lines.push("Connection: close");
    await wire.write(`${lines.join("\r\n")}\r\n\r\n`);
    if (request.method === "HEAD") return ending;
    for (const step of steps) {
      if (step instanceof Promise) await Promise.race([step, request.gone]);
      else if (framing === "chunked") await wire.write(chunk(step));
      else await wire.write(step);
    }
    if (framing === "chunked" && !unfinished) await wire.write("0\r\n\r\n");
    return ending;
  };
}

/** The script that answers 200 with `value` as JSON. */
export function json(value: unknown, fields: RawFields = []): Script {
  return answer({
    fields: [["Content-Type", "application/json"], ...fields],
    body: JSON.stringify(value),
  });
}

/** The script that answers 200 with an event stream of `steps`. */
export function events(steps: readonly Step[], parts: Omit<Answer, "body"> = {}): Script {
  const fields: RawFields = [["Content-Type", "text/event-stream"], ...(parts.fields ?? [])];
  return answer({ ...parts, fields, body: steps });
}

/** The script that sends `steps` as they are, head included. */
export function raw(steps: readonly Step[], then: Ending = "close"): Script {
  return async (request, wire) => {
    for (const step of steps) {
      await (step instanceof Promise ? Promise.race([step, request.gone]) : wire.write(step));
    }
    return then;
  };
}

/** The script that never answers. */
export const silence: Script = () => "silence";

/** One chunk of a chunked body. */
export function chunk(data: string | Uint8Array): Uint8Array {
  const bytes = bytesOf(data);
  if (bytes.length === 0) return bytes;
  return joined([bytesOf(`${bytes.length.toString(16)}\r\n`), bytes, bytesOf("\r\n")]);
}

function lengthOf(steps: readonly Step[]): number {
  return steps.reduce((sum, step) => step instanceof Promise ? sum : sum + bytesOf(step).length, 0);
}

/** The server. */
export class RecordingUpstream implements AsyncDisposable {
  /** Every request whose body has arrived, in order. */
  readonly requests: RecordedRequest[] = [];
  /** Answers whatever has no script of its own. Default: an empty 200. */
  otherwise: Script = answer({});
  readonly #scripts: Script[] = [];
  readonly #sockets = new Set<Socket>();
  readonly #server: Server;
  #connections = 0;

  private constructor() {
    this.#server = createServer({ allowHalfOpen: true, noDelay: true }, (socket) => {
      this.#sockets.add(socket);
      socket.on("close", () => this.#sockets.delete(socket));
      this.#converse(socket, this.#connections++);
    });
  }

  /** Starts on loopback, on a `port` the system chooses unless told. */
  static async start(port = 0): Promise<RecordingUpstream> {
    const upstream = new RecordingUpstream();
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    upstream.#server.once("error", reject);
    upstream.#server.listen(port, "127.0.0.1", resolve);
    await promise;
    return upstream;
  }

  get port(): number {
    const address = this.#server.address();
    if (address === null || typeof address === "string") throw new Error("Upstream is not running");
    return address.port;
  }

  /** Its URL with `path`. */
  url(path = "/mcp"): string {
    return `http://127.0.0.1:${this.port}${path}`;
  }

  /** How many connections are open now. */
  get open(): number {
    return this.#sockets.size;
  }

  /** How many connections there have been. */
  get connections(): number {
    return this.#connections;
  }

  /** Queues the answers to the next requests; {@link otherwise} answers when none is left. */
  next(...scripts: Script[]): void {
    this.#scripts.push(...scripts);
  }

  /** The request number `index`, counted from 0, as soon as it is there. */
  async request(index: number, withinMs = 5000): Promise<RecordedRequest> {
    await eventually(`request ${index}`, () => this.requests.length > index, withinMs);
    const request = this.requests[index];
    if (request === undefined) throw new Error(`No request ${index}`);
    return request;
  }

  /**
   * Ends every open connection: by a reset, or by a close that waits for the client's own, so that
   * {@link open} is 0 only when the client has seen it.
   */
  dropConnections(how: "close" | "reset" = "reset"): void {
    for (const socket of this.#sockets) {
      if (how === "close") socket.end();
      else end(socket, "reset");
    }
  }

  /** Breaks all off and stops listening; the port is free when it settles. */
  async stop(): Promise<void> {
    if (!this.#server.listening) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#server.close(() => resolve());
    this.dropConnections("reset");
    await promise;
    await eventually("every connection closed", () => this.#sockets.size === 0);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }

  async #converse(socket: Socket, connection: number): Promise<void> {
    const { reader, gone } = readingFrom(socket);
    try {
      for (;;) {
        const request = await readRequest(reader, connection, gone);
        if (request === null) return end(socket, "close");
        this.requests.push(request);
        const script = this.#scripts.shift() ?? this.otherwise;
        const ending = await script(request, wireOf(socket));
        if (ending === "silence") await gone;
        if (ending !== "keep") return end(socket, ending === "reset" ? "reset" : "close");
      }
    } catch {
      // A client that breaks off inside a request is part of what is tested.
      end(socket, "close");
    }
  }
}

async function readRequest(
  reader: HttpReader,
  connection: number,
  gone: Promise<void>,
): Promise<RecordedRequest | null> {
  const line = await reader.line();
  if (line === null) return null;
  const [method = "", target = ""] = line.split(" ");
  const fields = await reader.fields();
  const pieces: Uint8Array[] = [];
  const framing = framingOf(fields, { by: "length", bytes: 0 });
  for await (const piece of bodyPieces(reader, framing)) pieces.push(piece);
  const body = joined(pieces);
  return { method, target, fields, body, text: new TextDecoder().decode(body), connection, gone };
}

/** Reads all the time, so that a client's leaving is seen while an answer is on its way. */
function readingFrom(socket: Socket): { reader: HttpReader; gone: Promise<void> } {
  const arrived: Uint8Array[] = [];
  const left = Promise.withResolvers<void>();
  let ended = false;
  let wake = () => {};
  const leave = () => {
    ended = true;
    left.resolve();
    wake();
  };
  socket.on("data", (bytes: Uint8Array) => {
    arrived.push(new Uint8Array(bytes));
    wake();
  });
  for (const sign of ["end", "error", "close"]) socket.on(sign, leave);
  const reader = new HttpReader(async () => {
    while (arrived.length === 0 && !ended) await new Promise<void>((resolve) => wake = resolve);
    return arrived.shift() ?? null;
  });
  return { reader, gone: left.promise };
}

function wireOf(socket: Socket): Wire {
  return {
    get gone() {
      return socket.readableEnded || socket.destroyed;
    },
    write(data) {
      const bytes = bytesOf(data);
      if (bytes.length === 0 || socket.destroyed) return Promise.resolve();
      const { promise, resolve } = Promise.withResolvers<void>();
      socket.once("close", resolve);
      socket.write(bytes, () => {
        socket.off("close", resolve);
        resolve();
      });
      return promise;
    },
  };
}

function end(socket: Socket, how: "close" | "reset"): void {
  if (socket.destroyed) return;
  if (how === "reset") socket.resetAndDestroy();
  else socket.end(() => socket.destroy());
}
