/** The encoding of names in `Mcp-Name` and `Mcp-Param-*`, both ways. */
import assert from "node:assert/strict";
import { decodeName, encodeName, isParamValue } from "../../src/mcp/mcp_name.ts";

const PAIRS = [
  { name: "get_weather", value: "get_weather" },
  { name: "two words", value: "two words" },
  { name: "file:///a,b?c=d", value: "file:///a,b?c=d" },
  { name: "Hello, 世界", value: "=?base64?SGVsbG8sIOS4lueVjA==?=" },
  { name: " padded ", value: "=?base64?IHBhZGRlZCA=?=" },
  { name: "line1\nline2", value: "=?base64?bGluZTEKbGluZTI=?=" },
  { name: "", value: "=?base64??=" },
  { name: "=?base64?x?=", value: "=?base64?PT9iYXNlNjQ/eD89?=" },
  { name: "=?BASE64?x?=", value: "=?BASE64?x?=" },
  { name: "\ufeffa", value: "=?base64?77u/YQ==?=" },
];

for (const { name, value } of PAIRS) {
  Deno.test(`encodeName writes ${JSON.stringify(name)} as ${value}, decodeName reads it back`, () => {
    assert.equal(encodeName(name), value);
    assert.equal(decodeName(value), name);
  });
}

const READ = [
  { name: "blanks around a value", value: " \tget_weather \t", decoded: "get_weather" },
  { name: "blanks around a sentinel", value: " =?base64?QQ==?= ", decoded: "A" },
  {
    name: "an encoding that was not needed",
    value: "=?base64?Z2V0X3dlYXRoZXI=?=",
    decoded: "get_weather",
  },
  {
    name: "a doubly encoded value, once",
    value: "=?base64?PT9iYXNlNjQ/UVE9PT89?=",
    decoded: "=?base64?QQ==?=",
  },
  { name: "an upper-case marker, as text", value: "=?BASE64?QQ==?=", decoded: "=?BASE64?QQ==?=" },
  { name: "a sentinel without end, as text", value: "=?base64?QQ==", decoded: "=?base64?QQ==" },
  { name: "a sentinel whose ends overlap, as text", value: "=?base64?=", decoded: "=?base64?=" },
  { name: "an empty value", value: "", decoded: "" },
];

for (const { name, value, decoded } of READ) {
  Deno.test(`decodeName reads ${name}`, () => {
    assert.equal(decodeName(value), decoded);
  });
}

const BROKEN = [
  { name: "missing padding", value: "=?base64?QQ?=" },
  { name: "too much padding", value: "=?base64?QUI==?=" },
  { name: "the URL alphabet", value: "=?base64?_-8=?=" },
  { name: "a space inside", value: "=?base64?QQ ==?=" },
  { name: "bits left over", value: "=?base64?QR==?=" },
  { name: "no base64 at all", value: "=?base64?%%%?=" },
  { name: "bytes that are no UTF-8", value: "=?base64?/w==?=" },
  { name: "a surrogate in UTF-8", value: "=?base64?7aCA?=" },
  { name: "a line end", value: "a\nb" },
  { name: "a character that is not ASCII", value: "é" },
];

for (const { name, value } of BROKEN) {
  Deno.test(`decodeName refuses ${name}`, () => {
    assert.equal(decodeName(value), null);
    assert.equal(isParamValue(value), false);
  });
}

Deno.test("isParamValue takes 8 KiB and no byte more", () => {
  assert.equal(isParamValue("x".repeat(8192)), true);
  assert.equal(isParamValue("x".repeat(8193)), false);
});
