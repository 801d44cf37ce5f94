/**
 * What it costs to pass a long stream of small events on, beside nginx passing the same: from a server
 * that sends as much as the socket takes, and from one that sends each event by itself.
 */
import { RawClient, requestBytes } from "../support/raw_http.ts";
import { CALL } from "./fixed_reply.ts";
import { median } from "./contest.ts";
import { benchKey, startGate } from "./gate_scene.ts";
import { NginxProcess } from "./nginx_process.ts";
import { cpuMicros } from "./process_cost.ts";
import { cell, ratio, type Table } from "./row.ts";

const NOTE = {
  jsonrpc: "2.0",
  method: "notifications/progress",
  params: { progressToken: 7, progress: 1, message: "one small step" },
};
const LAST = { jsonrpc: "2.0", id: 7, result: { content: [], isError: false } };

/** Who passes the stream on. */
interface Passer {
  readonly name: string;
  readonly port: number;
  readonly path: string;
  readonly pid: number | null;
}

interface Flow {
  readonly seconds: number;
  readonly micros: number;
}

/** Streams of `events` events, `rounds` times each. */
export async function eventFlow(nginx: string, events: number, rounds: number): Promise<Table> {
  const event = `data: ${JSON.stringify(NOTE)}\n\n`;
  const body = `${event.repeat(events - 1)}data: ${JSON.stringify(LAST)}\n\n`;
  await using stack = new AsyncDisposableStack();
  const whole = stack.use(
    await NginxProcess.upstream(nginx, { "/mcp": { type: "text/event-stream", body } }),
  );
  const single = stack.use(singleEvents(event, `data: ${JSON.stringify(LAST)}\n\n`, events));
  const key = benchKey(["tool_0"]);
  const rows: string[][] = [];
  for (const [how, port] of [["whole", whole.port], ["one by one", single.port]] as const) {
    const proxy = stack.use(await NginxProcess.proxy(nginx, port));
    const gate = stack.use(await startGate({ upstream: `http://127.0.0.1:${port}/mcp`, key }));
    const passers: Passer[] = [
      { name: `sent ${how}: direct`, port, path: "/mcp", pid: null },
      { name: "  nginx", port: proxy.port, path: "/mcp", pid: proxy.pid },
      { name: "  gate", port: gate.port, path: "/mcp", pid: gate.pid },
    ];
    const flows = new Map<string, Flow[]>(passers.map(({ name }) => [name, []]));
    for (let round = 0; round <= rounds; round++) {
      for (const passer of passers) {
        const flow = await passed(passer, key.key, events);
        if (round > 0) flows.get(passer.name)?.push(flow);
      }
    }
    rows.push(...rowsOf(flows, events));
  }
  return {
    title: `one stream of ${events} events of ${event.length} bytes`,
    note: "CPU is that of the passing process, for one event.",
    header: ["", "events/s", "x direct", "CPU µs/event", "x nginx"],
    rows,
  };
}

function rowsOf(flows: ReadonlyMap<string, readonly Flow[]>, events: number): string[][] {
  const figures = [...flows].map(([name, all]) => ({
    name,
    perSecond: events / median(all.map(({ seconds }) => seconds)),
    micros: median(all.map(({ micros }) => micros)) / events,
  }));
  const [direct, proxy] = figures;
  return figures.map(({ name, perSecond, micros }) => [
    name,
    cell(perSecond),
    ratio(perSecond, direct?.perSecond ?? NaN),
    cell(micros, 2),
    ratio(micros, proxy?.micros ?? NaN),
  ]);
}

/** Asks for the stream and reads it to its end; throws where an event is missing. */
async function passed({ port, path, pid }: Passer, key: string, events: number): Promise<Flow> {
  using client = await RawClient.connect(port);
  const before = pid === null ? NaN : cpuMicros(pid);
  const from = performance.now();
  await client.send(requestBytes({
    target: path,
    fields: [
      ["Authorization", `Bearer ${key}`],
      ["Content-Type", "application/json"],
      ["Accept", "application/json, text/event-stream"],
      ["Connection", "close"],
    ],
    body: CALL,
  }));
  const reply = await client.reply();
  let lines = 0;
  for (let piece = await reply.read(); piece !== null; piece = await reply.read()) {
    for (let at = piece.indexOf(NEWLINE); at >= 0; at = piece.indexOf(NEWLINE, at + 1)) lines++;
  }
  const seen = lines / 2;
  const seconds = (performance.now() - from) / 1000;
  if (seen !== events) throw new Error(`${seen} events of ${events} have come: ${reply.status}`);
  return { seconds, micros: pid === null ? NaN : cpuMicros(pid) - before };
}

const NEWLINE = 10;

/** A server whose every answer is a stream in which each event is a chunk, and a write, of its own. */
function singleEvents(event: string, last: string, events: number): Disposable & { port: number } {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const encoder = new TextEncoder();
  const chunk = (text: string) => encoder.encode(`${text.length.toString(16)}\r\n${text}\r\n`);
  const [one, final] = [chunk(event), chunk(last)];
  const head = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n" +
    "Transfer-Encoding: chunked\r\nConnection: close\r\n\r\n";
  (async () => {
    for await (const connection of listener) {
      (async () => {
        const write = async (bytes: Uint8Array) => {
          for (let sent = 0; sent < bytes.length;) {
            sent += await connection.write(bytes.subarray(sent));
          }
        };
        await connection.read(new Uint8Array(4096));
        await write(encoder.encode(head));
        for (let sent = 1; sent < events; sent++) await write(one);
        await write(final);
        await write(encoder.encode("0\r\n\r\n"));
        connection.close();
      })().catch(() => connection.close());
    }
  })();
  return { port: listener.addr.port, [Symbol.dispose]: () => listener.close() };
}
