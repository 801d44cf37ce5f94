/** What an exchange waits for: ids by value and type, each once. */
import assert from "node:assert/strict";
import { AwaitedIds } from "../../src/gate/awaited_ids.ts";

Deno.test("AwaitedIds tells a number from the string that spells it", () => {
  const awaited = new AwaitedIds([1, "1"]);
  awaited.answered(1);
  assert.deepEqual([...awaited], ['"1"']);
  assert.equal(awaited.has("1"), true);
  assert.equal(awaited.has(1), false);
});

Deno.test("AwaitedIds counts an id once that a batch repeats", () => {
  const awaited = new AwaitedIds([1, 2, 1]);
  awaited.answered(1);
  assert.equal(awaited.size, 1);
});

Deno.test("AwaitedIds knows what was asked when it has been answered", () => {
  const awaited = new AwaitedIds([1]);
  assert.equal(awaited.hasAnswered, false);
  awaited.answered(1);
  assert.equal(awaited.hasAnswered, true);
  assert.equal(awaited.asked(1), 1);
  assert.equal(awaited.asked("1"), null);
  assert.equal(awaited.asked(undefined), null);
});

Deno.test("AwaitedIds has an only one while one alone was asked and is not answered", () => {
  assert.equal(new AwaitedIds([]).only, null);
  assert.equal(new AwaitedIds([1, 2]).only, null);
  const awaited = new AwaitedIds(["a"]);
  assert.equal(awaited.only, "a");
  awaited.answered("a");
  assert.equal(awaited.only, null);
});
