/** HMAC of our own: the same codes as those of the runtime, for every key and text. */
import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { createHmac } from "node:crypto";
import { base64urlOfHex, Hmac } from "../../src/gate/hmac.ts";
import { Random } from "../support/random.ts";

/** RFC 4231, those of its cases whose data is text. */
const VECTORS = [
  {
    name: "2, a short key",
    key: Buffer.from("Jefe"),
    text: "what do ya want for nothing?",
    code: "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843",
  },
  {
    name: "1, a key of 20 bytes",
    key: Buffer.alloc(20, 0x0b),
    text: "Hi There",
    code: "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7",
  },
  {
    name: "6, a key longer than a block",
    key: Buffer.alloc(131, 0xaa),
    text: "Test Using Larger Than Block-Size Key - Hash Key First",
    code: "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54",
  },
];

for (const { name, key, text, code } of VECTORS) {
  Deno.test(`Hmac passes test case ${name}`, () => {
    assert.equal(new Hmac(key).hex(text), code);
  });
}

const LENGTHS = [0, 1, 31, 54, 55, 56, 63, 64, 65, 119, 120, 511, 512, 513, 2000, 8192];
const UNITS = ["a", "ß", "東", "\u{1f6b2}", "\ud800", "\0"];

Deno.test("Hmac makes the codes of the runtime, whatever the length and the script of the text", () => {
  for (const keyBytes of [0, 1, 32, 63, 64, 65, 200]) {
    const key = Buffer.alloc(keyBytes, 0x9d);
    const own = new Hmac(key);
    for (const length of LENGTHS) {
      for (const unit of UNITS) {
        const text = unit.repeat(length).slice(0, length);
        const code = createHmac("sha256", key).update(text, "utf8").digest("hex");
        assert.equal(own.hex(text), code, `${keyBytes} ${length} ${JSON.stringify(unit)}`);
      }
    }
  }
});

Deno.test("base64urlOfHex spells the beginning of what Buffer does", () => {
  const random = new Random(7);
  for (let round = 0; round < 500; round++) {
    const bytes = Buffer.from(Array.from({ length: 32 }, () => random.below(256)));
    const whole = bytes.toString("base64url");
    for (const length of [2, 22, 40, 42]) {
      assert.equal(base64urlOfHex(bytes.toString("hex"), length), whole.slice(0, length));
    }
  }
});
