/** Seals of cursors (P18): opened for exactly the same use, by nobody else, and readable by nobody. */
import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { randomBytes } from "node:crypto";
import { CursorSeal } from "../../src/gate/cursor_seal.ts";
import { fuzz } from "../support/fuzz.ts";

const random = (bytes: number) => randomBytes(bytes);
const SEAL = new CursorSeal("a secret of the gate's", random);

function sealed(cursor: string): string {
  return SEAL.seal("a", "tools/list", cursor) ?? assert.fail("not sealed");
}

const CURSORS = [
  { name: "a name in base64", cursor: "c2VjcmV0X3Rvb2w=" },
  { name: "nothing", cursor: "" },
  { name: "one character", cursor: "x" },
  { name: "JSON", cursor: '{"after":"secret_tool","n":12}' },
  { name: "characters beyond ASCII", cursor: "Straße 東京 🚲\0\n" },
  { name: "what is sealed already", cursor: SEAL.seal("a", "tools/list", "x") ?? "" },
];

for (const { name, cursor } of CURSORS) {
  Deno.test(`CursorSeal opens what it sealed: ${name}`, () => {
    assert.equal(SEAL.open("a", "tools/list", sealed(cursor)), cursor);
    assert.match(sealed(cursor), /^[A-Za-z0-9_-]{1,1024}$/);
  });

  Deno.test(`CursorSeal refuses every change of a character: ${name}`, () => {
    const text = sealed(cursor);
    for (let at = 0; at < text.length; at++) {
      for (let bit = 0; bit < 8; bit++) {
        const changed = String.fromCharCode(text.charCodeAt(at) ^ (1 << bit));
        const forged = text.slice(0, at) + changed + text.slice(at + 1);
        assert.equal(SEAL.open("a", "tools/list", forged), null, forged);
      }
      const shorter = text.slice(0, at) + text.slice(at + 1);
      assert.equal(SEAL.open("a", "tools/list", shorter), null, shorter);
      assert.equal(SEAL.open("a", "tools/list", text.slice(0, at)), null);
    }
    for (const longer of [`${text}A`, `${text}=`, `A${text}`, ` ${text}`, `${text}\n`]) {
      assert.equal(SEAL.open("a", "tools/list", longer), null, longer);
    }
  });
}

const USES = [
  { name: "another owner", owner: "b" },
  { name: "no owner", owner: "" },
  { name: "an owner that reaches into the method", owner: "a\0tools", method: "/list" },
  { name: "an owner that ends in the method's beginning", owner: "atools", method: "/list" },
  { name: "another method", method: "prompts/list" },
  { name: "no method", method: "" },
  { name: "another secret", seal: new CursorSeal("another secret", random) },
  { name: "a secret in bytes", seal: new CursorSeal(new Uint8Array(32), random) },
];

for (const { name, owner = "a", method = "tools/list", seal = SEAL } of USES) {
  Deno.test(`CursorSeal opens nothing for ${name}`, () => {
    assert.equal(seal.open(owner, method, sealed("page 2")), null);
  });
}

Deno.test("CursorSeal opens nothing that it never sealed, whatever it is", () => {
  const texts = ["", "x", "c2VjcmV0X3Rvb2w=", "A".repeat(37), "A".repeat(38), "A".repeat(2000)];
  for (const text of texts) assert.equal(SEAL.open("a", "tools/list", text), null, text);
});

Deno.test("CursorSeal lets nothing of the cursor show", () => {
  const bytes = Buffer.from(sealed("secret_tool"), "base64url").toString("latin1");
  assert.doesNotMatch(bytes, /secret|c2VjcmV0/);
  assert.doesNotMatch(sealed("secret_tool"), /secret|c2VjcmV0/);
});

Deno.test("CursorSeal spells the same cursor differently each time", () => {
  assert.notEqual(sealed("page 2"), sealed("page 2"));
});

Deno.test("CursorSeal seals up to 1 KiB, and says so of what is longer", () => {
  // 28 bytes of nonce and tag, and four characters for three bytes.
  assert.equal(SEAL.seal("a", "m", "x".repeat(740))?.length, 1024);
  assert.equal(SEAL.seal("a", "m", "x".repeat(741)), null);
});

Deno.test("CursorSeal: any cursor of any owner and method opens for them alone", () => {
  fuzz(300, (random) => {
    const word = () =>
      Array.from({ length: random.below(12) }, () => random.pick([...'ab/\0é🚲 \\"'])).join("");
    const [owner, method, cursor] = [word().replaceAll("\0", ""), word(), word()];
    const text = SEAL.seal(owner, method, cursor) ?? assert.fail("not sealed");
    assert.equal(SEAL.open(owner, method, text), cursor);
    assert.equal(SEAL.open(`${owner}a`, method, text), null);
    assert.equal(SEAL.open(owner, `${method}a`, text), null);
  });
});
