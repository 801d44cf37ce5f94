/**
 * The official clients in front of the gate, the official reference server behind it: what a key
 * names works as if there were no gate, and nothing else does.
 */
import assert from "node:assert/strict";
import { EverythingServer } from "../support/everything_server.ts";
import { type AuditEntry, GateProcess, type Settings, testKey } from "../support/gate_process.ts";
import { eventually, inTime } from "../support/eventually.ts";
import { FIRST, SECOND, type WireRequest } from "../support/sdk_client.ts";

let server: EverythingServer;
Deno.test.beforeAll(async () => {
  server = await EverythingServer.start();
});
Deno.test.afterAll(async () => {
  await server[Symbol.asyncDispose]();
});

const reader = testKey("reader", {
  allow: ["echo", "get-s*", "trigger-*"],
  deny: ["trigger-long-running-operation"],
  prompts: ["simple-prompt", "args-*"],
  resources: [
    "demo://resource/static/document/features.md",
    "demo://resource/dynamic/text/*",
  ],
});
const narrow = testKey("narrow", { allow: ["echo"] });
const noisy = testKey("noisy", { allow: ["toggle-simulated-logging"] });
const whole = testKey("whole", { allow: ["*"] });

function settings(): Settings {
  return {
    upstream: { url: server.url },
    keys: [reader.entry, narrow.entry, noisy.entry, whole.entry],
  };
}

for (const client of [FIRST, SECOND]) {
  const { name } = client;

  Deno.test(`${name}: tools/list shows what the key may call, and nothing else`, async () => {
    await using gate = await GateProcess.start(settings());
    await using mcp = await client.connect({ url: gate.url, key: reader.key });
    assert.deepEqual(await mcp.tools(), ["echo", "get-structured-content", "get-sum"]);
  });

  Deno.test(`${name}: a lone "*" shows what the server shows`, async () => {
    await using gate = await GateProcess.start(settings());
    await using direct = await client.connect({ url: server.url });
    await using mcp = await client.connect({ url: gate.url, key: whole.key });
    assert.deepEqual(await mcp.tools(), await direct.tools());
    assert.deepEqual(await mcp.resources(), await direct.resources());
    assert.deepEqual(await mcp.prompts(), await direct.prompts());
  });

  Deno.test(`${name}: an allowed tool answers`, async () => {
    await using gate = await GateProcess.start(settings());
    await using mcp = await client.connect({ url: gate.url, key: reader.key });
    assert.equal(await mcp.call("echo", { message: "héllo \u2028 ✓" }), "Echo: héllo \u2028 ✓");
    assert.match(await mcp.call("get-sum", { a: 2, b: 3 }), /\b5\b/);
  });

  Deno.test(`${name}: a denied tool is unknown, told in-band and at once`, async () => {
    await using gate = await GateProcess.start(settings());
    await using mcp = await client.connect({ url: gate.url, key: reader.key });
    for (const tool of ["get-env", "trigger-long-running-operation", "no-such-tool"]) {
      await assert.rejects(inTime("the denial", mcp.call(tool), 2000), (error: Error) => {
        assert.match(
          error.message,
          new RegExp(`Unknown tool: ${tool} .not available to this API key`),
        );
        return true;
      });
    }
    assert.deepEqual(mcp.traffic.slice(-3).map((request) => request.status), [200, 200, 200]);
    assert.ok(mcp.traffic.every((request) => request.url === gate.url));
    const denials = (lines: AuditEntry[]) => lines.filter((line) => line.decision === "deny");
    const denied = denials(await gate.auditWhen("3 lines", (lines) => denials(lines).length >= 3));
    assert.deepEqual(
      denied.map(({ stage, tool, label }) => ({ stage, tool, label })),
      ["get-env", "trigger-long-running-operation", "no-such-tool"].map((tool) => ({
        stage: "allowlist",
        tool,
        label: "reader",
      })),
    );
  });

  Deno.test(`${name}: resources are listed and read as far as they are granted`, async () => {
    await using gate = await GateProcess.start(settings());
    await using mcp = await client.connect({ url: gate.url, key: reader.key });
    assert.deepEqual(await mcp.resources(), ["demo://resource/static/document/features.md"]);
    assert.deepEqual(await mcp.resourceTemplates(), [
      "demo://resource/dynamic/text/{resourceId}",
    ]);
    assert.match(await mcp.read("demo://resource/dynamic/text/7"), /^Resource 7/);
    for (
      const uri of [
        "demo://resource/dynamic/blob/7",
        "demo://resource/dynamic/text/../blob/7",
        "demo://resource/static/document/startup.md",
      ]
    ) {
      await assert.rejects(mcp.read(uri), /Resource not found/);
    }
  });

  Deno.test(`${name}: prompts are listed and fetched as far as they are granted`, async () => {
    await using gate = await GateProcess.start(settings());
    await using mcp = await client.connect({ url: gate.url, key: reader.key });
    assert.deepEqual(await mcp.prompts(), ["simple-prompt", "args-prompt"]);
    assert.equal(await mcp.prompt("args-prompt", { city: "Bern" }), "What's weather in Bern?");
    await assert.rejects(mcp.prompt("completable-prompt"), /Unknown prompt: completable-prompt/);
  });

  Deno.test(`${name}: capabilities that are not granted are not announced`, async () => {
    await using gate = await GateProcess.start(settings());
    await using mcp = await client.connect({ url: gate.url, key: narrow.key });
    const capabilities = mcp.capabilities();
    assert.ok(capabilities.includes("tools"));
    assert.ok(!capabilities.includes("prompts"), String(capabilities));
    assert.ok(!capabilities.includes("resources"), String(capabilities));
    await assert.rejects(mcp.read("demo://resource/dynamic/text/1"), Error);
  });

  Deno.test(`${name}: the server samples through the gate`, async () => {
    await using gate = await GateProcess.start(settings());
    await using mcp = await client.connect({
      url: gate.url,
      key: reader.key,
      sample: () => "sampled by the client",
    });
    const text = await mcp.call("trigger-sampling-request", { prompt: "x", maxTokens: 5 });
    assert.match(text, /sampled by the client/);
  });

  Deno.test(`${name}: the server elicits through the gate, and the answer is not logged`, async () => {
    await using gate = await GateProcess.start(settings());
    await using mcp = await client.connect({
      url: gate.url,
      key: reader.key,
      elicit: () => ({ name: "Ada-4711" }),
    });
    assert.match(await mcp.call("trigger-elicitation-request"), /- Name: Ada-4711/);
    assert.doesNotMatch(await gate.auditText(), /Ada-4711/);
  });

  Deno.test(`${name}: what the server says of its own accord arrives`, async () => {
    await using gate = await GateProcess.start(settings());
    await using mcp = await client.connect({ url: gate.url, key: noisy.key });
    const isOpen = (request: WireRequest) => request.method === "GET" && request.status === 200;
    await eventually("the client's own stream", () => mcp.traffic.some(isOpen));
    await mcp.call("toggle-simulated-logging");
    await eventually("a log message", () => mcp.logs.length > 0);
    assert.match(mcp.logs[0] ?? "", /level.message/);
    await mcp.call("toggle-simulated-logging");
  });

  Deno.test(`${name}: a session ends when its client says so`, async () => {
    await using gate = await GateProcess.start(settings());
    await using mcp = await client.connect({ url: gate.url, key: reader.key });
    await mcp.call("echo", { message: "before" });
    await mcp.endSession();
    assert.equal(mcp.traffic.at(-1)?.method, "DELETE");
    assert.equal(mcp.traffic.at(-1)?.status, 200);
    const lines = await gate.auditWhen("the DELETE", (lines) => lines.some(isEnd));
    const sessions = new Set(lines.map((line) => line.session).filter((id) => id !== null));
    assert.equal(sessions.size, 1);
    assert.match([...sessions][0] ?? "", /^[0-9a-f]{12}$/);
  });
}

function isEnd(line: { http: string }): boolean {
  return line.http === "DELETE";
}
