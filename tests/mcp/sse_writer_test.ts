/** The writer of event streams, held against the reader. */
import assert from "node:assert/strict";
import { SseReader } from "../../src/mcp/sse_reader.ts";
import { COMMENT, formatEvent } from "../../src/mcp/sse_writer.ts";

const NOTHING = { event: null, id: null, retry: null, data: null };

const FRAMES = [
  { name: "data alone", item: { data: "{}" }, text: "data: {}\n\n" },
  {
    name: "everything, in one order",
    item: { event: "message", id: "1", retry: 5, data: "{}" },
    text: "event: message\nid: 1\nretry: 5\ndata: {}\n\n",
  },
  { name: "several lines", item: { data: "a\n\nb" }, text: "data: a\ndata: \ndata: b\n\n" },
  {
    name: "any line end in data",
    item: { data: "a\r\nb\rc" },
    text: "data: a\ndata: b\ndata: c\n\n",
  },
  { name: "empty data of a priming event", item: { id: "1", data: "" }, text: "id: 1\ndata: \n\n" },
  { name: "an id alone", item: { id: "1" }, text: "id: 1\n\n" },
  { name: "an id that resets", item: { id: "", data: "a" }, text: "id:\ndata: a\n\n" },
  { name: "a retry of 0", item: { retry: 0 }, text: "retry: 0\n\n" },
  {
    name: "an event name that would break the line",
    item: { event: "a\ndata: x", data: "b" },
    text: "data: b\n\n",
  },
  {
    name: "an event name of 65 characters",
    item: { event: "e".repeat(65), data: "b" },
    text: "data: b\n\n",
  },
  {
    name: "an id that would break the line",
    item: { id: "1\ndata: x", data: "b" },
    text: "data: b\n\n",
  },
  { name: "an event name alone, which is nothing", item: { event: "x" }, text: "" },
  { name: "nothing", item: {}, text: "" },
];

for (const { name, item, text } of FRAMES) {
  Deno.test(`formatEvent writes ${name}`, () => {
    assert.equal(formatEvent({ ...NOTHING, ...item }), text);
  });
}

Deno.test("formatEvent writes what SseReader reads back", () => {
  for (const { text } of FRAMES) {
    const read = new SseReader(1000).push(new TextEncoder().encode(text));
    const again = read.map((item) => item.comment ? COMMENT : formatEvent(item)).join("");
    assert.equal(again, text);
  }
});

Deno.test("COMMENT is read as a comment", () => {
  assert.deepEqual(new SseReader(10).push(new TextEncoder().encode(COMMENT)), [{ comment: true }]);
});
