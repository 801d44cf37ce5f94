/** One edit, and no more. */
import assert from "node:assert/strict";
import { isWithinOneEdit, nearest } from "../../src/config/nearest.ts";

const PAIRS = [
  { a: "alow", b: "allow", isNear: true },
  { a: "allows", b: "allow", isNear: true },
  { a: "allaw", b: "allow", isNear: true },
  { a: "allwo", b: "allow", isNear: true },
  { a: "lalow", b: "allow", isNear: true },
  { a: "llow", b: "allow", isNear: true },
  { a: "", b: "a", isNear: true },
  { a: "same", b: "same", isNear: true },
  { a: "", b: "ab", isNear: false },
  { a: "alwo", b: "allow", isNear: false },
  { a: "wolla", b: "allow", isNear: false },
  { a: "aolwl", b: "allow", isNear: false },
  { a: "ab", b: "cd", isNear: false },
];

for (const { a, b, isNear } of PAIRS) {
  Deno.test(`isWithinOneEdit says ${isNear} to "${a}" and "${b}", both ways`, () => {
    assert.deepEqual([isWithinOneEdit(a, b), isWithinOneEdit(b, a)], [isNear, isNear]);
  });
}

Deno.test("nearest overlooks letter case", () => {
  assert.equal(nearest("Allow", ["deny", "allow"]), "allow");
});

Deno.test("nearest suggests nothing for what is right or far off", () => {
  assert.equal(nearest("allow", ["allow"]), undefined);
  assert.equal(nearest("permit", ["deny", "allow"]), undefined);
});
