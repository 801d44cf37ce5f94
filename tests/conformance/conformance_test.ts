/**
 * The official conformance suite, in every run of `suite.ts`, against our server and then against the
 * same server behind the gate: with a key that may use everything, and with one that names all of it
 * by patterns, so that every list and every reply is filtered. No check may end worse than without
 * the gate. Ends with a table of what was counted.
 */
import assert from "node:assert/strict";
import { testNeeding } from "../support/absent.ts";
import { GateProcess, testKey } from "../support/gate_process.ts";
import { counted, worseThrough } from "./comparison.ts";
import { ConformanceServer } from "./conformance_server.ts";
import { KeyForwarder } from "./key_forwarder.ts";
import { type Checks, RUNS, runSuite, suitePackages, type SuiteRun } from "./suite.ts";

/** The suite asks faster than the default rate allows. */
const UNHURRIED = { rate_limit: { rps: 1000, burst: 1000 } };

const GRANTS = [
  { name: "gate, everything", grant: { allow: ["*"] } },
  {
    name: "gate, by name",
    grant: {
      allow: ["test_*", "json_*", "greet", "slow_compute", "*_job", "confirm_*", "multi_*"],
      prompts: ["test_*"],
      resources: ["test://*", "skill://*"],
    },
  },
];

const table: Record<string, unknown>[] = [];

Deno.test.afterAll(() => {
  if (table.length > 0) console.table(table);
});

const packages = await suitePackages();

for (const run of RUNS) {
  testNeeding(packages, `conformance ${run.name}: the gate makes nothing worse`, async () => {
    const direct = await suiteDirectly(run);
    const worse: string[] = [];
    for (const { name, grant } of GRANTS) {
      const gated = await suiteThrough(run, grant);
      worse.push(...worseThrough(direct, gated).map((sentence) => `${name}: ${sentence}`));
      table.push({ run: run.name, how: name, ...counted(gated) });
    }
    assert.deepEqual(worse, []);
  });
}

/** What the suite says without the gate: all that a server can pass, or the comparison is void. */
async function suiteDirectly(run: SuiteRun): Promise<Checks> {
  await using server = new ConformanceServer();
  const direct = await runSuite(run, server.url);
  table.push({ run: run.name, how: "direct", ...counted(direct) });
  const short = [...direct].filter(([, { status }]) => status !== "SUCCESS" && status !== "INFO")
    .map(([check, { status, message }]) => ({ check, status, message }));
  const known = (run.known ?? []).map(({ check, status }) => ({ check, status }));
  const names = short.map(({ check, status }) => ({ check, status }));
  assert.deepEqual(names, known, JSON.stringify(short, null, 1));
  assert.equal(counted(direct).SUCCESS, run.passing);
  return direct;
}

async function suiteThrough(
  run: SuiteRun,
  grant: (typeof GRANTS)[number]["grant"],
): Promise<Checks> {
  await using server = new ConformanceServer();
  const { key, entry } = testKey("suite", { ...grant, ...UNHURRIED });
  await using gate = await GateProcess.start({ upstream: { url: server.url }, keys: [entry] });
  await using forwarder = new KeyForwarder(gate.url, key);
  return await runSuite(run, forwarder.url);
}
