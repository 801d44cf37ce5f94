/** Minting, hashing and telling a mistyped key. */
import assert from "node:assert/strict";
import { crc32 } from "node:zlib";
import { hashKey, looksMistyped, mintKey } from "../../src/config/api_key.ts";

const KEY = mintKey((bytes) => new Uint8Array(bytes).map((_, index) => index * 7 + 3));

Deno.test("mintKey writes its bytes as base64url after the prefix", () => {
  const secret = KEY.slice(5, 48);
  assert.deepEqual(
    [...Uint8Array.fromBase64(secret, { alphabet: "base64url" })],
    Array.from({ length: 32 }, (_, index) => (index * 7 + 3) % 256),
  );
  assert.match(KEY, /^mcpg_[A-Za-z0-9_-]{43}[0-9A-Za-z]{6}$/);
});

Deno.test("mintKey ends with the CRC-32 of the secret in base62", () => {
  const digits = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
  let value = 0;
  for (const digit of KEY.slice(48)) value = value * 62 + digits.indexOf(digit);
  assert.equal(value, crc32(KEY.slice(5, 48)));
});

Deno.test("mintKey refuses a source that gives less than it was asked for", () => {
  assert.throws(() => mintKey(() => new Uint8Array(16)), TypeError);
});

Deno.test("hashKey is the SHA-256 of the key", () => {
  assert.equal(
    hashKey("abc"),
    "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
  );
});

Deno.test("looksMistyped is false for a minted key", () => {
  assert.equal(looksMistyped(KEY), false);
});

Deno.test("looksMistyped finds every single wrong character", () => {
  for (let at = 5; at < KEY.length; at++) {
    const wrong = KEY.slice(0, at) + (KEY[at] === "A" ? "B" : "A") + KEY.slice(at + 1);
    assert.equal(looksMistyped(wrong), true, `character ${at}`);
  }
});

Deno.test("looksMistyped says nothing of texts of another form", () => {
  for (const text of ["", "mcpg_", "hunter2", KEY + "0", KEY.slice(1), KEY.toUpperCase()]) {
    assert.equal(looksMistyped(text), false, text);
  }
});
