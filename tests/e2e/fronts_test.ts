/**
 * The recipes for nginx and Caddy, as they stand, over TLS: what works without a front works with one,
 * for the official clients and for those that leave or lie.
 */
import assert from "node:assert/strict";
import { parse } from "yaml";
import { program, testNeeding } from "../support/absent.ts";
import { eventually, inTime } from "../support/eventually.ts";
import { FixtureServer } from "../support/fixture_server.ts";
import { GateProcess, testKey } from "../support/gate_process.ts";
import { mcpPost, mcpVerb, toolCall } from "../support/mcp_request.ts";
import { RawClient } from "../support/raw_http.ts";
import { FRONT_CA, type FrontKind, RecipeFront } from "../support/recipe_front.ts";
import { events, RecordingUpstream, silence } from "../support/recording_upstream.ts";
import { FIRST, MODERN, SECOND } from "../support/sdk_client.ts";

const worker = testKey("worker", { allow: ["hold", "echo"] });
const RECIPE = parse(await Deno.readTextFile("deploy/recipes/behind_a_front.yaml"));
const NEWS = 'data: {"jsonrpc":"2.0","method":"notifications/progress","params":{}}\n\n';

/** The recipe's configuration, with this machine's names and a key of the test's. */
const settings = (url: string) => ({
  ...RECIPE,
  upstream: { url },
  listen: "127.0.0.1:0",
  hosts: ["localhost"],
  keys: [worker.entry],
});

const FRONTS: readonly { name: string; start: FrontKind }[] = [
  { name: "nginx", start: RecipeFront.nginx },
  { name: "caddy", start: RecipeFront.caddy },
];

for (const { name, start } of FRONTS) {
  const need = program(name);

  for (const client of [FIRST, SECOND, MODERN]) {
    testNeeding(need, `${client.name} behind the recipe's ${name}`, async (path) => {
      await using server = new FixtureServer();
      await using gate = await GateProcess.start(settings(server.url));
      await using front = await start(path, gate.port);
      const url = `https://localhost:${front.port}/mcp`;
      await using mcp = await client.connect({ url, key: worker.key, tls: { ca: FRONT_CA } });
      assert.deepEqual(await mcp.tools(), ["echo", "hold"]);
      const progress: number[] = [];
      const result = mcp.call("hold", {}, { onProgress: (step) => progress.push(step) });
      await eventually("the first progress", () => progress.length > 0);
      assert.equal(server.calls.get("hold"), undefined, "the result must not exist yet");
      await eventually("the held call", () => server.held === 1);
      server.release();
      assert.equal(await inTime("the result", result), "held");
      await assert.rejects(mcp.call("wipe"), /Unknown tool: wipe/);
    });
  }

  /** Plays `test` with a client of a front of a gate, whose server does as it is told. */
  const withFront = (
    what: string,
    test: (client: RawClient, gate: GateProcess, upstream: RecordingUpstream) => Promise<void>,
  ) =>
    testNeeding(need, `the recipe's ${name} ${what}`, async (path) => {
      await using upstream = await RecordingUpstream.start();
      await using gate = await GateProcess.start(settings(upstream.url()));
      await using front = await start(path, gate.port);
      using client = await RawClient.connectTls(front.port, FRONT_CA);
      await test(client, gate, upstream);
    });

  withFront("hands on the events of a stream as they come", async (client, _gate, upstream) => {
    const { promise, resolve } = Promise.withResolvers<void>();
    upstream.otherwise = events([NEWS, promise, NEWS.replace("progress", "message")]);
    const reply = await inTime("the head", client.ask(mcpVerb("GET", worker.key)));
    await inTime("the first event", reply.readUntil("notifications/progress"));
    resolve();
    await inTime("the second event", reply.readUntil("notifications/message"));
  });

  withFront("lets the server know that a client has left", async (client, gate, upstream) => {
    upstream.otherwise = silence;
    const asked = client.ask(mcpPost(worker.key, toolCall("echo"))).catch(() => null);
    const atServer = await upstream.request(0);
    client.close();
    await inTime("the server is let go", atServer.gone);
    await asked;
    const [line] = await gate.auditWhen("the line", (all) => all.length === 1);
    assert.equal(line?.end, "client_gone");
  });

  withFront("keeps a client from choosing its address", async (client, gate) => {
    const fields = [["X-Forwarded-For", "198.51.100.7"]] as const;
    const reply = await client.ask({ target: "/mcp", fields });
    assert.equal(reply.status, 401);
    const [line] = await gate.auditWhen("the line", (all) => all.length === 1);
    assert.equal(line?.remote, "127.0.0.1");
  });
}
