/** Whether one value of a text is found, and can be replaced without touching the rest. */
import assert from "node:assert/strict";
import { splice, type Step, stringSpan, valueSpan } from "../../src/mcp/json_span.ts";
import { LEGACY_REQUESTS, MODERN_REQUESTS, NOTIFICATIONS, REPLIES } from "./ordinary_messages.ts";

const TEXT = String.raw`{ "a":"cursor", "params" : {"x":{"cursor":"no"},"cu\u0072sor" :"a\"}]b", ` +
  String.raw`"n":-1.5e3 ,"list":[ "p", {"q":"r"} ,[1],"s" ], "e":{}, "f":[]}, "cursor":"z" }`;

const FOUND: readonly { path: readonly Step[]; literal: string }[] = [
  { path: ["a"], literal: '"cursor"' },
  { path: ["cursor"], literal: '"z"' },
  { path: ["params", "cursor"], literal: String.raw`"a\"}]b"` },
  { path: ["params", "x", "cursor"], literal: '"no"' },
  { path: ["params", "list", 0], literal: '"p"' },
  { path: ["params", "list", 1, "q"], literal: '"r"' },
  { path: ["params", "list", 3], literal: '"s"' },
];

for (const { path, literal } of FOUND) {
  Deno.test(`stringSpan finds ${path.join(".")}`, () => {
    const span = stringSpan(TEXT, path);
    assert.ok(span);
    assert.equal(TEXT.slice(...span), literal);
  });
}

const OTHERS: readonly { path: readonly Step[]; literal: string }[] = [
  { path: ["params", "n"], literal: "-1.5e3" },
  { path: ["params", "list", 2], literal: "[1]" },
  { path: ["params", "list", 2, 0], literal: "1" },
  { path: ["params", "e"], literal: "{}" },
];

for (const { path, literal } of OTHERS) {
  Deno.test(`valueSpan finds ${path.join(".")}, which is no string`, () => {
    const span = valueSpan(TEXT, path);
    assert.ok(span);
    assert.equal(TEXT.slice(...span), literal);
    assert.equal(stringSpan(TEXT, path), null);
  });
}

const ABSENT: readonly { path: readonly Step[] }[] = [
  { path: ["b"] },
  { path: ["params", "b"] },
  { path: ["params", "e", "a"] },
  { path: ["params", "f", 0] },
  { path: ["params", "list", 4] },
  { path: ["params", "list", "0"] },
  { path: ["a", "b"] },
  { path: [0] },
];

for (const { path } of ABSENT) {
  Deno.test(`valueSpan finds nothing at ${path.join(".")}`, () => {
    assert.equal(valueSpan(TEXT, path), null);
  });
}

Deno.test("splice changes the one value and no other byte", () => {
  const span = stringSpan(TEXT, ["params", "cursor"]);
  assert.ok(span);
  const spliced = splice(TEXT, span, 'new "value"');
  assert.equal(spliced.slice(0, span[0]), TEXT.slice(0, span[0]));
  assert.ok(spliced.endsWith(TEXT.slice(span[1])));
  assert.equal(JSON.parse(spliced).params.cursor, 'new "value"');
});

/** The paths of all values in `value`. */
function paths(value: unknown): Step[][] {
  if (typeof value !== "object" || value === null) return [[]];
  const entries: [Step, unknown][] = Array.isArray(value)
    ? [...value.entries()]
    : Object.entries(value);
  return [[], ...entries.flatMap(([step, inner]) => paths(inner).map((path) => [step, ...path]))];
}

Deno.test("valueSpan finds every value of the ordinary messages, in any spelling", () => {
  for (const message of [...LEGACY_REQUESTS, ...MODERN_REQUESTS, ...NOTIFICATIONS, ...REPLIES]) {
    for (const text of [JSON.stringify(message), JSON.stringify(message, null, "\t")]) {
      const whole = JSON.parse(text);
      for (const path of paths(whole)) {
        const span = valueSpan(text, path);
        assert.ok(span, path.join("."));
        const value = path.reduce((at, step) => at[step], whole);
        assert.deepEqual(JSON.parse(text.slice(...span)), value, path.join("."));
      }
    }
  }
});
