/** What the scan before parsing finds in a text, and that it is linear whatever the text. */
import assert from "node:assert/strict";
import { hasDuplicateMember, scanJson } from "../../src/mcp/json_scan.ts";
import { countedWork } from "../support/counted_work.ts";

const LIMITS = { depth: 4, members: 20 };

/** An object of `count` members, then the text `more`. */
function members(count: number, more = ""): string {
  return `{${Array.from({ length: count }, (_, at) => `"k${at}":${at}`).join(",")}${more}}`;
}

const CASES = [
  { name: "an empty object", text: "{}", fault: null },
  { name: "a scalar", text: "1", fault: null },
  { name: "the same name in different objects", text: '{"a":{"a":1},"b":{"a":2}}', fault: null },
  { name: "the same name in elements", text: '[{"a":1},{"a":2}]', fault: null },
  { name: "a name behind an object that has it", text: '{"a":{"b":1},"b":2}', fault: null },
  {
    name: "a name behind an object of 13 that has it",
    text: `{"a":${members(13)},"k1":2}`,
    fault: null,
  },
  {
    name: "a double behind an object of 13",
    text: `{"a":${members(13)},"a":2}`,
    fault: "duplicate",
  },
  { name: "values equal to names", text: '{"a":"a","b":"a","c":["a","a"]}', fault: null },
  { name: "names that differ by case", text: '{"a":1,"A":2}', fault: null },
  { name: "braces and quotes in strings", text: String.raw`{"a":"}\"{\\","b":"[,"}`, fault: null },
  { name: "a double", text: '{"a":1,"a":1}', fault: "duplicate" },
  { name: "a double around white space", text: '{ "a" : 1 , \n"a"\t:1}', fault: "duplicate" },
  { name: "a double after a nested object", text: '{"a":{"b":[1]},"a":1}', fault: "duplicate" },
  { name: "a double after a nested array", text: '{"a":[{"b":1}],"a":1}', fault: "duplicate" },
  { name: "a double deep inside", text: '[[{"b":{"a":1,"a":2}}]]', fault: "duplicate" },
  {
    name: "a double spelled with escapes",
    text: String.raw`{"a":1,"\u0061":2}`,
    fault: "duplicate",
  },
  { name: "a double of two escapes", text: String.raw`{"\/":1,"\u002f":2}`, fault: "duplicate" },
  { name: "a doubled empty name", text: '{"":1,"":2}', fault: "duplicate" },
  { name: "a double of __proto__", text: '{"__proto__":1,"__proto__":2}', fault: "duplicate" },
  { name: "the 13th of 13 names doubled", text: members(13, ',"k12":0'), fault: "duplicate" },
  { name: "the first of 14 names doubled", text: members(14, ',"k0":0'), fault: "duplicate" },
  { name: "a broken escape in a name", text: String.raw`{"\x":1}`, fault: "unreadable" },
  { name: "nesting at the limit", text: '[{"a":[[]]}]', fault: null },
  { name: "nesting above the limit", text: '[{"a":[[[]]]}]', fault: "depth" },
  { name: "members and containers at the limit", text: members(19), fault: null },
  { name: "members above the limit", text: members(20), fault: "members" },
  { name: "containers above the limit", text: `[${"[],".repeat(20)}1]`, fault: "members" },
] as const;

for (const { name, text, fault } of CASES) {
  Deno.test(`scanJson finds ${fault ?? "no fault"} in ${name}`, () => {
    assert.equal(scanJson(text, LIMITS), fault);
  });
}

Deno.test("hasDuplicateMember knows no limits", () => {
  const deep = "[".repeat(5000) + "]".repeat(5000);
  assert.equal(hasDuplicateMember(deep), false);
  assert.equal(hasDuplicateMember(`{"x":${deep},"x":1}`), true);
});

Deno.test("scanJson ends on any text", () => {
  for (
    const text of ["", '"', '"\\', "{", "}", "]]]]", "{]", '{"', '{"a', "[}", ",,,", '{"a""a"']
  ) {
    scanJson(text, LIMITS);
  }
});

const FLOODS = [
  { name: "open brackets", make: (n: number) => "[".repeat(n) },
  { name: "open objects", make: (n: number) => '{"a":'.repeat(n) },
  { name: "empty objects", make: (n: number) => `[${"{},".repeat(n)}1]` },
  { name: "one long string", make: (n: number) => `{"a":"${"x".repeat(n)}"}` },
  { name: "escaped quotes", make: (n: number) => `{"a":"${'\\"'.repeat(n)}"}` },
  { name: "an unterminated string of backslashes", make: (n: number) => `{"a":"${"\\".repeat(n)}` },
  { name: "backslashes before one quote", make: (n: number) => `{"a":"${"\\\\".repeat(n)}"}` },
  { name: "quotes", make: (n: number) => '"'.repeat(n) },
  { name: "names", make: (n: number) => members(n) },
  {
    name: "integer-like names a page apart",
    make: (n: number) => `{${Array.from({ length: n }, (_, at) => `"${at * 4096}":0`).join(",")}}`,
  },
];

for (const { name, make } of FLOODS) {
  Deno.test(`scanJson looks at each character a bounded number of times: ${name}`, () => {
    const limits = { depth: Infinity, members: Infinity };
    for (const size of [1000, 20_000]) {
      const text = make(size);
      const touched = countedWork(() => void scanJson(text, limits));
      assert.ok(touched <= 6 * text.length + 100, `${touched} for ${text.length} characters`);
    }
  });
}

Deno.test("scanJson puts no integer-like string into a set: their hashes collide at will", () => {
  const added: string[] = [];
  const add = Set.prototype.add;
  Set.prototype.add = function (value: unknown) {
    added.push(String(value));
    return Reflect.apply(add, this, [value]);
  };
  try {
    const names = Array.from(
      { length: 40 },
      (_, at) => at % 2 ? `"${at}":0` : `"\\u003${at % 10}${at}":0`,
    );
    scanJson(`{${names.join(",")}}`, { depth: 9, members: 99 });
  } finally {
    Set.prototype.add = add;
  }
  assert.ok(added.length > 10);
  assert.deepEqual(added.filter((key) => /^\d/.test(key)), []);
});
