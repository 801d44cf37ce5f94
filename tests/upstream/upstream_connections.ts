/** How every way to the upstream keeps, loses and ends its connections. */
import assert from "node:assert/strict";
import { eventually, inTime } from "../support/eventually.ts";
import { answer, events, RecordingUpstream, silence } from "../support/recording_upstream.ts";
import { asked, failure, type MakeUpstream, textOf, withUpstream } from "./upstream_fixture.ts";
import { send } from "../../src/upstream/upstream.ts";

/** Registers the tests of connections. */
export function describeConnections(name: string, make: MakeUpstream): void {
  Deno.test(`${name} uses connections again`, async () => {
    await withUpstream(make, async (server, upstream) => {
      // Two: one may still be busy ending a reply when the next request is already there.
      for (let i = 0; i < 20; i++) await textOf(await send(upstream, asked()));
      assert.ok(server.connections <= 2, `${server.connections} connections`);
    });
  });

  Deno.test(`${name} gets over idle connections that the upstream closes`, async () => {
    await withUpstream(make, async (server, upstream) => {
      for (let i = 0; i < 10; i++) {
        await textOf(await send(upstream, asked()));
        server.dropConnections("close");
        await eventually("the connection's end on both sides", () => server.open === 0);
        assert.equal(await textOf(await send(upstream, asked())), "");
      }
    });
  });

  Deno.test(`${name} loses no more than one request to an idle connection's reset`, async () => {
    await withUpstream(make, async (server, upstream) => {
      for (let i = 0; i < 10; i++) {
        await textOf(await send(upstream, asked()));
        server.dropConnections("reset");
        // Whether the reset or the request is first is up to the system.
        await send(upstream, asked()).then(textOf).catch(failure("broken"));
        assert.equal(await textOf(await send(upstream, asked())), "");
      }
    });
  });

  Deno.test(`${name} uses no connection again that the upstream says it will close`, async () => {
    await withUpstream(make, async (server, upstream) => {
      server.next(answer({ fields: [["Connection", "close"]], body: "x" }));
      assert.equal(await textOf(await send(upstream, asked())), "x");
      await textOf(await send(upstream, asked()));
      assert.equal(server.connections, 2);
    });
  });

  Deno.test(`${name} reconnects after a restart of the upstream`, async () => {
    const first = await RecordingUpstream.start();
    const { port } = first;
    const upstream = make(first.url());
    first.next(silence);
    const sent = assert.rejects(send(upstream, asked()), failure("broken"));
    await first.request(0);
    await first.stop();
    await sent;
    await assert.rejects(send(upstream, asked()), failure("unreachable"));
    await using second = await RecordingUpstream.start(port);
    await textOf(await send(upstream, asked()));
    assert.equal(second.requests.length, 1);
    await upstream.close();
  });

  Deno.test(`${name} close ends idle connections and waits for those in use`, async () => {
    await using server = await RecordingUpstream.start();
    const upstream = make(server.url());
    const more = Promise.withResolvers<void>();
    server.next(answer({}), events(["1", more.promise, "2"]));
    await textOf(await send(upstream, asked()));
    const reply = await send(upstream, asked());
    const closed = upstream.close();
    more.resolve();
    assert.equal(await textOf(reply), "12");
    await inTime("close", closed);
    await eventually("every connection's end", () => server.open === 0);
    await assert.rejects(send(upstream, asked()), failure("unreachable"));
  });

  Deno.test(`${name} closes a connection that was unused for the idle time`, async () => {
    await using server = await RecordingUpstream.start();
    const upstream = make(server.url(), { idleTimeoutMs: 30 });
    await textOf(await send(upstream, asked()));
    await eventually("the idle connection's end", () => server.open === 0);
    await textOf(await send(upstream, asked()));
    assert.equal(server.connections, 2);
    await upstream.close();
  });

  Deno.test(`${name} names the host and no credential in its errors`, async () => {
    const server = await RecordingUpstream.start();
    const upstream = make(server.url("/mcp"));
    await server.stop();
    const fields = [["authorization", "Bearer top-secret"]] as const;
    const error = await send(upstream, asked({ fields })).then(() => null, (error: Error) => error);
    assert.match(error?.message ?? "", /^Upstream 127\.0\.0\.1:\d+ cannot be reached: .+/);
    assert.doesNotMatch(error?.message ?? "", /secret/);
    await upstream.close();
  });

  Deno.test(`${name} gives a connection up that is not made in time`, async () => {
    // A listener whose queue is full and never emptied: further connections hang.
    const listener = Deno.listen({ hostname: "127.0.0.1", port: 0, tcpBacklog: 1 });
    const { port } = listener.addr;
    const waiting: Promise<Deno.TcpConn>[] = [];
    for (let i = 0; i < 8; i++) waiting.push(Deno.connect({ hostname: "127.0.0.1", port }));
    const upstream = make(`http://127.0.0.1:${port}/`, { connectTimeoutMs: 100 });
    await assert.rejects(send(upstream, asked({ headTimeoutMs: 3000 })), failure("unreachable"));
    await upstream.close();
    listener.close();
    for (const made of await Promise.allSettled(waiting)) {
      if (made.status === "fulfilled") made.value.close();
    }
  });
}
