/**
 * One key of a label exchanged for another, while both are good: they are one caller, and the end of
 * one is felt by what it opened only.
 */
import assert from "node:assert/strict";
import type { KeyHash } from "../../src/policy/contract.ts";
import { hashed } from "../policies/lent_host.ts";
import { eventually } from "../support/eventually.ts";
import { B, bodyOf, call, D, keyEntry, Scene } from "./support/gate_scene.ts";

const LISTEN = { method: "GET" } as const;

const [OLD = hashed(""), NEW = hashed("")] = [...keyEntry(B).hashes, ...keyEntry(D).hashes];

/** The key B and the key D as one caller's. */
function oneLabel(hashes: readonly KeyHash[]) {
  return { keys: [keyEntry(B, { allow: ["read_file"], hashes })] };
}

const ENDS = [
  { name: "expires", after: (at: number) => [{ ...OLD, expiresMs: at }, NEW] },
  { name: "is removed", after: () => [NEW] },
];

for (const { name, after } of ENDS) {
  Deno.test(`a key that ${name} takes its own streams along, not those of its label's other key`, async () => {
    await using scene = await Scene.open({ config: oneLabel([OLD, NEW]) });
    const old = scene.begin(LISTEN, B);
    const young = scene.begin(LISTEN, D);
    await scene.upstream.request(1);
    const at = scene.clock.now() + 10_000;
    await scene.gate.reload(scene.config(oneLabel(after(at))));
    scene.clock.ms = at;
    await eventually("the old key's stream to end", () => scene.outcomes.length === 1, 1000);
    assert.deepEqual([scene.last.label, scene.last.end], ["b", "revoked"]);
    assert.deepEqual([old.state, young.state], ["complete", "open"]);
    const refused = scene.begin({ body: bodyOf(call()) }, B);
    await scene.ended(2);
    const served = scene.begin({ body: bodyOf(call()) }, D);
    await scene.ended(3);
    assert.deepEqual([refused.status, served.status, young.state], [401, 200, "open"]);
  });
}

Deno.test("a key that is added beside another ends nothing of it", async () => {
  await using scene = await Scene.open({ config: oneLabel([OLD]) });
  const old = scene.begin(LISTEN, B);
  await scene.upstream.request(0);
  await scene.gate.reload(
    scene.config(oneLabel([NEW, { ...OLD, expiresMs: scene.clock.now() + 1e6 }])),
  );
  const served = scene.begin({ body: bodyOf(call()) }, D);
  await scene.ended(1);
  assert.deepEqual([old.state, served.status, scene.last.label], ["open", 200, "b"]);
});
