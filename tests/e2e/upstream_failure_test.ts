/**
 * The server dies and comes back while official clients are at work: they are told in-band and at
 * once, and whoever connects anew is served without a restart of the gate.
 */
import assert from "node:assert/strict";
import { inTime } from "../support/eventually.ts";
import { EverythingServer } from "../support/everything_server.ts";
import { GateProcess, testKey } from "../support/gate_process.ts";
import { events, RecordingUpstream } from "../support/recording_upstream.ts";
import { mcpPost, toolCall } from "../support/mcp_request.ts";
import { RawClient } from "../support/raw_http.ts";
import { FIRST, SECOND } from "../support/sdk_client.ts";

const worker = testKey("worker", { allow: ["echo"] });

for (const client of [FIRST, SECOND]) {
  Deno.test(`${client.name}: is told when the server dies, and served when it is back`, async () => {
    const first = await EverythingServer.start();
    await using stack = new AsyncDisposableStack();
    stack.use(first);
    const gate = stack.use(
      await GateProcess.start({ upstream: { url: first.url }, keys: [worker.entry] }),
    );
    const mcp = stack.use(await client.connect({ url: gate.url, key: worker.key }));
    assert.equal(await mcp.call("echo", { message: "alive" }), "Echo: alive");

    await first.kill();
    await assert.rejects(
      inTime("the failure", mcp.call("echo", { message: "dead" }), 2000),
      /Upstream MCP server unavailable/,
    );
    const post = mcp.traffic.findLast((request) => request.method === "POST");
    assert.equal(post?.status, 200);
    await assert.rejects(
      inTime("the failure", client.connect({ url: gate.url, key: worker.key }), 2000),
      /Upstream MCP server unavailable/,
    );
    const lines = await gate.auditWhen(
      "a line for each failure",
      (lines) => lines.filter(isFailure).some((line) => line.method === "initialize"),
    );
    const failures = lines.filter(isFailure);
    assert.ok(failures.some((line) => line.status === 200 && line.tool === "echo"));
    assert.ok(failures.some((line) => line.status === 502 && line.method === "initialize"));
    assert.ok(failures.every((line) => line.stage === "upstream"));

    stack.use(await EverythingServer.startOn(first.port));
    const again = stack.use(await client.connect({ url: gate.url, key: worker.key }));
    assert.equal(await again.call("echo", { message: "back" }), "Echo: back");
  });
}

Deno.test("a stream that breaks before its answer ends with an error for its request", async () => {
  await using upstream = await RecordingUpstream.start();
  await using gate = await GateProcess.start({
    upstream: { url: upstream.url() },
    keys: [worker.entry],
  });
  const progress = '{"jsonrpc":"2.0","method":"notifications/progress","params":{"progress":1}}';
  upstream.next(events([`data: ${progress}\n\n`], { unfinished: true, then: "close" }));
  using client = await RawClient.connect(gate.port);
  const reply = await client.ask(mcpPost(worker.key, toolCall("echo", {}, "id-7")));
  const text = await reply.text();
  const [first, second] = text.trimEnd().split("\n\n").map((event) =>
    JSON.parse(event.replace("data: ", ""))
  );
  assert.equal(first.method, "notifications/progress");
  assert.equal(second.id, "id-7");
  assert.equal(second.error.code, -32603);
});

function isFailure(line: { decision: string }): boolean {
  return line.decision === "error";
}
