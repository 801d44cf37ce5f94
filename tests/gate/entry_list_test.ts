/** The list against a `Map` that does the same, short and long. */
import assert from "node:assert/strict";
import { EntryList } from "../../src/gate/entry_list.ts";
import { fuzz } from "../support/fuzz.ts";

Deno.test("EntryList is a Map in which what is set comes last", () => {
  fuzz(100, (random) => {
    const list = new EntryList<number>();
    const map = new Map<string, number>();
    const keys = 1 + random.below(60);
    for (let step = 0; step < 300; step++) {
      const key = `=${random.below(keys)}`;
      // Now it grows, now it shrinks, so that an index comes and goes.
      if (random.chance(step % 100 < 50 ? 0.8 : 0.2)) {
        assert.equal(list.set(key, step), !map.delete(key));
        map.set(key, step);
      } else {
        assert.equal(list.delete(key), map.delete(key));
      }
      assert.equal(list.size, map.size);
      assert.deepEqual(list.keys(), [...map.keys()]);
      assert.deepEqual(list.oldest, [...map][0] ?? null);
      assert.equal(list.get(key), map.get(key));
    }
    for (const [key, value] of map) assert.equal(list.get(key), value);
  });
});
