/** What every way to the upstream sends, and what it makes of a reply. */
import assert from "node:assert/strict";
import type { UpstreamReply } from "../../src/upstream/upstream.ts";
import { eventually, inTime } from "../support/eventually.ts";
import { fieldOf } from "../support/http_reader.ts";
import { answer, events, raw } from "../support/recording_upstream.ts";
import { asked, type MakeUpstream, textOf, withUpstream } from "./upstream_fixture.ts";
import { send } from "../../src/upstream/upstream.ts";

/** Registers the tests of what is sent and what comes back. */
export function describeExchanges(name: string, make: MakeUpstream): void {
  Deno.test(`${name} sends the fields it was given, in order, to the configured target`, async () => {
    await withUpstream(make, async (server, upstream) => {
      const fields = [["content-type", "application/json"], ["x-one", "a"], [
        "x-two",
        "é",
      ]] as const;
      const body = new TextEncoder().encode("{}");
      await textOf(await send(upstream, asked({ fields, body })));
      const request = await server.request(0);
      assert.equal(`${request.method} ${request.target} ${request.text}`, "POST /mcp?fixed=1 {}");
      const own = new Set(["host", "connection", "content-length"]);
      const sent = request.fields.map(([key, value]) => [key.toLowerCase(), value]);
      assert.deepEqual(sent.filter(([key = ""]) => !own.has(key)), [
        ["content-type", "application/json"],
        ["x-one", "a"],
        ["x-two", "\xe9"],
      ]);
      assert.equal(fieldOf(request.fields, "host"), `127.0.0.1:${server.port}`);
      assert.equal(fieldOf(request.fields, "content-length"), "2");
    });
  });

  Deno.test(`${name} sends a request to the path that it names`, async () => {
    await withUpstream(make, async (server, upstream) => {
      await textOf(await send(upstream, asked({ path: "/messages?id=1" })));
      await textOf(await send(upstream, asked()));
      assert.deepEqual(server.requests.map((request) => request.target), [
        "/messages?id=1",
        "/mcp?fixed=1",
      ]);
    });
  });

  Deno.test(`${name} sends only the part of a buffer that a body names`, async () => {
    await withUpstream(make, async (server, upstream) => {
      const body = new TextEncoder().encode("secret{}secret").subarray(6, 8);
      await textOf(await send(upstream, asked({ body })));
      assert.equal((await server.request(0)).text, "{}");
    });
  });

  Deno.test(`${name} sends a request to the path that it names, on the same server`, async () => {
    await withUpstream(make, async (server, upstream) => {
      await textOf(await send(upstream, asked({ path: "/messages?sessionId=1" })));
      await textOf(await send(upstream, asked()));
      const targets = [(await server.request(0)).target, (await server.request(1)).target];
      assert.deepEqual(targets, ["/messages?sessionId=1", "/mcp?fixed=1"]);
    });
  });

  for (const path of ["//evil/m", "http://evil/m"]) {
    Deno.test(`${name} reaches no other server by the path ${path}`, async () => {
      await withUpstream(make, async (server, upstream) => {
        await send(upstream, asked({ path })).then(textOf, () => "");
        assert.ok(
          server.requests.every(({ fields }) =>
            fieldOf(fields, "host") === `127.0.0.1:${server.port}`
          ),
        );
      });
    });
  }

  for (const path of ["", "m", "/m HTTP/1.1\r\nx: y"]) {
    Deno.test(`${name} sends nothing to the path ${JSON.stringify(path)}`, async () => {
      await withUpstream(make, async (server, upstream) => {
        await assert.rejects(send(upstream, asked({ path })));
        assert.deepEqual(server.requests, []);
      });
    });
  }

  for (const method of ["GET", "DELETE"] as const) {
    Deno.test(`${name} sends ${method} without a body`, async () => {
      await withUpstream(make, async (server, upstream) => {
        await textOf(await send(upstream, asked({ method })));
        const request = await server.request(0);
        assert.equal(request.method, method);
        assert.ok(["0", null].includes(fieldOf(request.fields, "content-length")));
        assert.equal(fieldOf(request.fields, "transfer-encoding"), null);
      });
    });
  }

  Deno.test(`${name} sends a body of 4 MiB whole`, async () => {
    await withUpstream(make, async (server, upstream) => {
      const body = new Uint8Array(4 * 1024 * 1024).map((_, i) => i * 7);
      await textOf(await send(upstream, asked({ body })));
      assert.deepEqual((await server.request(0)).body, body);
    });
  });

  Deno.test(`${name} reads a reply wherever it is split`, async () => {
    await withUpstream(make, async (server, upstream) => {
      const whole = "HTTP/1.1 200 OK\r\nA: 1\r\nTransfer-Encoding: chunked\r\n\r\n" +
        "3\r\nabc\r\n4;x\r\ndefg\r\n0\r\n\r\n";
      for (let cut = 1; cut < whole.length; cut++) {
        const turn = new Promise((resolve) => setTimeout(resolve, 0));
        server.next(raw([whole.slice(0, cut), turn, whole.slice(cut)], "keep"));
        const reply = await send(upstream, asked());
        assert.equal(reply.status, 200);
        assert.equal(await textOf(reply), "abcdefg", `cut at ${cut}`);
      }
    });
  });

  Deno.test(`${name} reports fields in lower case, in order, each repetition on its own`, async () => {
    await withUpstream(make, async (server, upstream) => {
      server.next(answer({ fields: [["X-A", "1"], ["B", "2 "], ["x-a", "3"], ["X-E", ""]] }));
      const reply = await send(upstream, asked());
      assert.deepEqual(reply.fields.filter(([key]) => key !== "content-length"), [
        ["x-a", "1"],
        ["b", "2"],
        ["x-a", "3"],
        ["x-e", ""],
      ]);
      await textOf(reply);
    });
  });

  const replies = [
    { name: "a body with a length", script: answer({ body: "abc" }), text: "abc" },
    { name: "a chunked body", script: answer({ body: ["a", "bc"] }), text: "abc" },
    {
      name: "a body ended by closing",
      script: answer({ body: "abc", framing: "close" }),
      text: "abc",
    },
    { name: "an empty body", script: answer({ status: 202 }), text: "" },
    { name: "no body", script: raw(["HTTP/1.1 204 No Content\r\n\r\n"], "keep"), text: "" },
    {
      name: "an HTTP/1.0 reply",
      script: raw(["HTTP/1.0 200 OK\r\n\r\nabc"]),
      text: "abc",
    },
    {
      name: "an encoded body, undecoded",
      script: answer({ fields: [["Content-Encoding", "gzip"]], body: "abc" }),
      text: "abc",
    },
    {
      name: "what follows an informational reply",
      script: raw([
        "HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabc",
      ]),
      text: "abc",
    },
  ];
  for (const { name: kind, script, text } of replies) {
    Deno.test(`${name} reads ${kind}`, async () => {
      await withUpstream(make, async (server, upstream) => {
        server.next(script);
        assert.equal(await textOf(await send(upstream, asked())), text);
      });
    });
  }

  Deno.test(`${name} keeps answering null after the end, and cancel does nothing then`, async () => {
    await withUpstream(make, async (server, upstream) => {
      server.next(answer({ body: "abc" }));
      const reply = await send(upstream, asked());
      await textOf(reply);
      reply.cancel();
      assert.equal(await reply.read(), null);
    });
  });

  for (const status of [301, 302, 303, 307, 308]) {
    Deno.test(`${name} does not follow a redirect with ${status}`, async () => {
      await withUpstream(make, async (server, upstream) => {
        server.next(answer({ status, fields: [["Location", server.url("/elsewhere")]] }));
        const reply = await send(upstream, asked());
        assert.equal(reply.status, status);
        await textOf(reply);
        await textOf(await send(upstream, asked()));
        assert.deepEqual(server.requests.map((request) => request.target), [
          "/mcp?fixed=1",
          "/mcp?fixed=1",
        ]);
      });
    });
  }

  Deno.test(`${name} hands on the first event while the reply goes on`, async () => {
    await withUpstream(make, async (server, upstream) => {
      const more = Promise.withResolvers<void>();
      server.next(events(["data: 1\n\n", more.promise, "data: 2\n\n"]));
      const reply = await send(upstream, asked());
      const first = await inTime("the first event", reply.read());
      assert.equal(new TextDecoder().decode(first ?? undefined), "data: 1\n\n");
      more.resolve();
      assert.equal(await textOf(reply), "data: 2\n\n");
    });
  });

  Deno.test(`${name} hands on a head whose body has not begun`, async () => {
    await withUpstream(make, async (server, upstream) => {
      const more = Promise.withResolvers<void>();
      server.next(events([more.promise, "x"]));
      const reply = await inTime("the head", send(upstream, asked()));
      more.resolve();
      assert.equal(await textOf(reply), "x");
    });
  });

  Deno.test(`${name} leaves in the socket what nobody reads`, async () => {
    await withUpstream(make, async (server, upstream) => {
      const piece = new Uint8Array(256 * 1024).map((_, i) => i);
      const pieces = 256;
      let written = 0;
      server.next(async (_request, wire) => {
        await wire.write(`HTTP/1.1 200 OK\r\nContent-Length: ${pieces * piece.length}\r\n\r\n`);
        for (; written < pieces && !wire.gone; written++) await wire.write(piece);
        return "keep" as const;
      });
      const reply = await send(upstream, asked());
      let seen = -1;
      await eventually("the upstream is held back", async () => {
        const before = written;
        for (let turn = 0; turn < 20; turn++) {
          await new Promise((resolve) => setTimeout(resolve, 2));
        }
        seen = written;
        return before === written;
      });
      assert.ok(seen < pieces / 2, `${seen} of ${pieces} pieces were taken`);
      let bytes = 0;
      for (let chunk; (chunk = await reply.read()) !== null; bytes += chunk.length) {
        chunk.forEach((byte, i) => byte === ((bytes + i) & 255) || assert.fail(`at ${bytes + i}`));
      }
      assert.equal(bytes, pieces * piece.length);
    });
  });

  Deno.test(`${name} answers calls while many streams are open`, async () => {
    await withUpstream(make, async (server, upstream) => {
      const stop = Promise.withResolvers<void>();
      const streams: UpstreamReply[] = [];
      server.otherwise = (request, wire) =>
        request.method === "GET"
          ? events(["data: 0\n\n", stop.promise])(request, wire)
          : answer({ body: "done" })(request, wire);
      for (let i = 0; i < 150; i++) streams.push(await send(upstream, asked({ method: "GET" })));
      for (let i = 0; i < 20; i++) {
        assert.equal(await textOf(await send(upstream, asked())), "done");
      }
      assert.ok(server.open >= 151 && server.open < 160, `${server.open} connections`);
      stop.resolve();
      for (const stream of streams) assert.equal(await textOf(stream), "data: 0\n\n");
    });
  });
}
