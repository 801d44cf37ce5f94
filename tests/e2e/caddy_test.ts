/**
 * The gate behind Caddy as Debian ships it, set up with nothing but where the gate is: what works
 * without it works with it, for the official clients and for those that leave or lie.
 */
import assert from "node:assert/strict";
import { program, testNeeding } from "../support/absent.ts";
import { CaddyProcess } from "../support/caddy_process.ts";
import { eventually, inTime } from "../support/eventually.ts";
import { FixtureServer } from "../support/fixture_server.ts";
import { GateProcess, testKey } from "../support/gate_process.ts";
import { mcpPost, mcpVerb, toolCall } from "../support/mcp_request.ts";
import { askOnce, RawClient } from "../support/raw_http.ts";
import { events, RecordingUpstream, silence } from "../support/recording_upstream.ts";
import { FIRST, MODERN, SECOND } from "../support/sdk_client.ts";

const worker = testKey("worker", { allow: ["hold", "echo"] });
const CADDY = program("caddy");
const PROXIES = { trusted_proxies: ["127.0.0.1/32"] };
const NEWS = 'data: {"jsonrpc":"2.0","method":"notifications/progress","params":{}}\n\n';

for (const client of [FIRST, SECOND, MODERN]) {
  testNeeding(
    CADDY,
    `${client.name} behind Caddy lists, calls and sees progress`,
    async (caddy) => {
      await using server = new FixtureServer();
      await using gate = await GateProcess.start({
        ...PROXIES,
        upstream: { url: server.url },
        keys: [worker.entry],
      });
      await using front = await CaddyProcess.start(caddy, gate.port);
      const url = `http://127.0.0.1:${front.port}/mcp`;
      await using mcp = await client.connect({ url, key: worker.key });
      assert.deepEqual(await mcp.tools(), ["echo", "hold"]);
      const progress: number[] = [];
      const result = mcp.call("hold", {}, { onProgress: (step) => progress.push(step) });
      await eventually("the first progress", () => progress.length > 0);
      assert.equal(server.calls.get("hold"), undefined, "the result must not exist yet");
      await eventually("the held call", () => server.held === 1);
      server.release();
      assert.equal(await inTime("the result", result), "held");
      await assert.rejects(
        mcp.call("wipe"),
        /Unknown tool: wipe \(not available to this API key\)/,
      );
    },
  );
}

/** Plays `test` with a front of a gate, whose server does as it is told. */
function withFront(
  name: string,
  test: (front: CaddyProcess, gate: GateProcess, upstream: RecordingUpstream) => Promise<void>,
  options?: string,
): void {
  testNeeding(CADDY, `Caddy ${name}`, async (caddy) => {
    await using upstream = await RecordingUpstream.start();
    await using gate = await GateProcess.start({
      ...PROXIES,
      upstream: { url: upstream.url() },
      keys: [worker.entry],
    });
    await using front = await CaddyProcess.start(caddy, gate.port, options);
    await test(front, gate, upstream);
  });
}

withFront("hands on the events of a GET stream as they come", async (front, _gate, upstream) => {
  const { promise, resolve } = Promise.withResolvers<void>();
  upstream.otherwise = events([NEWS, promise, NEWS.replace("progress", "message")]);
  using client = await RawClient.connect(front.port);
  const reply = await inTime("the head", client.ask(mcpVerb("GET", worker.key)));
  assert.equal(reply.field("content-type"), "text/event-stream");
  await inTime("the first event", reply.readUntil("notifications/progress"));
  resolve();
  await inTime("the second event", reply.readUntil("notifications/message"));
});

for (
  const { name, request, script } of [
    { name: "a silent call", request: mcpPost(worker.key, toolCall("echo")), script: silence },
    {
      name: "a GET stream",
      request: mcpVerb("GET", worker.key),
      script: events([NEWS, new Promise(() => {})]),
    },
  ]
) {
  withFront(`lets the server know that the client of ${name} has left`, async (front, gate, up) => {
    up.otherwise = script;
    const client = await RawClient.connect(front.port);
    const asked = client.ask(request).catch(() => null);
    const atServer = await up.request(0);
    client.close();
    await inTime("the server is let go", atServer.gone);
    await asked;
    const lines = await gate.auditWhen("the line", (all) => all.length === 1);
    assert.equal(lines[0]?.end, "client_gone");
  });
}

/** What a client sends that wants to be somebody else. */
const FORGED = { target: "/mcp", fields: [["X-Forwarded-For", "198.51.100.7"]] } as const;

withFront("keeps a client from choosing its address", async (front, gate) => {
  assert.equal((await askOnce(front.port, FORGED)).status, 401);
  const [line] = await gate.auditWhen("the line", (all) => all.length === 1);
  assert.equal(line?.remote, "127.0.0.1");
});

withFront(
  "and a front of its own tell the client's address",
  async (front, gate) => {
    assert.equal((await askOnce(front.port, FORGED)).status, 401);
    const [line] = await gate.auditWhen("the line", (all) => all.length === 1);
    assert.equal(line?.remote, "198.51.100.7");
  },
  "trusted_proxies 127.0.0.1/32",
);
