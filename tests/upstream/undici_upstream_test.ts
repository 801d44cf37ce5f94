/** undici's pools, held to what every way to the upstream does, and to what is their own. */
import assert from "node:assert/strict";
import { undiciUpstream } from "../../src/upstream/undici_upstream.ts";
import { eventually } from "../support/eventually.ts";
import { RecordingUpstream } from "../support/recording_upstream.ts";
import { describeConnections } from "./upstream_connections.ts";
import { describeExchanges } from "./upstream_exchanges.ts";
import { describeFailures } from "./upstream_failures.ts";
import { asked, failure, textOf } from "./upstream_fixture.ts";

const make = (url: string) => undiciUpstream({ url });

describeExchanges("undiciUpstream", make);
describeFailures("undiciUpstream", make);
describeConnections("undiciUpstream", make);

Deno.test("undiciUpstream closes a connection that was unused for the idle time", async () => {
  await using server = await RecordingUpstream.start();
  const upstream = undiciUpstream({ url: server.url(), idleTimeoutMs: 30 });
  await textOf(await upstream.send(asked()));
  await eventually("the idle connection's end", () => server.open === 0);
  await textOf(await upstream.send(asked()));
  assert.equal(server.connections, 2);
  await upstream.close();
});

Deno.test("undiciUpstream names the host and no credential in its errors", async () => {
  const server = await RecordingUpstream.start();
  const upstream = make(server.url("/mcp"));
  await server.stop();
  const fields = [["authorization", "Bearer top-secret"]] as const;
  const error = await upstream.send(asked({ fields })).then(() => null, (error: Error) => error);
  assert.match(error?.message ?? "", /^Upstream 127\.0\.0\.1:\d+ cannot be reached: .+/);
  assert.doesNotMatch(error?.message ?? "", /secret/);
  await upstream.close();
});

Deno.test("undiciUpstream gives a connection up that is not made in time", async () => {
  // A listener whose queue is full and never emptied: further connections hang.
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0, tcpBacklog: 1 });
  const { port } = listener.addr;
  const waiting: Promise<Deno.TcpConn>[] = [];
  for (let i = 0; i < 8; i++) waiting.push(Deno.connect({ hostname: "127.0.0.1", port }));
  const upstream = undiciUpstream({ url: `http://127.0.0.1:${port}/`, connectTimeoutMs: 100 });
  await assert.rejects(upstream.send(asked({ headTimeoutMs: 3000 })), failure("unreachable"));
  await upstream.close();
  listener.close();
  for (const made of await Promise.allSettled(waiting)) {
    if (made.status === "fulfilled") made.value.close();
  }
});
