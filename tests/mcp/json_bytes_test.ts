/** Steps over JSON in bytes: they find the end of what JSON.parse takes, and of nothing else. */
import assert from "node:assert/strict";
import { blankEnd, NOWHERE, valueEnd } from "../../src/mcp/json_bytes.ts";
import { fuzz } from "../support/fuzz.ts";
import { randomDocument } from "./random_document.ts";

const encoder = new TextEncoder();
const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** Whether all of `bytes` are one value, by the steps. */
function isWhole(bytes: Uint8Array): boolean {
  const end = valueEnd(bytes, blankEnd(bytes, 0));
  return end !== NOWHERE && blankEnd(bytes, end) === bytes.length;
}

function parses(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

const TEXTS = [
  ...["", " ", "{", "[", "]", "}", '"', "{]", "[}", "[1", '{"a"', '{"a":', '{"a":1', '{"a":1,'],
  ...["[]", "{}", " [ ] ", "[[]]", '{"":{}}', "[1,2]", "[1 , 2]", '{"a":1,"b":[2]}', "\t\r\n1\n"],
  ...["[,]", "[1,]", "[,1]", "{,}", '{"a":1,}', "{1:2}", '{"a" 1}', '{"a":}', '{"a"}', "[1 2]"],
  ...["1", "-1", "0", "-0", "10", "01", "-01", "+1", "-", "1.5", "1.", ".5", "-.5", "1e5", "1E+5"],
  ...["1e-5", "1e", "1e+", "1.e5", "0.0", "0x1", "1_0", "Infinity", "NaN", "1a", "0e0", "00"],
  ...["true", "false", "null", "tru", "truee", "True", "nul", "undefined", "trull"],
  ...['"a"', '"\\n"', '"\\""', '"\\\\"', '"\\x"', '"\\u00e9"', '"\\u00g9"', '"\\u12"', '"\\u1"'],
  ...['"a', '"\\', '"\\"', '"\t"', '"\n"', '"\0"', '"\x7f"', '"é🚲"', '"\\/"', "'a'", '"a" b'],
  ...["1 2", "{}{}", "[]1", "/*a*/1", "1//a", "\ufeff1", "\u00a01", "1\u00a0", "\v1", "[\f]"],
];

for (const text of TEXTS) {
  Deno.test(`valueEnd agrees with JSON.parse on ${JSON.stringify(text)}`, () => {
    assert.equal(isWhole(encoder.encode(text)), parses(text));
  });
}

Deno.test("valueEnd agrees with JSON.parse on documents of all kinds, cut and changed anywhere", () => {
  fuzz(3000, (random) => {
    const bytes = randomDocument(random).bytes.slice();
    for (let changes = random.below(3); changes > 0 && bytes.length > 0; changes--) {
      bytes[random.below(bytes.length)] = random.chance(0.5)
        ? random.below(128)
        : random.pick([...encoder.encode('{}[],:"\\ 0-e.tu')]);
    }
    const cut = random.chance(0.3) ? bytes.subarray(0, random.below(bytes.length + 1)) : bytes;
    let text;
    try {
      text = decoder.decode(cut);
    } catch {
      return;
    }
    const isOne = parses(text);
    if (isWhole(cut) === isOne) return;
    // Deeper than it looks is the only JSON that it may take for none.
    assert.ok(isOne && /[{[]{31}|([{[][^{[]*){31}/.test(text), JSON.stringify(text));
  });
});

Deno.test("valueEnd looks 30 containers deep, and no deeper", () => {
  for (const [open, close] of [["[", "]"], ['{"a":', "}"]] as const) {
    const nested = (depth: number) =>
      encoder.encode(open.repeat(depth) + "1" + close.repeat(depth));
    assert.ok(isWhole(nested(30)));
    assert.ok(!isWhole(nested(31)));
  }
});

Deno.test("valueEnd keeps to the values in front of the end", () => {
  const bytes = encoder.encode('[1,{"a":"]"}] , 7');
  assert.equal(valueEnd(bytes, 0), 13);
  assert.equal(valueEnd(bytes, 1), 2);
  assert.equal(valueEnd(bytes, 3), 12);
});
