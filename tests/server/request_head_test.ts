/** What `RequestHeadReader` takes for a head, and how large one may be. */
import assert from "node:assert/strict";
import { HEAD_BYTES, HEAD_FIELDS } from "../../src/server/head_scan.ts";
import { CHUNKED, RequestHeadReader } from "../../src/server/request_head.ts";
import type { RequestHead } from "../../src/server/request_head.ts";
import { get, line, post, readHead as read } from "./head_spelling.ts";

const PLAIN: RequestHead = {
  method: "GET",
  target: "/mcp",
  fields: [["host", "a"]],
  isHttp10: false,
  bodyBytes: 0,
  keepsAlive: true,
  expectsContinue: false,
};

const heads: { readonly name: string; readonly text: string; readonly is: Partial<RequestHead> }[] =
  [
    { name: "a plain one", text: get(""), is: {} },
    { name: "one after an empty line", text: `\r\n${get("")}`, is: {} },
    {
      name: "every character of a method",
      text: line("!#$%&'*+-.^_`|~9aZ / HTTP/1.1"),
      is: {
        method: "!#$%&'*+-.^_`|~9aZ",
        target: "/",
      },
    },
    {
      name: "every character of a target",
      text: line("GET /!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~ HTTP/1.1"),
      is: { target: "/!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~" },
    },
    {
      name: "the target of OPTIONS for the server",
      text: line("OPTIONS * HTTP/1.1"),
      is: {
        method: "OPTIONS",
        target: "*",
      },
    },
    {
      name: "an absolute target, reduced",
      text: line("GET http://a/x?y HTTP/1.1"),
      is: { target: "/x?y" },
    },
    {
      name: "an absolute target without path",
      text: line("GET http://a HTTP/1.1"),
      is: { target: null },
    },
    {
      name: "one of another authority",
      text: line("GET http://a:80/x HTTP/1.1"),
      is: { target: null },
    },
    { name: "one of another scheme", text: line("GET HTTPS://a/x HTTP/1.1"), is: { target: null } },
    {
      name: "an empty Host",
      text: "GET / HTTP/1.1\r\nHost: \r\n\r\n",
      is: {
        target: null,
        fields: [["host", ""]],
      },
    },
    {
      name: "HTTP/1.0 without Host",
      text: "GET / HTTP/1.0\r\n\r\n",
      is: {
        target: null,
        fields: [],
        isHttp10: true,
        keepsAlive: false,
      },
    },
    {
      name: "HTTP/1.0, which is not kept alive",
      text: "GET /mcp HTTP/1.0\r\nHost: a\r\nConnection: keep-alive\r\n\r\n",
      is: {
        isHttp10: true,
        keepsAlive: false,
        fields: [["host", "a"], ["connection", "keep-alive"]],
      },
    },
    {
      name: "values without the blanks around them",
      text: get("X-A: \t a\t b \t\r\nx-a:\r\n"),
      is: {
        fields: [["host", "a"], ["x-a", "a\t b"], ["x-a", ""]],
      },
    },
    {
      name: "bytes beyond ASCII as they are",
      text: get("X: \xa0\x80\xff\xa0\r\n"),
      is: {
        fields: [["host", "a"], ["x", "\xa0\x80\xff\xa0"]],
      },
    },
    {
      name: "a body by length",
      text: post("Content-Length: 42\r\n"),
      is: {
        method: "POST",
        bodyBytes: 42,
        fields: [["host", "a"], ["content-length", "42"]],
      },
    },
    {
      name: "the greatest length",
      text: post("Content-Length: 999999999999999\r\n"),
      is: {
        method: "POST",
        bodyBytes: 999999999999999,
        fields: [["host", "a"], ["content-length", "999999999999999"]],
      },
    },
    {
      name: "a body by chunks",
      text: post("Transfer-Encoding: Chunked\r\n"),
      is: {
        method: "POST",
        bodyBytes: CHUNKED,
        fields: [["host", "a"], ["transfer-encoding", "Chunked"]],
      },
    },
    {
      name: "an empty body of GET",
      text: get("Content-Length: 0\r\n"),
      is: {
        fields: [["host", "a"], ["content-length", "0"]],
      },
    },
    {
      name: "an end after this request",
      text: get("Connection: x,  Close ,y\r\n"),
      is: {
        keepsAlive: false,
        fields: [["host", "a"], ["connection", "x,  Close ,y"]],
      },
    },
    {
      name: "a connection that only sounds like closing",
      text: get("Connection: closed, un-close\r\n"),
      is: { fields: [["host", "a"], ["connection", "closed, un-close"]] },
    },
    {
      name: "a client that waits for a word",
      text: post("Content-Length: 1\r\nExpect: 100-Continue\r\n"),
      is: {
        method: "POST",
        bodyBytes: 1,
        expectsContinue: true,
        fields: [["host", "a"], ["content-length", "1"], ["expect", "100-Continue"]],
      },
    },
    {
      name: "names that only resemble those of framing",
      text: get("Content-Lengths: 1\r\nX-Content-Length: 1\r\nTransfer-Encode: 1\r\n"),
      is: {
        fields: [["host", "a"], ["content-lengths", "1"], ["x-content-length", "1"], [
          "transfer-encode",
          "1",
        ]],
      },
    },
  ];
for (const { name, text, is } of heads) {
  Deno.test(`RequestHeadReader reads ${name}, wherever it is split`, () => {
    const expected = { ...PLAIN, ...is };
    assert.deepEqual(read(text), expected);
    for (let cut = 1; cut < text.length; cut++) {
      assert.deepEqual(read(text, [cut]), expected, `cut at ${cut}`);
      assert.equal(read(text.slice(0, cut)), null, `only ${cut} bytes`);
    }
    assert.deepEqual(read(text, Array.from(text, (_, i) => i)), expected, "byte by byte");
  });
}

Deno.test("RequestHeadReader takes a head of 16 KiB and refuses one of a byte more", () => {
  const most = get(`X: ${"a".repeat(HEAD_BYTES - get("X: \r\n").length)}\r\n`);
  assert.equal(most.length, HEAD_BYTES);
  const more = most.replace("X: ", "X: a");
  for (const cuts of [[], [1], [HEAD_BYTES - 1], [100, 8000, HEAD_BYTES - 4]]) {
    assert.equal("method" in (read(most, cuts) ?? {}), true);
    assert.deepEqual(read(more, cuts), { status: 431 });
  }
  assert.equal(read(more.slice(0, HEAD_BYTES)), null);
  assert.deepEqual(read(more.slice(0, HEAD_BYTES + 1)), { status: 431 });
});

Deno.test("RequestHeadReader refuses a line without an end once it is too long", () => {
  assert.deepEqual(read("A".repeat(HEAD_BYTES + 1)), { status: 431 });
});

Deno.test("RequestHeadReader takes 100 fields and refuses 101", () => {
  const fields = (count: number) => get("X: 1\r\n".repeat(count - 1));
  assert.equal("method" in (read(fields(HEAD_FIELDS)) ?? {}), true);
  assert.deepEqual(read(fields(HEAD_FIELDS + 1)), { status: 431 });
});

Deno.test("RequestHeadReader tells where a head ends and reads the next from there", () => {
  const text = get("") + post("Content-Length: 3\r\n") + "abc";
  const bytes = new TextEncoder().encode(text);
  const reader = new RequestHeadReader();
  assert.equal((reader.read(bytes, 0, bytes.length) as RequestHead).method, "GET");
  assert.equal(reader.length, get("").length);
  reader.reset();
  assert.equal((reader.read(bytes, get("").length, bytes.length) as RequestHead).method, "POST");
  assert.equal(reader.length, text.length - get("").length - 3);
});

Deno.test("RequestHeadReader looks at no byte twice", () => {
  const text = get(`X: ${" ".repeat(15_000)}\r\n`);
  const source = new TextEncoder().encode(text);
  let looks = 0;
  const watched = new Proxy(source, {
    get(target, key) {
      if (typeof key === "string" && /^\d+$/.test(key)) looks++;
      const value = Reflect.get(target, key, target);
      return typeof value === "function" ? value.bind(target) : value;
    },
  });
  const reader = new RequestHeadReader();
  for (let end = 1; end < source.length; end++) reader.read(watched, 0, end);
  assert.ok(looks <= 3 * source.length, `${looks} looks at ${source.length} bytes`);
});
