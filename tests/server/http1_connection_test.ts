/** What our listener makes of a connection beyond single requests: refusals, words to wait for, ends. */
import assert from "node:assert/strict";
import type { IncomingExchange } from "../../src/gate/incoming.ts";
import { inTime } from "../support/eventually.ts";
import { requestBytes } from "../support/raw_http.ts";
import { Arrivals, CARRIERS, left, readAll, withListener } from "./listener_fixture.ts";

const HOST = "Host: a\r\n";

/** Answers with what was asked, the body read. */
const echo = async (exchange: IncomingExchange) => {
  const body = new TextDecoder().decode(await readAll(exchange));
  const text = `${exchange.method} ${exchange.target} ${body}`;
  await exchange.reply.send(200, [], new TextEncoder().encode(text));
};

/** Answers 401 and reads nothing. */
const refuse = (exchange: IncomingExchange) => exchange.reply.send(401, [], null);

const never = () => Promise.reject(new Error("The gate was asked"));

const refused: { readonly name: string; readonly text: string; readonly status: number }[] = [
  { name: "a malformed head", text: `GET / HTTP/1.1\r\n${HOST}X : a\r\n\r\n`, status: 400 },
  {
    name: "two lengths",
    text: `POST / HTTP/1.1\r\n${HOST}Content-Length: 1\r\nContent-Length: 1\r\n\r\na`,
    status: 400,
  },
  {
    name: "an unknown coding",
    text: `POST / HTTP/1.1\r\n${HOST}Transfer-Encoding: br\r\n\r\n`,
    status: 501,
  },
  { name: "HTTP/2 without a word before", text: "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", status: 505 },
  {
    name: "a head that is too large",
    text: `GET / HTTP/1.1\r\n${HOST}X: ${"a".repeat(17_000)}\r\n\r\n`,
    status: 431,
  },
  { name: "another expectation", text: `POST / HTTP/1.1\r\n${HOST}Expect: x\r\n\r\n`, status: 417 },
  { name: "TLS", text: "\x16\x03\x01\x02\x00\x01\x00", status: 400 },
];
for (const { over, listen } of CARRIERS) {
  for (const { name, text, status } of refused) {
    Deno.test(`${over} answers ${name} with ${status}, closes and never asks the gate`, async () => {
      await withListener(listen, never, async ({ client, warnings }) => {
        await client.send(text + `GET /next HTTP/1.1\r\n${HOST}\r\n`);
        const reply = await client.reply();
        assert.equal(reply.status, status);
        assert.equal(reply.field("connection"), "close");
        assert.equal(await reply.text(), "");
        assert.equal(await inTime("the end", client.ended()), true);
        assert.deepEqual(warnings, []);
      });
    });
  }

  Deno.test(`${over} lets a client that is refused read why, whatever it goes on sending`, async () => {
    await withListener(listen, never, async ({ client }) => {
      const flood = new TextEncoder().encode(`GET / HTTP/1.1\r\n\r\n${"x".repeat(60_000)}`);
      await client.send(flood);
      assert.equal((await client.reply()).status, 400);
      assert.equal(await inTime("the end", client.ended()), true);
    });
  });

  Deno.test(`${over} cuts off a client that is refused and sends without end`, async () => {
    await withListener(listen, never, async ({ client }) => {
      const piece = new Uint8Array(256 * 1024).fill(0x20);
      const flooding = (async () => {
        for (;;) await client.send(piece);
      })();
      await assert.rejects(inTime("the end", flooding), /reset|broken pipe/i);
    });
  });

  const pipelined = [
    {
      name: "GETs",
      text: `GET /1 HTTP/1.1\r\n${HOST}\r\nGET /2 HTTP/1.1\r\n${HOST}\r\n`,
      replies: ["GET /1 ", "GET /2 "],
    },
    {
      name: "bodies of both kinds",
      text: `POST /1 HTTP/1.1\r\n${HOST}Content-Length: 2\r\n\r\nab` +
        `POST /2 HTTP/1.1\r\n${HOST}Transfer-Encoding: chunked\r\n\r\n1\r\nc\r\n2\r\nde\r\n0\r\n\r\n` +
        `GET /3 HTTP/1.1\r\n${HOST}\r\n`,
      replies: ["POST /1 ab", "POST /2 cde", "GET /3 "],
    },
  ];
  for (const { name, text, replies } of pipelined) {
    Deno.test(`${over} serves pipelined ${name} in order, wherever they are split`, async () => {
      await withListener(listen, echo, async ({ client }) => {
        for (let cut = 1; cut < text.length; cut++) {
          await client.send(text, [cut]);
          for (const expected of replies) {
            assert.equal(await (await client.reply()).text(), expected);
          }
        }
      });
    });
  }

  Deno.test(`${over} serves more pipelined requests than its buffer holds`, async () => {
    await withListener(listen, echo, async ({ client }) => {
      const requests = Array.from({ length: 500 }, (_, i) => `GET /${i} HTTP/1.1\r\n${HOST}\r\n`);
      const sent = client.send(requests.join(""));
      for (let i = 0; i < 500; i++) assert.equal(await (await client.reply()).text(), `GET /${i} `);
      await sent;
    });
  });

  Deno.test(`${over} keeps what was judged apart from what the client sends next`, async () => {
    const arrivals = new Arrivals();
    await withListener(listen, arrivals.onExchange, async ({ client }) => {
      await client.send(requestBytes({ target: "/1", body: "judged" }));
      const first = await arrivals.next();
      const body = await first.body.read();
      await first.reply.send(200, [], null);
      for (let i = 0; i < 40; i++) {
        await client.send(requestBytes({ target: "/2", body: "x".repeat(500) }));
        const next = await arrivals.next();
        await readAll(next);
        await next.reply.send(200, [], null);
      }
      assert.equal(new TextDecoder().decode(body ?? undefined), "judged");
      arrivals.release();
    });
  });

  const unread = [
    {
      name: "of which nothing has come",
      rest: "",
      closes: true,
      field: "Expect: 100-continue\r\n",
    },
    { name: "of which a part has come", rest: "ab", closes: true, field: "" },
    { name: "that has come in whole", rest: "abcdef", closes: false, field: "" },
  ];
  for (const { name, rest, closes, field } of unread) {
    Deno.test(`${over} ${closes ? "closes" : "goes on"} after a refusal before a body ${name}`, async () => {
      await withListener(listen, refuse, async ({ client }) => {
        await client.send(`POST / HTTP/1.1\r\n${HOST}${field}Content-Length: 6\r\n\r\n${rest}`);
        const reply = await client.reply();
        assert.equal(reply.status, 401);
        assert.equal(reply.field("connection"), closes ? "close" : null);
        if (closes) assert.equal(await inTime("the end", client.ended()), true);
        else assert.equal((await client.ask({ target: "/" })).status, 401);
      });
    });
  }

  Deno.test(`${over} answers a malformed body with what the gate says, and closes`, async () => {
    const onExchange = async (exchange: IncomingExchange) => {
      await assert.rejects(readAll(exchange), /malformed/);
      await exchange.reply.send(400, [], null);
    };
    await withListener(listen, onExchange, async ({ client, warnings }) => {
      await client.send(
        `POST / HTTP/1.1\r\n${HOST}Transfer-Encoding: chunked\r\n\r\nx\r\nGET /smuggled HTTP/1.1\r\n${HOST}\r\n`,
      );
      const reply = await client.reply();
      assert.deepEqual([reply.status, reply.field("connection")], [400, "close"]);
      assert.equal(await inTime("the end", client.ended()), true);
      assert.deepEqual(warnings, []);
    });
  });

  Deno.test(`${over} takes half-closing for leaving`, async () => {
    const arrivals = new Arrivals();
    await withListener(listen, arrivals.onExchange, async ({ client }) => {
      await client.send(requestBytes({ target: "/" }));
      const exchange = await arrivals.next();
      await client.closeWrite();
      await inTime("the abort", left(exchange));
      arrivals.release();
    });
  });

  Deno.test(`${over} notices a client that leaves behind pipelined requests`, async () => {
    const arrivals = new Arrivals();
    await withListener(listen, arrivals.onExchange, async ({ client }) => {
      await client.send(requestBytes({ target: "/1" }));
      await client.send(requestBytes({ target: "/2" }));
      const exchange = await arrivals.next();
      client.close();
      await inTime("the abort", left(exchange));
      arrivals.release();
    });
  });

  const olds = [
    { name: "a whole answer", whole: true },
    { name: "a streamed one", whole: false },
  ];
  for (const { name, whole } of olds) {
    Deno.test(`${over} ends ${name} to HTTP/1.0 by closing`, async () => {
      const onExchange = async ({ reply }: IncomingExchange) => {
        const bytes = new TextEncoder().encode("abc");
        if (whole) return await reply.send(200, [], bytes);
        const body = reply.start(200, []);
        await body.write(bytes);
        await body.end();
      };
      await withListener(listen, onExchange, async ({ client }) => {
        await client.send(`GET / HTTP/1.0\r\n${HOST}Connection: keep-alive\r\n\r\n`);
        const reply = await client.reply();
        assert.equal(reply.field("transfer-encoding"), null);
        assert.equal(reply.field("connection"), "close");
        assert.equal(reply.field("content-length"), whole ? "3" : null);
        assert.equal(await reply.text(), "abc");
        assert.equal(await inTime("the end", client.ended()), true);
      });
    });
  }

  Deno.test(`${over} sends no body to HEAD, and tells its length`, async () => {
    await withListener(listen, echo, async ({ client }) => {
      const reply = await client.ask({ method: "HEAD", target: "/x" });
      assert.equal(reply.field("content-length"), "8");
      assert.equal(await reply.text(), "");
      assert.equal(await (await client.ask({ target: "/y" })).text(), "GET /y ");
    });
  });

  Deno.test(`${over} closes after an answer where the client wants that`, async () => {
    await withListener(listen, echo, async ({ client }) => {
      const reply = await client.ask({ target: "/", fields: [["Connection", "close"]] });
      assert.equal(reply.field("connection"), "close");
      assert.equal(await reply.text(), "GET / ");
      assert.equal(await inTime("the end", client.ended()), true);
    });
  });
}
