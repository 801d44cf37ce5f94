/** How every way to the upstream fails, gives up in time, and gives up when told. */
import assert from "node:assert/strict";
import { UpstreamError } from "../../src/upstream/upstream.ts";
import { inTime } from "../support/eventually.ts";
import { answer, events, raw, RecordingUpstream, silence } from "../support/recording_upstream.ts";
import {
  asked,
  bytesOf,
  failure,
  type MakeUpstream,
  textOf,
  withUpstream,
} from "./upstream_fixture.ts";
import { send } from "../../src/upstream/upstream.ts";

/** Registers the tests of failures, time limits and giving up. */
export function describeFailures(name: string, make: MakeUpstream): void {
  const broken = [
    { name: "closes without a reply", script: raw([]) },
    { name: "resets without a reply", script: raw([], "reset") },
    { name: "closes within the head", script: raw(["HTTP/1.1 200 OK\r\nA:"]) },
    { name: "speaks no HTTP", script: raw(["SSH-2.0-x\r\n\r\n"]) },
    { name: "sends a malformed field", script: raw(["HTTP/1.1 200 OK\r\na b: c\r\n\r\n"]) },
    {
      name: "sends two lengths",
      script: raw(["HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab"]),
    },
    {
      name: "switches protocols",
      script: raw([
        "HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\n",
      ]),
    },
    { name: "says 101 without an upgrade", script: raw(["HTTP/1.1 101 Switching\r\n\r\n"]) },
    {
      name: "sends a huge head",
      script: raw([`HTTP/1.1 200 OK\r\n${`X-Fill: ${"x".repeat(1000)}\r\n`.repeat(100)}\r\n`]),
    },
  ];
  for (const { name: what, script } of broken) {
    Deno.test(`${name} reports "broken" where the upstream ${what}, and asks once only`, async () => {
      await withUpstream(make, async (server, upstream) => {
        server.next(script);
        const sent = send(upstream, asked({ body: new Uint8Array([1]) }));
        await assert.rejects(inTime("the failure", sent), failure("broken"));
        assert.equal(await textOf(await send(upstream, asked())), "");
        assert.equal(server.requests.length, 2);
      });
    });
  }

  const brokenBodies = [
    {
      name: "is cut short of its length",
      script: raw(["HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc"]),
    },
    { name: "is reset", script: raw(["HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc"], "reset") },
    {
      name: "is cut between chunks",
      script: answer({ body: ["abc"], unfinished: true, then: "close" }),
    },
    {
      name: "has a malformed chunk",
      script: raw(["HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\nzz\r\n"]),
    },
  ];
  for (const { name: what, script } of brokenBodies) {
    Deno.test(`${name} reports "broken", now and later, where a body ${what}`, async () => {
      await withUpstream(make, async (server, upstream) => {
        server.next(script);
        const reply = await send(upstream, asked()).catch((error) => error);
        if (reply instanceof UpstreamError) return void failure("broken")(reply);
        await assert.rejects(bytesOf(reply), failure("broken"));
        await assert.rejects(bytesOf(reply), failure("broken"));
      });
    });
  }

  Deno.test(`${name} reports "unreachable" where nobody listens`, async () => {
    const server = await RecordingUpstream.start();
    const upstream = make(server.url());
    await server.stop();
    await assert.rejects(send(upstream, asked()), failure("unreachable"));
    await upstream.close();
  });

  Deno.test(`${name} reports "timeout" where no head comes in time, and closes`, async () => {
    await withUpstream(make, async (server, upstream) => {
      server.next(silence);
      await assert.rejects(send(upstream, asked({ headTimeoutMs: 50 })), failure("timeout"));
      await inTime("the connection's end", (await server.request(0)).gone);
    });
  });

  Deno.test(`${name} sets a body no time limit`, async () => {
    await withUpstream(make, async (server, upstream) => {
      const late = new Promise((resolve) => setTimeout(resolve, 120));
      server.next(events(["data: 1\n\n", late, "data: 2\n\n"]));
      const reply = await send(upstream, asked({ headTimeoutMs: 100 }));
      assert.equal(await textOf(reply), "data: 1\n\ndata: 2\n\n");
    });
  });

  Deno.test(`${name} sends nothing where the signal is aborted before`, async () => {
    await withUpstream(make, async (server, upstream) => {
      const signal = AbortSignal.abort();
      await assert.rejects(send(upstream, asked({ signal })), failure("aborted"));
      await textOf(await send(upstream, asked({ method: "DELETE" })));
      assert.deepEqual(server.requests.map((request) => request.method), ["DELETE"]);
    });
  });

  Deno.test(`${name} ends the connection when the signal aborts before the head`, async () => {
    await withUpstream(make, async (server, upstream) => {
      server.next(silence);
      const abort = new AbortController();
      const sent = send(upstream, asked({ signal: abort.signal }));
      const rejected = assert.rejects(sent, failure("aborted"));
      const request = await server.request(0);
      abort.abort();
      await inTime("the failure", rejected);
      await inTime("the connection's end", request.gone);
    });
  });

  Deno.test(`${name} ends the connection when the signal aborts within the body`, async () => {
    await withUpstream(make, async (server, upstream) => {
      server.next(events(["data: 1\n\n", new Promise(() => {})]));
      const abort = new AbortController();
      const reply = await send(upstream, asked({ signal: abort.signal }));
      await reply.read();
      const rejected = assert.rejects(reply.read(), failure("aborted"));
      abort.abort();
      await inTime("the failure", rejected);
      await inTime("the connection's end", (await server.request(0)).gone);
    });
  });

  Deno.test(`${name} ends the connection of a reply that is cancelled`, async () => {
    await withUpstream(make, async (server, upstream) => {
      server.next(events(["data: 1\n\n", new Promise(() => {})]));
      const reply = await send(upstream, asked());
      reply.cancel();
      await inTime("the connection's end", (await server.request(0)).gone);
      await assert.rejects(reply.read(), failure("aborted"));
    });
  });

  Deno.test(`${name} ends the connection of a reply that nobody reads when it is cancelled`, async () => {
    await withUpstream(make, async (server, upstream) => {
      server.next(answer({ body: new Uint8Array(8 * 1024 * 1024) }));
      const reply = await send(upstream, asked());
      const request = await server.request(0);
      reply.cancel();
      await inTime("the connection's end", request.gone);
    });
  });
}
