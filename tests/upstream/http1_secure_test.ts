/** The way to an upstream by the operator's own authority, and with a certificate of the gate's own. */
import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { http1Upstream } from "../../src/upstream/http1_upstream.ts";
import type { UpstreamFiles } from "../../src/upstream/http1_secure.ts";
import { NginxProcess } from "../bench/nginx_process.ts";
import { both, program, testNeeding } from "../support/absent.ts";
import { Authority, type Identity, OPENSSL } from "../support/certificates.ts";
import { ChildProgram } from "../support/child_program.ts";
import { eventually, inTime } from "../support/eventually.ts";
import { joined } from "../support/http_reader.ts";
import { RecordingUpstream } from "../support/recording_upstream.ts";
import { asked, bytesOf, failure, textOf } from "./upstream_fixture.ts";
import { send } from "../../src/upstream/upstream.ts";

const CLIENT = fileURLToPath(new URL("tls_client.ts", import.meta.url));

const NOTHING: UpstreamFiles = { ca: null, cert: null, key: null };

/** A server that shows `identity` and answers with what it is sent. */
function secureServer({ cert, key }: Identity, hostname = "127.0.0.1") {
  return Deno.serve(
    { hostname, port: 0, cert, key, onListen: () => {} },
    async (request) => new Response(await request.bytes()),
  );
}

testNeeding(
  OPENSSL,
  "an upstream of the operator's own authority is spoken to, again and again",
  async (openssl) => {
    await using authority = await Authority.found(openssl);
    const server = secureServer(await authority.issue({ name: "upstream" }));
    for (const host of ["localhost", "127.0.0.1"]) {
      const tls = { ...NOTHING, ca: authority.pem };
      const upstream = http1Upstream({ url: `https://${host}:${server.addr.port}/`, tls });
      for (const size of [1, 5000, 70_000, 3_000_000]) {
        const body = new Uint8Array(size).map((_, at) => at * 7);
        const reply = await send(upstream, asked({ body, headTimeoutMs: 20_000 }));
        assert.deepEqual(await bytesOf(reply), body);
      }
      await upstream.close();
    }
    await server.shutdown();
  },
);

const REFUSED: readonly {
  readonly name: string;
  readonly names?: string;
  readonly isForeign?: boolean;
  readonly hostname?: string;
  readonly untilMs?: number;
}[] = [
  { name: "another authority of the same name vouches for", isForeign: true },
  { name: "has another name", names: "DNS:elsewhere.test" },
  { name: "has another address", names: "IP:127.0.0.9", hostname: "127.0.0.1" },
  { name: "has expired", untilMs: Date.now() - 60_000 },
];
for (const { name, names, isForeign, hostname = "localhost", untilMs } of REFUSED) {
  testNeeding(OPENSSL, `an upstream that ${name} is not spoken to`, async (openssl) => {
    await using authority = await Authority.found(openssl);
    await using other = await Authority.found(openssl);
    const identity = await (isForeign === true ? other : authority).issue({
      name: "upstream",
      ...(names === undefined ? {} : { names }),
      ...(untilMs === undefined ? {} : { untilMs }),
    });
    let reached = 0;
    const { cert, key } = identity;
    const options = { hostname: "127.0.0.1", port: 0, cert, key, onListen: () => {} };
    const server = Deno.serve(options, () => {
      reached++;
      return new Response();
    });
    const tls = { ...NOTHING, ca: authority.pem };
    const upstream = http1Upstream({ url: `https://${hostname}:${server.addr.port}/`, tls });
    await assert.rejects(
      send(upstream, asked({ body: new Uint8Array(9) })),
      failure("unreachable"),
    );
    assert.equal(reached, 0);
    await upstream.close();
    await server.shutdown();
  });
}

testNeeding(
  OPENSSL,
  "the operator's authority stands in place of those of the system",
  async (openssl) => {
    await using system = await Authority.found(openssl);
    await using own = await Authority.found(openssl);
    const trusted = secureServer(await system.issue({ name: "upstream" }));
    const url = `https://localhost:${trusted.addr.port}/`;
    await using client = await ChildProgram.start({
      command: Deno.execPath(),
      args: ["run", "--allow-all", "--quiet", CLIENT, url, `--ca=${own.path}`, url],
      env: { DENO_CERT: system.path },
    });
    await eventually("the client's end", () => client.ended, 30_000);
    const [withSystem, withOwn] = (await client.stdout()).trimEnd().split("\n");
    assert.doesNotMatch(withSystem ?? "", /Error/);
    assert.match(withOwn ?? "", /UpstreamError.*cannot be reached/);
    await trusted.shutdown();
  },
);

testNeeding(
  both(OPENSSL, program("nginx")),
  "an upstream that asks for a certificate gets the gate's, and nobody else's",
  async ([openssl, nginx]) => {
    await using authority = await Authority.found(openssl);
    await using foreign = await Authority.found(openssl);
    const server = await authority.issue({ name: "upstream" });
    const gate = await authority.issue({ name: "gate", use: "clientAuth" });
    const stranger = await foreign.issue({ name: "gate", use: "clientAuth" });
    await using behind = await RecordingUpstream.start();
    await using front = await NginxProcess.proxyTls(nginx, behind.port, {
      cert: server.certPath,
      key: server.keyPath,
      clientCa: authority.path,
    });
    const statuses: number[] = [];
    for (const shown of [gate, null, stranger]) {
      const { cert, key } = shown ?? NOTHING;
      const tls = { ca: authority.pem, cert, key };
      const upstream = http1Upstream({ url: `https://localhost:${front.port}/`, tls });
      const reply = await send(upstream, asked({ body: new Uint8Array(2) }));
      statuses.push(reply.status);
      await textOf(reply);
      await upstream.close();
    }
    assert.deepEqual(statuses, [200, 400, 400]);
    assert.equal(behind.connections, 1);
    behind.dropConnections();
  },
);

const MUTE = [
  { name: "says nothing", says: new Uint8Array() },
  { name: "speaks plain HTTP", says: new TextEncoder().encode("HTTP/1.1 200 OK\r\n\r\n") },
];
for (const { name, says } of MUTE) {
  testNeeding(
    OPENSSL,
    `an upstream that ${name} instead of a handshake keeps nobody waiting`,
    async (openssl) => {
      await using authority = await Authority.found(openssl);
      const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
      const url = `https://localhost:${listener.addr.port}/`;
      const tls = { ...NOTHING, ca: authority.pem };
      const upstream = http1Upstream({ url, tls, connectTimeoutMs: 300 });
      const refused = assert.rejects(
        inTime("the failure", send(upstream, asked())),
        failure("unreachable"),
      );
      const connection = await listener.accept();
      await connection.write(says);
      await refused;
      const sent: Uint8Array[] = [];
      const buffer = new Uint8Array(4096);
      for (let count; (count = await connection.read(buffer).catch(() => null)) !== null;) {
        sent.push(buffer.slice(0, count));
      }
      // A greeting of TLS, and no request.
      assert.equal(joined(sent)[0], 22);
      assert.ok(!new TextDecoder().decode(joined(sent)).includes("HTTP/1.1"));
      connection.close();
      listener.close();
      await upstream.close();
    },
  );
}

testNeeding(
  OPENSSL,
  "a stream over TLS comes as it is sent, and waits for who reads it",
  async (openssl) => {
    await using authority = await Authority.found(openssl);
    const { cert, key } = await authority.issue({ name: "upstream" });
    let written = 0;
    const piece = new Uint8Array(64 * 1024);
    const server = Deno.serve(
      { hostname: "127.0.0.1", port: 0, cert, key, onListen: () => {} },
      () =>
        new Response(
          new ReadableStream({
            pull(controller) {
              controller.enqueue(written++ === 0 ? new TextEncoder().encode("first") : piece);
            },
          }),
        ),
    );
    const tls = { ...NOTHING, ca: authority.pem };
    const upstream = http1Upstream({ url: `https://localhost:${server.addr.port}/`, tls });
    const reply = await send(upstream, asked());
    const first = await inTime("the first piece", reply.read());
    assert.equal(new TextDecoder().decode(first?.subarray(0, 5)), "first");
    let seen = -1;
    while (seen !== written) {
      seen = written;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    assert.ok(written < 400, `${written} pieces were taken`);
    reply.cancel();
    await upstream.close();
    await server.shutdown();
  },
);
