/** What every listener makes of a request. */
import assert from "node:assert/strict";
import type { IncomingExchange } from "../../src/gate/incoming.ts";
import { fieldValues } from "../../src/upstream/upstream.ts";
import { inTime } from "../support/eventually.ts";
import { type RawRequest, requestBytes } from "../support/raw_http.ts";
import { Arrivals, type Listen, readAll, withListener } from "./listener_fixture.ts";

/** Registers the tests of requests. */
export function describeRequests(name: string, listen: Listen): void {
  /** Sends `bytes` and looks at the exchange that becomes of them. */
  async function see(
    bytes: string | Uint8Array,
    look: (exchange: IncomingExchange) => void | Promise<void>,
  ): Promise<void> {
    const arrivals = new Arrivals();
    await withListener(listen, arrivals.onExchange, async ({ client }) => {
      await client.send(bytes);
      const exchange = await inTime("the exchange", arrivals.next());
      await look(exchange);
      await exchange.reply.send(200, [], null);
      arrivals.release();
      assert.equal((await client.reply()).status, 200);
    });
  }

  const targets = [
    { name: "a path", target: "/mcp", is: "/mcp" },
    { name: "a path with a query", target: "/mcp?a=b?c", is: "/mcp?a=b?c" },
    { name: "dot segments as they are", target: "/x/../mcp", is: "/x/../mcp" },
    { name: "encoded dots as they are", target: "/%2e%2e/%6dcp", is: "/%2e%2e/%6dcp" },
    { name: "empty segments as they are", target: "//mcp//", is: "//mcp//" },
    { name: "a backslash as it is", target: "/a\\..\\mcp", is: "/a\\..\\mcp" },
    { name: "parameters as they are", target: "/mcp;a", is: "/mcp;a" },
    { name: "an absolute target of this host, reduced", target: "http://a.test:1/mcp", is: "/mcp" },
    { name: "an absolute target of another host as null", target: "http://b.test/mcp", is: null },
    { name: "one of a longer port as null", target: "http://a.test:12/mcp", is: null },
    { name: "one with credentials as null", target: "http://u@a.test:1/mcp", is: null },
  ];
  for (const { name: what, target, is } of targets) {
    Deno.test(`${name} reports ${what}`, async () => {
      await see(`GET ${target} HTTP/1.1\r\nHost: a.test:1\r\n\r\n`, (exchange) => {
        assert.equal(exchange.target, is);
      });
    });
  }

  Deno.test(`${name} lets no Host move the path`, async () => {
    await see("GET /mcp HTTP/1.1\r\nHost: a.test/healthz?\r\n\r\n", (exchange) => {
      assert.ok([null, "/mcp"].includes(exchange.target));
    });
  });

  Deno.test(`${name} reports null for the target of HTTP/1.0 without a Host`, async () => {
    await see("GET /mcp HTTP/1.0\r\n\r\n", (exchange) => assert.equal(exchange.target, null));
  });

  for (const method of ["GET", "POST", "DELETE", "OPTIONS", "PUT", "PROPFIND", "X-ODD"]) {
    Deno.test(`${name} reports the method ${method}`, async () => {
      await see(requestBytes({ method, target: "/mcp" }), (exchange) => {
        assert.equal(exchange.method, method);
      });
    });
  }

  Deno.test(`${name} reports fields in lower case and loses no repetition`, async () => {
    const fields = [["X-One", "a"], ["AUTHORIZATION", "Bearer x"], ["x-one", "b"]] as const;
    await see(requestBytes({ target: "/mcp", fields }), (exchange) => {
      assert.equal(fieldValues(exchange.fields, "x-one").join(", "), "a, b");
      assert.deepEqual(fieldValues(exchange.fields, "authorization"), ["Bearer x"]);
      assert.deepEqual(fieldValues(exchange.fields, "host"), ["localhost"]);
    });
  });

  Deno.test(`${name} reports the peer without port`, async () => {
    await see(requestBytes({ target: "/" }), ({ peer }) => assert.equal(peer, "127.0.0.1"));
  });

  Deno.test(`${name} reports an IPv4 peer as such on an IPv6 socket`, async () => {
    const arrivals = new Arrivals();
    await withListener(listen, arrivals.onExchange, async ({ client }) => {
      await client.send(requestBytes({ target: "/" }));
      const exchange = await inTime("the exchange", arrivals.next());
      assert.equal(exchange.peer, "127.0.0.1");
      await exchange.reply.send(200, [], null);
      arrivals.release();
    }, "::");
  });

  Deno.test(`${name} reports the same wherever a request is split`, async () => {
    const request: RawRequest = { target: "/mcp", fields: [["X-A", "b"]], body: '{"a":1}' };
    const bytes = requestBytes(request);
    const seen: string[] = [];
    const onExchange = async (exchange: IncomingExchange) => {
      const { method, target } = exchange;
      const text = new TextDecoder().decode(await readAll(exchange));
      seen.push(`${method} ${target} ${fieldValues(exchange.fields, "x-a")} ${text}`);
      await exchange.reply.send(200, [], null);
    };
    await withListener(listen, onExchange, async ({ client }) => {
      for (let cut = 1; cut < bytes.length; cut++) {
        await client.send(bytes, [cut]);
        assert.equal((await client.reply()).status, 200);
      }
    });
    assert.deepEqual(seen, new Array(bytes.length - 1).fill('POST /mcp b {"a":1}'));
  });

  Deno.test(`${name} reads a chunked body wherever it is split`, async () => {
    const fields = [["Transfer-Encoding", "chunked"]] as const;
    const body = "3\r\nabc\r\n4;x=y\r\ndefg\r\n0\r\n\r\n";
    const bytes = requestBytes({ target: "/mcp", fields, body });
    const onExchange = async (exchange: IncomingExchange) => {
      await exchange.reply.send(200, [], await readAll(exchange));
    };
    await withListener(listen, onExchange, async ({ client }) => {
      for (let cut = bytes.length - body.length; cut < bytes.length; cut++) {
        await client.send(bytes, [cut]);
        assert.equal(await (await client.reply()).text(), "abcdefg", `cut at ${cut}`);
      }
    });
  });

  for (const size of [0, 1, 65536, 65537, 4 * 1024 * 1024]) {
    Deno.test(`${name} reads a body of ${size} bytes, then null again and again`, async () => {
      const body = new Uint8Array(size).map((_, i) => i * 7);
      const onExchange = async (exchange: IncomingExchange) => {
        assert.deepEqual(await readAll(exchange), body);
        assert.equal(await exchange.body.read(), null);
        await exchange.reply.send(200, [], null);
      };
      await withListener(listen, onExchange, async ({ client }) => {
        assert.equal((await client.ask({ target: "/", body })).status, 200);
      });
    });
  }

  Deno.test(`${name} hands on the first part of a body before the rest is there`, async () => {
    const arrivals = new Arrivals();
    await withListener(listen, arrivals.onExchange, async ({ client }) => {
      await client.send("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n");
      await client.send("3\r\nabc\r\n");
      const exchange = await arrivals.next();
      const first = await inTime("the first part", exchange.body.read());
      assert.equal(new TextDecoder().decode(first ?? undefined), "abc");
      await client.send("0\r\n\r\n");
      assert.equal(await exchange.body.read(), null);
      await exchange.reply.send(200, [], null);
      arrivals.release();
      assert.equal((await client.reply()).status, 200);
    });
  });

  const broken = [
    { name: "short of its length", head: "Content-Length: 9\r\n\r\nabc" },
    { name: "short of a great length", head: "Content-Length: 999999\r\n\r\nabc" },
    { name: "between chunks", head: "Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n" },
  ];
  for (const { name: where, head } of broken) {
    Deno.test(`${name} throws from read where the client breaks off ${where}`, async () => {
      const arrivals = new Arrivals();
      await withListener(listen, arrivals.onExchange, async ({ client }) => {
        await client.send(`POST / HTTP/1.1\r\nHost: a\r\n${head}`);
        const exchange = await arrivals.next();
        const read = assert.rejects(readAll(exchange));
        client.close();
        await inTime("the failure", read);
        arrivals.release();
      });
    });
  }

  Deno.test(`${name} leaves in the socket the body that nobody reads`, async () => {
    const arrivals = new Arrivals();
    await withListener(listen, arrivals.onExchange, async ({ client }) => {
      const size = 64 * 1024 * 1024;
      await client.send(`POST / HTTP/1.1\r\nHost: a\r\nContent-Length: ${size}\r\n\r\n`);
      const exchange = await arrivals.next();
      const piece = new Uint8Array(1024 * 1024);
      let sent = 0;
      const sending = (async () => {
        for (; sent < 64; sent++) await client.send(piece);
      })().catch(() => {});
      const first = await exchange.body.read();
      assert.ok((first?.length ?? 0) > 0);
      let seen = -1;
      while (seen !== sent) {
        seen = sent;
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
      assert.ok(sent < 48, `${sent} MiB were taken`);
      client.close();
      arrivals.release();
      await sending;
    });
  });

  Deno.test(`${name} serves pipelined requests in order`, async () => {
    const onExchange = async (exchange: IncomingExchange) => {
      await exchange.reply.send(200, [], new TextEncoder().encode(exchange.target ?? ""));
    };
    await withListener(listen, onExchange, async ({ client }) => {
      for (const target of ["/1", "/2", "/3"]) await client.send(requestBytes({ target }));
      for (const target of ["/1", "/2", "/3"]) {
        assert.equal(await (await client.reply()).text(), target);
      }
    });
  });
}
