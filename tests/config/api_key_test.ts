/** Minting, hashing and telling a mistyped key. */
import assert from "node:assert/strict";
import { crc32 } from "node:zlib";
import { formOfKey, hashKey, mintKey } from "../../src/config/api_key.ts";

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

Deno.test("formOfKey knows a minted key", () => {
  assert.equal(formOfKey(KEY), "minted");
});

Deno.test("formOfKey finds every single wrong character", () => {
  for (let at = 5; at < KEY.length; at++) {
    const wrong = KEY.slice(0, at) + (KEY[at] === "A" ? "B" : "A") + KEY.slice(at + 1);
    assert.equal(formOfKey(wrong), "mistyped", `character ${at}`);
  }
});

Deno.test("formOfKey finds what is cut off, and any two neighbours that changed places", () => {
  for (let end = 5; end < KEY.length; end++) {
    assert.equal(formOfKey(KEY.slice(0, end)), "mistyped", `cut at ${end}`);
  }
  assert.equal(formOfKey(KEY + "0"), "mistyped");
  for (let at = 5; at < KEY.length - 1; at++) {
    const swapped = KEY.slice(0, at) + KEY[at + 1] + KEY[at] + KEY.slice(at + 2);
    assert.equal(formOfKey(swapped), swapped === KEY ? "minted" : "mistyped", `swapped at ${at}`);
  }
});

Deno.test("formOfKey says nothing of texts that do not begin like a key", () => {
  for (const text of ["", "mcpg", "hunter2", KEY.slice(1), KEY.toUpperCase()]) {
    assert.equal(formOfKey(text), "other", text);
  }
});
