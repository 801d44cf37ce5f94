/** What our listener lets a client have before, instead of and around a handshake. */
import assert from "node:assert/strict";
import type { IncomingExchange } from "../../src/gate/incoming.ts";
import { LISTEN_LIMITS } from "../../src/server/listener.ts";
import type { ListenLimits, ListenOptions } from "../../src/server/listener.ts";
import { eventually, inTime } from "../support/eventually.ts";
import { RawClient, requestBytes } from "../support/raw_http.ts";
import { testNeeding } from "../support/absent.ts";
import { Authority, OPENSSL } from "../support/certificates.ts";
import { CA, FILES, listenTls, withListener } from "./listener_fixture.ts";
import { Tunnel } from "./tunnel.ts";

const answer = ({ reply }: IncomingExchange) => reply.send(200, [], null);
const never = () => Promise.reject(new Error("The gate was asked"));

function limited(limits: Partial<ListenLimits>, more: Partial<ListenOptions> = {}) {
  return (options: ListenOptions) =>
    listenTls({ ...options, ...more, limits: () => ({ ...LISTEN_LIMITS, ...limits }) });
}

/** The beginning of a ClientHello. */
const HELLO = Uint8Array.of(0x16, 0x03, 0x01, 0x02, 0x00, 0x01, 0x00, 0x01, 0xfc, 0x03, 0x03);

const BEGUN = [
  { name: "says nothing", bytes: new Uint8Array() },
  { name: "says one byte", bytes: HELLO.subarray(0, 1) },
  { name: "stops in the middle of its first message", bytes: HELLO },
];
for (const { name, bytes } of BEGUN) {
  Deno.test(`a client that ${name} is ended by the header deadline`, async () => {
    await withListener(
      limited({ headerDeadlineMs: 200 }),
      never,
      async ({ listener, warnings }) => {
        using client = await RawClient.connect(listener.port);
        const before = performance.now();
        await client.send(bytes);
        assert.equal(await inTime("the end", client.ended()), true);
        assert.ok(performance.now() - before >= 200);
        assert.deepEqual(warnings, []);
      },
    );
  });

  Deno.test(`a client that ${name} and leaves is counted no more`, async () => {
    const one = limited({ connectionsPerAddress: 2, headerDeadlineMs: 60_000 });
    await withListener(one, answer, async ({ listener }) => {
      for (let i = 0; i < 5; i++) {
        using leaving = await RawClient.connect(listener.port);
        await leaving.send(bytes);
      }
      await eventually("another is served", async () => {
        try {
          using late = await RawClient.connectTls(listener.port, CA);
          return (await late.ask({ target: "/" })).status === 200;
        } catch {
          return false;
        }
      });
    });
  });
}

Deno.test("a handshake that trickles is ended by the header deadline, too", async () => {
  await withListener(limited({ headerDeadlineMs: 300 }), never, async ({ listener }) => {
    using client = await RawClient.connect(listener.port);
    const trickling = (async () => {
      for (let at = 0;; at = (at + 1) % HELLO.length) {
        await client.send(HELLO.subarray(at, at + 1));
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
    })();
    await assert.rejects(inTime("the end", trickling), /reset|broken pipe/i);
  });
});

Deno.test("what the handshake took is taken off the time of the first head", async () => {
  // The handshake waits in the tunnel for most of the deadline; the head gets what is left.
  await withListener(limited({ headerDeadlineMs: 1500 }), never, async ({ listener }) => {
    await using tunnel = new Tunnel(listener.port, { delayMs: 1000 });
    using client = await RawClient.connectTls(tunnel.port, CA);
    const before = performance.now();
    await client.send("GET / HTTP/1.1\r\n");
    assert.equal((await inTime("the answer", client.reply())).status, 408);
    const waited = performance.now() - before;
    assert.ok(waited < 1400, `a whole deadline of its own: ${waited}`);
  });
});

for (const piece of [1, 2, 7, 100]) {
  Deno.test(`a handshake and a request in pieces of ${piece} are what they are`, async () => {
    const onExchange = async (exchange: IncomingExchange) => {
      const text = new TextDecoder().decode((await exchange.body.read()) ?? undefined);
      await exchange.reply.send(200, [], new TextEncoder().encode(`${exchange.target} ${text}`));
    };
    await withListener(listenTls, onExchange, async ({ listener }) => {
      await using tunnel = new Tunnel(listener.port, { piece });
      using client = await RawClient.connectTls(tunnel.port, CA);
      const reply = await inTime("the answer", client.ask({ target: "/x", body: "abc" }));
      assert.equal(await reply.text(), "/x abc");
    });
  });
}

Deno.test("plain HTTP is answered with nothing that could be taken for HTTP", async () => {
  await withListener(listenTls, never, async ({ client, listener, warnings }) => {
    for (
      const text of ["GET / HTTP/1.1\r\nHost: a\r\n\r\n", "\r\n\r\n", "PRI * HTTP/2.0\r\n\r\n"]
    ) {
      using socket = await RawClient.connect(listener.port);
      await socket.send(text);
      const bytes = await inTime("the end", socket.rest());
      // At most an alert of TLS: kind 21, two bytes long.
      assert.ok(bytes.length === 0 || (bytes[0] === 21 && bytes.length <= 14), String(bytes));
    }
    assert.deepEqual(warnings, []);
    client.close();
  });
});

Deno.test("a record that was altered on the way ends the connection before the gate is asked", async () => {
  let asked = 0;
  const onExchange = async (exchange: IncomingExchange) => {
    asked++;
    await exchange.reply.send(200, [], null);
  };
  await withListener(listenTls, onExchange, async ({ listener }) => {
    await using tunnel = new Tunnel(listener.port);
    using client = await RawClient.connectTls(tunnel.port, CA);
    assert.equal((await client.ask({ target: "/" })).status, 200);
    tunnel.alter();
    await client.send(requestBytes({ target: "/" }));
    await assert.rejects(inTime("the end", client.reply()));
    assert.equal(asked, 1);
  });
});

Deno.test("HTTP/1.1 is the only protocol that is agreed on", async () => {
  await withListener(listenTls, answer, async ({ listener }) => {
    const offers = [[["http/1.1"], "http/1.1"], [["h2", "http/1.1"], "http/1.1"], [
      [],
      null,
    ]] as const;
    for (const [offer, agreed] of offers) {
      assert.equal(await agreedOn(listener.port, [...offer]), agreed);
    }
    await assert.rejects(agreedOn(listener.port, ["h2"]), Deno.errors.UnexpectedEof);
  });
});

async function agreedOn(port: number, alpnProtocols: string[]): Promise<string | null> {
  const options = { hostname: "localhost", port, caCerts: [CA], alpnProtocols };
  using connection = await Deno.connectTls(options);
  return (await connection.handshake()).alpnProtocol;
}

const OLD = [
  { name: "TLS 1.1", flag: "-tls1_1", succeeds: false },
  { name: "TLS 1.2", flag: "-tls1_2", succeeds: true },
  { name: "TLS 1.3", flag: "-tls1_3", succeeds: true },
];
for (const { name, flag, succeeds } of OLD) {
  testNeeding(
    OPENSSL,
    `a client of ${name} is ${succeeds ? "served" : "refused"}`,
    async (openssl) => {
      await withListener(listenTls, answer, async ({ listener }) => {
        const { stdout } = await talk(openssl, listener.port, [flag], HEAD);
        assert.equal(stdout.includes("HTTP/1.1 200 OK"), succeeds, stdout);
      });
    },
  );
}

testNeeding(OPENSSL, "a client that wants to renegotiate is not served", async (openssl) => {
  await withListener(listenTls, never, async ({ listener }) => {
    // A line that begins with R asks s_client for it.
    const { stderr } = await talk(openssl, listener.port, ["-tls1_2"], "R\n");
    assert.match(stderr, /no.renegotiation|alert|handshake failure|closed/i);
  });
});

const HEAD = "GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n";

/** What `openssl s_client` says when it sends `text` and waits for the end. */
async function talk(openssl: string, port: number, flags: readonly string[], text: string) {
  const folder = await Deno.makeTempDir();
  try {
    await Deno.writeTextFile(`${folder}/ca.pem`, CA);
    const child = new Deno.Command(openssl, {
      args: ["s_client", "-connect", `127.0.0.1:${port}`, "-CAfile", "ca.pem", ...flags],
      cwd: folder,
      stdin: "piped",
      stdout: "piped",
      stderr: "piped",
    }).spawn();
    const writer = child.stdin.getWriter();
    await writer.write(new TextEncoder().encode(text)).catch(() => {});
    const output = child.output();
    const { stdout, stderr } = await inTime("the end of s_client", output, 8000);
    await writer.close().catch(() => {});
    return { stdout: new TextDecoder().decode(stdout), stderr: new TextDecoder().decode(stderr) };
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

Deno.test("a connection that is closed in peace says so, one that is cut does not", async () => {
  const onExchange = async ({ reply, target }: IncomingExchange) => {
    const body = reply.start(200, []);
    await body.write(new TextEncoder().encode("abc"));
    if (target === "/cut") body.abort();
    else await body.end();
  };
  await withListener(limited({}, { idleMs: 100 }), onExchange, async ({ listener }) => {
    using idle = await RawClient.connectTls(listener.port, CA);
    assert.deepEqual(await inTime("the end of an idle one", idle.rest()), new Uint8Array());
    // A reply to HTTP/1.0 ends with its connection: without the word it could be half of it.
    using whole = await RawClient.connectTls(listener.port, CA);
    await whole.send("GET /whole HTTP/1.0\r\nHost: a\r\n\r\n");
    assert.equal(await (await whole.reply()).text(), "abc");
    using cut = await RawClient.connectTls(listener.port, CA);
    await cut.send("GET /cut HTTP/1.0\r\nHost: a\r\n\r\n");
    await assert.rejects(inTime("the end", cut.rest()), /close_notify/);
  });
});

testNeeding(
  OPENSSL,
  "renewed files are shown to new connections, and open ones live on",
  async (openssl) => {
    await using authority = await Authority.found(openssl);
    const renewed = await authority.issue({ name: "renewed" });
    let files = FILES;
    const renewing = (options: ListenOptions) => listenTls({ ...options, tls: () => files });
    await withListener(renewing, answer, async ({ client, listener }) => {
      assert.equal((await client.ask({ target: "/" })).status, 200);
      files = { ...FILES, cert: renewed.cert, key: renewed.key };
      using newer = await RawClient.connectTls(listener.port, authority.pem);
      assert.equal((await newer.ask({ target: "/" })).status, 200);
      await assert.rejects(RawClient.connectTls(listener.port, CA), /certificate/);
      assert.equal((await client.ask({ target: "/" })).status, 200);
    });
  },
);
