/**
 * P8 on the whole gate: each exchange leaves exactly one line on record, whatever ends it and
 * whenever, and each line is one short line of printable JSON that tells nobody's secrets.
 */
import assert from "node:assert/strict";
import { auditLine } from "../../policies/audit_line.ts";
import type { Outcome } from "../../src/policy/contract.ts";
import { listen } from "../../src/server/listener.ts";
import { B, call } from "../gate/support/gate_scene.ts";
import { eventReply, jsonReply } from "../gate/support/memory_upstream.ts";
import { eventually } from "../support/eventually.ts";
import { fuzzAsync } from "../support/fuzz.ts";
import { mcpPost, toolResult } from "../support/mcp_request.ts";
import { RawClient, requestBytes } from "../support/raw_http.ts";
import { holders, openProperty } from "./property_scene.ts";
import { Story } from "./story.ts";

const MEMBERS = [
  "time",
  "exchange",
  "generation",
  "label",
  "http",
  "method",
  "tool",
  "decision",
  "stage",
  "reason",
  "detail",
  "status",
  "latency_ms",
  "bytes_in",
  "bytes_out",
  "remote",
  "session",
  "protocol",
  "end",
];

/** Checks the line of `outcome`, which is `exchange`'s where there is one. */
function checkLine(outcome: Outcome): void {
  const line = auditLine(outcome, 2048);
  assert.match(line, /^[\x20-\x7e]{1,2047}\n$/);
  const read = JSON.parse(line);
  assert.deepEqual(Object.keys(read), MEMBERS);
  assert.ok(["allow", "deny", "error"].includes(read.decision));
  assert.equal(read.decision === "allow", read.stage === null, line);
  assert.equal(read.decision === "allow", read.reason === null, line);
  assert.ok(
    ["complete", "client_gone", "upstream_error", "revoked", "shutdown"].includes(read.end),
    line,
  );
}

Deno.test("each of many exchanges at once leaves one line, whatever ends it", async () => {
  const ends = new Set<string>();
  await fuzzAsync(120, async (random) => {
    await using scene = await openProperty();
    const story = new Story(scene, random);
    for (let steps = 120; steps > 0; steps--) {
      await story.step();
      if (random.chance(0.02)) {
        const keys = holders().filter(({ label }) => random.chance(0.8) || label === "a");
        await scene.gate.reload(scene.config({ keys }));
      }
    }
    if (random.chance(0.3)) await story.close();
    else await story.conclude();
    await scene.over();
    assert.equal(scene.outcomes.length, story.players.length);
    const ids = scene.outcomes.map(({ exchange }) => exchange);
    assert.equal(new Set(ids).size, ids.length, "one exchange, two lines");
    const recorded = new Map(scene.outcomes.map((outcome) => [outcome.exchange, outcome]));
    for (const outcome of scene.outcomes) {
      ends.add(outcome.end);
      checkLine(outcome);
    }
    for (const { exchange } of story.players) {
      const id = exchange.field("mcpgate-exchange");
      if (id !== null) assert.equal(recorded.get(id)?.status, exchange.status, "another status");
    }
  });
  assert.deepEqual([...ends].sort(), [
    "client_gone",
    "complete",
    "revoked",
    "shutdown",
    "upstream_error",
  ]);
});

Deno.test("a client that leaves at any byte of its request leaves one line for each handled", async () => {
  await using scene = await openProperty();
  let handled = 0;
  const listener = listen({
    hostname: "127.0.0.1",
    port: 0,
    onExchange(exchange) {
      handled++;
      return scene.gate.handle(exchange);
    },
    log: { warn: (text) => void scene.log.push(text) },
  });
  const bytes = requestBytes(mcpPost(B, call()), "localhost");
  try {
    for (let at = 1; at <= bytes.length; at++) {
      using client = await RawClient.connect(listener.port);
      await client.send(bytes.subarray(0, at));
    }
    await eventually(
      "every exchange to end",
      () => scene.outcomes.length >= handled && handled > 0,
    );
  } finally {
    await listener.abort();
  }
  await scene.over();
  assert.equal(scene.outcomes.length, handled);
  assert.equal(new Set(scene.outcomes.map(({ exchange }) => exchange)).size, handled);
});

for (const form of ["json", "sse"] as const) {
  Deno.test(`a client that leaves at any moment of a ${form} answer leaves one line`, async () => {
    await using scene = await openProperty();
    const listener = listen({
      hostname: "127.0.0.1",
      port: 0,
      onExchange: (exchange) => scene.gate.handle(exchange),
      log: { warn: (text) => void scene.log.push(text) },
    });
    const request = requestBytes(mcpPost(B, call()), "localhost");
    const events = Array.from({ length: 5 }, (_, at) => ({ jsonrpc: "2.0", method: "x", at }));
    scene.upstream.otherwise = () =>
      form === "json"
        ? jsonReply(toolResult("x".repeat(3000)))
        : eventReply([...events, toolResult("x")]).end();
    const ROUNDS = 40;
    try {
      for (let round = 0; round < ROUNDS; round++) {
        using client = await RawClient.connect(listener.port);
        await client.send(request);
        if (round % 4 === 0) continue;
        const reply = await client.reply();
        for (let reads = round % 4 - 1; reads > 0; reads--) await reply.read();
      }
      await eventually("every exchange to end", () => scene.outcomes.length >= ROUNDS);
    } finally {
      await listener.abort();
    }
    await scene.over();
    assert.equal(scene.outcomes.length, ROUNDS);
    for (const outcome of scene.outcomes) checkLine(outcome);
  });
}
