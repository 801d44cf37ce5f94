/**
 * P1 and P5 on the whole gate: whatever a client sends, what the upstream receives means under every
 * parser model what the gate decided on and put on record, and is byte for byte what was sent.
 */
import assert from "node:assert/strict";
import type { AnyPolicyModule, Call, Context } from "../../src/policy/contract.ts";
import { allow } from "../../src/policy/contract.ts";
import type { UpstreamRequest } from "../../src/upstream/upstream.ts";
import { A, B, config, type Scene } from "../gate/support/gate_scene.ts";
import { eventReply } from "../gate/support/memory_upstream.ts";
import { randomDocument } from "../mcp/random_document.ts";
import { fuzzAsync } from "../support/fuzz.ts";
import { PARSER_MODELS, type Tree } from "../support/json_models.ts";
import type { Random } from "../support/random.ts";
import { E, openProperty } from "./property_scene.ts";
import { randomAttack } from "./random_attack.ts";
import { randomRequest, type Sent } from "./random_request.ts";
import { check, messagesIn, readBy } from "./reading.ts";

/** A stage behind all others that keeps the calls that were permitted. */
function witness() {
  const calls: Call[] = [];
  const module = {
    name: "witness",
    options: (z) => z.object({}),
    create: () => ({ call }: Context) => {
      calls.push(call);
      return allow();
    },
  } as AnyPolicyModule;
  return { calls, module };
}

/** Two clients that owe answers to the ids that generated replies have. */
async function ask(scene: Scene, ids: readonly (string | number)[]): Promise<void> {
  for (const key of [A, B]) {
    const requests = ids.map((id) => ({ jsonrpc: "2.0", id, method: "sampling/createMessage" }));
    scene.upstream.next(eventReply(requests).end());
    await scene.ask({ method: "GET" }, key);
  }
  scene.upstream.requests.length = 0;
}

/** Lets a client send what `make` gives, over and over, and holds what goes up against it. */
async function run(
  rounds: number,
  make: (random: Random) => Sent,
): Promise<{ passed: number; rounds: number; byB: number }> {
  const { calls, module } = witness();
  await using scene = await openProperty({
    modules: { witness: module },
    config: {
      mcp: { ...config().mcp, batch: "allow" },
      pipeline: ["audit", "auth", "ratelimit", "allowlist", "witness"].map((name) => ({
        name,
        use: name === "witness" ? name : null,
        options: {},
        timeoutMs: 1000,
      })),
    },
  });
  const counts = { passed: 0, rounds: 0, byB: 0 };
  await fuzzAsync(rounds, async (random) => {
    counts.rounds++;
    const { key, request } = make(random);
    if (!/"method"/.test(String(request.body))) await ask(scene, [1, "a", 0, "1"]);
    calls.length = 0;
    await scene.ask(request, key);
    const posted = scene.upstream.requests.filter(({ method }) => method === "POST");
    scene.upstream.requests.length = 0;
    assert.ok(posted.length <= 1, "sent twice");
    const [up] = posted;
    if (up === undefined || isSubstitute(up, calls)) return;
    counts.passed++;
    if (key === B) counts.byB++;
    assert.deepEqual(up.body, bytesOf(request.body), "P5: other bytes than were sent");
    assert.equal(scene.last.decision, "allow");
    check(up, calls, scene.last);
    if (key === B) checkGrant(up);
  });
  return counts;
}

/** A reply that was refused goes up as an error of the gate's. */
function isSubstitute(up: UpstreamRequest, calls: readonly Call[]): boolean {
  const text = new TextDecoder().decode(up.body ?? new Uint8Array(0));
  return calls.length === 0 && text.includes("not available to this API key");
}

/** Whoever reads it, a client that may call one tool calls no other. */
function checkGrant(up: UpstreamRequest): void {
  for (const model of PARSER_MODELS) {
    for (const message of messagesIn(up)) {
      const { method, name, toolUses } = readBy(model, message) as Record<string, unknown>;
      if (method === "tools/call") assert.equal(name, "read_file", model.name);
      for (const tool of toolUses as Tree[]) assert.equal(tool, "read_file", model.name);
    }
  }
}

function bytesOf(body: unknown): Uint8Array {
  return typeof body === "string" ? new TextEncoder().encode(body) : body as Uint8Array;
}

Deno.test("no document reaches the upstream that some parser reads otherwise than the gate", async () => {
  const { passed, rounds, byB } = await run(3000, (random) => ({
    key: random.pick([A, B]),
    request: {
      body: randomDocument(random).bytes,
      fields: random.chance(0.1) ? [["mcp-protocol-version", "2025-03-26"]] : [],
    },
  }));
  assert.ok(passed > rounds / 100 && byB > 0, `${passed} of ${rounds}, ${byB} by B`);
});

Deno.test("no message reaches the upstream of which some parser reads another member", async () => {
  const { passed } = await run(3000, randomAttack);
  assert.ok(passed > 0, "all were refused");
});

Deno.test("no ordinary message reaches the upstream changed, or under headers that say otherwise", async () => {
  const { passed, rounds } = await run(2000, randomRequest);
  assert.ok(passed > rounds / 10, `${passed} of ${rounds}`);
});

Deno.test("what a key may use of several families goes up, and nothing else of them", async () => {
  await using scene = await openProperty();
  const ups = new Set<string>();
  await fuzzAsync(800, async (random) => {
    await scene.ask(randomRequest(random).request, E);
    for (const up of scene.upstream.requests.splice(0)) {
      for (const subject of subjectsOf(up)) ups.add(subject);
    }
  });
  assert.deepEqual([...ups].sort(), [
    "name greet",
    "name read_file",
    "name search_web",
    "uri file:///docs/a",
  ]);
});

/** Every name and URI that a request is about, wherever it stands. */
function subjectsOf(up: UpstreamRequest): string[] {
  if (up.method !== "POST") return [];
  const { params = {} } = JSON.parse(new TextDecoder().decode(up.body ?? undefined));
  const { name, uri, ref = {}, notifications = {} } = params;
  const uris = [uri, ref.uri, ...(notifications.resourceSubscriptions ?? [])];
  return [
    ...[name, ref.name].filter((one) => one !== undefined).map((one) => `name ${one}`),
    ...uris.filter((one) => one !== undefined).map((one) => `uri ${one}`),
  ];
}
