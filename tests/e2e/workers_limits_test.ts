/**
 * Two workers and what they must not give twice: rates, streams, connections, memory for bodies, and
 * lines of the audit log.
 */
import assert from "node:assert/strict";
import { eventually } from "../support/eventually.ts";
import { FROM_SOURCE, GateProcess, testKey } from "../support/gate_process.ts";
import { mcpPost, mcpVerb, toolCall, toolResult } from "../support/mcp_request.ts";
import { askOnce, RawClient, type RawRequest } from "../support/raw_http.ts";
import { events, json, RecordingUpstream } from "../support/recording_upstream.ts";
import { WorkerScene } from "../support/worker_scene.ts";

const slow = testKey("slow", { allow: ["*"], rate_limit: { rps: 0.001, burst: 10 } });
const fast = testKey("fast", { allow: ["*"], rate_limit: { rps: 100_000, burst: 100_000 } });

async function scene(
  upstream: RecordingUpstream,
  more: Record<string, unknown> = {},
  command = FROM_SOURCE,
): Promise<WorkerScene> {
  upstream.otherwise = json(toolResult("done"));
  const settings = { upstream: { url: upstream.url() }, keys: [slow.entry, fast.entry], ...more };
  return await WorkerScene.start(settings, fast, command);
}

/** How often each status came, of `count` requests through both workers at once. */
async function statuses(
  gate: WorkerScene,
  count: number,
  request: RawRequest,
): Promise<Record<number, number>> {
  const { one, other } = await gate.both();
  const seen: Record<number, number> = {};
  await Promise.all([one, other].map(async (client) => {
    for (let made = 0; made < count / 2; made++) {
      const reply = await client.ask(request);
      await reply.text();
      seen[reply.status] = (seen[reply.status] ?? 0) + 1;
    }
  }));
  return seen;
}

Deno.test("workers: a key has one bucket, however its requests are shared out", async () => {
  await using upstream = await RecordingUpstream.start();
  await using gate = await scene(upstream);
  assert.deepEqual(await statuses(gate, 40, mcpPost(slow.key, toolCall("any"))), {
    200: 10,
    429: 30,
  });
});

Deno.test("workers: attempts that fail cost one bucket of their address", async () => {
  await using upstream = await RecordingUpstream.start();
  await using gate = await scene(upstream, { auth_failures: { rps: 0.001, burst: 6 } });
  const seen = await statuses(gate, 40, mcpVerb("GET", "mcpg_nobodys-key-at-all-0123456789"));
  assert.deepEqual(seen, { 401: 6, 429: 34 });
});

Deno.test("workers: a key holds so many streams open, and no more in another worker", async () => {
  await using upstream = await RecordingUpstream.start();
  await using gate = await scene(upstream, { limits: { streams_per_key: 3 } });
  upstream.otherwise = events([": here\n\n", new Promise(() => {})]);
  const seen: number[] = [];
  for (let made = 0; made < 12; made++) {
    const client = gate.clients.use(await RawClient.connect(gate.gate.port));
    seen.push((await client.ask(mcpVerb("GET", fast.key))).status);
  }
  assert.deepEqual(seen.filter((status) => status === 200).length, 3, `${seen}`);
});

Deno.test("workers: connections are counted over all of them", async () => {
  await using upstream = await RecordingUpstream.start();
  await using gate = await scene(upstream, { limits: { connections: 8 } });
  let served = 0;
  for (let made = 0; made < 20; made++) {
    const client = gate.clients.use(await RawClient.connect(gate.gate.port));
    try {
      await client.ask({ target: "/healthz" });
      served++;
    } catch {
      // Closed at once: it was one too many.
    }
  }
  assert.equal(served, 8);
});

const LIMITS = { body: "16KiB", held: "16KiB", body_deadline: "1m" };

Deno.test("workers: bodies are held within one bound", async () => {
  await using upstream = await RecordingUpstream.start();
  await using gate = await scene(upstream, { limits: LIMITS });
  const head = [
    "POST /mcp HTTP/1.1",
    "Host: localhost",
    `Authorization: Bearer ${fast.key}`,
    "Content-Type: application/json",
    "Accept: application/json, text/event-stream",
    "Content-Length: 12000",
  ];
  const sendMost = async (client: RawClient) => {
    await client.send(`${head.join("\r\n")}\r\n\r\n${"x".repeat(11_000)}`);
    return await client.reply();
  };
  const whole = mcpPost(fast.key, toolCall("any", { text: "y".repeat(6000) }));
  const status = async (client: RawClient) => {
    const reply = await client.ask(whole);
    await reply.text();
    return reply.status;
  };
  let { one, other } = await gate.both();
  let answer = sendMost(one);
  // When the first has been taken in nobody outside is told. Where one of the second's was held at
  // that moment it is the first that is refused, and begins again.
  await eventually("the other worker to have no room", async () => {
    if (await status(other) === 503) return true;
    const refused = await Promise.race([answer, Promise.resolve(null)]);
    if (refused === null) return false;
    assert.equal(refused.status, 503);
    ({ one, other } = await gate.both());
    answer = sendMost(one);
    return false;
  }, 20_000);
  await one.send("x".repeat(1000));
  assert.equal((await answer).status, 400);
  // Its bytes are given back when its exchange has ended, which is a moment after its answer.
  await eventually("the other worker to have room", async () => await status(other) === 200);
});

Deno.test("workers: each exchange leaves one line, whichever has it, in the order of its client", async () => {
  await using upstream = await RecordingUpstream.start();
  await using gate = await scene(upstream);
  const { asked } = await gate.both();
  const ids = new Map<string, string[]>();
  await Promise.all(Array.from({ length: 8 }, async (_, client) => {
    using raw = await RawClient.connect(gate.gate.port);
    const own: string[] = [];
    ids.set(`tool ${client}`, own);
    for (let made = 0; made < 50; made++) {
      const reply = await raw.ask(mcpPost(fast.key, toolCall(`tool ${client}`)));
      await reply.text();
      own.push(reply.field("mcpgate-exchange") ?? "");
    }
  }));
  const whole = 8 * 50 + asked;
  const lines = await gate.gate.auditWhen("all lines", (all) => all.length >= whole);
  assert.equal(lines.length, whole);
  assert.equal(new Set(lines.map(({ exchange }) => exchange)).size, whole);
  for (const [tool, own] of ids) {
    const told = lines.filter((line) => line.tool === tool).map(({ exchange }) => exchange);
    assert.deepEqual(told, own, tool);
  }
  const text = await gate.gate.auditText();
  assert.match(text, /^(?:\{[\x20-\x7e]+\}\n)+$/);
});

Deno.test("workers: where no line can be written no worker begins an exchange", async () => {
  await using upstream = await RecordingUpstream.start();
  const nowhere = ["sh", "-c", 'exec "$0" "$@" >/dev/full', ...FROM_SOURCE];
  await using gate = await scene(upstream, { audit: { output: "stdout" } }, nowhere);
  const clients = await Promise.all(
    Array.from({ length: 16 }, () => RawClient.connect(gate.gate.port)),
  );
  for (const client of clients) gate.clients.use(client);
  await eventually("the first line to fail", async () => {
    return (await askOnce(gate.gate.port, mcpPost(fast.key, toolCall("any")))).status === 503;
  });
  const before = upstream.requests.length;
  for (const client of clients) {
    const reply = await client.ask(mcpPost(fast.key, toolCall("any")));
    await reply.text();
    assert.equal(reply.status, 503);
  }
  assert.equal(upstream.requests.length, before);
});

Deno.test("workers: what each has seen adds up for the operator", async () => {
  await using upstream = await RecordingUpstream.start();
  await using gate = await scene(upstream, { admin: { listen: "127.0.0.1:0" } });
  const { one, other } = await gate.both();
  for (const client of [one, other, other]) {
    await (await client.ask(mcpPost(fast.key, toolCall("any")))).text();
  }
  const [, url = ""] = (await gate.gate.stderr()).match(/^mcpgate: admin on (\S+)$/m) ?? [];
  const count =
    /^mcpgate_exchanges_total\{label="fast",method="tools\/call",decision="allow",stage=""\} 3$/m;
  await eventually("all to be counted", async () => {
    return count.test(await (await fetch(new URL("/metrics", url))).text());
  });
  const ready = await fetch(new URL("/readyz", url));
  await ready.body?.cancel();
  assert.equal(ready.status, 200);
});

Deno.test("workers: an address that another gate shares out among its own is taken", async () => {
  await using upstream = await RecordingUpstream.start();
  await using gate = await scene(upstream);
  await assert.rejects(
    GateProcess.start({ ...gate.settings, listen: `127.0.0.1:${gate.gate.port}` }),
    /is taken by another program/,
  );
});
