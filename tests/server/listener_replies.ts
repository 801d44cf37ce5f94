/** What every listener makes of an answer, whole or streamed. */
import assert from "node:assert/strict";
import type { IncomingExchange } from "../../src/gate/incoming.ts";
import { inTime } from "../support/eventually.ts";
import { requestBytes } from "../support/raw_http.ts";
import { Arrivals, connectTo, type Listen, withListener } from "./listener_fixture.ts";

/** Registers the tests of answers. */
export function describeReplies(name: string, listen: Listen): void {
  const encoder = new TextEncoder();
  const ask = { target: "/mcp", fields: [["Accept-Encoding", "gzip, br"]] } as const;

  Deno.test(`${name} adds nothing to an answer but its date and framing`, async () => {
    const body = encoder.encode(`"${"x".repeat(5000)}"`);
    const fields = [["content-type", "application/json"], ["x-a", "1"], ["x-b", "2"]] as const;
    const onExchange = (exchange: IncomingExchange) => exchange.reply.send(201, fields, body);
    await withListener(listen, onExchange, async ({ client }) => {
      const reply = await client.ask(ask);
      assert.equal(reply.status, 201);
      const added = new Set(["date", "content-length", "connection"]);
      const sent = reply.fields.map(([key, value]) => [key.toLowerCase(), value]);
      assert.deepEqual(sent.filter(([key = ""]) => !added.has(key)), fields);
      assert.deepEqual(await reply.bytes(), body);
    });
  });

  for (const status of [200, 202, 204, 401, 500]) {
    Deno.test(`${name} sends ${status} without a body and without a type`, async () => {
      const onExchange = (exchange: IncomingExchange) => exchange.reply.send(status, [], null);
      await withListener(listen, onExchange, async ({ client }) => {
        const reply = await client.ask(ask);
        assert.equal(reply.status, status);
        assert.equal(reply.field("content-type"), null);
        assert.equal(await reply.text(), "");
        assert.equal((await client.ask(ask)).status, status);
      });
    });
  }

  Deno.test(`${name} adds nothing to a stream but its date and framing`, async () => {
    const onExchange = async (exchange: IncomingExchange) => {
      const body = exchange.reply.start(200, [["content-type", "text/event-stream"]]);
      await body.write(encoder.encode("data: 1\n\n".repeat(500)));
      await body.end();
    };
    await withListener(listen, onExchange, async ({ client }) => {
      const reply = await client.ask(ask);
      const names = reply.fields.map(([key]) => key.toLowerCase());
      const added = new Set(["date", "transfer-encoding", "connection"]);
      assert.deepEqual(names.filter((key) => !added.has(key)), ["content-type"]);
      assert.equal((await reply.text()).length, 4500);
    });
  });

  Deno.test(`${name} sends a stream's head, and each piece, at once`, async () => {
    const arrivals = new Arrivals();
    await withListener(listen, arrivals.onExchange, async ({ client }) => {
      await client.send(requestBytes(ask));
      const exchange = await arrivals.next();
      const body = exchange.reply.start(200, []);
      const reply = await inTime("the head", client.reply());
      for (const piece of ["a", "bc", "def"]) {
        await body.write(encoder.encode(piece));
        assert.equal(await inTime(`"${piece}"`, reply.readUntil(piece)), piece);
      }
      await body.end();
      assert.equal(await inTime("the end", reply.read()), null);
      arrivals.release();
    });
  });

  Deno.test(`${name} sends pieces written at one go, empty ones too, in order`, async () => {
    const onExchange = async (exchange: IncomingExchange) => {
      const body = exchange.reply.start(200, []);
      const pieces = Array.from(
        { length: 200 },
        (_, i) => encoder.encode(i % 7 === 0 ? "" : `${i},`),
      );
      await Promise.all(pieces.map((piece) => body.write(piece)));
      await body.end();
    };
    const all = Array.from({ length: 200 }, (_, i) => i % 7 === 0 ? "" : `${i},`).join("");
    await withListener(listen, onExchange, async ({ client }) => {
      assert.equal(await (await client.ask(ask)).text(), all);
    });
  });

  Deno.test(`${name} ends a body with what is last of it, if there is anything`, async () => {
    for (
      const [pieces, last] of [[["a"], "bc"], [[], "abc"], [["abc"], ""], [["abc"]], [
        [],
        "",
      ]] as const
    ) {
      const onExchange = async (exchange: IncomingExchange) => {
        const body = exchange.reply.start(200, []);
        for (const piece of pieces) await body.write(encoder.encode(piece));
        await body.end(last === undefined ? undefined : encoder.encode(last));
      };
      await withListener(listen, onExchange, async ({ client }) => {
        const text = pieces.join("") + (last ?? "");
        assert.equal(await (await client.ask(ask)).text(), text);
      });
    }
  });

  Deno.test(`${name} holds write back while the client does not read`, async () => {
    const arrivals = new Arrivals();
    await withListener(listen, arrivals.onExchange, async ({ client }) => {
      await client.send(requestBytes(ask));
      const body = (await arrivals.next()).reply.start(200, []);
      const piece = new Uint8Array(64 * 1024).map((_, i) => i);
      const pieces = 1024;
      let written = 0;
      const writing = (async () => {
        for (; written < pieces; written++) await body.write(piece);
        await body.end();
      })();
      let seen = -1;
      while (seen !== written) {
        seen = written;
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
      assert.ok(written < pieces / 2, `${written} of ${pieces} pieces were taken`);
      const reply = await client.reply();
      let bytes = 0;
      for (let chunk; (chunk = await reply.read()) !== null; bytes += chunk.length) {
        chunk.forEach((byte, i) => byte === ((bytes + i) & 255) || assert.fail(`at ${bytes + i}`));
      }
      assert.equal(bytes, pieces * piece.length);
      await inTime("the last write", writing);
      arrivals.release();
    });
  });

  Deno.test(`${name} shows the client that a body was broken off`, async () => {
    const arrivals = new Arrivals();
    await withListener(listen, arrivals.onExchange, async ({ client }) => {
      await client.send(requestBytes(ask));
      const body = (await arrivals.next()).reply.start(200, []);
      await body.write(encoder.encode("abc"));
      const reply = await client.reply();
      await reply.readUntil("abc");
      body.abort();
      await assert.rejects(inTime("the end", reply.read()), /ended inside|reset|close_notify/i);
      await assert.rejects(body.write(encoder.encode("d")));
      arrivals.release();
    });
  });

  Deno.test(`${name} serves a hundred streams and calls between them`, async () => {
    const stop = Promise.withResolvers<void>();
    const onExchange = async (exchange: IncomingExchange) => {
      if (exchange.method !== "GET") return await exchange.reply.send(202, [], null);
      const body = exchange.reply.start(200, []);
      await body.write(encoder.encode("1"));
      await stop.promise;
      await body.write(encoder.encode("2"));
      await body.end();
    };
    await withListener(listen, onExchange, async ({ client, listener }) => {
      const replies = [];
      using stack = new DisposableStack();
      for (let i = 0; i < 100; i++) {
        const reader = stack.use(await connectTo(listener));
        const reply = await reader.ask(ask);
        await reply.readUntil("1");
        replies.push(reply);
      }
      const call = { method: "POST", target: "/", body: "{}" };
      for (let i = 0; i < 20; i++) assert.equal((await client.ask(call)).status, 202);
      stop.resolve();
      for (const reply of replies) assert.equal(await reply.text(), "2");
    });
  });

  const failing = [
    {
      name: "throws",
      onExchange: () => {
        throw new Error("first thing");
      },
      log: /first thing/,
    },
    { name: "rejects", onExchange: () => Promise.reject(new Error("bad")), log: /bad/ },
    { name: "rejects with a text", onExchange: () => Promise.reject("odd"), log: /odd/ },
    {
      name: "returns without answering",
      onExchange: () => Promise.resolve(),
      log: /without an answer/,
    },
    {
      name: "answers what HTTP cannot say",
      onExchange: (exchange: IncomingExchange) =>
        exchange.reply.send(200, [["a b", "c\r\nd"]], null),
      log: /Exchange failed/,
    },
  ];
  for (const { name: what, onExchange, log } of failing) {
    Deno.test(`${name} answers an empty 500, logs and goes on where onExchange ${what}`, async () => {
      await withListener(listen, onExchange, async ({ client, warnings }) => {
        for (let i = 0; i < 2; i++) {
          const reply = await client.ask(ask);
          assert.equal(reply.status, 500);
          assert.equal(reply.field("content-type"), null);
          assert.equal(await reply.text(), "");
        }
        assert.match(warnings[0] ?? "", log);
      });
    });
  }

  for (const [what, fails] of [["rejects", true], ["returns", false]] as const) {
    Deno.test(`${name} breaks a stream off that is open when onExchange ${what}`, async () => {
      const written = Promise.withResolvers<void>();
      const onExchange = async (exchange: IncomingExchange) => {
        const body = exchange.reply.start(200, []);
        await body.write(encoder.encode("abc"));
        await written.promise;
        if (fails) throw new Error("half way");
      };
      await withListener(listen, onExchange, async ({ client }) => {
        const reply = await client.ask(ask);
        await reply.readUntil("abc");
        written.resolve();
        await assert.rejects(inTime("the end", reply.read()), /ended inside|reset|close_notify/i);
      });
    });
  }

  Deno.test(`${name} refuses a second answer`, async () => {
    const refused: unknown[] = [];
    const onExchange = async (exchange: IncomingExchange) => {
      await exchange.reply.send(200, [], null);
      try {
        exchange.reply.start(200, []);
      } catch (error) {
        refused.push(error);
      }
    };
    await withListener(listen, onExchange, async ({ client }) => {
      assert.equal((await client.ask(ask)).status, 200);
      assert.equal((await client.ask(ask)).status, 200);
      assert.ok(refused[0] instanceof TypeError);
    });
  });
}
