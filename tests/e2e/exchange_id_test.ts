/**
 * Every answer names its exchange in the header `mcpgate-exchange`, and in no body: the id is that of
 * the audit line. What is no exchange has none: liveness, and requests that are no HTTP.
 */
import assert from "node:assert/strict";
import { GateProcess, testKey } from "../support/gate_process.ts";
import { fieldOf } from "../support/http_reader.ts";
import { mcpPost, mcpVerb } from "../support/mcp_request.ts";
import { askOnce, RawClient, type RawRequest } from "../support/raw_http.ts";
import { events, RecordingUpstream } from "../support/recording_upstream.ts";
import { AUDIT_CASES, ECHO, WORKER } from "./audit_case.ts";

const HEADER = "mcpgate-exchange";
const ID = /^[\w-]{12}$/;

const limited = testKey("limited", { allow: ["echo"], rate_limit: { rps: 0.001, burst: 1 } });

/** Those of the audit matrix that are answered without a policy module of their own. */
const ANSWERED = AUDIT_CASES.filter(({ leave, line }) =>
  leave === undefined && line.status !== undefined && line.stage !== "faulty"
);

const OTHERS: readonly { name: string; request: RawRequest; status: number }[] = [
  { name: "OAuth registration", request: { target: "/register", body: "{}" }, status: 400 },
  { name: "a used-up limit", request: mcpPost(limited.key, ECHO), status: 429 },
];

Deno.test("every answer carries the id of its exchange in a header and in no body", async (t) => {
  await using upstream = await RecordingUpstream.start();
  await using gate = await GateProcess.start({
    upstream: { url: upstream.url(), timeout: "300ms" },
    keys: [WORKER.entry, limited.entry],
    limits: { body: "16KiB" },
  });

  const check = async (request: RawRequest): Promise<number> => {
    const { status, fields, text } = await askOnce(gate.port, request);
    const id = fieldOf(fields, HEADER) ?? "";
    assert.match(id, ID);
    assert.ok(!text.includes(id), text);
    const lines = await gate.auditWhen("its line", (all) => all.some((l) => l.exchange === id));
    assert.deepEqual(lines.filter((line) => line.exchange === id).map((line) => line.status), [
      status,
    ]);
    return status;
  };

  for (const { name, upstream: script, request, line } of ANSWERED) {
    await t.step(name, async () => {
      if (script !== undefined) upstream.next(script);
      assert.equal(await check(request), line.status);
    });
  }
  upstream.otherwise = events(['data: {"jsonrpc":"2.0","id":1,"result":{}}\n\n']);
  await askOnce(gate.port, mcpPost(limited.key, ECHO));
  for (const { name, request, status } of OTHERS) {
    await t.step(name, async () => assert.equal(await check(request), status));
  }

  await t.step("what is no exchange has none", async () => {
    const { fields } = await askOnce(gate.port, { target: "/healthz" });
    assert.equal(fieldOf(fields, HEADER), null);
    using client = await RawClient.connect(gate.port);
    await client.send("GET / HTTP/1.1\r\nHost: a\r\nHost : b\r\n\r\n");
    const refused = await client.reply();
    assert.deepEqual([refused.status, refused.field(HEADER)], [400, null]);
  });
});

Deno.test("the stream and the answers of the older transport carry it, too", async () => {
  await using upstream = await RecordingUpstream.start();
  upstream.otherwise = events([
    "event: endpoint\ndata: /messages?session=1\n\n",
    new Promise(() => {}),
  ]);
  await using gate = await GateProcess.start({
    upstream: { url: upstream.url("/sse"), transport: "sse" },
    keys: [WORKER.entry],
    grace: "100ms",
  });
  using client = await RawClient.connect(gate.port);
  const stream = await client.ask({ ...mcpVerb("GET", WORKER.key), target: "/sse" });
  const begun = stream.field(HEADER) ?? "";
  assert.match(begun, ID);
  const text = await stream.readUntil("\n\n");
  const [, endpoint = ""] = /^data: (\S+)$/m.exec(text) ?? [];
  const unknown = { ...ECHO, params: { name: "hidden", arguments: {} } };
  const posted = await askOnce(gate.port, { ...mcpPost(WORKER.key, unknown), target: endpoint });
  const id = fieldOf(posted.fields, HEADER) ?? "";
  assert.deepEqual([posted.status, ID.test(id)], [202, true]);
  const told = await stream.readUntil("Unknown tool");
  assert.ok(!told.includes(id) && !told.includes(begun), told);
  const lines = await gate.auditWhen("the line of the post", (all) => all.length > 0);
  assert.equal(lines.find((line) => line.exchange === id)?.stage, "allowlist");
});
