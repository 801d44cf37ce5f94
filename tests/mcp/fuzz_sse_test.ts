/**
 * Property P4 on event streams: the items are those of the WHATWG rules applied byte by byte, however
 * the stream is cut into chunks, and the canonical framing reads back as the same items.
 */
import assert from "node:assert/strict";
import { type SseEvent, type SseItem, SseOverflow, SseReader } from "../../src/mcp/sse_reader.ts";
import { formatEvent } from "../../src/mcp/sse_writer.ts";
import { fuzz } from "../support/fuzz.ts";
import type { Random } from "../support/random.ts";

const PIECES = [
  "data:",
  "data: ",
  "data",
  "event: message",
  "event:",
  "id: 4",
  "id:",
  "id: a\0",
  "retry: 9",
  "retry: x",
  ":",
  ": ping",
  "foo: bar",
  "\n",
  "\n",
  "\n",
  "\r",
  "\r\n",
  "\r\n",
  "\n\n",
  "\n\n",
  '{"a":1}',
  " ",
  "é",
  "😀",
  "\ufeff",
];
const BROKEN = [[0xe2, 0x82], [0xff], [0xed, 0xa0, 0x80], [0xef, 0xbb], [0xef], [0xc0]];

function randomStream(random: Random): Uint8Array {
  const bytes: number[] = [];
  for (let pieces = random.below(40); pieces > 0; pieces--) {
    const piece = random.chance(0.05)
      ? random.pick(BROKEN)
      : new TextEncoder().encode(random.pick(PIECES));
    bytes.push(...piece);
  }
  return Uint8Array.from(bytes);
}

function randomChunks(random: Random, bytes: Uint8Array): Uint8Array[] {
  const longest = random.pick([1, 3, 8, 100]);
  const chunks: Uint8Array[] = [];
  for (let at = 0; at < bytes.length;) {
    const next = at + random.below(longest + 1);
    chunks.push(bytes.slice(at, next));
    at = next;
  }
  return chunks;
}

interface Reading {
  readonly items: SseItem[];
  readonly overflown: boolean;
}

function readChunks(chunks: readonly Uint8Array[], max: number): Reading {
  const reader = new SseReader(max);
  const items: SseItem[] = [];
  try {
    for (const chunk of chunks) items.push(...reader.push(chunk));
    items.push(...reader.end());
    return { items, overflown: false };
  } catch (error) {
    assert.ok(error instanceof SseOverflow);
    return { items, overflown: true };
  }
}

/** The rules of the standard, a byte at a time, with no thought of speed. */
function readSlowly(bytes: Uint8Array, max: number): Reading {
  const bom = bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf;
  const rest = bytes.subarray(bom ? 3 : 0);
  const items: SseItem[] = [];
  let lines: string[] = [];
  let line: number[] = [];
  let size = 0;
  for (const [at, byte] of rest.entries()) {
    if (byte === 0x0a && rest[at - 1] === 0x0d) continue;
    if (byte !== 0x0a && byte !== 0x0d) {
      line.push(byte);
      if (size + line.length > max) return { items, overflown: true };
      continue;
    }
    const text = new TextDecoder("utf-8", { ignoreBOM: true }).decode(Uint8Array.from(line));
    if (text === "") {
      items.push(...eventOf(lines));
      lines = [];
      size = 0;
    } else if (text.startsWith(":")) {
      items.push({ comment: true });
    } else {
      lines.push(text);
      size += line.length;
    }
    line = [];
  }
  return { items, overflown: false };
}

function eventOf(lines: readonly string[]): SseEvent[] {
  const valuesOf = (field: string) =>
    lines.filter((line) => line === field || line.startsWith(`${field}:`))
      .map((line) => line.slice(field.length + 1).replace(/^ /, ""));
  const id = valuesOf("id").filter((value) => !value.includes("\0")).at(-1) ?? null;
  const retry = valuesOf("retry").filter((value) => /^\d+$/.test(value)).map(Number).at(-1) ?? null;
  const data = valuesOf("data").length === 0 ? null : valuesOf("data").join("\n");
  const event = valuesOf("event").at(-1) || null;
  return id === null && retry === null && data === null ? [] : [{ event, id, retry, data }];
}

Deno.test("SseReader reads what the standard's rules give, however the stream is cut", () => {
  fuzz(6000, (random) => {
    const bytes = randomStream(random);
    const max = random.pick([12, 40, 1000]);
    assert.deepEqual(readChunks(randomChunks(random, bytes), max), readSlowly(bytes, max));
  });
});

Deno.test("formatEvent writes every event so that SseReader reads the same", () => {
  fuzz(2000, (random) => {
    const { items } = readSlowly(randomStream(random), Infinity);
    const events = items.filter((item) => item.comment === undefined);
    const text = events.map(formatEvent).join("");
    const plain = events.map((item) => ({
      ...item,
      event: /^[\w.-]{1,64}$/.test(item.event ?? "") ? item.event : null,
    }));
    assert.deepEqual(readChunks([new TextEncoder().encode(text)], 1e6).items, plain);
  });
});
