/**
 * What the forwarder does to requests: one field more in each head and nothing else, however the
 * bytes are cut.
 */
import assert from "node:assert/strict";
import { keyed } from "./key_forwarder.ts";

const FIELD = "authorization: Bearer key\r\n";
const FIRST = "POST /mcp HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n";
const SECOND = "GET /mcp HTTP/1.1\r\nHost: b\r\nX: \xff\r\n";
const THIRD = "POST /mcp HTTP/1.1\r\ncontent-length:2\r\n";
const BODY = "\r\n\r\n\0\x80\xff{}";
const SENT = bytes(`${FIRST}\r\n${BODY}${SECOND}\r\n${THIRD}\r\n{}`);
const ARRIVED = `${FIRST}${FIELD}\r\n${BODY}${SECOND}${FIELD}\r\n${THIRD}${FIELD}\r\n{}`;

Deno.test("keyed adds one field to each head and changes no other byte, wherever it is cut", () => {
  for (let first = 0; first <= SENT.length; first++) {
    for (let second = first; second <= SENT.length; second++) {
      const change = keyed(FIELD);
      const parts = [SENT.subarray(0, first), SENT.subarray(first, second), SENT.subarray(second)];
      assert.equal(text(parts.flatMap(change)), ARRIVED, `cut at ${first} and ${second}`);
    }
  }
});

Deno.test("keyed passes a body on as it comes", () => {
  const change = keyed(FIELD);
  change(bytes(`${FIRST}\r\n`));
  assert.deepEqual(change(bytes("one")), [bytes("one")]);
});

Deno.test("keyed refuses what it cannot follow", () => {
  const chunked = bytes("POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n");
  assert.throws(() => keyed(FIELD)(chunked), TypeError);
});

function bytes(latin1: string): Uint8Array {
  return Uint8Array.from(latin1, (char) => char.charCodeAt(0));
}

function text(parts: Uint8Array[]): string {
  return parts.map((part) => String.fromCharCode(...part)).join("");
}
