/**
 * Exactly one audit line for each way an exchange can end, and what stands in it. The upstream is a
 * double here, since an honest server does none of what most rows need.
 */
import assert from "node:assert/strict";
import { eventually, inTime } from "../support/eventually.ts";
import { type AuditEntry, GateProcess, type Settings, testKey } from "../support/gate_process.ts";
import { mcpPost, mcpVerb, toolResult } from "../support/mcp_request.ts";
import { askOnce, RawClient, requestBytes } from "../support/raw_http.ts";
import { events, json, RecordingUpstream } from "../support/recording_upstream.ts";
import { AUDIT_CASES, type AuditCase, ECHO, PROGRESS, WORKER } from "./audit_case.ts";

const limited = testKey("limited", { allow: ["echo"], rate_limit: { rps: 0.001, burst: 1 } });

/** A stage of the user's that throws when asked for one tool and hangs when asked for another. */
const FAULTY_STAGE = `
export default {
  name: "faulty",
  options: (z) => z.object({}),
  create: () => ({ call }) => {
    if (call.params?.name === "boom") throw new Error("thrown by the stage");
    if (call.params?.name === "slow") return new Promise(() => {});
    return { verdict: "allow" };
  },
};
`;

/** One that says so when it is asked for one tool, and does not decide. */
const PONDERING_STAGE = `
export default {
  name: "pondering",
  options: (z) => z.object({}),
  create: (_options, { log }) => ({ call }) => {
    if (call.params?.name !== "ponder") return { verdict: "allow" };
    log.info("asked");
    return new Promise(() => {});
  },
};
`;

Deno.test("audit: one line for each way an exchange can end", async (t) => {
  await using upstream = await RecordingUpstream.start();
  await using stage = await temporaryFile("faulty.js", FAULTY_STAGE);
  await using pondering = await temporaryFile("pondering.js", PONDERING_STAGE);
  await using gate = await GateProcess.start({
    upstream: { url: upstream.url(), timeout: "300ms" },
    keys: [WORKER.entry, limited.entry],
    limits: { body: "16KiB" },
    pipeline: [
      "audit",
      "auth",
      "ratelimit",
      "allowlist",
      { use: stage.path, timeout: "100ms" },
      { use: pondering.path, timeout: "60s" },
    ],
  });

  for (const row of AUDIT_CASES) {
    await t.step(row.name, async () => {
      if (row.upstream !== undefined) upstream.next(row.upstream);
      const line = await onlyLine(gate, () => play(row, gate, upstream));
      for (const [member, expected] of Object.entries(row.line)) {
        assert.deepEqual(line[member as keyof AuditEntry], expected, `${member} of ${told(line)}`);
      }
    });
  }

  await t.step("a used-up rate limit", async () => {
    upstream.next(json(toolResult("done")));
    await onlyLine(gate, () => askOnce(gate.port, mcpPost(limited.key, ECHO)));
    const line = await onlyLine(gate, () => askOnce(gate.port, mcpPost(limited.key, ECHO)));
    assert.equal(line.stage, "ratelimit");
    assert.equal(line.status, 429);
    assert.equal(line.tool, "echo");
  });

  await t.step(
    "every line is printable ASCII of at most 2 KiB, without key or argument",
    async () => {
      const text = await gate.auditText();
      assert.match(text, /^(?:[\x20-\x7e]{1,2048}\n)+$/);
      assert.ok(!text.includes(WORKER.key) && !text.includes("xxxx"));
    },
  );

  await t.step("liveness leaves no line", async () => {
    const before = (await gate.audit()).length;
    assert.equal((await askOnce(gate.port, { target: "/healthz" })).status, 200);
    await onlyLine(gate, () => askOnce(gate.port, { target: "/elsewhere" }));
    assert.equal((await gate.audit()).length, before + 2, "the other exchange and its barrier");
  });
});

const CUTS: readonly {
  end: string;
  by(gate: GateProcess, settings: Settings): Promise<unknown>;
}[] = [
  { end: "revoked", by: (gate, settings) => gate.reload({ ...settings, keys: [limited.entry] }) },
  { end: "shutdown", by: (gate) => gate.stop() },
];

for (const { end, by } of CUTS) {
  Deno.test(`audit: one line for each exchange that is cut: ${end}`, async () => {
    await using upstream = await RecordingUpstream.start();
    upstream.otherwise = events([PROGRESS, new Promise(() => {})]);
    const settings = { upstream: { url: upstream.url() }, keys: [WORKER.entry], grace: "100ms" };
    await using gate = await GateProcess.start(settings);
    using clients = new DisposableStack();
    const replies = [];
    for (const request of [mcpPost(WORKER.key, ECHO), mcpVerb("GET", WORKER.key)]) {
      const reply = await clients.use(await RawClient.connect(gate.port)).ask(request);
      await reply.readUntil("progress");
      replies.push(reply);
    }
    await by(gate, settings);
    const [call, stream] = await inTime(
      "the end of both",
      Promise.all(replies.map((reply) => reply.text().catch(() => "cut"))),
      1000,
    );
    assert.match(call ?? "", /"error"/, "who waits for an answer is told that there is none");
    assert.doesNotMatch(stream ?? "", /"error"/);
    const lines = await gate.auditWhen("both lines", (all) => all.length >= 2);
    assert.deepEqual(lines.map((line) => line.end), [end, end]);
    assert.deepEqual(lines.map((line) => line.http).sort(), ["GET", "POST"]);
    for (const request of upstream.requests) await inTime("the upstream let go", request.gone);
  });
}

async function play(row: AuditCase, gate: GateProcess, upstream: RecordingUpstream): Promise<void> {
  if (row.leave === undefined) return void await askOnce(gate.port, row.request);
  using client = await RawClient.connect(gate.port);
  const bytes = requestBytes(row.request);
  if (row.leave === "inside the body") return await client.send(bytes.subarray(0, -10));
  const seen = upstream.requests.length;
  await client.send(bytes);
  if (row.leave === "while a stage ponders") {
    return await eventually("the stage", async () => (await gate.stderr()).includes("asked"));
  }
  const request = await upstream.request(seen);
  if (row.leave === "mid-stream") await (await client.reply()).readUntil("progress");
  client.close();
  await request.gone;
}

/** The one line that `act` leaves; another exchange after it shows that no second one follows. */
async function onlyLine(gate: GateProcess, act: () => Promise<unknown>): Promise<AuditEntry> {
  const before = (await gate.audit()).length;
  await act();
  await gate.auditWhen("a line", (lines) => lines.length > before);
  await askOnce(gate.port, { target: "/barrier" });
  const lines = await gate.auditWhen("the barrier's line", (all) => all.length >= before + 2);
  const [line, barrier, ...more] = lines.slice(before);
  assert.equal(more.length, 0, told(more));
  assert.equal(barrier?.status, 404, told(lines.slice(before)));
  assert.ok(line !== undefined && line.exchange !== barrier.exchange);
  return line;
}

async function temporaryFile(name: string, text: string) {
  const folder = await Deno.makeTempDir();
  await Deno.writeTextFile(`${folder}/${name}`, text);
  return {
    path: `${folder}/${name}`,
    [Symbol.asyncDispose]: () => Deno.remove(folder, { recursive: true }),
  };
}

function told(value: unknown): string {
  return JSON.stringify(value);
}
