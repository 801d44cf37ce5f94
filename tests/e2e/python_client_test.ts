/**
 * The official Python client in front of the gate, in both eras: list, call, denied call, progress,
 * a wrong key.
 */
import assert from "node:assert/strict";
import { testNeeding } from "../support/absent.ts";
import { FixtureServer } from "../support/fixture_server.ts";
import { GateProcess, testKey } from "../support/gate_process.ts";
import { PYTHON, PythonClient } from "../support/python_client.ts";

const worker = testKey("worker", { allow: ["echo", "hold"] });
const stranger = testKey("stranger", { allow: ["*"] });

const MODES = [
  { mode: "legacy", protocol: "2025-11-25" },
  { mode: "auto", protocol: "2026-07-28" },
];

for (const { mode, protocol } of MODES) {
  testNeeding(PYTHON, `Python client, ${mode}: lists, calls, is denied in-band`, async (python) => {
    await using server = new FixtureServer();
    await using gate = await GateProcess.start({
      upstream: { url: server.url },
      keys: [worker.entry],
    });
    await using client = await PythonClient.start(python, {
      url: gate.url,
      key: worker.key,
      mode,
      calls: ["echo", "wipe", "echo"],
    });
    await client.program.status;
    const events = await client.events();
    assert.deepEqual(events.slice(0, 3), [
      { protocol },
      { tools: ["echo", "hold"] },
      { tool: "echo", text: "hi" },
    ]);
    assert.match(events[3]?.error ?? "", /Unknown tool: wipe .not available to this API key/);
    assert.deepEqual(events[4], { tool: "echo", text: "hi" });
    assert.equal(server.calls.get("wipe"), undefined);
  });

  testNeeding(
    PYTHON,
    `Python client, ${mode}: progress comes before the result`,
    async (python) => {
      await using server = new FixtureServer();
      await using gate = await GateProcess.start({
        upstream: { url: server.url },
        keys: [worker.entry],
      });
      await using client = await PythonClient.start(python, {
        url: gate.url,
        key: worker.key,
        mode,
        calls: ["hold"],
      });
      const { progress } = await client.event("progress", (event) => event.progress !== undefined);
      assert.equal(progress, 1);
      assert.equal(server.calls.get("hold"), undefined, "the result must not exist yet");
      server.release();
      const { text } = await client.event("the result", (event) => event.tool === "hold");
      assert.equal(text, "held");
    },
  );

  testNeeding(PYTHON, `Python client, ${mode}: is told that its key is wrong`, async (python) => {
    await using server = new FixtureServer();
    await using gate = await GateProcess.start({
      upstream: { url: server.url },
      keys: [worker.entry],
    });
    await using client = await PythonClient.start(python, {
      url: gate.url,
      key: stranger.key,
      mode,
      calls: [],
    });
    const { failed } = await client.event("the failure", (event) => event.failed !== undefined);
    assert.match(failed ?? "", /Missing or unknown API key/);
  });
}
