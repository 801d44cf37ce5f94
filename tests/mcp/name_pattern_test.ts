/** Which names a pattern names, held against a regular expression, and which one covers others. */
import assert from "node:assert/strict";
import { compilePatterns, covers, PLAIN_NAME } from "../../src/mcp/name_pattern.ts";
import { fuzz } from "../support/fuzz.ts";

const CASES = [
  { patterns: [], takes: [], refuses: ["", "a", "*"] },
  { patterns: ["a", "b"], takes: ["a", "b"], refuses: ["", "A", "ab", "a ", "a\0"] },
  { patterns: ["*"], takes: ["", "a", "é\n", "__proto__"], refuses: [] },
  { patterns: ["**"], takes: ["", "a"], refuses: [] },
  {
    patterns: ["search_*"],
    takes: ["search_", "search_a", "search_*"],
    refuses: ["search", "Search_a", "xsearch_a"],
  },
  { patterns: ["*_file"], takes: ["_file", "read_file"], refuses: ["read_files", "file"] },
  { patterns: ["a*b*c"], takes: ["abc", "axbxc", "abcbc"], refuses: ["ab", "ac", "acb", "abcx"] },
  { patterns: ["ab*ba"], takes: ["abba", "abxba"], refuses: ["aba", "ab", "abab"] },
  { patterns: ["a**b"], takes: ["ab", "axb"], refuses: ["a", "b"] },
  {
    patterns: ["file:///docs/*"],
    takes: ["file:///docs/a b/é"],
    refuses: ["file:///doc/a", "FILE:///docs/a"],
  },
  { patterns: ["a.b*"], takes: ["a.bc"], refuses: ["axbc"] },
  { patterns: ["[a-z]*"], takes: ["[a-z]x"], refuses: ["abc"] },
  { patterns: ["x*", "y"], takes: ["x1", "y"], refuses: ["y1"] },
  { patterns: ["constructor"], takes: ["constructor"], refuses: ["toString", "__proto__"] },
];

for (const { patterns, takes, refuses } of CASES) {
  Deno.test(`compilePatterns(${JSON.stringify(patterns)})`, () => {
    const named = compilePatterns(patterns);
    for (const name of takes) assert.equal(named(name), true, name);
    for (const name of refuses) assert.equal(named(name), false, name);
  });
}

Deno.test("compilePatterns lets globs reach only names that globReach takes, exact names and * any", () => {
  assert.equal(compilePatterns(["a*"], PLAIN_NAME)("ab"), true);
  assert.equal(compilePatterns(["a*"], PLAIN_NAME)("aé"), false);
  assert.equal(compilePatterns(["a*", "aé"], PLAIN_NAME)("aé"), true);
  assert.equal(compilePatterns(["*"], PLAIN_NAME)("aé"), true);
});

Deno.test("compilePatterns agrees with a regular expression on small names", () => {
  fuzz(3000, (random) => {
    const word = (alphabet: string, most: number) =>
      Array.from({ length: random.below(most) }, () => random.pick([...alphabet])).join("");
    const pattern = word("ab*", 7);
    const name = word("ab", 9);
    const expression = new RegExp(`^${pattern.replaceAll("*", ".*")}$`);
    assert.equal(compilePatterns([pattern])(name), expression.test(name), `${pattern} on ${name}`);
  });
});

const COVERS = [
  { wide: ["*"], narrow: "*", covered: true },
  { wide: ["*"], narrow: "a*b", covered: true },
  { wide: ["a*"], narrow: "a*", covered: true },
  { wide: ["a*"], narrow: "ab*", covered: true },
  { wide: ["a*"], narrow: "a*b", covered: true },
  { wide: ["a*"], narrow: "ab", covered: true },
  { wide: ["a"], narrow: "a", covered: true },
  { wide: ["b", "a*"], narrow: "ax", covered: true },
  { wide: ["a"], narrow: "a*", covered: false },
  { wide: ["ab*"], narrow: "a*", covered: false },
  { wide: ["a*b"], narrow: "a*", covered: false },
  { wide: ["a*"], narrow: "*", covered: false },
  { wide: [], narrow: "a", covered: false },
];

for (const { wide, narrow, covered } of COVERS) {
  Deno.test(`covers(${JSON.stringify(wide)}, "${narrow}") is ${covered}`, () => {
    assert.equal(covers(wide, narrow), covered);
  });
}

Deno.test("covers knows that a glob with a reach does not name every exact name", () => {
  assert.equal(covers(["a*"], "aé", PLAIN_NAME), false);
  assert.equal(covers(["*"], "aé", PLAIN_NAME), true);
  assert.equal(covers(["a*"], "ab*", PLAIN_NAME), true);
});

Deno.test("covers says yes only where every name of the narrow one is named by the wide ones", () => {
  fuzz(3000, (random) => {
    const word = (alphabet: string, most: number) =>
      Array.from({ length: random.below(most) }, () => random.pick([...alphabet])).join("");
    const wide = [word("ab*", 5), word("ab*", 5)];
    const narrow = word("ab*", 5);
    if (!covers(wide, narrow)) return;
    const name = narrow.replaceAll("*", () => word("abc", 4));
    assert.ok(compilePatterns(wide)(name), `${wide} over ${narrow}: ${name}`);
  });
});
