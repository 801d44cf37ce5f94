/** The list of what is open: whoever is taken out is held by nobody, and the others stay in it. */
import assert from "node:assert/strict";
import { type Listed, OpenExchanges } from "../../src/gate/open_exchanges.ts";

class Item implements Listed<Item> {
  before: Item | null = null;
  after: Item | null = null;
  constructor(readonly name: string) {}
}

const ORDERS = ["abc", "acb", "bac", "bca", "cab", "cba"];

for (const order of ORDERS) {
  Deno.test(`OpenExchanges keeps the others when they are taken out in the order ${order}`, () => {
    const list = new OpenExchanges<Item>();
    const items = new Map([..."abc"].map((name) => [name, new Item(name)]));
    for (const item of items.values()) list.add(item);
    const left = new Set("abc");
    for (const name of order) {
      const item = items.get(name) as Item;
      list.remove(item);
      left.delete(name);
      assert.deepEqual([item.before, item.after, list.size], [null, null, left.size]);
      assert.deepEqual(new Set(list.all().map((other) => other.name)), left);
    }
  });
}
