/** What is counted of exchanges: the right thing, once, across reloads, and never without bound. */
import assert from "node:assert/strict";
import { Census, MAX_COUNTS, MAX_LABELS } from "../../src/gate/census.ts";
import { countedKeys, gateSnapshot } from "../../src/gate/gate_snapshot.ts";
import { countOf } from "../../src/gate/histogram.ts";
import { ExchangeRecord } from "../../src/gate/record.ts";
import { allow } from "../../src/policy/contract.ts";
import type { AnyPolicyModule } from "../../src/policy/contract.ts";
import { UpstreamError } from "../../src/upstream/upstream.ts";
import { A, B, bodyOf, call, rpc, Scene } from "./support/gate_scene.ts";
import { MemoryExchange } from "./support/memory_exchange.ts";
import { eventReply, jsonReply } from "./support/memory_upstream.ts";

const counting = () => ({ witness: { census: new Census() } });

Deno.test("Census counts by label, method, decision and stage", async () => {
  await using scene = await Scene.open(counting());
  await scene.post(call());
  await scene.post(call());
  await scene.post(call("wipe"), B);
  await scene.post(call(), null);
  scene.upstream.next(jsonReply("no JSON"));
  await scene.post(call());
  await scene.post(rpc("no/such"), A);
  await scene.ask({ method: "PUT" }, null);
  assert.deepEqual(gateSnapshot(scene.gate).exchanges, [
    { label: "a", method: "tools/call", decision: "allow", stage: "", count: 2 },
    { label: "a", method: "tools/call", decision: "error", stage: "upstream", count: 1 },
    { label: "a", method: "other", decision: "deny", stage: "allowlist", count: 1 },
    { label: "b", method: "tools/call", decision: "deny", stage: "allowlist", count: 1 },
    { label: "", method: "none", decision: "deny", stage: "auth", count: 1 },
    { label: "", method: "none", decision: "deny", stage: "door", count: 1 },
  ]);
});

Deno.test("Census keeps the last refusal of each kind", async () => {
  await using scene = await Scene.open(counting());
  await scene.post(call("wipe"), B);
  await scene.post(call("format"), B);
  const [refusal, ...others] = gateSnapshot(scene.gate).refusals;
  assert.equal(others.length, 0);
  assert.deepEqual([refusal?.stage, refusal?.kind, refusal?.count], [
    "allowlist",
    "unknown_tool",
    2,
  ]);
  assert.equal(refusal?.last.reason, "Unknown tool: format (not available to this API key)");
  assert.deepEqual([refusal?.last.label, refusal?.last.exchange], ["b", scene.last.exchange]);
});

Deno.test("Census tells time in the gate from waiting for the upstream", async () => {
  await using scene = await Scene.open(counting());
  scene.upstream.next(async () => {
    await Promise.resolve();
    scene.clock.ms += 40;
    return jsonReply({ jsonrpc: "2.0", id: 1, result: {} });
  });
  const exchange = scene.begin({ body: null });
  scene.clock.ms += 2;
  exchange.send(bodyOf(call()));
  exchange.endBody();
  await scene.over();
  const { gateTimes, upstreamTimes } = gateSnapshot(scene.gate);
  assert.deepEqual(gateTimes.map(({ method, times }) => [method, times.sumS]), [[
    "tools/call",
    0.002,
  ]]);
  assert.deepEqual(upstreamTimes.map(({ method, times }) => [method, times.sumS]), [[
    "tools/call",
    0.04,
  ]]);
});

Deno.test("what never goes up has a time in the gate only", async () => {
  await using scene = await Scene.open(counting());
  await scene.post(call("wipe"), B);
  const { gateTimes, upstreamTimes } = gateSnapshot(scene.gate);
  assert.deepEqual([countOf(gateTimes[0]!.times), upstreamTimes.length], [1, 0]);
});

Deno.test("an upstream that gives no answer has its waiting counted, too", async () => {
  await using scene = await Scene.open(counting());
  scene.upstream.next(() => Promise.reject(new UpstreamError("timeout", "no head in time")));
  await scene.post(call());
  assert.equal(countOf(gateSnapshot(scene.gate).upstreamTimes[0]!.times), 1);
});

Deno.test("a reload forgets no count", async () => {
  await using scene = await Scene.open(counting());
  await scene.post(call());
  await scene.gate.reload(scene.config({ keys: [] }));
  await scene.gate.reload(scene.config());
  await scene.post(call());
  const { generation, exchanges } = gateSnapshot(scene.gate);
  assert.deepEqual([generation, exchanges.map(({ count }) => count)], [3, [2]]);
});

Deno.test("labels that a module made up are counted together", async () => {
  let made = 0;
  const module: AnyPolicyModule = {
    name: "sso",
    at: "head",
    options: (z) => z.object({}),
    create: () => () => allow({ principal: { label: `guest-${++made}`, hash: null } }),
  };
  await using scene = await Scene.open({
    ...counting(),
    modules: { sso: module },
    stages: ["sso"],
  });
  await scene.post(call());
  await scene.post(call());
  assert.deepEqual(gateSnapshot(scene.gate).exchanges.map(({ label, count }) => [label, count]), [
    ["other", 2],
  ]);
});

Deno.test("an open exchange is listed with what it waits for, oldest first, streams last", async () => {
  await using scene = await Scene.open(counting());
  scene.upstream.next(eventReply([": x\n\n"]));
  const listening = scene.begin({ method: "GET", fields: [["accept", "text/event-stream"]] });
  await listening.has(":");
  scene.upstream.next(eventReply([": y\n\n"]));
  const calling = scene.begin({ body: bodyOf(call()) });
  await calling.has(":");
  scene.clock.ms += 1500;
  const reading = scene.begin({ body: null });
  const { open, openCount, streams } = gateSnapshot(scene.gate);
  assert.deepEqual(
    open.map(({ method, subject, phase, isListening, label }) => [
      method,
      subject,
      phase,
      isListening,
      label,
    ]),
    [
      ["tools/call", "read_file", "reply", false, "a"],
      [null, null, "gate", false, "a"],
      [null, null, "reply", true, "a"],
    ],
  );
  assert.deepEqual([openCount, streams], [3, [{ label: "a", count: 1 }]]);
  for (const exchange of [listening, calling, reading]) exchange.leave();
});

Deno.test("a gate without a census clocks nothing and tells what is open all the same", async () => {
  await using scene = await Scene.open();
  const exchange = scene.begin({ body: null });
  const { open, exchanges } = gateSnapshot(scene.gate);
  assert.deepEqual([open.length, exchanges.length], [1, 0]);
  exchange.leave();
});

Deno.test("the keys that are counted apart are those that have called", async () => {
  await using scene = await Scene.open(counting());
  await scene.post(call(), B);
  assert.deepEqual(countedKeys(scene.gate).map(({ label }) => label), ["b"]);
});

/** Counts one exchange of `label` that asked `method`, refused by `stage` where one is given. */
function count(census: Census, label: string, method: string, stage: string | null = null) {
  const record = new ExchangeRecord("id", new MemoryExchange(), "192.0.2.1", 0, 0);
  record.label = label;
  record.method = method;
  if (stage !== null) record.refused({ kind: "forbidden", stage, reason: "no" });
  census.ended(record, record.outcome(1), true);
}

Deno.test(`Census counts ${MAX_LABELS} labels apart and the rest together`, () => {
  const census = new Census();
  for (let index = 0; index < MAX_LABELS + 50; index++) count(census, `key-${index}`, "ping");
  const counts = census.exchanges();
  assert.equal(counts.length, MAX_LABELS + 1);
  assert.equal(counts.find(({ label }) => label === "other")?.count, 50);
});

Deno.test(`Census keeps about ${MAX_COUNTS} counts, whatever is asked, and loses none`, () => {
  const census = new Census();
  const methods = ["ping", "tools/call", "tools/list", "initialize", "prompts/get", "made/up"];
  const stages = ["door", "auth", "ratelimit", "allowlist", "upstream", "mine"];
  let ended = 0;
  for (let index = 0; index < MAX_LABELS; index++) {
    for (const method of methods) {
      for (const stage of stages) {
        count(census, `key-${index}`, method, stage);
        ended++;
      }
    }
  }
  const counts = census.exchanges();
  const most = MAX_COUNTS + methods.length * stages.length + stages.length;
  assert.ok(counts.length <= most, `${counts.length} counts`);
  assert.equal(counts.reduce((sum, { count }) => sum + count, 0), ended);
});
