/** Clients that are slow, silent or many, and what our listener lets them have. */
import assert from "node:assert/strict";
import type { IncomingExchange } from "../../src/gate/incoming.ts";
import { LISTEN_LIMITS } from "../../src/server/listener.ts";
import type { ListenLimits, ListenOptions } from "../../src/server/listener.ts";
import { eventually, inTime } from "../support/eventually.ts";
import { RawClient, requestBytes } from "../support/raw_http.ts";
import { Arrivals, CARRIERS, connectTo, withListener } from "./listener_fixture.ts";

const answer = ({ reply }: IncomingExchange) => reply.send(200, [], null);

Deno.test("http1 gives a head ten seconds by default", () => {
  assert.equal(LISTEN_LIMITS.headerDeadlineMs, 10_000);
});

for (const { over, listen } of CARRIERS) {
  /** A function that listens with these limits, the others as they are. */
  const limited =
    (limits: Partial<ListenLimits>, more: Partial<ListenOptions> = {}) =>
    (options: ListenOptions) =>
      listen({ ...options, ...more, limits: () => ({ ...LISTEN_LIMITS, ...limits }) });

  Deno.test(`${over} answers 408 to a head that does not end, and closes`, async () => {
    await withListener(limited({ headerDeadlineMs: 300 }), answer, async ({ client }) => {
      const before = performance.now();
      await client.send("POST / HTTP/1.1\r\nHost: a\r\n");
      const reply = await inTime("the answer", client.reply());
      assert.ok(performance.now() - before >= 300);
      assert.deepEqual([reply.status, reply.field("connection")], [408, "close"]);
      assert.equal(await inTime("the end", client.ended()), true);
    });
  });

  Deno.test(`${over} counts a head's time from its first byte, however they trickle`, async () => {
    await withListener(limited({ headerDeadlineMs: 300 }), answer, async ({ client }) => {
      await client.send("GET / HTTP/1.1\r\nHost: a\r\n");
      const trickling = (async () => {
        for (;;) {
          await client.send("X: y\r\n");
          await new Promise((resolve) => setTimeout(resolve, 20));
        }
      })().catch(() => {});
      assert.equal((await inTime("the answer", client.reply())).status, 408);
      client.close();
      await trickling;
    });
  });

  Deno.test(`${over} gives the head of a later request the same time`, async () => {
    await withListener(limited({ headerDeadlineMs: 300 }), answer, async ({ client }) => {
      assert.equal((await client.ask({ target: "/" })).status, 200);
      await client.send("G");
      assert.equal((await inTime("the answer", client.reply())).status, 408);
    });
  });

  Deno.test(`${over} closes connections that stay idle, new and used ones, without a word`, async () => {
    await withListener(limited({}, { idleMs: 100 }), answer, async ({ client, listener }) => {
      using silent = await connectTo(listener);
      assert.equal((await client.ask({ target: "/" })).status, 200);
      assert.equal(await inTime("the end of the used one", client.ended()), true);
      assert.equal(await inTime("the end of the new one", silent.ended()), true);
    });
  });

  Deno.test(`${over} holds no time of its own against an exchange that is under way`, async () => {
    const arrivals = new Arrivals();
    const impatient = limited({ headerDeadlineMs: 50 }, { idleMs: 50 });
    await withListener(impatient, arrivals.onExchange, async ({ client, listener }) => {
      await client.send(requestBytes({ target: "/", body: "abc" }));
      const exchange = await arrivals.next();
      using idle = await connectTo(listener);
      assert.equal(await inTime("the end of an idle one", idle.ended()), true);
      assert.equal(exchange.isGone, false);
      await exchange.reply.send(200, [], null);
      assert.equal((await client.reply()).status, 200);
      arrivals.release();
    });
  });

  Deno.test(`${over} gives up on a refused client that neither reads nor leaves`, async () => {
    await withListener(listen, answer, async ({ client, listener }) => {
      await client.send("nonsense\r\n\r\n");
      assert.equal((await client.reply()).status, 400);
      // The client keeps its side open; the listener closes its own none the less.
      await inTime("the stop", listener.stop(), 8000);
    });
  });

  const caps: { readonly name: string; readonly limits: Partial<ListenLimits> }[] = [
    { name: "of one address", limits: { connectionsPerAddress: 4 } },
    { name: "in all", limits: { connections: 4 } },
  ];
  for (const { name, limits } of caps) {
    Deno.test(`${over} closes connections ${name} beyond their limit, and takes others when some end`, async () => {
      await withListener(limited(limits), answer, async ({ client, listener, warnings }) => {
        const others: RawClient[] = [];
        try {
          for (let i = 0; i < 3; i++) {
            const other = await connectTo(listener);
            others.push(other);
            assert.equal((await other.ask({ target: "/" })).status, 200);
          }
          for (let i = 0; i < 5; i++) {
            // Before any handshake.
            using surplus = await RawClient.connect(listener.port);
            assert.equal(await inTime("the end", surplus.ended()), true);
          }
          assert.equal((await client.ask({ target: "/" })).status, 200);
          assert.deepEqual(listener.connections, { open: 4, accepted: 4, refused: 5 });
          assert.equal(warnings.length, 1);
          assert.match(warnings[0] ?? "", /too many.*127\.0\.0\.1/);
          others.pop()?.close();
          await eventually("another is served", async () => {
            try {
              using late = await connectTo(listener);
              return (await late.ask({ target: "/" })).status === 200;
            } catch {
              return false;
            }
          });
        } finally {
          for (const other of others) other.close();
        }
      });
    });
  }

  Deno.test(`${over} counts the connections of a proxy in the total only`, async () => {
    const isProxy = (address: string) => address === "127.0.0.1";
    const few = limited({ connectionsPerAddress: 1 }, { isProxy });
    await withListener(few, answer, async ({ client, listener }) => {
      using other = await connectTo(listener);
      assert.equal((await client.ask({ target: "/" })).status, 200);
      assert.equal((await other.ask({ target: "/" })).status, 200);
    });
  });

  Deno.test(`${over} asks for its limits anew, so that a reload changes them`, async () => {
    let connectionsPerAddress = 1;
    const changing = (options: ListenOptions) =>
      listen({ ...options, limits: () => ({ ...LISTEN_LIMITS, connectionsPerAddress }) });
    await withListener(changing, answer, async ({ client, listener }) => {
      assert.equal((await client.ask({ target: "/" })).status, 200);
      using second = await RawClient.connect(listener.port);
      assert.equal(await inTime("the end", second.ended()), true);
      connectionsPerAddress = 2;
      using third = await connectTo(listener);
      assert.equal((await third.ask({ target: "/" })).status, 200);
    });
  });

  Deno.test(`${over} counts a connection no more when its client has left in the middle`, async () => {
    const arrivals = new Arrivals();
    const one = limited({ connectionsPerAddress: 2 });
    await withListener(one, arrivals.onExchange, async ({ client, listener }) => {
      for (let i = 0; i < 20; i++) {
        using leaving = await connectTo(listener);
        await leaving.send(requestBytes({ target: "/", body: "abc" }));
        const exchange = await inTime("the exchange", arrivals.next());
        leaving.close();
        await eventually("the abort", () => exchange.isGone);
      }
      await client.send(requestBytes({ target: "/" }));
      await (await inTime("the exchange", arrivals.next())).reply.send(200, [], null);
      assert.equal((await client.reply()).status, 200);
      arrivals.release();
    });
  });
}
