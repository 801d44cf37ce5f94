/** Seals (P18): what was sealed opens for exactly the same use, and for no other. */
import assert from "node:assert/strict";
import { type HandleKind, Sealer, sessionDigest } from "../../src/gate/seal.ts";

const SEALER = new Sealer("a secret of the gate's");
const PRINTABLE = /^[\x21-\x7e]+$/;

const VALUES = [
  { name: "a plain id", value: "3f2c" },
  { name: "all printable characters", value: "!\"#$%&'()*+-./09:;<=>?@AZ[\\]^_`az{|}~" },
  { name: "a comma", value: "stream,12" },
  { name: "the mark of encoded values", value: "~abc" },
  { name: "dots", value: "a.b.c." },
  { name: "spaces", value: " a b " },
  { name: "characters beyond ASCII", value: "Straße 東京 🚲" },
  { name: "control characters", value: "a\0b\r\n" },
  { name: "nothing", value: "" },
  { name: "what looks sealed", value: SEALER.seal("session", "a", "", "x") ?? "" },
];

for (const { name, value } of VALUES) {
  Deno.test(`Sealer opens what it sealed: ${name}`, () => {
    const sealed = SEALER.seal("event", "a", "s1", value) ?? assert.fail("not sealed");
    assert.match(sealed, PRINTABLE);
    assert.doesNotMatch(sealed, /,/);
    assert.equal(SEALER.open("event", "a", "s1", sealed), value);
  });

  Deno.test(`Sealer refuses every change of a character: ${name}`, () => {
    const sealed = SEALER.seal("event", "a", "s1", value) ?? assert.fail("not sealed");
    for (let at = 0; at < sealed.length; at++) {
      for (let bit = 0; bit < 7; bit++) {
        const changed = String.fromCharCode(sealed.charCodeAt(at) ^ (1 << bit));
        const forged = sealed.slice(0, at) + changed + sealed.slice(at + 1);
        assert.equal(SEALER.open("event", "a", "s1", forged), null, forged);
      }
      const shorter = sealed.slice(0, at) + sealed.slice(at + 1);
      assert.equal(SEALER.open("event", "a", "s1", shorter), null, shorter);
    }
    for (const longer of [`${sealed}A`, `A${sealed}`, `${sealed}.`, ` ${sealed}`]) {
      assert.equal(SEALER.open("event", "a", "s1", longer), null, longer);
    }
  });
}

const USES: readonly {
  readonly name: string;
  readonly sealer?: Sealer;
  readonly kind?: HandleKind;
  readonly owner?: string;
  readonly context?: string;
}[] = [
  { name: "another kind", kind: "session" },
  { name: "another owner", owner: "b" },
  { name: "an owner that continues into the context", owner: "a\0s", context: "1" },
  { name: "an owner that is a prefix", owner: "" },
  { name: "another context", context: "s2" },
  { name: "no context", context: "" },
  { name: "another secret", sealer: new Sealer("another secret") },
  { name: "a secret in bytes that differs", sealer: new Sealer(new Uint8Array(32)) },
];

for (const { name, sealer = SEALER, kind = "event", owner = "a", context = "s1" } of USES) {
  Deno.test(`Sealer opens nothing for ${name}`, () => {
    const sealed = SEALER.seal("event", "a", "s1", "42") ?? assert.fail("not sealed");
    assert.equal(sealer.open(kind, owner, context, sealed), null);
  });
}

const STRANGE = ["", ".", "x", "x.", `.${"A".repeat(22)}`, "A".repeat(23), `a.${"é".repeat(22)}`];

for (const sealed of STRANGE) {
  Deno.test(`Sealer answers null to ${JSON.stringify(sealed)}`, () => {
    assert.equal(SEALER.open("session", "a", "", sealed), null);
  });
}

Deno.test("Sealer passes on nothing longer than 1 KiB", () => {
  const longest = "x".repeat(1024 - 23);
  assert.equal(SEALER.seal("session", "a", "", longest)?.length, 1024);
  assert.equal(SEALER.seal("session", "a", "", `${longest}x`), null);
  assert.equal(
    SEALER.open("session", "a", "", `${SEALER.seal("session", "a", "", longest)}x`),
    null,
  );
});

Deno.test("Sealer gives the same seal for the same secret, as text or as bytes", () => {
  const bytes = new Sealer(new TextEncoder().encode("a secret of the gate's"));
  assert.equal(bytes.seal("event", "a", "", "1"), SEALER.seal("event", "a", "", "1"));
});

Deno.test("sessionDigest is 12 hexadecimal digits of the SHA-256", () => {
  assert.equal(sessionDigest("abc"), "ba7816bf8f01");
});
