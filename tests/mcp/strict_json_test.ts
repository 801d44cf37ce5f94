/** Which documents have one meaning, and are read; what is refused, and why it says so. */
import assert from "node:assert/strict";
import { type JsonLimits, readStrict } from "../../src/mcp/strict_json.ts";

const LIMITS: JsonLimits = { depth: 128, members: 1000 };

function bytesOf(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

function nested(depth: number): string {
  return "[".repeat(depth) + "]".repeat(depth);
}

const REFUSED = [
  { name: "nothing", bytes: bytesOf(""), reason: "Parse error" },
  { name: "white space", bytes: bytesOf(" \n"), reason: "Parse error" },
  { name: "a BOM", bytes: bytesOf("\ufeff{}"), reason: "Parse error" },
  { name: "a BOM behind white space", bytes: bytesOf(" \ufeff{}"), reason: "Parse error" },
  {
    name: "UTF-16 with BOM",
    bytes: Uint8Array.of(0xff, 0xfe, 0x7b, 0, 0x7d, 0),
    reason: "Parse error",
  },
  { name: "UTF-16 without BOM", bytes: Uint8Array.of(0x7b, 0, 0x7d, 0), reason: "Parse error" },
  { name: "UTF-32", bytes: Uint8Array.of(0, 0, 0, 0x7b, 0, 0, 0, 0x7d), reason: "Parse error" },
  { name: "UTF-7", bytes: bytesOf("+AHs-+AH0-"), reason: "Parse error" },
  {
    name: "an overlong quote",
    bytes: Uint8Array.of(0xc0, 0xa2, 0xc0, 0xa2),
    reason: "Parse error",
  },
  {
    name: "a surrogate in UTF-8 (CESU-8)",
    bytes: Uint8Array.of(0x22, 0xed, 0xa0, 0x80, 0x22),
    reason: "Parse error",
  },
  { name: "a cut character", bytes: Uint8Array.of(0x22, 0xe2, 0x82, 0x22), reason: "Parse error" },
  { name: "two documents", bytes: bytesOf("{}{}"), reason: "Parse error" },
  { name: "garbage behind", bytes: bytesOf("{}x"), reason: "Parse error" },
  { name: "a trailing NUL", bytes: bytesOf("{}\0"), reason: "Parse error" },
  { name: "a trailing comma", bytes: bytesOf('{"a":1,}'), reason: "Parse error" },
  { name: "a comment", bytes: bytesOf("{}//"), reason: "Parse error" },
  { name: "single quotes", bytes: bytesOf("{'a':1}"), reason: "Parse error" },
  { name: "a raw line end in a string", bytes: bytesOf('"\n"'), reason: "Parse error" },
  { name: "a broken escape in a name", bytes: bytesOf('{"\\x":1}'), reason: "Parse error" },
  { name: "a number in hexadecimal", bytes: bytesOf("[0x10]"), reason: "Parse error" },
  { name: "a number with a leading zero", bytes: bytesOf("[01]"), reason: "Parse error" },
  { name: "NaN", bytes: bytesOf("[NaN]"), reason: "Parse error" },
  {
    name: "a doubled member",
    bytes: bytesOf('{"a":1,"a":1}'),
    reason: "Invalid request: duplicate member",
  },
  { name: "129 levels", bytes: bytesOf(nested(129)), reason: "Invalid request: nested too deep" },
  {
    name: "a million open brackets",
    bytes: bytesOf("[".repeat(1e6)),
    reason: "Invalid request: nested too deep",
  },
  {
    name: "a million open objects",
    bytes: bytesOf('{"a":'.repeat(1e6)),
    reason: "Invalid request: nested too deep",
  },
  {
    name: "1000 empty objects",
    bytes: bytesOf(`[${"{},".repeat(999)}{}]`),
    reason: "Invalid request: too many members",
  },
];

for (const { name, bytes, reason } of REFUSED) {
  Deno.test(`readStrict refuses ${name}: ${reason}`, () => {
    const refused = reason === "Parse error" ? "parse" : "invalid";
    assert.deepEqual(readStrict(bytes, LIMITS), { refused, reason });
  });
}

const ACCEPTED = [
  { name: "an object", text: '{"a":[1,"b",null,true]}' },
  { name: "white space around", text: " \t\r\n{ } \n" },
  { name: "a batch", text: "[{},{}]" },
  { name: "a scalar", text: "1" },
  { name: "128 levels", text: nested(128) },
  { name: "numbers that lose digits", text: "[1e999,-0,1.0,12345678901234567890]" },
  { name: "names that differ by case", text: '{"arguments":{"id":1,"ID":2}}' },
  { name: "a lone surrogate, escaped", text: '{"a":"\\ud800"}' },
  { name: "a U+FEFF inside a string", text: '{"a":"\ufeff"}' },
];

for (const { name, text } of ACCEPTED) {
  Deno.test(`readStrict takes ${name}, text and all`, () => {
    assert.deepEqual(readStrict(bytesOf(text), LIMITS), { text, value: JSON.parse(text) });
  });
}

Deno.test("readStrict gives __proto__ as a member, not as a prototype", () => {
  const document = readStrict(bytesOf('{"__proto__":{"name":"x"}}'), LIMITS);
  assert.ok("value" in document && document.value !== null);
  assert.ok(Object.hasOwn(document.value as object, "__proto__"));
  assert.equal((document.value as { name?: unknown }).name, undefined);
});

Deno.test("readStrict answers alike after a refusal: it keeps nothing of the last document", () => {
  assert.equal("refused" in readStrict(Uint8Array.of(0x22, 0xe2), LIMITS), true);
  assert.deepEqual(readStrict(bytesOf("{}"), LIMITS), { text: "{}", value: {} });
});
