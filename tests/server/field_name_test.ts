/** Field names in lower case, however they are spelled. */
import assert from "node:assert/strict";
import { fieldName } from "../../src/server/field_name.ts";

const TOKEN = [..."!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"];

const NAMES = ["host", "Host", "HOST", "hOsT", "Content-Length", "mcp-session-id", "X-Own", "x"];

for (const name of NAMES) {
  Deno.test(`fieldName gives ${name} in lower case wherever it stands`, () => {
    for (const before of ["", "POST / HTTP/1.1\r\n"]) {
      const text = `${before}${name}: value\r\n`;
      assert.equal(fieldName(text, before.length, before.length + name.length), name.toLowerCase());
    }
  });
}

Deno.test("fieldName takes no name with another character for one that it knows", () => {
  for (const name of ["host", "content-length", "x-api-key", "mcp-session-id"]) {
    for (let at = 0; at < name.length; at++) {
      for (const other of TOKEN) {
        const spelled = name.slice(0, at) + other + name.slice(at + 1);
        assert.equal(fieldName(spelled, 0, spelled.length), spelled.toLowerCase(), spelled);
      }
    }
  }
});
