/** What is seen of two gates adds up, survives the way to another thread, and stays bounded. */
import assert from "node:assert/strict";
import { Census } from "../../src/gate/census.ts";
import { gateSnapshot } from "../../src/gate/gate_snapshot.ts";
import { addSnapshots, OPEN_LISTED } from "../../src/gate/snapshot.ts";
import type { OpenExchange, Snapshot } from "../../src/gate/snapshot.ts";
import { B, call, Scene } from "./support/gate_scene.ts";

async function seen(calls: number, refusals: number): Promise<Snapshot> {
  await using scene = await Scene.open({ witness: { census: new Census() } });
  for (let index = 0; index < calls; index++) await scene.post(call());
  for (let index = 0; index < refusals; index++) await scene.post(call("wipe"), B);
  return {
    ...gateSnapshot(scene.gate),
    buckets: [{ label: "a", tokens: calls, rps: 1, burst: 9 }],
    audit: { waitingBytes: calls, isFailing: refusals > 0, lostLines: 1 },
    reloads: { reloaded: calls, unchanged: 0, refused: 0, lastMs: calls },
    connections: { open: 1, accepted: 2, refused: 3 },
    memory: { residentBytes: calls, heapBytes: calls },
  };
}

Deno.test("addSnapshots adds counts and keeps what is tightest, latest and largest", async () => {
  const sum = addSnapshots(await seen(2, 0), await seen(3, 4));
  assert.deepEqual(sum.exchanges.map(({ label, decision, count }) => [label, decision, count]), [
    ["a", "allow", 5],
    ["b", "deny", 4],
  ]);
  assert.deepEqual(sum.ends, [{ end: "complete", count: 9 }]);
  assert.deepEqual(sum.refusals.map(({ kind, count }) => [kind, count]), [["unknown_tool", 4]]);
  assert.deepEqual(sum.buckets.map(({ tokens }) => tokens), [2]);
  assert.deepEqual(sum.audit, { waitingBytes: 5, isFailing: true, lostLines: 2 });
  assert.equal(sum.reloads.reloaded, 3);
  assert.deepEqual(sum.connections, { open: 2, accepted: 4, refused: 6 });
  assert.deepEqual(sum.memory, { residentBytes: 3, heapBytes: 5 });
});

Deno.test("a snapshot is plain data", async () => {
  const snapshot = await seen(1, 1);
  assert.deepEqual(structuredClone(snapshot), snapshot);
  assert.deepEqual(JSON.parse(JSON.stringify(snapshot)), snapshot);
});

Deno.test("however much is open, so many exchanges are listed", async () => {
  const one = await seen(1, 0);
  const open = Array.from({ length: OPEN_LISTED }, (_, index): OpenExchange => ({
    exchange: `${index}`,
    label: null,
    http: "POST",
    method: null,
    subject: null,
    remote: "192.0.2.1",
    ageMs: index,
    phase: "gate",
    isListening: index % 2 === 0,
  }));
  const many = { ...one, open, openCount: 500 };
  const sum = addSnapshots(many, many);
  assert.deepEqual([sum.open.length, sum.openCount], [OPEN_LISTED, 1000]);
  assert.ok(sum.open.every(({ isListening }) => !isListening), "those that ask come first");
  assert.equal(sum.open[0]?.ageMs, OPEN_LISTED - 1);
});
