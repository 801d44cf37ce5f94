/**
 * SIGTERM: nothing new is accepted, what is under way may finish, what does not finish in time is
 * ended, and the audit log is complete when the process is gone.
 */
import assert from "node:assert/strict";
import { eventually, inTime } from "../support/eventually.ts";
import { FixtureServer } from "../support/fixture_server.ts";
import { GateProcess, testKey } from "../support/gate_process.ts";
import { FIRST, MODERN } from "../support/sdk_client.ts";

const worker = testKey("worker", { allow: ["*"] });

function settings(server: FixtureServer, grace: string) {
  return { upstream: { url: server.url }, keys: [worker.entry], grace };
}

for (const client of [FIRST, MODERN]) {
  Deno.test(`${client.name}: SIGTERM lets an open call finish`, async () => {
    await using server = new FixtureServer();
    await using gate = await GateProcess.start(settings(server, "20s"));
    await using mcp = await client.connect({ url: gate.url, key: worker.key });
    const progress: number[] = [];
    const held = mcp.call("hold", {}, { onProgress: (step) => progress.push(step) });
    await eventually("progress", () => progress.length === 1);
    gate.terminate();
    await eventually("new connections refused", () => isRefused(gate.port));
    server.release();
    assert.equal(await inTime("the held result", held), "held");
    assert.equal(await inTime("the exit", gate.exited()), 0);
    const line = (await gate.audit()).find((audited) => audited.tool === "hold");
    assert.equal(line?.end, "complete");
  });

  Deno.test(`${client.name}: SIGTERM ends a call that outlasts the grace`, async () => {
    await using server = new FixtureServer();
    await using gate = await GateProcess.start(settings(server, "200ms"));
    await using mcp = await client.connect({ url: gate.url, key: worker.key });
    const progress: number[] = [];
    const held = mcp.call("hold", {}, { onProgress: (step) => progress.push(step) });
    const ended = assert.rejects(held, Error);
    await eventually("progress", () => progress.length === 1);
    assert.equal(await inTime("the exit", gate.stop()), 0);
    await inTime("the end of the call", ended);
    const lines = (await gate.audit()).filter((audited) => audited.tool === "hold");
    assert.deepEqual(lines.map((line) => line.end), ["shutdown"]);
  });
}

Deno.test("SIGTERM with nothing under way ends the program at once", async () => {
  await using server = new FixtureServer();
  await using gate = await GateProcess.start(settings(server, "20s"));
  assert.equal(await inTime("the exit", gate.stop(), 2000), 0);
});

async function isRefused(port: number): Promise<boolean> {
  try {
    (await Deno.connect({ hostname: "127.0.0.1", port })).close();
    return false;
  } catch (error) {
    if (error instanceof Deno.errors.ConnectionRefused) return true;
    throw error;
  }
}
