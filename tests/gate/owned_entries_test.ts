/** Bounded memory: what is kept, what goes first, and that no owner's flood costs another anything. */
import assert from "node:assert/strict";
import { OwnedEntries } from "../../src/gate/owned_entries.ts";
import { fuzz } from "../support/fuzz.ts";

function filled(entries: OwnedEntries<number>, owner: string, ...keys: string[]): void {
  for (const [index, key] of keys.entries()) entries.set(owner, key, index);
}

function kept(entries: OwnedEntries<number>, owner: string, ...keys: string[]): string[] {
  return keys.filter((key) => entries.get(owner, key) !== undefined);
}

Deno.test("OwnedEntries keeps the entries of each owner apart", () => {
  const entries = new OwnedEntries<number>({ perOwner: 9, inAll: 9 });
  entries.set("a", "k", 1);
  entries.set("b", "k", 2);
  assert.deepEqual([entries.get("a", "k"), entries.get("b", "k")], [1, 2]);
  assert.equal(entries.get("c", "k"), undefined);
  assert.ok(!entries.take("a", "k", 2));
  assert.ok(entries.take("a", "k", 1));
  assert.ok(!entries.take("a", "k"));
  assert.deepEqual([entries.hasAny("a"), entries.hasAny("b"), entries.size], [false, true, 1]);
});

Deno.test("OwnedEntries lets the oldest of an owner go, where he has too many", () => {
  const entries = new OwnedEntries<number>({ perOwner: 3, inAll: 99 });
  filled(entries, "b", "1");
  filled(entries, "a", "1", "2", "3", "1", "4");
  assert.deepEqual(kept(entries, "a", "1", "2", "3", "4"), ["1", "3", "4"]);
  assert.deepEqual(kept(entries, "b", "1"), ["1"]);
});

Deno.test("OwnedEntries lets the oldest of the idlest owner go, where all have too many", () => {
  const entries = new OwnedEntries<number>({ perOwner: 3, inAll: 4 });
  filled(entries, "a", "1", "2");
  filled(entries, "b", "1");
  filled(entries, "a", "3");
  filled(entries, "c", "1");
  assert.deepEqual(kept(entries, "a", "1", "2", "3"), ["1", "2", "3"]);
  assert.deepEqual([kept(entries, "b", "1"), kept(entries, "c", "1")], [[], ["1"]]);
  assert.equal(entries.size, 4);
});

Deno.test("OwnedEntries forgets what begins alike, of one owner", () => {
  const entries = new OwnedEntries<number>({ perOwner: 9, inAll: 9 });
  filled(entries, "a", "s1:x", "s1:y", "s2:x");
  filled(entries, "b", "s1:x");
  entries.forget("a", "s1:");
  assert.deepEqual(kept(entries, "a", "s1:x", "s1:y", "s2:x"), ["s2:x"]);
  assert.deepEqual([kept(entries, "b", "s1:x"), entries.size], [["s1:x"], 2]);
});

Deno.test("OwnedEntries counts what it holds, and never holds more than its bounds", () => {
  fuzz(200, (random) => {
    const bounds = { perOwner: 1 + random.below(4), inAll: 1 + random.below(9) };
    const entries = new OwnedEntries<number>(bounds);
    const owners = ["a", "b", "c", "4096"];
    const keys = ["k", "l", "m", "n", "4096", "8192"];
    for (let step = 0; step < 40; step++) {
      const [owner, key] = [random.pick(owners), random.pick(keys)];
      if (random.chance(0.7)) entries.set(owner, key, step);
      else if (random.chance(0.8)) entries.take(owner, key);
      else entries.forget(owner, random.pick(["", "k", "4"]));
      const held = owners.map((one) => kept(entries, one, ...keys).length);
      assert.equal(held.reduce((sum, count) => sum + count), entries.size);
      assert.ok(entries.size <= bounds.inAll);
      assert.ok(held.every((count) => count <= bounds.perOwner));
      for (const [index, one] of owners.entries()) {
        assert.equal(entries.hasAny(one), (held[index] ?? 0) > 0);
      }
    }
  });
});
