/**
 * Three servers that tell what they make of the same bytes: our listener, the runtime's and
 * `node:http` as the runtime offers it. They are only watched: what must hold between them is for
 * the test.
 */
import * as http from "node:http";
import type { IncomingExchange } from "../../src/gate/incoming.ts";
import { listen } from "../../src/server/listener.ts";
import { eventually } from "../support/eventually.ts";
import { readAll } from "./listener_fixture.ts";

/** A request as a server has understood it. */
export interface Understood {
  readonly method: string;
  /** Null where it does not fit the Host. */
  readonly target: string | null;
  /** Repetitions joined by `", "`; names in lower case. */
  readonly fields: ReadonlyMap<string, string>;
  /** Null where it broke off or was malformed. */
  body: string | null;
}

/** A server under observation. */
export interface Watched extends AsyncDisposable {
  readonly port: number;
  /** What was understood of the connection under way. */
  readonly seen: Understood[];
  /** Whether no request is being read. */
  readonly isQuiet: boolean;
}

/** Sends `bytes` on a connection of its own and returns what `server` has understood of them. */
export async function understood(server: Watched, bytes: Uint8Array): Promise<Understood[]> {
  server.seen.length = 0;
  const connection = await Deno.connect({ hostname: "127.0.0.1", port: server.port });
  const ended = drain(connection);
  try {
    for (let sent = 0; sent < bytes.length;) {
      sent += await connection.write(bytes.subarray(sent));
    }
    // Whoever waits for more is told that there is none, after a moment for those who do not.
    const timer = setTimeout(() => connection.closeWrite().catch(() => {}), 100);
    await ended;
    clearTimeout(timer);
  } catch {
    // It was closed while we wrote: what it has understood is understood.
  }
  connection.close();
  await ended;
  await eventually("the server is quiet", () => server.isQuiet);
  return [...server.seen];
}

async function drain(connection: Deno.Conn): Promise<void> {
  const buffer = new Uint8Array(4096);
  try {
    while ((await connection.read(buffer)) !== null);
  } catch {
    // Reset: as good as closed.
  }
}

/** Our own listener. */
export function ours(): Watched {
  const seen: Understood[] = [];
  let busy = 0;
  const onExchange = async (exchange: IncomingExchange) => {
    busy++;
    const { method, target } = exchange;
    await note(seen, method, target, exchange.fields, () => readAll(exchange));
    await exchange.reply.send(200, [], null).catch(() => {});
    busy--;
  };
  const listener = listen({ hostname: "127.0.0.1", port: 0, onExchange, log: { warn() {} } });
  return {
    port: listener.port,
    seen,
    get isQuiet() {
      return busy === 0;
    },
    [Symbol.asyncDispose]: () => listener.abort(),
  };
}

/** `Deno.serve`. */
export function runtimes(): Watched {
  const seen: Understood[] = [];
  let busy = 0;
  const server = Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen() {}, onError: () => new Response(null) },
    async (request) => {
      busy++;
      const origin = `http://${request.headers.get("host") ?? ""}`;
      const target = request.url.startsWith(origin) ? request.url.slice(origin.length) : null;
      await note(seen, request.method, target, [...request.headers], () => request.bytes());
      busy--;
      return new Response(null);
    },
  );
  return {
    port: server.addr.port,
    seen,
    get isQuiet() {
      return busy === 0;
    },
    [Symbol.asyncDispose]: () => server.shutdown(),
  };
}

/** `node:http`. */
export async function nodes(): Promise<Watched> {
  const seen: Understood[] = [];
  let busy = 0;
  const server = http.createServer(async (request, response) => {
    busy++;
    const raw = request.rawHeaders;
    const fields = Array.from({ length: raw.length / 2 }, (_, i): [string, string] => [
      (raw[2 * i] ?? "").toLowerCase(),
      raw[2 * i + 1] ?? "",
    ]);
    await note(seen, request.method ?? "", request.url ?? null, fields, async () => {
      const chunks: Uint8Array[] = [];
      for await (const chunk of request) chunks.push(chunk);
      return new Uint8Array(await new Blob(chunks as BlobPart[]).arrayBuffer());
    });
    response.end();
    busy--;
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  return {
    port: typeof address === "object" && address !== null ? address.port : 0,
    seen,
    get isQuiet() {
      return busy === 0;
    },
    [Symbol.asyncDispose]: () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function joined(fields: Iterable<readonly [string, string]>): Map<string, string> {
  const map = new Map<string, string>();
  for (const [name, value] of fields) {
    const before = map.get(name);
    map.set(name, before === undefined ? value : `${before}, ${value}`);
  }
  return map;
}

/** In the order of arrival, also where a body takes its time. */
async function note(
  seen: Understood[],
  method: string,
  target: string | null,
  fields: Iterable<readonly [string, string]>,
  read: () => Promise<Uint8Array>,
): Promise<void> {
  const understood: Understood = { method, target, fields: joined(fields), body: null };
  seen.push(understood);
  try {
    understood.body = new TextDecoder("utf-8", { ignoreBOM: true }).decode(await read());
  } catch {
    // Broken off, or malformed.
  }
}
