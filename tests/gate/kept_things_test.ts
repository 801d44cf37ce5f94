/** What outlives a generation: made once, shared, ended with the last that uses it. */
import assert from "node:assert/strict";
import { KeptThings } from "../../src/gate/kept_things.ts";
import { StreamCounts } from "../../src/gate/stream_counts.ts";

function thing(name: string, ended: string[], fails = false) {
  return {
    name,
    [Symbol.asyncDispose]() {
      ended.push(name);
      return fails ? Promise.reject(new Error(`${name} cannot end`)) : Promise.resolve();
    },
  };
}

Deno.test("a kept thing is made once and shared by name", async () => {
  const kept = new KeptThings();
  await using one = kept.tenancy();
  await using two = kept.tenancy();
  const made = one.keep("a", () => ({ n: 1 }));
  assert.equal(two.keep("a", () => ({ n: 2 })), made);
  assert.equal(one.keep("a", () => ({ n: 3 })), made);
  assert.notEqual(one.keep("b", () => ({ n: 1 })), made);
});

Deno.test("a kept thing ends with the last generation that uses it, once", async () => {
  const ended: string[] = [];
  const kept = new KeptThings();
  const one = kept.tenancy();
  const two = kept.tenancy();
  for (const tenancy of [one, two, one]) tenancy.keep("a", () => thing("a", ended));
  await one[Symbol.asyncDispose]();
  await one[Symbol.asyncDispose]();
  assert.deepEqual(ended, []);
  await two[Symbol.asyncDispose]();
  assert.deepEqual(ended, ["a"]);
});

Deno.test("a kept thing that nobody uses any more is made anew", async () => {
  const kept = new KeptThings();
  const one = kept.tenancy();
  one.keep("a", () => 1);
  await one[Symbol.asyncDispose]();
  await using two = kept.tenancy();
  assert.equal(two.keep("a", () => 2), 2);
});

Deno.test("a kept thing that cannot end keeps no other", async () => {
  const ended: string[] = [];
  const tenancy = new KeptThings().tenancy();
  for (const name of ["a", "b", "c"]) tenancy.keep(name, () => thing(name, ended, name === "b"));
  await assert.rejects(tenancy[Symbol.asyncDispose](), { message: "b cannot end" });
  assert.deepEqual(ended.toSorted(), ["a", "b", "c"]);
  await tenancy[Symbol.asyncDispose]();
  assert.equal(ended.length, 3);
});

const PLAIN = [
  { name: "a number", value: 7 },
  { name: "null", value: null },
  { name: "an object without an end", value: {} },
];

for (const { name, value } of PLAIN) {
  Deno.test(`${name} can be kept`, async () => {
    const tenancy = new KeptThings().tenancy();
    assert.equal(tenancy.keep("a", () => value), value);
    await tenancy[Symbol.asyncDispose]();
  });
}

Deno.test("a kept thing with a plain end is ended, too", async () => {
  let ended = 0;
  const tenancy = new KeptThings().tenancy();
  tenancy.keep("a", () => ({ [Symbol.dispose]: () => void ended++ }));
  await tenancy[Symbol.asyncDispose]();
  assert.equal(ended, 1);
});

Deno.test("a thing that cannot be made is not kept", () => {
  const tenancy = new KeptThings().tenancy();
  const fail = () => {
    throw new Error("no");
  };
  assert.throws(() => tenancy.keep("a", fail), { message: "no" });
  assert.equal(tenancy.keep("a", () => 1), 1);
});

Deno.test("StreamCounts counts each label on its own, up to the limit", () => {
  const counts = new StreamCounts();
  assert.ok(counts.take("a", 2) && counts.take("a", 2) && counts.take("b", 2));
  assert.ok(!counts.take("a", 2));
  counts.release("a");
  assert.ok(counts.take("a", 2));
  assert.ok(!counts.take("a", 2));
});

Deno.test("StreamCounts gives back nothing that was not taken", () => {
  const counts = new StreamCounts();
  counts.release("a");
  counts.release(null);
  assert.ok(counts.take("a", 1));
  assert.ok(!counts.take("a", 1));
});
