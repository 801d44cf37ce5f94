/** Work in slices lets others have their turn, and not more often than it must. */
import assert from "node:assert/strict";
import { TimeSlices } from "../../src/cli/time_slices.ts";

Deno.test("TimeSlices rests when its time is up, and not before", async () => {
  let now = 1000;
  const slices = new TimeSlices(() => now);
  assert.equal(slices.rest(), undefined);
  now += 9;
  assert.equal(slices.rest(), undefined);
  now += 1;
  let turn = false;
  setTimeout(() => turn = true, 0);
  await slices.rest();
  assert.ok(turn, "nobody else had a turn");
  assert.equal(slices.rest(), undefined);
});

Deno.test("TimeSlices rests when its clock has jumped back", async () => {
  let now = 1000;
  const slices = new TimeSlices(() => now);
  now = 0;
  assert.ok(slices.rest() instanceof Promise);
  await new Promise((resolve) => setTimeout(resolve, 0));
});
