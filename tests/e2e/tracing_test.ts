/** Exchanges as spans: exported by the runtime to a receiver, each where it belongs in its trace. */
import assert from "node:assert/strict";
import { eventually } from "../support/eventually.ts";
import { FROM_SOURCE, GateProcess, testKey } from "../support/gate_process.ts";
import { fieldOf } from "../support/http_reader.ts";
import { mcpPost, toolCall, toolResult } from "../support/mcp_request.ts";
import { OtlpReceiver } from "../support/otlp_receiver.ts";
import type { ExportedSpan } from "../support/otlp_receiver.ts";
import { askOnce } from "../support/raw_http.ts";
import { answer, RecordingUpstream } from "../support/recording_upstream.ts";

const worker = testKey("worker", { allow: ["echo"] });
const TRACE = "0af7651916cd43dd8448eb211c80319c";
const CALLER = "b7ad6b7169203331";
const SERVER = 2;
const CLIENT = 3;

interface Scene {
  readonly upstream: RecordingUpstream;
  readonly gate: GateProcess;
  readonly receiver: OtlpReceiver;
}

async function withTraces(
  test: (scene: Scene) => Promise<void>,
  upstreamSettings: Record<string, unknown> = {},
  more: Record<string, string> = {},
): Promise<void> {
  await using receiver = new OtlpReceiver();
  await using upstream = await RecordingUpstream.start();
  upstream.otherwise = answer({
    fields: [["Content-Type", "application/json"]],
    body: JSON.stringify(toolResult("RESULT-7")),
  });
  const environment = Object.entries({ ...receiver.environment, ...more })
    .map(([name, value]) => `${name}=${value}`);
  await using gate = await GateProcess.start(
    { upstream: { url: upstream.url(), ...upstreamSettings }, keys: [worker.entry] },
    ["env", ...environment, ...FROM_SOURCE],
  );
  await test({ upstream, gate, receiver });
}

/** What a caller sends who is part of a trace himself. */
const traced = (flags = "01") => [["Traceparent", `00-${TRACE}-${CALLER}-${flags}`]] as const;

/** The span of this kind in the caller's trace, once it has come. */
async function spanOf({ receiver }: Scene, kind: number, trace = TRACE): Promise<ExportedSpan> {
  await eventually(
    "the span to be exported",
    () => receiver.span(trace, kind) !== undefined,
    10_000,
  );
  return receiver.span(trace, kind)!;
}

Deno.test("an exchange is a span under the caller's, and its way up is one under that", async () => {
  await withTraces(async (scene) => {
    await askOnce(scene.gate.port, mcpPost(worker.key, toolCall("echo"), traced()));
    const exchange = await spanOf(scene, SERVER);
    const up = await spanOf(scene, CLIENT);
    const [line] = await scene.gate.auditWhen("one line", (lines) => lines.length === 1);
    assert.deepEqual([exchange.name, exchange.parentSpanId], ["tools/call echo", CALLER]);
    assert.deepEqual([up.name, up.parentSpanId], ["POST", exchange.spanId]);
    assert.deepEqual(exchange.attributes, {
      "http.request.method": "POST",
      "http.response.status_code": exchange.attributes["http.response.status_code"],
      "client.address": "127.0.0.1",
      "mcp.method.name": "tools/call",
      "gen_ai.tool.name": "echo",
      "mcpgate.exchange": line?.exchange,
      "mcpgate.generation": exchange.attributes["mcpgate.generation"],
      "mcpgate.label": "worker",
      "mcpgate.decision": "allow",
      "mcpgate.end": "complete",
    });
    assert.equal(Number(exchange.attributes["http.response.status_code"]), 200);
    assert.equal(Number(up.attributes["http.response.status_code"]), 200);
    assert.deepEqual([up.events, exchange.status, up.status], [["head"], 0, 0]);
    assert.ok(exchange.startNs <= up.startNs && up.endNs <= exchange.endNs, "one in the other");
  });
});

Deno.test("a refusal is a span alone, with the kind of reason, and no error", async () => {
  await withTraces(async (scene) => {
    await askOnce(scene.gate.port, mcpPost(worker.key, toolCall("wipe"), traced()));
    const exchange = await spanOf(scene, SERVER);
    const { attributes, name, status } = exchange;
    assert.deepEqual([name, status, attributes["mcpgate.stage"], attributes["error.type"]], [
      "tools/call",
      0,
      "allowlist",
      "unknown_tool",
    ]);
    assert.equal(scene.receiver.span(TRACE, CLIENT), undefined);
  });
});

Deno.test("an upstream that fails is an error of both spans", async () => {
  await withTraces(async (scene) => {
    scene.upstream.otherwise = () => "reset";
    await askOnce(scene.gate.port, mcpPost(worker.key, toolCall("echo"), traced()));
    const [exchange, up] = [await spanOf(scene, SERVER), await spanOf(scene, CLIENT)];
    assert.deepEqual([exchange.status, exchange.attributes["error.type"]], [2, "upstream"]);
    assert.deepEqual([up.status, up.attributes["error.type"]], [2, "broken"]);
  });
});

Deno.test("no key, argument or result is in what is exported", async () => {
  await withTraces(async (scene) => {
    const call = toolCall("echo", { secret: "ARGUMENT-7" });
    await askOnce(scene.gate.port, mcpPost(worker.key, call, traced()));
    await askOnce(scene.gate.port, mcpPost(`mcpg_${"WRONG-KEY-7".repeat(4)}`, call));
    await spanOf(scene, CLIENT);
    await eventually("all to be exported", () => scene.receiver.spans.length >= 3, 10_000);
    const exported = scene.receiver.texts.join("\n");
    for (const secret of [worker.key, worker.entry.hash, "ARGUMENT-7", "RESULT-7", "WRONG-KEY-7"]) {
      assert.ok(!exported.includes(secret as string), `${secret}`);
    }
  });
});

Deno.test("nothing of the trace goes up unless forward_headers names it", async () => {
  await withTraces(async (scene) => {
    await askOnce(scene.gate.port, mcpPost(worker.key, toolCall("echo"), traced()));
    await spanOf(scene, CLIENT);
    assert.equal(fieldOf(scene.upstream.requests[0]?.fields ?? [], "traceparent"), null);
  });
});

Deno.test("where it does, the upstream's own spans belong under the gate's", async () => {
  await withTraces(async (scene) => {
    await askOnce(scene.gate.port, mcpPost(worker.key, toolCall("echo"), traced()));
    const { spanId } = await spanOf(scene, CLIENT);
    const sent = fieldOf(scene.upstream.requests[0]?.fields ?? [], "traceparent");
    assert.equal(sent, `00-${TRACE}-${spanId}-01`);
  }, { forward_headers: ["traceparent"] });
});

const UNFOLLOWED = `00-${TRACE}-${CALLER}-00`;

Deno.test("a caller who wants no trace gets none, and the upstream hears so", async () => {
  await withTraces(async (scene) => {
    await askOnce(scene.gate.port, mcpPost(worker.key, toolCall("echo"), traced("00")));
    await askOnce(scene.gate.port, mcpPost(worker.key, toolCall("echo")));
    await eventually("the other's spans", () => scene.receiver.spans.length >= 2, 10_000);
    assert.equal(scene.receiver.span(TRACE, SERVER), undefined);
    const sent = scene.upstream.requests.map(({ fields }) => fieldOf(fields, "traceparent"));
    assert.equal(sent[0], UNFOLLOWED);
    assert.match(sent[1] ?? "", /^00-[0-9a-f]{32}-[0-9a-f]{16}-01$/, "a trace of its own");
  }, { forward_headers: ["traceparent"] });
});

const MALFORMED = [
  `00-${TRACE}-${CALLER}`,
  `ff-${TRACE}-${CALLER}-01`,
  `00-${TRACE}-${CALLER}-01-more`,
  `00-${"0".repeat(32)}-${CALLER}-01`,
  `00-${TRACE}-${"0".repeat(16)}-01`,
  `00-${TRACE.toUpperCase()}-${CALLER}-01`,
];

Deno.test("a malformed traceparent is none: the exchange begins a trace of its own", async () => {
  await withTraces(async (scene) => {
    for (const traceparent of MALFORMED) {
      const fields = [["Traceparent", traceparent]] as const;
      await askOnce(scene.gate.port, mcpPost(worker.key, toolCall("echo"), fields));
    }
    await eventually(
      "all spans",
      () => scene.receiver.spans.length === 2 * MALFORMED.length,
      10_000,
    );
    for (const { traceId, parentSpanId, kind } of scene.receiver.spans) {
      assert.notEqual(traceId, TRACE);
      assert.equal(parentSpanId === "", kind === SERVER);
    }
  });
});

Deno.test("spans that are not exported yet are when the gate stops", async () => {
  await withTraces(
    async (scene) => {
      await askOnce(scene.gate.port, mcpPost(worker.key, toolCall("echo"), traced()));
      assert.equal(await scene.gate.stop(), 0);
      await spanOf(scene, SERVER);
    },
    {},
    { OTEL_BSP_SCHEDULE_DELAY: "60000" },
  );
});

Deno.test("workers export what each of them has done", async () => {
  await using receiver = new OtlpReceiver();
  await using upstream = await RecordingUpstream.start();
  upstream.otherwise = answer({
    fields: [["Content-Type", "application/json"]],
    body: JSON.stringify(toolResult("x")),
  });
  const environment = Object.entries(receiver.environment).map(([name, value]) =>
    `${name}=${value}`
  );
  await using gate = await GateProcess.start(
    { upstream: { url: upstream.url() }, keys: [worker.entry], workers: 2 },
    ["env", ...environment, ...FROM_SOURCE],
  );
  for (let count = 0; count < 8; count++) {
    await askOnce(gate.port, mcpPost(worker.key, toolCall("echo"), traced()));
  }
  await eventually("all spans", () => receiver.spans.length === 16, 10_000);
});
