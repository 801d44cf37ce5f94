/**
 * What the official clients make of being refused as a whole: a wrong key and a used-up rate limit.
 * They fail at once, with the gate's words, and try no other transport and no OAuth.
 */
import assert from "node:assert/strict";
import { inTime } from "../support/eventually.ts";
import { FixtureServer } from "../support/fixture_server.ts";
import { type AuditEntry, GateProcess, testKey } from "../support/gate_process.ts";
import { FIRST, MODERN, SECOND } from "../support/sdk_client.ts";

const worker = testKey("worker", { allow: ["echo"] });
const stranger = testKey("stranger", { allow: ["*"] });
const LIMIT = { rps: 0.02, burst: 6 };

for (const client of [FIRST, SECOND, MODERN]) {
  for (const { name, key } of [{ name: "an unknown key", key: stranger.key }, { name: "no key" }]) {
    Deno.test(`${client.name}: is told what is wrong with ${name}`, async () => {
      await using server = new FixtureServer();
      await using gate = await GateProcess.start({
        upstream: { url: server.url },
        keys: [worker.entry],
      });
      const connection = key === undefined ? { url: gate.url } : { url: gate.url, key };
      await assert.rejects(
        inTime("the refusal", client.connect(connection), 2000),
        // The modern probe tells of a 401 in the client's own words.
        client === MODERN ? /requires authorization .HTTP 401/ : /Missing or unknown API key/,
      );
      const lines = await gate.auditWhen("its line", (lines) => lines.length > 0);
      for (const line of lines) {
        assert.deepEqual(
          { http: line.http, stage: line.stage, status: line.status, label: line.label },
          { http: "POST", stage: "auth", status: 401, label: null },
        );
      }
      assert.ok(!(await gate.auditText()).includes(stranger.key));
    });
  }

  for (
    const { reply, status } of [{ reply: "http", status: 429 }, { reply: "jsonrpc", status: 200 }]
  ) {
    Deno.test(`${client.name}: is told of the rate limit with reply: ${reply}`, async () => {
      await using server = new FixtureServer();
      await using gate = await GateProcess.start({
        upstream: { url: server.url },
        keys: [worker.entry],
        defaults: { rate_limit: { ...LIMIT, reply } },
      });
      await using mcp = await client.connect({ url: gate.url, key: worker.key });
      assert.equal(await mcp.call("echo", { text: "within" }), "within");
      await assert.rejects(
        inTime("the refusal", callUntilRefused(() => mcp.call("echo", { text: "x" })), 4000),
        /Rate limit exceeded; retry in \d+ s/,
      );
      assert.equal(mcp.traffic.at(-1)?.status, status);
      assert.match(mcp.traffic.at(-1)?.answer.get("retry-after") ?? "", /^[1-9]\d*$/);
      assert.ok(mcp.traffic.every((request) => request.url === gate.url));
      const isRefused = (line: AuditEntry) => line.stage === "ratelimit";
      const lines = await gate.auditWhen("the refusal", (lines) => lines.some(isRefused));
      const refused = lines.filter(isRefused);
      assert.ok(refused.every((line) => line.label === "worker"));
      assert.ok((server.calls.get("echo") ?? 0) <= LIMIT.burst);
    });
  }
}

async function callUntilRefused(call: () => Promise<unknown>): Promise<void> {
  for (let made = 0; made <= LIMIT.burst; made++) await call();
}
