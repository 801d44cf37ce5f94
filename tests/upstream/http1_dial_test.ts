/** How connections are made: which address of a name, and whose certificate. */
import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { dial, type Origin, originOf } from "../../src/upstream/http1_dial.ts";
import { http1Upstream } from "../../src/upstream/http1_upstream.ts";
import { eventually, inTime } from "../support/eventually.ts";
import { ChildProgram } from "../support/child_program.ts";
import { RecordingUpstream } from "../support/recording_upstream.ts";
import { asked, failure, textOf } from "./upstream_fixture.ts";
import { send } from "../../src/upstream/upstream.ts";

const TLS = fileURLToPath(new URL("../testdata/tls", import.meta.url));
const CLIENT = fileURLToPath(new URL("tls_client.ts", import.meta.url));

const ORIGINS: readonly { url: string; origin: Origin }[] = [
  { url: "http://example.test", origin: { isSecure: false, hostname: "example.test", port: 80 } },
  { url: "https://example.test", origin: { isSecure: true, hostname: "example.test", port: 443 } },
  { url: "https://u:p@[::1]:8443/x", origin: { isSecure: true, hostname: "::1", port: 8443 } },
  {
    url: "http://127.0.0.1:9000/mcp",
    origin: { isSecure: false, hostname: "127.0.0.1", port: 9000 },
  },
];
for (const { url, origin } of ORIGINS) {
  Deno.test(`originOf ${url}`, () => {
    assert.deepEqual(originOf(new URL(url)), origin);
  });
}

/** Where `dial` goes for a name with `addresses`, of which 127.0.0.1 alone is listened on. */
async function reached(addresses: readonly string[], signal: AbortSignal): Promise<string> {
  await using server = await RecordingUpstream.start();
  const origin = { isSecure: false, hostname: "example.test", port: server.port };
  const connection = await inTime(
    "a connection",
    dial(origin, signal, () => Promise.resolve(addresses)),
  );
  try {
    return ((connection as Deno.Conn).remoteAddr as Deno.NetAddr).hostname;
  } finally {
    connection.close();
  }
}

const NEVER = new AbortController().signal;

for (
  const addresses of [["127.0.0.1"], ["127.0.0.9", "127.0.0.1"], ["::1", "127.0.0.9", "127.0.0.1"]]
) {
  Deno.test(`dial takes the first of ${addresses.join(", ")} that answers`, async () => {
    assert.equal(await reached(addresses, NEVER), "127.0.0.1");
  });
}

Deno.test("dial tries the next address beside one that lets wait", async () => {
  // A listener whose queue is full and never emptied: further connections hang.
  const deaf = Deno.listen({ hostname: "127.0.0.2", port: 0, tcpBacklog: 1 });
  const { port } = deaf.addr;
  const waiting: Promise<Deno.TcpConn>[] = [];
  for (let i = 0; i < 8; i++) waiting.push(Deno.connect({ hostname: "127.0.0.2", port }));
  const listener = Deno.listen({ hostname: "127.0.0.1", port });
  const origin = { isSecure: false, hostname: "example.test", port };
  const addresses = ["127.0.0.2", "127.0.0.1"];
  const connection = await dial(origin, NEVER, () => Promise.resolve(addresses));
  assert.equal(((connection as Deno.Conn).remoteAddr as Deno.NetAddr).hostname, "127.0.0.1");
  (await listener.accept()).close();
  connection.close();
  listener.close();
  deaf.close();
  for (const made of await Promise.allSettled(waiting)) {
    if (made.status === "fulfilled") made.value.close();
  }
});

Deno.test("dial fails with the first failure where no address answers, or there is none", async () => {
  const origin = { isSecure: false, hostname: "example.test", port: 1 };
  const all = () => Promise.resolve(["127.0.0.9", "127.0.0.1"]);
  await assert.rejects(dial(origin, NEVER, all), Deno.errors.ConnectionRefused);
  await assert.rejects(dial(origin, NEVER, () => Promise.resolve([])), /no address/);
  await assert.rejects(dial(origin, NEVER, () => Promise.reject(new Error("who?"))), /who\?/);
});

Deno.test("dial gives up with the signal's reason, also while the name is asked for", async () => {
  const origin = { isSecure: false, hostname: "example.test", port: 1 };
  const abort = new AbortController();
  const dialling = dial(origin, abort.signal, () => new Promise(() => {}));
  abort.abort(new Error("enough"));
  await assert.rejects(dialling, /enough/);
  const all = () => Promise.resolve(["127.0.0.1"]);
  await assert.rejects(dial(origin, AbortSignal.abort(new Error("before")), all), /before/);
});

Deno.test("http1Upstream finds the addresses of a name by itself", async () => {
  await using server = await RecordingUpstream.start();
  const upstream = http1Upstream({ url: `http://localhost:${server.port}/` });
  await textOf(await send(upstream, asked()));
  assert.deepEqual((await server.request(0)).fields[0], ["host", `localhost:${server.port}`]);
  await upstream.close();
});

/** A server on `hostname` whose certificate names localhost and 127.0.0.1. */
async function secureServer(hostname: string): Promise<Deno.HttpServer<Deno.NetAddr>> {
  return Deno.serve({
    hostname,
    port: 0,
    cert: await Deno.readTextFile(`${TLS}/localhost.pem`),
    key: await Deno.readTextFile(`${TLS}/localhost.key.pem`),
    onListen: () => {},
  }, () => new Response("hello"));
}

Deno.test("http1Upstream does not speak to whom the runtime does not trust", async () => {
  const server = await secureServer("127.0.0.1");
  const upstream = http1Upstream({ url: `https://localhost:${server.addr.port}/` });
  await assert.rejects(send(upstream, asked()), (error: Error) => {
    assert.match(error.message, /certificate/);
    return failure("unreachable")(error);
  });
  await upstream.close();
  await server.shutdown();
});

Deno.test("http1Upstream speaks to whom the runtime trusts, by name or address, as that one only", async () => {
  const named = await secureServer("127.0.0.1");
  const other = await secureServer("127.0.0.2");
  const urls = [
    `https://localhost:${named.addr.port}/`,
    `https://127.0.0.1:${named.addr.port}/`,
    `https://127.0.0.2:${other.addr.port}/`,
  ];
  await using client = await ChildProgram.start({
    command: Deno.execPath(),
    args: ["run", "--allow-all", "--quiet", CLIENT, ...urls],
    env: { DENO_CERT: `${TLS}/ca.pem` },
  });
  await eventually("the client's end", () => client.ended, 30_000);
  const lines = (await client.stdout()).trimEnd().split("\n");
  assert.deepEqual(lines.slice(0, 2), ["hello hello", "hello hello"], await client.stderr());
  assert.match(lines[2] ?? "", /cannot be reached: .*certificate/);
  await named.shutdown();
  await other.shutdown();
});
