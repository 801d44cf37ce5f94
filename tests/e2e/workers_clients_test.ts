/**
 * The official clients before two workers, which get their requests as the system shares connections
 * out: what a server asks of them, what they give up and what they end finds its way. All tests of
 * this folder say so of two workers with MCPGATE_WORKERS=2; these are those of every run.
 */
import assert from "node:assert/strict";
import { testNeeding } from "../support/absent.ts";
import { Authority, OPENSSL } from "../support/certificates.ts";
import { eventually, inTime } from "../support/eventually.ts";
import { EverythingServer } from "../support/everything_server.ts";
import { FixtureServer } from "../support/fixture_server.ts";
import { GateProcess, testKey } from "../support/gate_process.ts";
import { LEGACY_CLIENTS } from "../support/legacy_client.ts";
import { LegacyServer } from "../support/legacy_server.ts";
import { RawClient } from "../support/raw_http.ts";
import { FIRST, MODERN, SECOND } from "../support/sdk_client.ts";

const anybody = testKey("anybody", {
  allow: ["*"],
  rate_limit: { rps: 100_000, burst: 100_000 },
});

/** Sessions in turn, so that many connections are shared out. */
const ROUNDS = 3;

Deno.test("workers: the reference server asks the official clients, and each is answered", async () => {
  await using server = await EverythingServer.start();
  await using gate = await GateProcess.start({
    workers: 2,
    upstream: { url: server.url },
    keys: [anybody.entry],
  });
  for (const client of [FIRST, SECOND]) {
    for (let round = 0; round < ROUNDS; round++) {
      await using mcp = await client.connect({
        url: gate.url,
        key: anybody.key,
        sample: () => "sampled by the client",
        elicit: () => ({ name: "Ada" }),
      });
      const sampled = await mcp.call("trigger-sampling-request", { prompt: "x", maxTokens: 5 });
      assert.match(sampled, /sampled by the client/);
      assert.match(await mcp.call("trigger-elicitation-request"), /- Name: Ada/);
      await mcp.endSession();
      assert.equal(mcp.traffic.at(-1)?.status, 200);
    }
  }
});

Deno.test("workers: what an official client gives up is given up at the server", async () => {
  await using server = new FixtureServer();
  await using gate = await GateProcess.start({
    workers: 2,
    upstream: { url: server.url },
    keys: [anybody.entry],
  });
  for (let round = 1; round <= ROUNDS; round++) {
    await using mcp = await MODERN.connect({ url: gate.url, key: anybody.key });
    const stop = new AbortController();
    const progress: number[] = [];
    const result = mcp.call("hold", {}, {
      signal: stop.signal,
      onProgress: (step) => progress.push(step),
    });
    await eventually("the first progress", () => progress.length > 0);
    stop.abort();
    await assert.rejects(result);
    await eventually("the server has noticed", () => server.abandoned === round);
  }
});

testNeeding(OPENSSL, "workers: all of them speak TLS, and nothing else", async (openssl) => {
  await using authority = await Authority.found(openssl);
  const { certPath, keyPath } = await authority.issue({ name: "gate" });
  await using server = new FixtureServer();
  await using gate = await GateProcess.start({
    workers: 2,
    upstream: { url: server.url },
    keys: [anybody.entry],
    tls: { cert: certPath, key: keyPath },
  });
  for (let round = 0; round < ROUNDS; round++) {
    const tls = { ca: authority.pem };
    await using mcp = await MODERN.connect({ url: gate.url, key: anybody.key, tls });
    assert.equal(await mcp.call("echo", { text: "here" }), "here");
  }
  for (let made = 0; made < 8; made++) {
    using plain = await RawClient.connect(gate.port);
    await assert.rejects(plain.ask({ target: "/healthz" }));
  }
});

for (const { name, connect } of LEGACY_CLIENTS) {
  Deno.test(`workers: ${name} is asked and answered on its stream`, async () => {
    await using server = await LegacyServer.start();
    await using gate = await GateProcess.start({
      workers: 2,
      upstream: { url: server.url, transport: "sse" },
      keys: [anybody.entry],
    });
    for (let round = 0; round < ROUNDS; round++) {
      await using mcp = await connect(gate.url, anybody.key);
      const calls = ["a", "b", "c"].map((text) => mcp.call("echo", { text }));
      assert.deepEqual(await inTime("the echoes", Promise.all(calls)), ["a", "b", "c"]);
      assert.equal(await inTime("the answer", mcp.call("ask")), "sampled");
    }
  });
}
