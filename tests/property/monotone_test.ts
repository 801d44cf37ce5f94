/**
 * P11 and P13 on the whole gate: a smaller grant never lets more up or down, what other keys exist
 * and do changes nothing for a key, and in no window more passes than the key's rate allows.
 */
import assert from "node:assert/strict";
import type { Key } from "../../src/policy/contract.ts";
import type { UpstreamRequest } from "../../src/upstream/upstream.ts";
import { B, config, keyEntry, rpc, type Scene } from "../gate/support/gate_scene.ts";
import { jsonReply } from "../gate/support/memory_upstream.ts";
import { fuzzAsync } from "../support/fuzz.ts";
import type { Random } from "../support/random.ts";
import { E, holders, openProperty } from "./property_scene.ts";
import { legacyAsk, modernAsk, NAMES, randomRequest, type Sent, URIS } from "./random_request.ts";
import { asked } from "./trouble.ts";

/** What a step of a trace came to. */
interface Step {
  readonly up: readonly string[];
  readonly status: number;
  readonly text: string;
  readonly fields: readonly string[];
}

/** Answers every list with all there is, and everything else with nothing much. */
function lists(request: UpstreamRequest) {
  const { id, method } = asked(request);
  if (id === undefined) return jsonReply({}, 202);
  const named = (names: readonly string[]) =>
    names.map((name) => ({ name, description: `(${name})` }));
  const located = (uris: readonly string[]) =>
    uris.map((uri) => ({ uri, description: `(${uri})` }));
  return jsonReply({
    jsonrpc: "2.0",
    id,
    result: method?.endsWith("/list")
      ? { tools: named(NAMES), prompts: named(NAMES), resources: located(URIS) }
      : {},
  });
}

async function play(keys: readonly Key[], trace: readonly Sent[]): Promise<Step[]> {
  await using scene = await openProperty({ config: { keys } });
  const { otherwise } = scene.upstream;
  scene.upstream.otherwise = (request) =>
    request.method === "POST" ? lists(request) : otherwise(request);
  const steps: Step[] = [];
  for (const { key, request } of trace) {
    const exchange = await scene.ask(request, key);
    steps.push({
      up: scene.upstream.requests.splice(0).map(spelled),
      status: exchange.status,
      text: exchange.text,
      fields: exchange.answerFields.filter(([name]) => name !== "mcpgate-exchange").map(String),
    });
  }
  return steps;
}

function spelled({ method, fields, body }: UpstreamRequest): string {
  return JSON.stringify([method, fields, new TextDecoder().decode(body ?? undefined)]);
}

function randomTrace(random: Random, keys: readonly (string | null)[], length: number): Sent[] {
  return Array.from({ length }, () => ({
    key: random.pick(keys),
    request: random.chance(0.3)
      ? random.pick([
        legacyAsk(rpc("tools/list")),
        legacyAsk(rpc("resources/list")),
        legacyAsk(rpc("prompts/list")),
        modernAsk("tools/list"),
        modernAsk("tools/call", { name: random.pick(NAMES) }),
      ])
      : randomRequest(random).request,
  }));
}

/** Every definition that an answer shows. */
function definitions(text: string): string[] {
  return [...text.matchAll(/"description":"\(([^)]*)\)"/g)].map(([, name]) => name ?? "");
}

const WIDE = {
  allow: ["read_file", "search_*", "rm"],
  deny: ["search_secrets"],
  prompts: ["greet", "de*"],
  resources: ["file:///docs/*", "ui://*"],
} satisfies Partial<Key>;

/** Grants that lost one thing. */
const NARROWER: readonly Partial<Key>[] = [
  ...(["allow", "prompts", "resources"] as const).flatMap((family) =>
    WIDE[family].map((lost) => ({
      ...WIDE,
      [family]: WIDE[family].filter((pattern) => pattern !== lost),
    }))
  ),
  { ...WIDE, deny: [...WIDE.deny, "read_file"] },
  { ...WIDE, deny: ["search_*"] },
];

Deno.test("a grant that lost something lets through no more, up or down", async () => {
  let fewer = 0;
  await fuzzAsync(40, async (random) => {
    const trace = randomTrace(random, [E], 40);
    const wide = await play(holders({ e: WIDE }), trace);
    const narrow = await play(holders({ e: random.pick(NARROWER) }), trace);
    for (const [at, { up, text }] of narrow.entries()) {
      const before = wide[at] as Step;
      assert.ok(up.length <= before.up.length && up.every((one) => before.up.includes(one)));
      const more = definitions(text).filter((name) => !definitions(before.text).includes(name));
      assert.deepEqual(more, []);
      if (up.length < before.up.length) fewer++;
    }
  });
  assert.ok(fewer > 0, "no grant made a difference");
});

Deno.test("a key that is added, and what it does, changes nothing for others", async () => {
  const added = keyEntry("KEY-F-0123456789abcdef", {
    allow: ["*"],
    rateLimit: { rps: 1, burst: 1 },
  });
  const F = "KEY-F-0123456789abcdef";
  await fuzzAsync(40, async (random) => {
    const trace = randomTrace(random, [B, E], 40);
    const keys = holders({ b: { rateLimit: { rps: 1, burst: 20 } } });
    const alone = await play(keys, trace);
    const mixed = trace.flatMap((sent) =>
      random.chance(0.5) ? [{ ...sent, key: F }, sent] : [sent]
    );
    const among = await play([added, ...keys], mixed);
    assert.deepEqual(among.filter((_, at) => mixed[at]?.key !== F), alone);
  });
});

/** What one key is sent at which moment, and how it was taken. */
interface Taken {
  readonly atMs: number;
  readonly cost: number;
}

/** Sends something of B's; gives what it cost, 0 where it was over the limit. */
async function spend(scene: Scene, random: Random, burst: number): Promise<number> {
  const calls = [rpc("ping"), rpc("tools/call", { name: "rm" }), rpc("foo")];
  if (random.chance(0.2)) {
    const batch = Array.from({ length: 1 + random.below(4) }, (_, id) => rpc("ping", {}, id));
    const { text } = await scene.post(batch, B);
    const [up] = scene.upstream.requests.splice(0);
    assert.equal(up === undefined, text.includes("-31429"));
    return up === undefined ? 0 : batch.length;
  }
  if (random.chance(0.1)) {
    const pad = "x".repeat(256 * 1024 * random.below(4));
    const { status } = await scene.post(rpc("tools/call", { name: "rm", arguments: { pad } }), B);
    return status === 429 ? 0 : Math.min(burst, 1 + Math.floor(pad.length / (256 * 1024)));
  }
  const request = random.chance(0.2) ? { method: "GET" } : legacyAsk(random.pick(calls));
  const { status } = await scene.ask(request, B);
  scene.upstream.requests.length = 0;
  return status === 429 ? 0 : 1;
}

Deno.test("no window passes more than burst + rate x time, denied messages counted", async () => {
  let refused = 0;
  await fuzzAsync(30, async (random) => {
    const rateLimit = { rps: random.pick([0.5, 3, 20]), burst: random.pick([1, 4, 10]) };
    await using scene = await openProperty({
      config: { keys: holders({ b: { rateLimit } }), mcp: { ...config().mcp, batch: "allow" } },
    });
    const taken: Taken[] = [];
    for (let sent = 80; sent > 0; sent--) {
      scene.clock.ms += random.pick([0, 0, 1, 50, 400, 3000]);
      const cost = await spend(scene, random, rateLimit.burst);
      if (cost === 0) refused++;
      taken.push({ atMs: scene.clock.ms, cost });
      // Somebody else's traffic.
      if (random.chance(0.5)) await scene.post(rpc("ping"), E);
      scene.upstream.requests.length = 0;
    }
    for (const [from, { atMs }] of taken.entries()) {
      let passed = 0;
      for (const { atMs: now, cost } of taken.slice(from)) {
        passed += cost;
        const most = rateLimit.burst + rateLimit.rps * (now - atMs) / 1000;
        assert.ok(passed <= most + 1e-6, `${passed} in ${now - atMs} ms, at most ${most}`);
      }
    }
  });
  assert.ok(refused > 0, "no limit was met");
});
