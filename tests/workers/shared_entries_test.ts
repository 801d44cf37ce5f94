/** Entries in shared memory: they keep and drop what those of one gate alone keep and drop. */
import assert from "node:assert/strict";
import type { EntryBounds, EntryForm } from "../../src/gate/entries.ts";
import { OwnedEntries } from "../../src/gate/owned_entries.ts";
import { allocateEntries, SharedEntries } from "../../src/workers/shared_entries.ts";
import { fuzz } from "../support/fuzz.ts";
import type { Random } from "../support/random.ts";

const TEXT: EntryForm<string> = { write: (entry) => entry, read: (text) => text };

function views(bounds: EntryBounds): [SharedEntries<string>, SharedEntries<string>] {
  const memory = allocateEntries(bounds, 7);
  return [new SharedEntries(memory, bounds, TEXT), new SharedEntries(memory, bounds, TEXT)];
}

/** Texts that end before, at and behind the borders of blocks, and with halves of characters. */
function randomText(random: Random): string {
  const length = random.pick([0, 1, 5, 50, 103, 104, 105, 229, 230, 231, 600]);
  return random.pick(["k", "\u00e9", "\ud83d", "\u0000"]).repeat(length);
}

Deno.test("SharedEntries keeps and drops what OwnedEntries keeps and drops", () => {
  fuzz(150, (random) => {
    const bounds = { perOwner: 1 + random.below(5), inAll: 1 + random.below(12) };
    const alone = new OwnedEntries<string>(bounds);
    const shared = views(bounds);
    const owners = ["", "a", "b", "4096", randomText(random)];
    const keys = ["k", "kl", "4096", randomText(random), `k${randomText(random)}`];
    for (let step = 0; step < 60; step++) {
      const [owner, key] = [random.pick(owners), random.pick(keys)];
      const view = random.pick(shared);
      if (random.chance(0.6)) {
        const text = randomText(random);
        alone.set(owner, key, text);
        view.set(owner, key, text);
      } else if (random.chance(0.7)) {
        const other = random.chance(0.5) ? randomText(random) : undefined;
        const only = random.chance(0.5) ? alone.get(owner, key) : other;
        assert.equal(view.take(owner, key, only), alone.take(owner, key, only));
      } else if (random.chance(0.3)) {
        assert.equal(view.pull(owner, key), alone.pull(owner, key));
      } else {
        const start = random.pick(["", "k", "4", keys[3] as string]);
        alone.forget(owner, start);
        view.forget(owner, start);
      }
      const other = random.pick(shared);
      assert.equal(other.size, alone.size);
      for (const one of owners) {
        assert.equal(other.hasAny(one), alone.hasAny(one));
        for (const each of keys) assert.equal(other.get(one, each), alone.get(one, each));
      }
    }
  });
});

Deno.test("SharedEntries drops the oldest of the idlest owner for a text that needs the room", () => {
  const bounds = { perOwner: 9, inAll: 9 };
  const [entries] = views(bounds);
  // More blocks than there are for one text, and all but two of them for another.
  assert.throws(() => entries.set("a", "huge", "x".repeat(1_000_000)), /too large/);
  entries.set("a", "k", "1");
  entries.set("b", "k", "2");
  entries.set("b", "large", "x".repeat(126 * 1037));
  assert.deepEqual([entries.get("a", "k"), entries.get("b", "k")], [undefined, "2"]);
  assert.equal(entries.get("b", "large")?.length, 126 * 1037);
});

Deno.test("SharedEntries uses again what it has given back", () => {
  const bounds = { perOwner: 3, inAll: 3 };
  const [entries] = views(bounds);
  for (let round = 0; round < 20_000; round++) entries.set("a", `k${round % 5}`, "x".repeat(300));
  assert.equal(entries.size, 3);
});
