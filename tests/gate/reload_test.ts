/**
 * A reload while exchanges are under way (P17): who has not been ruled yet is ruled by what holds
 * now, who has lost his ground is ended, and everybody else notices nothing.
 */
import assert from "node:assert/strict";
import type { AnyPolicyModule, Decision, Key } from "../../src/policy/contract.ts";
import { allow } from "../../src/policy/contract.ts";
import { hashed } from "../policies/lent_host.ts";
import { eventually } from "../support/eventually.ts";
import { A, B, bodyOf, call, keyEntry, KEYS, Scene, stage } from "./support/gate_scene.ts";
import { eventReply } from "./support/memory_upstream.ts";

const LISTEN = { method: "GET" } as const;

function without(label: string): readonly Key[] {
  return KEYS.filter((key) => key.label !== label);
}

function withB(changes: Partial<Key>): readonly Key[] {
  return [...without("b"), keyEntry(B, { allow: ["read_file"], ...changes })];
}

/** A stage at the head that answers when it is let. */
function slowStage() {
  const asked: PromiseWithResolvers<Decision>[] = [];
  const module = {
    name: "slow",
    at: "head",
    options: (z) => z.object({}),
    create: () => () => {
      const answer = Promise.withResolvers<Decision>();
      asked.push(answer);
      return answer.promise;
    },
  } as AnyPolicyModule;
  return { asked, module };
}

Deno.test("a body that is complete after a reload is ruled by the new generation", async () => {
  await using scene = await Scene.open();
  const text = bodyOf(call("read_file"));
  const exchange = scene.begin({ body: null }, B);
  exchange.send(text.slice(0, 20));
  await eventually("the first half to arrive", () => scene.gate.held.bytes === 20);
  await scene.gate.reload(scene.config({ keys: withB({ allow: ["other"] }) }));
  exchange.send(text.slice(20));
  exchange.endBody();
  await scene.over();

  assert.equal(exchange.status, 200);
  assert.match(exchange.text, /Unknown tool: read_file/);
  assert.equal(scene.upstream.requests.length, 0);
  const { generation, stage, decision, end } = scene.last;
  assert.deepEqual({ generation, stage, decision, end }, {
    generation: 2,
    stage: "allowlist",
    decision: "deny",
    end: "complete",
  });
  assert.equal(scene.outcomes.length, 1);
});

Deno.test("a body that never completes ends with its key", async () => {
  await using scene = await Scene.open();
  const exchange = scene.begin({ body: null }, B);
  exchange.send("{");
  await eventually("the body to begin", () => scene.gate.held.bytes === 1);
  await scene.gate.reload(scene.config({ keys: without("b") }));
  await eventually("the exchange to end", () => scene.outcomes.length === 1, 1000);
  assert.equal(exchange.status, 401);
  assert.equal(scene.last.end, "revoked");
});

Deno.test("a key removed between head and body is unknown", async () => {
  const { asked, module } = slowStage();
  await using scene = await Scene.open({ stages: ["slow"], modules: { slow: module } });
  const exchange = scene.begin({ body: bodyOf(call()) }, B);
  await eventually("the stage to be asked", () => asked.length === 1);
  // Not on the new pipeline, so that the second round is auth's alone.
  const { pipeline } = scene.config();
  await scene.gate.reload(scene.config({
    keys: without("b"),
    pipeline: pipeline.filter(({ name }) => name !== "slow"),
  }));
  asked[0]?.resolve(allow());
  await scene.over();
  assert.equal(exchange.status, 401);
  assert.deepEqual([scene.upstream.requests.length, scene.outcomes.length], [0, 1]);
});

Deno.test("hooks of both rounds are told, each once, and audit once", async () => {
  const told: string[] = [];
  let built = 0;
  const module = {
    name: "counted",
    at: "head",
    options: (z) => z.object({}),
    create() {
      const number = ++built;
      return () =>
        allow({ onFinish: ({ generation }) => void told.push(`${number}:${generation}`) });
    },
  } as AnyPolicyModule;
  await using scene = await Scene.open({ stages: ["counted"], modules: { counted: module } });
  const exchange = scene.begin({ body: null });
  exchange.send(bodyOf(call()));
  await eventually("the body to arrive", () => scene.gate.held.bytes > 0);
  await scene.gate.reload(scene.config({ fingerprint: "2" }));
  exchange.endBody();
  await scene.over();
  assert.equal(exchange.status, 200);
  assert.deepEqual(told, ["2:2", "1:2"]);
  assert.deepEqual(scene.outcomes.map(({ generation }) => generation), [2]);
});

Deno.test("a second reload while stages are asked anew is noticed", async () => {
  const { asked, module } = slowStage();
  await using scene = await Scene.open({ stages: ["slow"], modules: { slow: module } });
  const exchange = scene.begin({ body: bodyOf(call()) }, B);
  await eventually("the first round", () => asked.length === 1);
  await scene.gate.reload(scene.config({ fingerprint: "2" }));
  asked[0]?.resolve(allow());
  await eventually("the second round", () => asked.length === 2);
  await scene.gate.reload(scene.config({ keys: without("b") }));
  asked[1]?.resolve(allow());
  await scene.over();
  assert.equal(exchange.status, 401);
  assert.deepEqual([scene.upstream.requests.length, scene.last.end], [0, "revoked"]);
});

Deno.test("a narrowed key that is being ruled is told so, and nothing goes up", async () => {
  const answer = Promise.withResolvers<Decision>();
  let isAsked = false;
  const module = {
    name: "slow",
    options: (z) => z.object({}),
    create: () => () => {
      isAsked = true;
      return answer.promise;
    },
  } as AnyPolicyModule;
  await using scene = await Scene.open({ stages: ["slow"], modules: { slow: module } });
  const exchange = scene.begin({ body: bodyOf(call()) }, B);
  await eventually("the stage to be asked", () => isAsked);
  await scene.gate.reload(scene.config({ keys: withB({ allow: [] }) }));
  answer.resolve(allow());
  await scene.over();
  // Not 401: the key is a good one, and a client would start OAuth.
  assert.equal(exchange.status, 503);
  assert.match(exchange.text, /What this API key may use has changed/);
  assert.deepEqual([scene.upstream.requests.length, scene.last.end], [0, "revoked"]);
});

const CHANGES: readonly {
  readonly name: string;
  readonly keys: (now: number) => readonly Key[];
  readonly lives: boolean;
}[] = [
  { name: "is gone", keys: () => without("b"), lives: false },
  {
    name: "has another hash",
    keys: () => withB({ hashes: [hashed("0".repeat(64))] }),
    lives: false,
  },
  { name: "has expired", keys: (now) => withB({ expiresMs: now }), lives: false },
  { name: "may call less", keys: () => withB({ allow: ["read_*_file"] }), lives: false },
  { name: "is denied something", keys: () => withB({ deny: ["read_file"] }), lives: false },
  { name: "is as it was", keys: () => withB({}), lives: true },
  { name: "may call more", keys: () => withB({ allow: ["read_*"] }), lives: true },
  { name: "may use prompts, too", keys: () => withB({ prompts: ["*"] }), lives: true },
  { name: "has another rate", keys: () => withB({ rateLimit: { rps: 1, burst: 1 } }), lives: true },
  { name: "expires later", keys: (now) => withB({ expiresMs: now + 1e6 }), lives: true },
];

for (const { name, keys, lives } of CHANGES) {
  Deno.test(`an open stream ${lives ? "lives on" : "ends"} where its key ${name}`, async () => {
    await using scene = await Scene.open();
    const own = scene.begin(LISTEN, B);
    const other = scene.begin(LISTEN, A);
    await scene.upstream.request(1);
    await scene.gate.reload(scene.config({ keys: keys(scene.clock.now()) }));
    if (!lives) {
      await scene.ended(1);
      assert.deepEqual([scene.last.label, scene.last.end], ["b", "revoked"]);
    }
    assert.equal(own.state, lives ? "open" : "complete");
    assert.equal(other.state, "open");
    assert.equal(scene.outcomes.length, lives ? 0 : 1);
  });
}

for (
  const { name, setting, change } of [
    { name: "as it was", setting: { expiresMs: 1_800_000_010_000 }, change: {} },
    { name: "as a reload set it", setting: {}, change: { expiresMs: 1_800_000_010_000 } },
  ]
) {
  Deno.test(`an open stream ends when its key expires, ${name}`, async () => {
    await using scene = await Scene.open({ config: { keys: withB(setting) } });
    scene.begin(LISTEN, B);
    await scene.upstream.request(0);
    await scene.gate.reload(scene.config({ keys: withB({ ...setting, ...change }) }));
    scene.clock.ms = 1_800_000_010_000;
    await eventually("the stream to end", () => scene.outcomes.length === 1, 1000);
    assert.equal(scene.last.end, "revoked");
  });
}

Deno.test("an open stream lives on where a reload has put its expiry off", async () => {
  await using scene = await Scene.open({
    config: { keys: [...without("a"), keyEntry(A, { expiresMs: 1_800_000_010_000 })] },
  });
  const exchange = scene.begin(LISTEN, A);
  const doomed = scene.begin(LISTEN, B);
  await scene.upstream.request(1);
  await scene.gate.reload(scene.config({
    keys: [keyEntry(A), keyEntry(B, { allow: ["read_file"], expiresMs: 1_800_000_010_000 })],
  }));
  scene.clock.ms = 1_800_000_010_000;
  await scene.ended(1);
  assert.deepEqual([doomed.state, exchange.state], ["complete", "open"]);
});

Deno.test("a call under way whose key is removed is told in its stream", async () => {
  await using scene = await Scene.open();
  scene.upstream.next(eventReply([{ jsonrpc: "2.0", method: "notifications/message" }]));
  const exchange = scene.begin({ body: bodyOf(call()) }, B);
  await exchange.has("notifications/message");
  await scene.gate.reload(scene.config({ keys: without("b") }));
  await scene.over();
  const error = { code: -31401, message: "What this API key may use has changed" };
  assert.deepEqual(exchange.events.at(-1), { jsonrpc: "2.0", id: 1, error });
  assert.equal(exchange.state, "complete");
});

Deno.test("a reload is no amnesty: tokens spent stay spent", async () => {
  const keys = withB({ rateLimit: { rps: 1, burst: 1 } });
  await using scene = await Scene.open({ config: { keys } });
  await scene.post(call(), B);
  await scene.gate.reload(scene.config({ fingerprint: "2" }));
  assert.equal((await scene.post(call(), B)).status, 429);
});

Deno.test("a reload during the lookup of an own route leaves the exchange its generation", async () => {
  const looked = Promise.withResolvers<null>();
  await using scene = await Scene.open({ own: { "POST /mcp": looked.promise } });
  const exchange = scene.begin({ body: bodyOf(call()) });
  await scene.gate.reload(scene.config({ fingerprint: "2" }));
  assert.equal(scene.upstream.closed, 0, "taken apart under the exchange");
  looked.resolve(null);
  await scene.over();
  assert.equal(exchange.status, 200);
  await eventually("the old generation to go", () => scene.upstream.closed === 1);
});

Deno.test("a generation that cannot be built changes nothing and leaves nothing", async () => {
  const ended: string[] = [];
  const modules: Record<string, AnyPolicyModule> = {
    first: {
      name: "first",
      options: (z) => z.object({}),
      create(_options, host) {
        host.scope.defer(() => void ended.push("first"));
        return () => allow();
      },
    },
    second: {
      name: "second",
      options: (z) => z.object({}),
      create: () => Promise.reject(new Error("no")),
    },
  };
  await using scene = await Scene.open({ modules });
  const [audit, auth, ...rest] = scene.config().pipeline;
  const pipeline = [audit, auth, stage("first", "first"), stage("second", "second"), ...rest]
    .filter((one) => one !== undefined);
  await assert.rejects(scene.gate.reload(scene.config({ pipeline, keys: [] })), {
    name: "StageError",
    message: "The stage second cannot start: no",
  });
  assert.deepEqual(ended, ["first"]);
  assert.equal(scene.gate.current.number, 1);
  assert.equal((await scene.post(call())).status, 200);
});
