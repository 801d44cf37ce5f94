/**
 * What an open stream costs that says nothing but that it lives: as many GET streams as there are
 * descriptors for, each with a comment of the upstream's now and then, and what the process has grown
 * by; beside it what bare connections take that wait. Memory is read as the system tells it, garbage
 * that lies about included: comments bring it, and an engine with nothing to do collects it.
 */
import { eventually } from "../support/eventually.ts";
import { mcpVerb } from "../support/mcp_request.ts";
import { requestBytes } from "../support/raw_http.ts";
import { verdict } from "./bar.ts";
import { CALL } from "./fixed_reply.ts";
import { asked, BENCH_TLS, benchKey, startGate } from "./gate_scene.ts";
import { HelpingProcess } from "./helping_process.ts";
import { residentKiB } from "./process_cost.ts";
import { cell, type Table } from "./row.ts";

/** Comments that each stream brings. */
const COMMENTS = 5;

/** How long nothing comes then. Servers send comments each 15 to 30 seconds. */
const REST_MS = 30_000;

/** Calls before the first stream: memory that the engine takes once and keeps is no stream's. */
const WARMING = 10_000;

/** Memory of `count` streams. */
export async function idleStreams(count: number): Promise<Table> {
  const bare = await barePairs(count);
  const { opened, commented, rested } = await gateStreams(count);
  const secured = await gateStreams(Math.ceil(count / 9), true);
  const row = (name: string, each: number) => [
    name,
    cell(each, 1),
    cell(each * 10_000 / 1024),
    cell(each * 100_000 / 1024),
    verdict(each, { of: "KiB", limit: 20 }),
  ];
  return {
    title: `idle event streams, ${count} held`,
    note: "The two larger numbers are extrapolated.",
    header: ["", "KiB each", "MiB for 10,000", "MiB for 100,000", "bars"],
    rows: [
      row("two bare connections, a read pending on each", bare),
      row("gate, streams just opened", opened),
      row(`gate, just after ${COMMENTS} comments on each`, commented),
      row(`gate, ${REST_MS / 1000} s later`, rested),
      row(`gate, TLS, a ninth of them, as late`, secured.rested),
    ],
  };
}

async function barePairs(count: number): Promise<number> {
  using upstream = new SilentServer();
  await using program = await HelpingProcess.start("bare_pairs.ts", String(upstream.port));
  using clients = new DisposableStack();
  const open = async (pairs: number) => {
    const before = upstream.count;
    for (let opened = 0; opened < pairs; opened++) {
      const connection = await Deno.connect({ hostname: "127.0.0.1", port: program.port });
      clients.defer(() => connection.close());
    }
    await eventually("all pairs are there", () => upstream.count === before + pairs, 60_000);
  };
  return await growth(program.pid, count, open);
}

async function gateStreams(
  count: number,
  isSecure = false,
): Promise<{ opened: number; commented: number; rested: number }> {
  using upstream = new SilentServer();
  const key = benchKey(["*"]);
  await using gate = await startGate({
    upstream: `http://127.0.0.1:${upstream.port}/mcp`,
    key,
    settings: isSecure ? { tls: BENCH_TLS.paths } : {},
  });
  if (!isSecure) await warm(asked("", gate.url, null, { key, body: CALL }).request);
  using clients = new DisposableStack();
  const connections: Deno.Conn[] = [];
  const request = requestBytes(mcpVerb("GET", key.key));
  const buffer = new Uint8Array(4096);
  const open = async (streams: number) => {
    for (let opened = 0; opened < streams; opened++) {
      const to = { hostname: "127.0.0.1", port: gate.port };
      const connection = isSecure
        ? await Deno.connectTls({ ...to, hostname: "localhost", caCerts: [BENCH_TLS.ca] })
        : await Deno.connect(to);
      clients.defer(() => connection.close());
      connections.push(connection);
      await connection.write(request);
      await readUntilComment(connection, buffer);
    }
  };
  const opened = await growth(gate.pid, count, open);
  const before = residentKiB(gate.pid);
  for (let comment = 0; comment < COMMENTS; comment++) {
    await upstream.comment();
    for (const connection of connections) await readUntilComment(connection, buffer);
  }
  const since = () => opened + (residentKiB(gate.pid) - before) / count;
  const commented = since();
  await new Promise((resolve) => setTimeout(resolve, REST_MS));
  return { opened, commented, rested: since() };
}

/** What process `pid` grows by with each of `count`; the first pay for code and pools that all share. */
async function growth(
  pid: number,
  count: number,
  open: (count: number) => Promise<void>,
): Promise<number> {
  await open(Math.ceil(count / 20));
  const before = residentKiB(pid);
  await open(count);
  return (residentKiB(pid) - before) / count;
}

async function warm(request: { url: string; headers: HeadersInit; body: string }): Promise<void> {
  let left = WARMING;
  await Promise.all(Array.from({ length: 32 }, async () => {
    while (left-- > 0) {
      const response = await fetch(request.url, { method: "POST", ...request });
      await response.text();
      if (response.status !== 200) throw new Error(`A call was answered ${response.status}`);
    }
  }));
}

async function readUntilComment(connection: Deno.Conn, buffer: Uint8Array): Promise<void> {
  let text = "";
  while (!text.endsWith(":\n\n\r\n")) {
    const count = await connection.read(buffer);
    if (count === null) throw new Error(`A stream has ended: ${text}`);
    text += new TextDecoder().decode(buffer.subarray(0, count));
  }
}

/** A server that answers calls, and GET by a stream on which it says nothing but comments. */
class SilentServer implements Disposable {
  readonly #listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  readonly #streams: Deno.Conn[] = [];
  #count = 0;

  constructor() {
    this.#accept();
  }

  get port(): number {
    return this.#listener.addr.port;
  }

  /** How many connections there have been. */
  get count(): number {
    return this.#count;
  }

  /** Sends a comment on each stream. */
  async comment(): Promise<void> {
    for (const stream of this.#streams) await stream.write(COMMENT);
  }

  [Symbol.dispose](): void {
    this.#listener.close();
    for (const stream of this.#streams) stream.close();
  }

  async #accept(): Promise<void> {
    for await (const connection of this.#listener) {
      this.#count++;
      this.#serve(connection).catch(() => connection.close());
    }
  }

  async #serve(connection: Deno.Conn): Promise<void> {
    const buffer = new Uint8Array(2048);
    for (;;) {
      const count = await connection.read(buffer);
      if (count === null) return connection.close();
      if (buffer[0] === GET) break;
      await connection.write(ANSWER);
    }
    this.#streams.push(connection);
    await connection.write(EVENTS);
    await connection.write(COMMENT);
  }
}

const GET = "G".charCodeAt(0);
const encoder = new TextEncoder();
const RESULT = '{"jsonrpc":"2.0","id":7,"result":{"content":[]}}';
const ANSWER = encoder.encode(
  `HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: ${RESULT.length}\r\n\r\n${RESULT}`,
);
const EVENTS = encoder.encode(
  "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n",
);
const COMMENT = encoder.encode("9\r\n: alive\n\n\r\n");
