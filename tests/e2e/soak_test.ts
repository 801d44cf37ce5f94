/**
 * A short soak: thousands of requests of every kind, clients that leave, reloads and restarts of the
 * upstream, and then the accounts. What memory does over time shows in `deno task soak` only.
 */
import assert from "node:assert/strict";
import { soak } from "../bench/soak_run.ts";

Deno.test("whatever clients and the upstream do, each exchange has its one line and nothing is left open", async () => {
  const report = await soak({
    requests: 6000,
    minutes: 5,
    clients: 16,
    reloadEvery: 1500,
    restartEvery: 2000,
    seed: 1,
  });
  assert.deepEqual(report.failures, []);
  assert.equal(report.audit.lines, report.lines);
  assert.equal(report.audit.repeated, 0);
  assert.ok(
    report.descriptors.after <= report.descriptors.before,
    "descriptors were not given back",
  );
  assert.ok(report.reloads >= 3 && report.restarts >= 2, "nothing has disturbed it");
  assert.ok((report.audit.endings["allow client_gone"] ?? 0) > 0, "nobody has left");
});
