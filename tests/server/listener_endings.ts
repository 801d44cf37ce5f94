/** How every listener tells that a client has left, and how it stops. */
import assert from "node:assert/strict";
import type { IncomingExchange } from "../../src/gate/incoming.ts";
import { inTime } from "../support/eventually.ts";
import { RawClient, requestBytes } from "../support/raw_http.ts";
import {
  Arrivals,
  connectTo,
  left,
  type Listen,
  readAll,
  withListener,
} from "./listener_fixture.ts";

/** Registers the tests of leaving clients and of stopping. */
export function describeEndings(name: string, listen: Listen): void {
  const bytes = new TextEncoder().encode("abc");
  const post = requestBytes({ target: "/mcp", body: "{}" });

  const stages: {
    readonly name: string;
    readonly send?: string;
    reach(exchange: IncomingExchange, client: RawClient): Promise<unknown>;
  }[] = [
    { name: "before the body is read", reach: () => Promise.resolve() },
    {
      name: "within the body",
      send: "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n",
      reach: async (exchange) => {
        await exchange.body.read();
        exchange.body.read().catch(() => {});
      },
    },
    { name: "while the answer is awaited", reach: readAll },
    {
      name: "when only the head has been sent",
      reach: async (exchange, client) => {
        await readAll(exchange);
        exchange.reply.start(200, []);
        await client.reply();
      },
    },
    {
      name: "within a streamed answer",
      reach: async (exchange, client) => {
        await readAll(exchange);
        await exchange.reply.start(200, []).write(bytes);
        await (await client.reply()).readUntil("abc");
      },
    },
  ];
  for (const stage of stages) {
    Deno.test(`${name} tells when the client leaves ${stage.name}`, async () => {
      const arrivals = new Arrivals();
      await withListener(listen, arrivals.onExchange, async ({ client, warnings }) => {
        await client.send(stage.send ?? post);
        const exchange = await arrivals.next();
        await inTime(stage.name, stage.reach(exchange, client));
        assert.equal(exchange.isGone, false);
        client.close();
        await inTime("the abort", left(exchange));
        arrivals.release();
        assert.deepEqual(warnings, []);
      });
    });
  }

  Deno.test(`${name} rejects what is written to a client that has left`, async () => {
    const arrivals = new Arrivals();
    await withListener(listen, arrivals.onExchange, async ({ client }) => {
      await client.send(post);
      const exchange = await arrivals.next();
      const body = exchange.reply.start(200, []);
      client.close();
      await inTime("the abort", left(exchange));
      await assert.rejects(body.write(bytes));
      await assert.rejects(body.end());
      arrivals.release();
    });
  });

  Deno.test(`${name} rejects a write that waits when the client leaves`, async () => {
    const arrivals = new Arrivals();
    await withListener(listen, arrivals.onExchange, async ({ client }) => {
      await client.send(post);
      const body = (await arrivals.next()).reply.start(200, []);
      const writing = (async () => {
        for (;;) await body.write(new Uint8Array(256 * 1024));
      })();
      const rejected = assert.rejects(writing);
      await client.reply();
      client.close();
      await inTime("the failure", rejected);
      arrivals.release();
    });
  });

  Deno.test(`${name} rejects an answer to a client that has left`, async () => {
    const arrivals = new Arrivals();
    await withListener(listen, arrivals.onExchange, async ({ client }) => {
      await client.send(post);
      const exchange = await arrivals.next();
      client.close();
      await inTime("the abort", left(exchange));
      await assert.rejects(exchange.reply.send(200, [], bytes));
      arrivals.release();
    });
  });

  Deno.test(`${name} rejects what is streamed to a client that had left before`, async () => {
    const arrivals = new Arrivals();
    await withListener(listen, arrivals.onExchange, async ({ client }) => {
      await client.send(post);
      const exchange = await arrivals.next();
      client.close();
      await inTime("the abort", left(exchange));
      await assert.rejects(exchange.reply.start(200, []).write(bytes));
      arrivals.release();
    });
  });

  for (const how of ["whole", "streamed"] as const) {
    Deno.test(`${name} tells of no client that leaves after an answer that is ${how}`, async () => {
      const arrivals = new Arrivals();
      await withListener(listen, arrivals.onExchange, async ({ client }) => {
        await client.send(post);
        const exchange = await arrivals.next();
        if (how === "whole") await exchange.reply.send(200, [], bytes);
        else {
          const body = exchange.reply.start(200, []);
          await body.write(bytes);
          await body.end();
        }
        assert.equal(await (await client.reply()).text(), "abc");
        await client.send(post);
        const next = await arrivals.next();
        client.close();
        // The next exchange's abort is later than any that the close could bring upon the first.
        await inTime("the abort", left(next));
        assert.equal(exchange.isGone, false);
        arrivals.release();
      });
    });
  }

  Deno.test(`${name} stop lets running exchanges finish and accepts no others`, async () => {
    const arrivals = new Arrivals();
    await withListener(listen, arrivals.onExchange, async ({ client, listener }) => {
      using idle = await connectTo(listener);
      await client.send(post);
      const exchange = await arrivals.next();
      const body = exchange.reply.start(200, []);
      await body.write(bytes);
      const reply = await client.reply();
      const stopped = listener.stop();
      await assert.rejects(connectTo(listener));
      await body.write(bytes);
      await body.end();
      arrivals.release();
      assert.equal(await reply.text(), "abcabc");
      await inTime("the stop", stopped);
      assert.equal(await inTime("the idle connection's end", idle.ended()), true);
    });
  });

  Deno.test(`${name} stop does not wait for connections that are kept alive`, async () => {
    const onExchange = (exchange: IncomingExchange) => exchange.reply.send(200, [], null);
    await withListener(listen, onExchange, async ({ client, listener }) => {
      assert.equal((await client.ask({ target: "/" })).status, 200);
      await inTime("the stop", listener.stop());
    });
  });

  Deno.test(`${name} abort breaks off what is running and tells that its clients are gone`, async () => {
    const arrivals = new Arrivals();
    await withListener(listen, arrivals.onExchange, async ({ client, listener }) => {
      using waiting = await connectTo(listener);
      await waiting.send(post);
      const first = await arrivals.next();
      await client.send(post);
      const second = await arrivals.next();
      await second.reply.start(200, []).write(bytes);
      const reply = await client.reply();
      await reply.readUntil("abc");
      await inTime("the end of the listener", listener.abort());
      await inTime("an abort", left(first));
      await inTime("an abort", left(second));
      await assert.rejects(reply.read(), /ended inside|reset|close_notify/i);
      arrivals.release();
    });
  });

  Deno.test(`${name} abort cuts a stop short that waits`, async () => {
    const arrivals = new Arrivals();
    await withListener(listen, arrivals.onExchange, async ({ client, listener }) => {
      await client.send(post);
      const exchange = await arrivals.next();
      const stopped = listener.stop();
      await inTime("the end of the listener", listener.abort());
      await inTime("the stop", stopped);
      await inTime("the abort", left(exchange));
      arrivals.release();
    });
  });

  Deno.test(`${name} throws where the port is taken`, async () => {
    const onExchange = (exchange: IncomingExchange) => exchange.reply.send(200, [], null);
    await withListener(listen, onExchange, ({ listener }) => {
      const { port } = listener;
      const again = () => listen({ hostname: "127.0.0.1", port, onExchange, log: { warn() {} } });
      assert.throws(again, Deno.errors.AddrInUse);
      return Promise.resolve();
    });
  });
}
