/** The reader of event streams, with every input cut at every position. */
import assert from "node:assert/strict";
import { type SseItem, SseOverflow, SseReader } from "../../src/mcp/sse_reader.ts";
import { countedWork } from "../support/counted_work.ts";

const COMMENT: SseItem = { comment: true };

function event(
  fields: Partial<Record<"event" | "id" | "data", string>> & { retry?: number },
): SseItem {
  return { event: null, id: null, retry: null, data: null, ...fields };
}

function bytesOf(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

function readAll(chunks: readonly Uint8Array[], max = 1000): SseItem[] {
  const reader = new SseReader(max);
  return [...chunks.flatMap((chunk) => reader.push(chunk)), ...reader.end()];
}

/** Every way to cut `bytes` in two, and one byte at a time. */
function cuts(bytes: Uint8Array): Uint8Array[][] {
  const halves = Array.from(
    { length: bytes.length + 1 },
    (_, at) => [bytes.subarray(0, at), bytes.subarray(at)],
  );
  return [...halves, Array.from(bytes, (byte) => Uint8Array.of(byte))];
}

const STREAMS = [
  { name: "one event", text: "data: a\n\n", items: [event({ data: "a" })] },
  { name: "no space behind the colon", text: "data:a\n\n", items: [event({ data: "a" })] },
  { name: "one space of two", text: "data:  a\n\n", items: [event({ data: " a" })] },
  { name: "a tab, which is no space", text: "data:\ta\n\n", items: [event({ data: "\ta" })] },
  {
    name: "CRLF",
    text: "data: a\r\n\r\ndata: b\r\n\r\n",
    items: [event({ data: "a" }), event({ data: "b" })],
  },
  {
    name: "CR",
    text: "data: a\r\rdata: b\r\r",
    items: [event({ data: "a" }), event({ data: "b" })],
  },
  {
    name: "mixed line ends",
    text: "data: a\rdata: b\n\r\ndata: c\r\n\r",
    items: [event({ data: "a\nb" }), event({ data: "c" })],
  },
  {
    name: "all fields",
    text: "event: message\nid: 7\nretry: 1500\ndata: {}\n\n",
    items: [event({ event: "message", id: "7", retry: 1500, data: "{}" })],
  },
  {
    name: "data lines, joined",
    text: 'data: {\ndata:  "a":1\ndata: }\n\n',
    items: [event({ data: '{\n "a":1\n}' })],
  },
  {
    name: "a priming event with empty data",
    text: "id: 1\ndata:\n\n",
    items: [event({ id: "1", data: "" })],
  },
  {
    name: "data without colon, which is empty data",
    text: "data\n\n",
    items: [event({ data: "" })],
  },
  { name: "two empty data lines", text: "data\ndata\n\n", items: [event({ data: "\n" })] },
  { name: "an id without data", text: "id: 1\n\n", items: [event({ id: "1" })] },
  {
    name: "an empty id, which resets",
    text: "id\ndata: a\n\n",
    items: [event({ id: "", data: "a" })],
  },
  {
    name: "an id with NUL, which is ignored",
    text: "id: a\0b\ndata: a\n\n",
    items: [event({ data: "a" })],
  },
  { name: "the last of two ids", text: "id: 1\nid: 2\n\n", items: [event({ id: "2" })] },
  { name: "a retry alone", text: "retry: 10\n\n", items: [event({ retry: 10 })] },
  {
    name: "a retry that is no number",
    text: "retry: 1e3\ndata: a\n\n",
    items: [event({ data: "a" })],
  },
  {
    name: "a retry that no number can hold",
    text: "retry: 1234567890123456\ndata: a\n\n",
    items: [event({ data: "a" })],
  },
  { name: "a negative retry", text: "retry: -1\ndata: a\n\n", items: [event({ data: "a" })] },
  {
    name: "an event name without data, which is no event",
    text: "event: x\n\ndata: a\n\n",
    items: [event({ data: "a" })],
  },
  { name: "an empty event name", text: "event:\ndata: a\n\n", items: [event({ data: "a" })] },
  {
    name: "unknown fields",
    text: "foo: bar\nData: x\n data: y\ndata : z\ndata: a\n\n",
    items: [event({ data: "a" })],
  },
  { name: "only unknown fields", text: "foo: bar\n\n", items: [] },
  {
    name: "a field without colon before one with",
    text: "foo\ndata: a:b\n\n",
    items: [event({ data: "a:b" })],
  },
  { name: "a comment", text: ": ping\n\ndata: a\n\n", items: [COMMENT, event({ data: "a" })] },
  {
    name: "a comment inside an event",
    text: "data: a\n: ping\ndata: b\n\n",
    items: [COMMENT, event({ data: "a\nb" })],
  },
  { name: "a comment before a blank line is due", text: ":\n:\r\n", items: [COMMENT, COMMENT] },
  { name: "blank lines", text: "\n\r\n\r\n\ndata: a\n\n\n", items: [event({ data: "a" })] },
  { name: "a BOM at the start", text: "\ufeffdata: a\n\n", items: [event({ data: "a" })] },
  { name: "a comment behind a BOM", text: "\ufeff: a\n\n", items: [COMMENT] },
  {
    name: "a second BOM, which is text",
    text: "\ufeff\ufeffdata: a\n\ndata: b\n\n",
    items: [event({ data: "b" })],
  },
  {
    name: "a BOM later on, which is text",
    text: "data: \ufeffa\n\n\ufeffdata: b\n\ndata: c\n\n",
    items: [event({ data: "\ufeffa" }), event({ data: "c" })],
  },
  {
    name: "characters of two, three and four bytes",
    text: "data: é€😀\n\n",
    items: [event({ data: "é€😀" })],
  },
  {
    name: "an event without its blank line",
    text: "data: a\n\ndata: b\n",
    items: [event({ data: "a" })],
  },
  {
    name: "an event whose last line has no end",
    text: "data: a\n\ndata: b",
    items: [event({ data: "a" })],
  },
  { name: "nothing", text: "", items: [] },
];

for (const { name, text, items } of STREAMS) {
  Deno.test(`SseReader reads ${name}, wherever it is cut`, () => {
    for (const chunks of cuts(bytesOf(text))) {
      assert.deepEqual(readAll(chunks), items, JSON.stringify(chunks.map((chunk) => [...chunk])));
    }
  });
}

const BROKEN_UTF8 = [
  { name: "a cut character before a line end", bytes: [0xe2, 0x82], text: "\ufffd" },
  { name: "a byte that cannot be", bytes: [0x61, 0xff, 0x62], text: "a\ufffdb" },
  { name: "a surrogate", bytes: [0xed, 0xa0, 0x80], text: "\ufffd\ufffd\ufffd" },
  { name: "half a BOM", bytes: [0xef, 0xbb], text: "\ufffd" },
];

for (const { name, bytes, text } of BROKEN_UTF8) {
  Deno.test(`SseReader replaces ${name}, wherever it is cut`, () => {
    const stream = Uint8Array.of(...bytesOf("data: "), ...bytes, ...bytesOf("\n\ndata: b\n\n"));
    for (const chunks of cuts(stream)) {
      assert.deepEqual(readAll(chunks), [event({ data: text }), event({ data: "b" })]);
    }
  });
}

Deno.test("SseReader takes what only begins like a BOM as text", () => {
  for (const chunks of cuts(Uint8Array.of(0xef, 0xbb, 0x0a, ...bytesOf("data: a\n\n")))) {
    assert.deepEqual(readAll(chunks, 9), [event({ data: "a" })]);
  }
});

Deno.test("SseReader counts what only begins like a BOM once", () => {
  for (const chunks of cuts(Uint8Array.of(0xef, 0xbb, ...bytesOf("12345\n\ndata: a\n\n")))) {
    assert.deepEqual(readAll(chunks, 7), [event({ data: "a" })]);
    assert.throws(() => readAll(chunks, 6), SseOverflow);
  }
});

Deno.test("SseReader gives an event at once, also where a CR ends it and no LF has come yet", () => {
  const reader = new SseReader(100);
  assert.deepEqual(reader.push(bytesOf("data: a\r\n\r")), [event({ data: "a" })]);
  assert.deepEqual(reader.push(bytesOf("\n")), []);
  assert.deepEqual(reader.push(bytesOf("data: b\n\n")), [event({ data: "b" })]);
});

Deno.test("SseReader keeps no reference to a chunk", () => {
  const reader = new SseReader(100);
  const chunk = bytesOf("data: a");
  reader.push(chunk);
  chunk.fill(0x78);
  assert.deepEqual(reader.push(bytesOf("b\n\n")), [event({ data: "ab" })]);
});

const OVERFLOWS = [
  { name: "a line", text: `data: ${"x".repeat(5)}\n\n`, fits: 11 },
  { name: "several lines", text: "data: a\ndata: b\r\n\n", fits: 14 },
  { name: "an unknown field", text: `foo: ${"x".repeat(15)}\n\n`, fits: 20 },
  { name: "a line that never ends", text: `data: ${"x".repeat(20)}`, fits: 26 },
  { name: "a comment", text: `:${"x".repeat(20)}\n`, fits: 21 },
  { name: "a comment in an event", text: `data: a\n:${"x".repeat(20)}\ndata: b\n\n`, fits: 28 },
  { name: "characters of several bytes", text: "data: €€\n\n", fits: 12 },
];

for (const { name, text, fits } of OVERFLOWS) {
  Deno.test(`SseReader throws SseOverflow for ${name} over the limit, and takes it at the limit`, () => {
    const stream = bytesOf(`data: 1\n\n${text}`);
    for (const chunks of cuts(stream)) {
      readAll(chunks, fits);
      const reader = new SseReader(fits - 1);
      const items: SseItem[] = [];
      assert.throws(() => {
        for (const chunk of chunks) items.push(...reader.push(chunk));
        reader.end();
      }, SseOverflow);
      assert.deepEqual(items, [event({ data: "1" })]);
      assert.throws(() => reader.push(bytesOf("\n\n")), SseOverflow);
    }
  });
}

Deno.test("SseReader does not count events together, nor comments", () => {
  const text = `${"data: 12345\n\n".repeat(50)}${": ping\n".repeat(50)}`;
  assert.equal(readAll([bytesOf(text)], 11).length, 100);
});

const FLOODS = [
  { name: "a line a byte at a time", text: `data: ${"x".repeat(20_000)}\n\n`, chunk: 1 },
  { name: "many events in a chunk", text: "data: a\n\n".repeat(5000), chunk: 45_000 },
  { name: "CR only", text: "data: a\r\r".repeat(5000), chunk: 45_000 },
  { name: "lines without a colon", text: `${"data\n".repeat(10_000)}\n`, chunk: 60_000 },
  { name: "lines in small chunks", text: `${"data: abc\r\n".repeat(3000)}\n`, chunk: 3 },
  { name: "comments inside an event", text: `${"data: a\n:\n".repeat(3000)}\n`, chunk: 4096 },
  { name: "blank lines", text: "\n".repeat(20_000), chunk: 4096 },
];

for (const { name, text, chunk } of FLOODS) {
  Deno.test(`SseReader looks at each byte a bounded number of times: ${name}`, () => {
    const bytes = bytesOf(text);
    const reader = new SseReader(1 << 20);
    const touched = countedWork(() => {
      for (let at = 0; at < bytes.length; at += chunk) reader.push(bytes.subarray(at, at + chunk));
      reader.end();
    });
    assert.ok(touched <= 14 * bytes.length, `${touched} for ${bytes.length} bytes`);
  });
}
