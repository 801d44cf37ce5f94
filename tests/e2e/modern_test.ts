/**
 * Revision 2026-07-28, stateless: the official v2 client in front of the gate, a server on the
 * official v2 package behind it. Beside what every revision promises: definitions and cache scopes,
 * requests that need a second round, and a list that changes while the client watches.
 */
import assert from "node:assert/strict";
import { eventually, inTime } from "../support/eventually.ts";
import { FixtureServer, HIDDEN } from "../support/fixture_server.ts";
import { type AuditEntry, GateProcess, testKey } from "../support/gate_process.ts";
import { MODERN } from "../support/sdk_client.ts";

const reader = testKey("reader", {
  allow: ["echo", "greet"],
  prompts: ["ask_today"],
  resources: ["note://today"],
});

async function scene(stack: AsyncDisposableStack) {
  const server = stack.use(new FixtureServer());
  const gate = stack.use(
    await GateProcess.start({ upstream: { url: server.url }, keys: [reader.entry] }),
  );
  const mcp = stack.use(
    await MODERN.connect({ url: gate.url, key: reader.key, elicit: () => ({ name: "Ada" }) }),
  );
  return { server, gate, mcp };
}

Deno.test("modern client: agrees on 2026-07-28 through the gate", async () => {
  await using stack = new AsyncDisposableStack();
  const { mcp } = await scene(stack);
  assert.equal(mcp.protocol, "2026-07-28");
});

Deno.test("modern client: sees what its key names, and nothing else", async () => {
  await using stack = new AsyncDisposableStack();
  const { mcp } = await scene(stack);
  assert.deepEqual(await mcp.tools(), ["echo", "greet"]);
  assert.deepEqual(await mcp.resources(), ["note://today"]);
  assert.deepEqual(await mcp.prompts(), ["ask_today"]);
  assert.equal(await mcp.call("echo", { text: "hi" }), "hi");
  assert.equal(await mcp.read("note://today"), "sunny");
  assert.equal(await mcp.prompt("ask_today"), "sunny");
});

Deno.test("modern client: what its key does not name is unknown, in-band and at once", async () => {
  await using stack = new AsyncDisposableStack();
  const { server, mcp } = await scene(stack);
  await assert.rejects(inTime("the denial", mcp.call("wipe"), 2000), /Unknown tool: wipe/);
  await assert.rejects(inTime("the denial", mcp.read("note://secret"), 2000), /Resource not found/);
  await assert.rejects(
    inTime("the denial", mcp.prompt("ask_secret"), 2000),
    /Unknown prompt: ask_secret/,
  );
  assert.equal(server.calls.get("wipe"), undefined);
  assert.deepEqual(mcp.traffic.slice(-3).map((request) => request.status), [200, 200, 200]);
});

Deno.test("modern client: a call that asks back is answered in a second round", async () => {
  await using stack = new AsyncDisposableStack();
  const { server, mcp } = await scene(stack);
  assert.equal(await mcp.call("greet"), "Hello, Ada");
  assert.equal(server.calls.get("greet"), 1);
});

Deno.test("modern client: a subscription tells of a changed list, until its key is gone", async () => {
  await using server = new FixtureServer();
  const settings = { upstream: { url: server.url }, keys: [reader.entry] };
  await using gate = await GateProcess.start(settings);
  let changes = 0;
  await using _watching = await MODERN.connect({
    url: gate.url,
    key: reader.key,
    onToolsChanged: () => changes++,
  });
  server.announceTools();
  await eventually("the announcement", () => changes === 1);
  await gate.reload({ ...settings, keys: [testKey("another", { allow: [] }).entry] });
  const isListen = (line: AuditEntry) => line.method === "subscriptions/listen";
  const lines = await gate.auditWhen("the end of the subscription", (all) => all.some(isListen));
  assert.deepEqual(lines.filter(isListen).map((line) => line.end), ["revoked"]);
});

Deno.test("modern client: no hidden definition and no public cache scope reaches the wire", async () => {
  await using stack = new AsyncDisposableStack();
  const { gate } = await scene(stack);
  for (const method of ["server/discover", "tools/list", "resources/list", "prompts/list"]) {
    const response = await fetch(gate.url, {
      method: "POST",
      headers: {
        authorization: `Bearer ${reader.key}`,
        "content-type": "application/json",
        accept: "application/json, text/event-stream",
        "mcp-protocol-version": "2026-07-28",
        "mcp-method": method,
      },
      body: JSON.stringify({
        jsonrpc: "2.0",
        id: method,
        method,
        params: {
          _meta: {
            "io.modelcontextprotocol/protocolVersion": "2026-07-28",
            "io.modelcontextprotocol/clientInfo": { name: "raw", version: "1" },
            "io.modelcontextprotocol/clientCapabilities": {},
          },
        },
      }),
    });
    const text = await response.text();
    assert.equal(response.status, 200, text);
    assert.ok(!text.includes(HIDDEN), `${method}: ${text}`);
    assert.ok(!text.includes('"public"'), `${method}: ${text}`);
    assert.match(text, /"cacheScope":"private"/);
    assert.equal(response.headers.get("cache-control"), "no-store, no-transform");
  }
});
