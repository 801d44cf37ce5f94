/** Heads that come again on a connection: read as if each were the first. */
import assert from "node:assert/strict";
import { RequestHeadReader } from "../../src/server/request_head.ts";
import { get, line, post } from "./head_spelling.ts";

/** Heads of several kinds. */
const HEADS: readonly string[] = [
  get(""),
  `\r\n${get("")}`,
  line("OPTIONS * HTTP/1.1"),
  line("GET http://a/x?y HTTP/1.1"),
  line("GET /mcp HTTP/1.0"),
  get("X: 1\r\n"),
  get("Connection: close\r\n"),
  post("Content-Length: 5\r\n"),
  post("Transfer-Encoding: Chunked\r\n"),
  post("Content-Length: 5\r\nExpect: 100-continue\r\n"),
];

/**
 * Checks that one reader takes each of `texts`, in turn, as a reader does that knows none of the others.
 *
 * @param splits Where the first of two pieces may end
 */
function assertReadAlone(
  texts: readonly string[],
  splits: (text: string) => readonly number[],
): void {
  const reader = new RequestHeadReader();
  for (const text of texts) {
    const bytes = new TextEncoder().encode(`${text}{"id":1}`);
    for (const split of [...splits(text), bytes.length]) {
      const one = reader.read(bytes, 0, split) ?? reader.read(bytes, 0, bytes.length);
      const other = new RequestHeadReader().read(bytes, 0, bytes.length);
      assert.deepEqual(one, other, JSON.stringify([texts[0], text, split]));
      if (one !== null && !("status" in one)) assert.equal(reader.length, text.length);
      reader.reset();
    }
  }
}

Deno.test("RequestHeadReader reads a head that comes again as the one before, however it is split", () => {
  const refused = get("Bad Field: x\r\n");
  const long = get(`X: ${"y".repeat(3000)}\r\n`);
  const texts = [...HEADS, refused, long, get("X: 1\r\n")];
  for (const first of texts) {
    for (const next of [first, ...texts]) {
      assertReadAlone([first, next, next], ({ length }) => [1, length - 1, length]);
    }
  }
});

/** Lengths as they may be told of the same head, one after the other. */
const LENGTHS = [
  "2",
  "17",
  "3",
  "003",
  "0",
  "999999999999999",
  "1000000000000000",
  "",
  "1x",
  " 4 ",
];

Deno.test("RequestHeadReader reads a head that comes again with another length, however it is split", () => {
  const spelled = (length: string, name = "Content-Length") => [
    `${name}: ${length}\r\n`,
    `X: 1\r\n${name}:${length}\r\nY: content-length: 5\r\n`,
    `X-Content-Length-Of: 6\r\n${name}:\t${length}\t\r\n`,
  ];
  const fields = [...LENGTHS, "1, 2"].flatMap((length) => spelled(length));
  const others = ["Transfer-Encoding: chunked\r\n", "Content-Length: 3\r\nContent-Length: 3\r\n"];
  const texts = [...fields, ...others].flatMap((text) => [post(text), get(text)]);
  for (const first of texts) {
    for (const next of texts) {
      assertReadAlone([first, next, first], ({ length }) => [length - 5]);
    }
  }
});

Deno.test("RequestHeadReader keeps the notes of a head for those that differ in their length only", () => {
  const reader = new RequestHeadReader();
  const notesOf = (text: string) => {
    const bytes = new TextEncoder().encode(text);
    assert.notEqual(reader.read(bytes, 0, bytes.length), null);
    reader.reset();
    return reader.notes;
  };
  const one = notesOf(post("X: 1\r\nContent-Length: 9\r\n"));
  for (const length of ["9", "10", "123456", "7"]) {
    assert.equal(notesOf(post(`X: 1\r\nContent-Length: ${length}\r\n`)), one, length);
  }
  const others = ["X: 2\r\nContent-Length: 9\r\n", "X: 1\r\n", "Content-Length: 9\r\nX: 1\r\n"];
  let before = one;
  for (const other of [...others, "X: 1\r\nContent-Length: 9\r\n"]) {
    const notes = notesOf(post(other));
    assert.notEqual(notes, before, other);
    assert.equal(notes.facts, null);
    before = notes;
  }
  reader.forget();
  assert.notEqual(notesOf(post("X: 1\r\nContent-Length: 9\r\n")), before);
});
