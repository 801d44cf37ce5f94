/**
 * Every way in which an exchange can end leaves exactly one record, which says what happened; and
 * nothing of the gate's is held afterwards (the scene checks that when it is disposed of).
 */
import assert from "node:assert/strict";
import type { Outcome } from "../../src/policy/contract.ts";
import { AT_THE_GATE } from "./ending_at_the_gate.ts";
import { BEYOND_THE_GATE } from "./ending_beyond_the_gate.ts";
import { Scene } from "./support/gate_scene.ts";

for (const { name, setting = {}, lead, record, status } of [...AT_THE_GATE, ...BEYOND_THE_GATE]) {
  Deno.test(`exactly one record is left by ${name}`, async () => {
    await using scene = await Scene.open(setting);
    const exchange = await lead(scene);
    assert.equal(scene.outcomes.length, 1);
    const outcome = scene.last;
    const seen = Object.fromEntries(
      Object.keys(record).map((member) => [member, outcome[member as keyof Outcome]]),
    );
    assert.deepEqual(seen, record);
    assert.equal(exchange.status, status ?? outcome.status);
    assert.ok(exchange.answers <= 1, "answered more than once");
    assert.equal(outcome.remote, "192.0.2.7");
    assert.equal(outcome.http, exchange.method);
    const id = exchange.field("mcpgate-exchange");
    if (exchange.status !== 0) assert.equal(id, outcome.exchange);
  });
}

Deno.test("no record is left by a route that is not audited", async () => {
  const health = { status: 200, fields: [], body: null, audited: false };
  await using scene = await Scene.open({ own: { "GET /healthz": health } });
  const exchange = await scene.ask({ method: "GET", target: "/healthz" }, null);
  assert.deepEqual([exchange.status, scene.outcomes.length], [200, 0]);
});
