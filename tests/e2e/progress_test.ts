/**
 * Replies that are still being made: progress reaches the official clients before there is a result,
 * and a client that leaves takes its request to the server with it.
 */
import assert from "node:assert/strict";
import { eventually, inTime } from "../support/eventually.ts";
import { FixtureServer } from "../support/fixture_server.ts";
import { GateProcess, testKey } from "../support/gate_process.ts";
import { FIRST, MODERN, SECOND } from "../support/sdk_client.ts";

const worker = testKey("worker", { allow: ["hold", "echo"] });

for (const client of [FIRST, SECOND, MODERN]) {
  Deno.test(`${client.name}: progress is seen before the result exists`, async () => {
    await using server = new FixtureServer();
    await using gate = await GateProcess.start({
      upstream: { url: server.url },
      keys: [worker.entry],
    });
    await using mcp = await client.connect({ url: gate.url, key: worker.key });
    const progress: number[] = [];
    const result = mcp.call("hold", {}, { onProgress: (step) => progress.push(step) });
    await eventually("the first progress", () => progress.length > 0);
    assert.equal(server.calls.get("hold"), undefined, "the result must not exist yet");
    assert.deepEqual(progress, [1]);
    server.release();
    assert.equal(await inTime("the result", result), "held");
  });

  Deno.test(`${client.name}: calls pass each other while one is held`, async () => {
    await using server = new FixtureServer();
    await using gate = await GateProcess.start({
      upstream: { url: server.url },
      keys: [worker.entry],
    });
    await using mcp = await client.connect({ url: gate.url, key: worker.key });
    const first = mcp.call("hold");
    await eventually("the held call", () => server.held === 1);
    assert.equal(await mcp.call("echo", { text: "overtaking" }), "overtaking");
    server.release();
    assert.equal(await first, "held");
  });
}

Deno.test(`${MODERN.name}: a call given up by the client is given up at the server`, async () => {
  await using server = new FixtureServer();
  await using gate = await GateProcess.start({
    upstream: { url: server.url },
    keys: [worker.entry],
  });
  await using mcp = await MODERN.connect({ url: gate.url, key: worker.key });
  const stop = new AbortController();
  const progress: number[] = [];
  const result = mcp.call("hold", {}, {
    signal: stop.signal,
    onProgress: (step) => progress.push(step),
  });
  await eventually("the first progress", () => progress.length > 0);
  stop.abort();
  await assert.rejects(result);
  await eventually("the server has noticed", () => server.abandoned === 1, 2000);
  const lines = await gate.auditWhen(
    "the line of the call",
    (lines) => lines.some((line) => line.tool === "hold"),
  );
  assert.equal(lines.find((line) => line.tool === "hold")?.end, "client_gone");
});
