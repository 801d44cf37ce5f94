/** What our listener writes, byte by byte: in how many pieces, in which order, and what it leaves out. */
import assert from "node:assert/strict";
import type { IncomingExchange } from "../../src/gate/incoming.ts";
import { listen } from "../../src/server/listener.ts";
import { inTime } from "../support/eventually.ts";
import { Arrivals, readAll, withListener } from "./listener_fixture.ts";
import { rawSocket } from "./raw_socket.ts";

const HOST = "Host: a\r\n";

Deno.test("http1 says 100 when the gate first wants the body, and not before", async () => {
  const arrivals = new Arrivals();
  await withListener(listen, arrivals.onExchange, async ({ listener }) => {
    await using socket = await rawSocket(listener.port);
    await socket.send(
      `POST / HTTP/1.1\r\n${HOST}Content-Length: 2\r\nExpect: 100-continue\r\n\r\n`,
    );
    const exchange = await arrivals.next();
    assert.equal(socket.received, "");
    const read = exchange.body.read();
    await socket.until("HTTP/1.1 100 Continue\r\n\r\n");
    await socket.send("ab");
    assert.equal(new TextDecoder().decode((await read) ?? undefined), "ab");
    await exchange.reply.send(200, [], null);
    await socket.until("HTTP/1.1 200 OK\r\n");
    assert.equal(socket.received.match(/ 100 /g)?.length, 1);
    assert.doesNotMatch(socket.received, /connection: close/);
    arrivals.release();
  });
});

Deno.test("http1 says 100 to nobody who does not wait for it", async () => {
  const arrivals = new Arrivals();
  await withListener(listen, arrivals.onExchange, async ({ listener }) => {
    await using socket = await rawSocket(listener.port);
    await socket.send(`POST / HTTP/1.1\r\n${HOST}Content-Length: 2\r\n\r\n`);
    const exchange = await arrivals.next();
    const body = readAll(exchange);
    await socket.send("ab");
    assert.equal((await inTime("the body", body)).length, 2);
    await exchange.reply.send(204, [], null);
    await socket.until("\r\n\r\n");
    assert.match(socket.received, /^HTTP\/1\.1 204 /);
    arrivals.release();
  });
});

Deno.test("http1 sends a small answer, and a stream's head with its first event, in one piece", async () => {
  const onExchange = async ({ target, reply }: IncomingExchange) => {
    const bytes = new TextEncoder().encode("data: 1\n\n");
    if (target === "/whole") return await reply.send(200, [], bytes);
    const body = reply.start(200, []);
    await body.write(bytes);
    await body.end();
  };
  await withListener(listen, onExchange, async ({ listener }) => {
    for (const target of ["/whole", "/stream"]) {
      await using socket = await rawSocket(listener.port);
      await socket.send(`GET ${target} HTTP/1.1\r\n${HOST}\r\n`);
      await socket.until("data: 1\n\n");
      assert.match(socket.pieces[0] ?? "", /^HTTP\/1\.1 200 OK\r\n[^]*data: 1\n\n/);
    }
  });
});

Deno.test("http1 keeps large pieces in order while the client reads slowly", async () => {
  const pieces = Array.from({ length: 20 }, (_, i) => new Uint8Array(700_000).fill(97 + i));
  const onExchange = async ({ reply }: IncomingExchange) => {
    const body = reply.start(200, []);
    await Promise.all(pieces.map((piece) => body.write(piece)));
    await body.end();
  };
  await withListener(listen, onExchange, async ({ client }) => {
    const reply = await client.ask({ target: "/" });
    for (const piece of pieces) {
      for (let left = piece.length; left > 0;) {
        const some = await reply.read();
        if (some === null) throw new Error("The body ended early");
        assert.ok(some.length <= left && some.every((byte) => byte === piece[0]));
        left -= some.length;
      }
    }
    assert.equal(await reply.read(), null);
  });
});
