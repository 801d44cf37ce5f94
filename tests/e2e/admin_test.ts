/** What monitors are told of a whole gate, from its start over reloads and trouble to its end. */
import assert from "node:assert/strict";
import { program, testNeeding } from "../support/absent.ts";
import { eventually } from "../support/eventually.ts";
import { freePort } from "../support/free_port.ts";
import { FROM_SOURCE, GateProcess, testKey } from "../support/gate_process.ts";
import { mcpPost, mcpVerb, toolCall, toolResult } from "../support/mcp_request.ts";
import { askOnce, RawClient } from "../support/raw_http.ts";
import { answer, events, RecordingUpstream } from "../support/recording_upstream.ts";

const worker = testKey("worker", { allow: ["echo"], rate_limit: { rps: 50, burst: 100 } });
const ADMIN = { admin: { listen: "127.0.0.1:0" } };
const JSON_TYPE = [["Content-Type", "application/json"]] as const;

function settings(upstream: RecordingUpstream, more: Record<string, unknown> = {}) {
  return { ...ADMIN, upstream: { url: upstream.url() }, keys: [worker.entry], ...more };
}

/** What the operator's listener of `gate` says at `path`. */
async function ask(gate: GateProcess, path: string): Promise<{ status: number; text: string }> {
  const [, url = ""] = (await gate.stderr()).match(/^mcpgate: admin on (\S+)$/m) ?? [];
  const response = await fetch(new URL(path, url));
  return { status: response.status, text: await response.text() };
}

async function metric(gate: GateProcess, name: string): Promise<number> {
  const { text } = await ask(gate, "/metrics");
  const line = text.split("\n").find((line) => line.startsWith(`${name} `));
  return Number(line?.slice(name.length + 1) ?? NaN);
}

Deno.test("metrics tell what has passed and what has not, over reloads", async () => {
  await using upstream = await RecordingUpstream.start();
  await using gate = await GateProcess.start(settings(upstream));
  upstream.otherwise = (request, wire) =>
    request.method === "POST"
      ? answer({ fields: JSON_TYPE, body: JSON.stringify(toolResult("x")) })(request, wire)
      : answer({ status: 404 })(request, wire);
  const passed =
    'mcpgate_exchanges_total{label="worker",method="tools/call",decision="allow",stage=""}';
  const refused =
    'mcpgate_exchanges_total{label="worker",method="tools/call",decision="deny",stage="allowlist"}';
  await askOnce(gate.port, mcpPost(worker.key, toolCall("echo")));
  await askOnce(gate.port, mcpPost(worker.key, toolCall("wipe")));
  await eventually("the first to be counted", async () => await metric(gate, refused) === 1);
  assert.equal(await metric(gate, passed), 1);
  assert.equal(
    await gate.reload(settings(upstream, { grace: "1s" })),
    "mcpgate: reloaded, generation 2",
  );
  await gate.reloadText("keys: 7");
  await gate.reload(settings(upstream, { grace: "1s" }));
  await askOnce(gate.port, mcpPost(worker.key, toolCall("echo")));
  await eventually("the second to be counted", async () => await metric(gate, passed) === 2);
  assert.deepEqual(
    await Promise.all(
      ["reloaded", "refused", "unchanged"].map((outcome) =>
        metric(gate, `mcpgate_reloads_total{outcome="${outcome}"}`)
      ),
    ),
    [1, 1, 1],
  );
  assert.equal(await metric(gate, "mcpgate_generation"), 2);
  assert.equal(await metric(gate, 'mcpgate_upstream_seconds_count{method="tools/call"}'), 2);
  assert.equal(await metric(gate, 'mcpgate_gate_seconds_count{method="tools/call"}'), 3);
  const tokens = await metric(gate, 'mcpgate_ratelimit_tokens{label="worker"}');
  assert.ok(tokens > 90 && tokens <= 100, `${tokens} tokens`);
});

Deno.test("readiness follows the upstream, and asks it for no session", async () => {
  const port = freePort();
  const gone = `http://127.0.0.1:${port}/mcp`;
  await using upstream = await RecordingUpstream.start();
  await using gate = await GateProcess.start({
    ...settings(upstream),
    upstream: { url: gone },
  });
  const away = await ask(gate, "/readyz");
  assert.equal(away.status, 503);
  assert.match(JSON.parse(away.text).reasons[0], /^the upstream does not answer \(unreachable: /);
  assert.equal((await ask(gate, "/healthz")).status, 200);
  upstream.otherwise = answer({ status: 404 });
  await gate.reload(settings(upstream));
  const back = await ask(gate, "/readyz");
  assert.deepEqual([back.status, JSON.parse(back.text).generation], [200, 2]);
  await ask(gate, "/readyz");
  assert.deepEqual(
    upstream.requests.map(({ method, target, text }) => [method, target, text]),
    [["GET", "/mcp-readyz", ""]],
  );
});

Deno.test("a gate that stops says so while its last exchanges end", async () => {
  await using upstream = await RecordingUpstream.start();
  await using gate = await GateProcess.start(settings(upstream, { grace: "10s" }));
  const held = Promise.withResolvers<string>();
  upstream.otherwise = (request, wire) =>
    request.method === "POST"
      ? answer({ fields: JSON_TYPE, body: [held.promise, JSON.stringify(toolResult("x"))] })(
        request,
        wire,
      )
      : answer({ status: 404 })(request, wire);
  using client = await RawClient.connect(gate.port);
  const reply = client.ask(mcpPost(worker.key, toolCall("echo")));
  await eventually("the call to go up", () => upstream.requests.length === 1);
  assert.equal((await ask(gate, "/readyz")).status, 200);
  gate.terminate();
  await eventually("it to say that it stops", async () => {
    const { status, text } = await ask(gate, "/readyz");
    return status === 503 && text.includes("the gate is stopping");
  });
  assert.equal((await ask(gate, "/healthz")).status, 200);
  assert.match((await ask(gate, "/")).text, /The gate is stopping/);
  held.resolve("");
  assert.equal((await reply).status, 200);
  assert.equal(await gate.exited(), 0);
});

Deno.test({
  name: "a gate that cannot write its audit log is not ready, for nothing passes",
  // What stands for a full disk is a device of Linux.
  ignore: Deno.build.os !== "linux",
  async fn() {
    await using upstream = await RecordingUpstream.start();
    upstream.otherwise = answer({ status: 404 });
    await using gate = await GateProcess.start(
      settings(upstream, { audit: { output: "stdout" } }),
      ["sh", "-c", 'exec "$0" "$@" >/dev/full', ...FROM_SOURCE],
    );
    assert.equal((await ask(gate, "/readyz")).status, 200);
    await askOnce(gate.port, mcpPost(worker.key, toolCall("wipe")));
    await eventually("the write to have failed", async () => {
      return await metric(gate, "mcpgate_audit_failing") === 1;
    });
    const { status, text } = await ask(gate, "/readyz");
    assert.equal(status, 503);
    assert.deepEqual(JSON.parse(text).reasons, [
      "the audit log cannot be written, so nothing passes",
    ]);
    assert.ok(await metric(gate, "mcpgate_audit_waiting_bytes") > 100);
    assert.equal((await askOnce(gate.port, mcpPost(worker.key, toolCall("echo")))).status, 503);
  },
});

Deno.test("streams and what is open are told while they last", async () => {
  await using upstream = await RecordingUpstream.start();
  await using gate = await GateProcess.start(settings(upstream));
  upstream.next(events([": hello\n\n", new Promise(() => {})]));
  using client = await RawClient.connect(gate.port);
  const stream = await client.ask(mcpVerb("GET", worker.key));
  await stream.readUntil(":");
  upstream.otherwise = answer({ status: 404 });
  assert.equal(await metric(gate, 'mcpgate_streams_open{label="worker"}'), 1);
  const { open } = JSON.parse((await ask(gate, "/snapshot.json")).text);
  assert.deepEqual(
    open.map(({ label, http, isListening }: Record<string, unknown>) => [label, http, isListening]),
    [["worker", "GET", true]],
  );
  client.close();
  await eventually(
    "the stream to be over",
    async () => !((await ask(gate, "/metrics")).text.includes("mcpgate_streams_open{")),
  );
});

Deno.test("no key, argument or result is told", async () => {
  await using upstream = await RecordingUpstream.start();
  await using gate = await GateProcess.start(settings(upstream));
  upstream.otherwise = answer({ fields: JSON_TYPE, body: JSON.stringify(toolResult("RESULT-7")) });
  const call = toolCall("echo", { secret: "ARGUMENT-7" });
  await askOnce(gate.port, mcpPost(worker.key, call));
  await askOnce(
    gate.port,
    mcpPost(worker.key, { ...call, params: { ...call.params, name: "no" } }),
  );
  await askOnce(gate.port, mcpPost("mcpg_" + "WRONG-KEY-7".repeat(4), call));
  for (const path of ["/", "/metrics", "/live.json", "/snapshot.json", "/readyz"]) {
    const { text } = await ask(gate, path);
    for (const secret of [worker.key, worker.entry.hash, "ARGUMENT-7", "RESULT-7", "WRONG-KEY-7"]) {
      assert.ok(!text.includes(secret), `${secret} at ${path}`);
    }
  }
});

Deno.test("the operator's listener is fixed at start, and its absence, too", async () => {
  await using upstream = await RecordingUpstream.start();
  await using gate = await GateProcess.start(settings(upstream));
  assert.match(await gate.reload(settings(upstream, { admin: null })), /^mcpgate: not reloaded/);
  assert.equal((await ask(gate, "/healthz")).status, 200);
});

Deno.test("an address that is taken is told by its setting", async () => {
  await using upstream = await RecordingUpstream.start();
  using taken = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = taken.addr as Deno.NetAddr;
  await assert.rejects(
    GateProcess.start(settings(upstream, { admin: { listen: `127.0.0.1:${port}` } })),
    (error: Error) =>
      error.message.includes(`port ${port} is taken`) && error.message.includes('"admin.listen"'),
  );
});

testNeeding(program("prometheus"), "Prometheus scrapes it", async (prometheus) => {
  await using upstream = await RecordingUpstream.start();
  await using gate = await GateProcess.start(settings(upstream));
  upstream.otherwise = answer({ status: 404 });
  await askOnce(gate.port, mcpPost(worker.key, toolCall("wipe")));
  const [, url = ""] = (await gate.stderr()).match(/^mcpgate: admin on (\S+)$/m) ?? [];
  const folder = await Deno.makeTempDir({ prefix: "mcpgate_prometheus_" });
  const port = freePort();
  await Deno.writeTextFile(
    `${folder}/prometheus.yml`,
    `scrape_configs: [{ job_name: mcpgate, scrape_interval: 1s, static_configs: [{ targets: ["${
      new URL(url).host
    }"] }] }]`,
  );
  const child = new Deno.Command(prometheus, {
    args: [
      `--config.file=${folder}/prometheus.yml`,
      `--storage.tsdb.path=${folder}/data`,
      `--web.listen-address=127.0.0.1:${port}`,
    ],
    stdin: "null",
    stdout: "null",
    stderr: "null",
  }).spawn();
  try {
    const query = encodeURIComponent('mcpgate_exchanges_total{label="worker",stage="allowlist"}');
    await eventually("Prometheus to have seen the refusal", async () => {
      const response = await fetch(`http://127.0.0.1:${port}/api/v1/query?query=${query}`)
        .catch(() => null);
      const found = response?.ok ? await response.json() : await response?.body?.cancel();
      return found?.data?.result?.[0]?.value?.[1] === "1";
    }, 30_000);
  } finally {
    child.kill("SIGTERM");
    await child.status;
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("workers are one gate to whoever looks", async () => {
  await using upstream = await RecordingUpstream.start();
  await using gate = await GateProcess.start(settings(upstream, { workers: 2 }));
  upstream.otherwise = (request, wire) =>
    request.method === "POST"
      ? answer({ fields: JSON_TYPE, body: JSON.stringify(toolResult("x")) })(request, wire)
      : answer({ status: 404 })(request, wire);
  for (let count = 0; count < 12; count++) {
    await askOnce(gate.port, mcpPost(worker.key, toolCall(count % 3 === 0 ? "wipe" : "echo")));
  }
  const counted = (decision: string, stage: string) =>
    metric(
      gate,
      `mcpgate_exchanges_total{label="worker",method="tools/call",decision="${decision}",stage="${stage}"}`,
    );
  await eventually(
    "all to be counted",
    async () => await counted("allow", "") === 8 && await counted("deny", "allowlist") === 4,
  );
  assert.equal(await metric(gate, "mcpgate_connections_total"), 12);
  const tokens = await metric(gate, 'mcpgate_ratelimit_tokens{label="worker"}');
  assert.ok(tokens > 85 && tokens <= 100, `${tokens} tokens, of one bucket`);
  assert.equal((await ask(gate, "/readyz")).status, 200);
  assert.match((await ask(gate, "/")).text, /12 since the start/);
});
