/** Our listener behind nginx, which speaks HTTP/1.0 to it or keeps connections by HTTP/1.1. */
import assert from "node:assert/strict";
import type { IncomingExchange } from "../../src/gate/incoming.ts";
import { listen } from "../../src/server/listener.ts";
import { NginxProcess } from "../bench/nginx_process.ts";
import { program, testNeeding } from "../support/absent.ts";
import { inTime } from "../support/eventually.ts";
import { RawClient, requestBytes } from "../support/raw_http.ts";
import { Arrivals, left, readAll, withListener } from "./listener_fixture.ts";

const encoder = new TextEncoder();

for (const version of ["1.0", "1.1"] as const) {
  /** Runs `test` with a client of an nginx that stands before a listener of ours. */
  const withFront = (
    name: string,
    onExchange: (exchange: IncomingExchange) => Promise<void>,
    test: (client: RawClient) => Promise<void>,
  ) =>
    testNeeding(
      program("nginx"),
      `http1 behind nginx by HTTP/${version} ${name}`,
      async (nginx) => {
        await withListener(listen, onExchange, async ({ listener, warnings }) => {
          await using front = await NginxProcess.proxy(nginx, listener.port, version);
          using client = await RawClient.connect(front.port);
          await test(client);
          assert.deepEqual(warnings, []);
        });
      },
    );

  withFront("answers one request after the other", async (exchange) => {
    await exchange.reply.send(200, [], await readAll(exchange));
  }, async (client) => {
    for (const size of [1, 134, 5000, 500_000, 2]) {
      const body = "x".repeat(size);
      const reply = await client.ask({ target: "/mcp", body });
      assert.deepEqual([reply.status, await reply.text()], [200, body]);
    }
  });

  withFront("reads a chunked body", async (exchange) => {
    await exchange.reply.send(200, [], await readAll(exchange));
  }, async (client) => {
    const fields = [["Transfer-Encoding", "chunked"]] as const;
    const reply = await client.ask({
      target: "/",
      fields,
      body: "3\r\nabc\r\n1\r\nd\r\n0\r\n\r\n",
    });
    assert.equal(await reply.text(), "abcd");
  });

  withFront("refuses without reading, again and again", async ({ reply }) => {
    await reply.send(401, [], encoder.encode("no"));
  }, async (client) => {
    for (const size of [10, 500_000, 10]) {
      const reply = await client.ask({ target: "/", body: "x".repeat(size) });
      assert.deepEqual([reply.status, await reply.text()], [401, "no"]);
    }
  });

  const streams = new Arrivals();
  withFront("streams events as they come", streams.onExchange, async (client) => {
    await client.send(requestBytes({ target: "/" }));
    const body = (await streams.next()).reply.start(200, [["x-accel-buffering", "no"]]);
    const reply = await inTime("the head", client.reply());
    for (const piece of ["data: 1\n\n", "data: 2\n\n"]) {
      await body.write(encoder.encode(piece));
      assert.equal(await inTime("the event", reply.readUntil(piece)), piece);
    }
    await body.end();
    assert.equal(await reply.read(), null);
    streams.release();
  });

  const leavers = new Arrivals();
  withFront("notices that the client has left", leavers.onExchange, async (client) => {
    await client.send(requestBytes({ target: "/", body: "abc" }));
    const exchange = await leavers.next();
    client.close();
    await inTime("the abort", left(exchange));
    leavers.release();
  });
}
