/**
 * Header closure (PROTOCOL §3.2, P6) and canaries (P7): whatever a client or a server sends, only
 * the gate's own short lists of headers leave it, each once, and no secret crosses.
 */
import assert from "node:assert/strict";
import { GateProcess, testKey } from "../support/gate_process.ts";
import { mcpPost, mcpVerb, toolCall, toolResult } from "../support/mcp_request.ts";
import { askOnce, type RawRequest } from "../support/raw_http.ts";
import type { RawFields } from "../support/http_reader.ts";
import { answer, json, RecordingUpstream } from "../support/recording_upstream.ts";

const worker = testKey("worker", { allow: ["echo"] });

/** PROTOCOL §1.1, and what HTTP/1.1 itself needs. */
const UPWARDS = new Set([
  "host",
  "content-length",
  "connection",
  "content-type",
  "accept",
  "accept-encoding",
  "mcp-protocol-version",
  "mcp-session-id",
  "last-event-id",
  "mcp-method",
  "mcp-name",
  "user-agent",
]);
const DOWNWARDS = new Set([
  "date",
  "content-length",
  "transfer-encoding",
  "connection",
  "content-type",
  "mcp-session-id",
  "cache-control",
  "x-accel-buffering",
  "retry-after",
  "allow",
  "mcpgate-exchange",
  "www-authenticate",
  "vary",
]);

/** Everything a client might hope to get past the gate. */
const HOSTILE: RawFields = [
  ["Cookie", "COOKIE-X=1"],
  ["X-Forwarded-For", "203.0.113.9"],
  ["X-Forwarded-Host", "evil.example"],
  ["Forwarded", "for=203.0.113.9"],
  ["X-HTTP-Method-Override", "DELETE"],
  ["X-Original-URL", "/admin"],
  ["X-Rewrite-URL", "/admin"],
  ["X-Real-IP", "203.0.113.9"],
  ["Proxy-Authorization", "Basic eA=="],
  ["Accept-Encoding", "gzip, br"],
  ["Accept-Language", "de"],
  ["User-Agent", "client-under-test/1"],
  ["Mcp-Method", "tools/list"],
  ["Mcp-Name", "wipe"],
  ["Mcp-Param-Region", "eu"],
  ["Referer", "http://localhost/"],
  ["TE", "trailers"],
  ["Traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"],
  ["Last-Event-ID", "whatever"],
  ["Range", "bytes=0-1"],
  ["If-None-Match", '"x"'],
];

const CANARIES: RawFields = [
  ["Set-Cookie", "COOKIE-X=1"],
  ["Location", "http://UPSTREAM-HOST/"],
  ["Server", "UPSTREAM-HOST"],
  ["X-Powered-By", "UPSTREAM-HOST"],
  ["WWW-Authenticate", 'Bearer realm="UPSTREAM-HOST"'],
  ["ETag", '"UPSTREAM-HOST"'],
  ["Link", "<http://UPSTREAM-HOST/>; rel=next"],
  ["Access-Control-Allow-Origin", "*"],
  ["Access-Control-Allow-Credentials", "true"],
  ["Cache-Control", "public, max-age=600"],
  ["Mcpgate-Exchange", "forged"],
];

async function scene(stack: AsyncDisposableStack) {
  const upstream = stack.use(await RecordingUpstream.start());
  const gate = stack.use(
    await GateProcess.start({
      upstream: { url: upstream.url(), headers: { "X-Service-Token": "SERVICE-TOKEN" } },
      keys: [worker.entry],
    }),
  );
  return { upstream, gate };
}

function names(fields: RawFields): string[] {
  return fields.map(([name]) => name.toLowerCase()).sort();
}

function without(fields: RawFields, ...names: string[]): RawFields {
  return fields.filter(([name]) => !names.includes(name.toLowerCase()));
}

const REQUESTS: readonly { name: string; request: RawRequest }[] = [
  { name: "a call", request: mcpPost(worker.key, toolCall("echo"), HOSTILE) },
  {
    name: "a call with X-API-Key",
    request: {
      ...mcpPost(null, toolCall("echo"), HOSTILE),
      fields: [["X-API-Key", worker.key], ["Content-Type", "application/json"], ...HOSTILE],
    },
  },
  {
    name: "a notification",
    request: mcpPost(worker.key, { jsonrpc: "2.0", method: "notifications/initialized" }, HOSTILE),
  },
  {
    name: "a stream",
    request: mcpVerb("GET", worker.key, without(HOSTILE, "last-event-id")),
  },
  { name: "an end of session", request: mcpVerb("DELETE", worker.key, HOSTILE) },
];

for (const { name, request } of REQUESTS) {
  Deno.test(`headers upwards: ${name} carries the gate's list, each once`, async () => {
    await using stack = new AsyncDisposableStack();
    const { upstream, gate } = await scene(stack);
    upstream.otherwise = json(toolResult("done"));
    await askOnce(gate.port, request);
    const received = await upstream.request(0);
    const sent = names(received.fields);
    assert.deepEqual(sent, [...new Set(sent)], "no field twice");
    assert.deepEqual(sent.filter((field) => !UPWARDS.has(field)), ["x-service-token"]);
    const head = JSON.stringify(received.fields);
    for (const canary of [worker.key, "COOKIE-X", "203.0.113.9", "evil", "client-under-test"]) {
      assert.ok(!head.includes(canary), `${canary} in ${head}`);
    }
    assert.equal(received.target, "/mcp");
  });
}

Deno.test("headers upwards: further client headers change nothing", async () => {
  await using stack = new AsyncDisposableStack();
  const { upstream, gate } = await scene(stack);
  upstream.otherwise = json(toolResult("done"));
  await askOnce(gate.port, mcpPost(worker.key, toolCall("echo")));
  await askOnce(gate.port, mcpPost(worker.key, toolCall("echo"), HOSTILE));
  const [plain, hostile] = [await upstream.request(0), await upstream.request(1)];
  assert.deepEqual(hostile.fields, plain.fields);
  assert.deepEqual(hostile.body, plain.body);
});

const REPLIES = [
  { name: "an answer", script: json(toolResult("done"), CANARIES) },
  { name: "a refusal", script: answer({ status: 404, fields: CANARIES, body: "UPSTREAM-HOST" }) },
  { name: "a redirect", script: answer({ status: 307, fields: CANARIES, body: "UPSTREAM-HOST" }) },
  { name: "a failure", script: answer({ status: 500, fields: CANARIES, body: "UPSTREAM-HOST" }) },
  { name: "a 401", script: answer({ status: 401, fields: CANARIES, body: "UPSTREAM-HOST" }) },
  {
    name: "an event stream",
    script: answer({
      fields: [["Content-Type", "text/event-stream"], ...CANARIES],
      body: [`data: ${JSON.stringify(toolResult("done"))}\n\n`],
    }),
  },
];

for (const { name, script } of REPLIES) {
  Deno.test(`headers downwards: ${name} carries the gate's list, and no canary`, async () => {
    await using stack = new AsyncDisposableStack();
    const { upstream, gate } = await scene(stack);
    upstream.otherwise = script;
    const reply = await askOnce(gate.port, mcpPost(worker.key, toolCall("echo")));
    const sent = names(reply.fields);
    assert.deepEqual(sent.filter((field) => !DOWNWARDS.has(field)), []);
    assert.deepEqual(sent, [...new Set(sent)], "no field twice");
    const whole = JSON.stringify(reply.fields) + reply.text;
    for (const canary of ["COOKIE-X", "UPSTREAM-HOST", "SERVICE-TOKEN", worker.key, "forged"]) {
      assert.ok(!whole.includes(canary), `${canary} in ${whole}`);
    }
    assert.match(whole, /"no-store, no-transform"/i);
  });
}

Deno.test("no secret stands in the audit log or on stderr", async () => {
  await using stack = new AsyncDisposableStack();
  const { upstream, gate } = await scene(stack);
  upstream.otherwise = answer({ status: 500, body: "UPSTREAM-BODY" });
  for (const { request } of REQUESTS) await askOnce(gate.port, request);
  await askOnce(gate.port, mcpPost(`${worker.key}x`, toolCall("echo")));
  await gate.auditWhen("all lines", (lines) => lines.length === REQUESTS.length + 1);
  const written = await gate.auditText() + await gate.stderr();
  for (const canary of [worker.key, "SERVICE-TOKEN", "UPSTREAM-BODY", "COOKIE-X"]) {
    assert.ok(!written.includes(canary), canary);
  }
});
