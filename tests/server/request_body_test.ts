/** Where a body ends and what it holds, by length and by chunks, wherever the bytes are split. */
import assert from "node:assert/strict";
import { bodyDecoder } from "../../src/server/request_body.ts";
import { CHUNKED } from "../../src/server/request_head.ts";
import { fuzz } from "../support/fuzz.ts";

interface Read {
  readonly content: string;
  /** What follows the body; null where it is not in whole. */
  readonly rest: string | null;
  readonly isBroken: boolean;
}

function read(bodyBytes: number, text: string, cuts: readonly number[] = []): Read {
  const decoder = bodyDecoder(bodyBytes);
  let content = "";
  let from = 0;
  for (const to of [...cuts, text.length]) {
    const bytes = Uint8Array.from(text, (char) => char.charCodeAt(0));
    for (const byte of decoder.take(bytes, from, to)) content += String.fromCharCode(byte);
    if (decoder.isBroken) return { content, rest: null, isBroken: true };
    if (decoder.isDone) return { content, rest: text.slice(decoder.position), isBroken: false };
    assert.equal(decoder.position, to);
    from = to;
  }
  return { content, rest: null, isBroken: false };
}

const wholes = [
  { name: "a length", bytes: 3, text: "abcGET", content: "abc", rest: "GET" },
  { name: "an empty length", bytes: 0, text: "GET", content: "", rest: "GET" },
  { name: "no chunk", text: "0\r\n\r\nGET", content: "" },
  { name: "two chunks", text: "3\r\nabc\r\n2\r\nde\r\n0\r\n\r\nGET", content: "abcde" },
  {
    name: "sizes of many digits",
    text: "0000000A\r\n0123456789\r\n00000000\r\n\r\nGET",
    content: "0123456789",
  },
  {
    name: "sizes in either case",
    text: "a\r\n0123456789\r\nB\r\n0123456789a\r\n0\r\n\r\nGET",
    content: "01234567890123456789a",
  },
  { name: "extensions", text: '3;a="b\\" c";d=e;f\r\nabc\r\n0;x\r\n\r\nGET', content: "abc" },
  {
    name: "the longest extension",
    text: `3;${"x".repeat(256)}\r\nabc\r\n0\r\n\r\nGET`,
    content: "abc",
  },
  {
    name: "content that looks like framing",
    text: "7\r\n0\r\n\r\n\r\n\r\n0\r\n\r\nGET",
    content: "0\r\n\r\n\r\n",
  },
  { name: "trailers, dropped", text: "1\r\na\r\n0\r\nX-A: b\r\nX-C:\r\n\r\nGET", content: "a" },
];
for (const { name, bytes = CHUNKED, text, content, rest = "GET" } of wholes) {
  Deno.test(`bodyDecoder reads ${name}, wherever it is split`, () => {
    const expected = { content, rest, isBroken: false };
    assert.deepEqual(read(bytes, text), expected);
    for (let cut = 0; cut < text.length; cut++) {
      assert.deepEqual(read(bytes, text, [cut]), expected, `cut at ${cut}`);
    }
    assert.deepEqual(read(bytes, text, Array.from(text, (_, i) => i)), expected, "byte by byte");
  });
}

const broken = [
  { name: "no size", text: "\r\n" },
  { name: "a size that is no number", text: "g\r\n" },
  { name: "a size with 0x", text: "0x3\r\nabc\r\n0\r\n\r\n" },
  { name: "a negative size", text: "-1\r\n" },
  { name: "a size with a sign", text: "+3\r\nabc\r\n0\r\n\r\n" },
  { name: "a size of nine digits", text: "000000003\r\nabc\r\n0\r\n\r\n" },
  { name: "a space before the size", text: " 3\r\nabc\r\n0\r\n\r\n" },
  { name: "a space after the size", text: "3 \r\nabc\r\n0\r\n\r\n" },
  { name: "a space before the extension", text: "3 ;a\r\nabc\r\n0\r\n\r\n" },
  { name: "a size that ends in LF", text: "3\nabc\r\n0\r\n\r\n" },
  { name: "a size that ends in CR", text: "3\rabc\r\n0\r\n\r\n" },
  { name: "an extension that ends in LF", text: "3;a\nabc\r\n0\r\n\r\n" },
  { name: "a CR within an extension", text: "3;a\rb\r\nabc\r\n0\r\n\r\n" },
  { name: "an empty extension", text: "3;\r\nabc\r\n0\r\n\r\n" },
  { name: "an extension with blanks", text: "3; a = b\r\nabc\r\n0\r\n\r\n" },
  { name: "an extension with an open quote", text: '3;a="b\r\nabc\r\n0\r\n\r\n' },
  { name: "an extension that is no token", text: "3;a=:\r\nabc\r\n0\r\n\r\n" },
  { name: "a control character in an extension", text: "3;\0\r\nabc\r\n0\r\n\r\n" },
  { name: "a byte beyond ASCII in an extension", text: "3;\xe9\r\nabc\r\n0\r\n\r\n" },
  { name: "an extension of 257 bytes", text: `3;${"x".repeat(257)}\r\nabc\r\n0\r\n\r\n` },
  { name: "extensions of more than 16 KiB", text: `1;${"x".repeat(255)}\r\na\r\n`.repeat(65) },
  { name: "content longer than its size", text: "3\r\nabcd\r\n0\r\n\r\n" },
  { name: "content that ends in LF", text: "3\r\nabc\n0\r\n\r\n" },
  { name: "content that ends in CR", text: "3\r\nabc\r0\r\n\r\n" },
  { name: "a folded trailer", text: "0\r\nX: a\r\n b\r\n\r\n" },
  { name: "a trailer with a space before its colon", text: "0\r\nX : a\r\n\r\n" },
  { name: "a trailer that ends in LF", text: "0\r\nX: a\n\r\n" },
  { name: "an end of LF", text: "0\r\n\n" },
  { name: "a trailer that tells a length", text: "0\r\nContent-Length: 3\r\n\r\n" },
  {
    name: "a trailer that tells a coding in disguise",
    text: "0\r\nX: a\r\nTransfer_Encoding: x\r\n\r\n",
  },
  { name: "101 trailers", text: `0\r\n${"X: a\r\n".repeat(101)}\r\n` },
  { name: "trailers of more than 16 KiB", text: `0\r\nX: ${"a".repeat(16 * 1024)}\r\n\r\n` },
];
for (const { name, text } of broken) {
  Deno.test(`bodyDecoder refuses ${name}, wherever it is split`, () => {
    assert.equal(read(CHUNKED, text).isBroken, true);
    for (let cut = 1; cut < text.length; cut += text.length > 1000 ? 97 : 1) {
      assert.equal(read(CHUNKED, text, [cut]).isBroken, true, `cut at ${cut}`);
    }
  });
}

Deno.test("bodyDecoder waits for the rest of a body at whatever byte it is cut", () => {
  const text = "3;a\r\nabc\r\n0\r\nX: a\r\n\r\n";
  for (let end = 0; end < text.length; end++) {
    const { rest, isBroken } = read(CHUNKED, text.slice(0, end));
    assert.deepEqual({ rest, isBroken }, { rest: null, isBroken: false }, `${end} bytes`);
  }
});

Deno.test("bodyDecoder joins many small chunks into one piece", () => {
  const bytes = new TextEncoder().encode("1\r\na\r\n".repeat(1000));
  const decoder = bodyDecoder(CHUNKED);
  assert.equal(new TextDecoder().decode(decoder.take(bytes, 0, bytes.length)), "a".repeat(1000));
});

Deno.test("bodyDecoder gives out any content, however it is cut into chunks and pieces", () => {
  fuzz(300, (random) => {
    let text = "";
    let content = "";
    for (let chunks = random.below(6); chunks > 0; chunks--) {
      const piece = Array.from(
        { length: 1 + random.below(40) },
        () => random.pick("a0\r\n;".split("")),
      )
        .join("");
      content += piece;
      text += `${piece.length.toString(16)}${random.chance(0.3) ? ";e" : ""}\r\n${piece}\r\n`;
    }
    text += "0\r\n\r\n";
    const cuts = Array.from({ length: random.below(5) }, () => random.below(text.length)).sort((
      a,
      b,
    ) => a - b);
    assert.deepEqual(read(CHUNKED, `${text}rest`, cuts), {
      content,
      rest: "rest",
      isBroken: false,
    });
  });
});
