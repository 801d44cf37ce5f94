/** A generation: built whole or not at all, taken apart in order when the last has left. */
import assert from "node:assert/strict";
import { Generation } from "../../src/gate/generation.ts";
import type { GateParts } from "../../src/gate/generation.ts";
import { KeptThings } from "../../src/gate/kept_things.ts";
import { allow } from "../../src/policy/contract.ts";
import type { AnyPolicyModule, Host } from "../../src/policy/contract.ts";
import { VirtualClock } from "../policies/lent_host.ts";
import { eventually } from "../support/eventually.ts";
import { config, stage } from "./support/gate_scene.ts";

/** A built-in `name` that allows everything and does as `create` says. */
function module(name: string, create: (host: Host) => void, at: "head" | "call" = "head") {
  return [name, {
    name,
    at,
    options: (z) => z.object({}),
    create(_options, host) {
      create(host);
      return () => allow();
    },
  } as AnyPolicyModule] as const;
}

interface Made {
  readonly done: string[];
  readonly log: string[];
  readonly kept: KeptThings;
  readonly parts: GateParts;
}

/** Stages that note what becomes of them; `allowlist` does as told, too. */
function made(allowlist: (host: Host) => void = () => {}): Made {
  const done: string[] = [];
  const log: string[] = [];
  const noting = (name: string) => (host: Host) => {
    host.scope.defer(() => void done.push(`${name} ends`));
    host.keep("thing", () => ({ [Symbol.dispose]: () => void done.push(`${name}'s thing ends`) }));
    host.onReload(() => void done.push(`${name} reloads`));
  };
  const parts: GateParts = {
    builtIns: new Map([
      module("audit", noting("audit")),
      module("auth", noting("auth")),
      module("allowlist", allowlist, "call"),
    ]),
    loadPlugin: () => Promise.reject(new Error("no modules")),
    connect: () => ({
      ask: () => assert.fail("not asked"),
      close: () => Promise.resolve(void done.push("upstream closes")),
    }),
    clock: new VirtualClock(),
    random: (bytes) => new Uint8Array(bytes),
    log: (source) => ({
      info: (text) => void log.push(`${source}: ${text}`),
      warn: (text) => void log.push(`${source}: ${text}`),
    }),
    userAgent: "",
  };
  return { done, log, kept: new KeptThings(), parts };
}

const CONFIG = config({ pipeline: ["audit", "auth", "allowlist"].map((name) => stage(name)) });

function build({ kept, parts }: Made, number = 1, changes = {}) {
  return Generation.build(number, { ...CONFIG, ...changes }, parts, kept, new Uint8Array(32));
}

const ENDED = [
  "upstream closes",
  "auth ends",
  "audit ends",
  "auth's thing ends",
  "audit's thing ends",
];

Deno.test("a generation ends what it was built of, the last first, kept things at the end", async () => {
  const scene = made();
  const generation = await build(scene);
  generation.retire();
  await generation.gone;
  assert.deepEqual(scene.done.slice(0, 3), ENDED.slice(0, 3));
  assert.deepEqual(scene.done.slice(3).toSorted(), ENDED.slice(3).toSorted());
});

Deno.test("a generation lasts until it is retired and the last exchange has left", async () => {
  const scene = made();
  const generation = await build(scene);
  generation.enter();
  generation.enter();
  generation.leave();
  generation.retire();
  await Promise.resolve();
  assert.deepEqual(scene.done, []);
  generation.leave();
  await generation.gone;
  assert.equal(scene.done.length, ENDED.length);
});

Deno.test("a generation that is empty but not retired stays", async () => {
  const scene = made();
  const generation = await build(scene);
  generation.enter();
  generation.leave();
  await Promise.resolve();
  assert.deepEqual(scene.done, []);
  generation.retire();
  await generation.gone;
});

const FAULTS: readonly {
  readonly name: string;
  readonly allowlist?: () => void;
  readonly connect?: () => never;
  readonly changes?: object;
}[] = [
  {
    name: "a stage that cannot start",
    allowlist() {
      throw new Error("no");
    },
  },
  {
    name: "an upstream that cannot be set up",
    connect() {
      throw new Error("no");
    },
  },
  {
    name: "a stage that does not exist",
    changes: { pipeline: [stage("audit"), stage("nothing")] },
  },
];

for (const { name, allowlist = () => {}, connect, changes = {} } of FAULTS) {
  Deno.test(`nothing is left behind by ${name}`, async () => {
    const scene = made(allowlist);
    const parts = connect === undefined ? scene.parts : { ...scene.parts, connect };
    await assert.rejects(build({ ...scene, parts }, 1, changes));
    const started = changes === FAULTS[2]?.changes ? [] : ENDED.slice(1);
    assert.deepEqual(scene.done.toSorted(), started.toSorted());
  });
}

Deno.test("what a failed generation shares with the one in force is kept", async () => {
  let fails = false;
  const scene = made(() => {
    if (fails) throw new Error("no");
  });
  const first = await build(scene);
  fails = true;
  await assert.rejects(build(scene, 2));
  assert.deepEqual(scene.done, ["auth ends", "audit ends"]);
  first.retire();
  await first.gone;
  assert.ok(scene.done.includes("audit's thing ends"));
});

Deno.test("kept things pass from one generation to the next", async () => {
  const scene = made();
  const first = await build(scene);
  const second = await build(scene, 2);
  first.retire();
  await first.gone;
  assert.ok(!scene.done.some((line) => line.includes("thing")));
  second.retire();
  await second.gone;
  assert.equal(scene.done.filter((line) => line.includes("thing")).length, 2);
});

Deno.test("every stage is told of a reload, also after one that fails to follow it", async () => {
  const scene = made((host) =>
    host.onReload(() => {
      throw new Error("cannot reopen");
    })
  );
  const generation = await build(scene);
  generation.reloaded();
  assert.deepEqual(scene.done, ["audit reloads", "auth reloads"]);
  assert.deepEqual(scene.log, [
    "gate: a stage failed to follow the reload: Error: cannot reopen",
  ]);
  generation.retire();
  await generation.gone;
});

Deno.test("a stage that cannot end is told of, and everything else ends", async () => {
  const scene = made((host) =>
    host.scope.defer(() => {
      throw new Error("cannot end");
    })
  );
  const generation = await build(scene);
  generation.retire();
  await generation.gone;
  assert.equal(scene.done.length, ENDED.length);
  await eventually("the operator to be told", () => scene.log.length === 1);
  assert.match(scene.log[0] ?? "", /^gate: generation 1 left something behind: Error: cannot end$/);
});

Deno.test("a generation seals with the configured secret, else with the gate's own", async () => {
  const scene = made();
  const named = await build(scene);
  const unnamed = await build(scene, 2, { secrets: { seal: null, upstreamHeaders: [] } });
  const [one, other] = [named, unnamed].map((made) => made.sealer.seal("session", "a", "", "s"));
  assert.notEqual(one, other);
  const again = await build(scene, 3, { secrets: { seal: null, upstreamHeaders: [] } });
  assert.equal(again.sealer.seal("session", "a", "", "s"), other);
  for (const generation of [named, unnamed, again]) {
    generation.retire();
    await generation.gone;
  }
});
