/** The reader of audit logs: whatever the pieces, the same lines; compressed, torn and endless ones. */
import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { gzipSync } from "node:zlib";
import { auditLine } from "../../policies/audit_line.ts";
import { entryOf, LineReader, type LogLine, readLines } from "../../src/cli/audit_log.ts";
import { withRotated } from "../../src/cli/audit_source.ts";
import type { ByteSource } from "../../src/cli/world.ts";
import { outcome } from "../policies/lent_host.ts";
import { MemoryDisk, memoryWorld } from "./memory_world.ts";

const LINE = auditLine(outcome(), 2048);
const TEXT = `first\n\n${LINE}last`;
const LINES = [
  { text: "first", number: 1, isWhole: true },
  { text: "", number: 2, isWhole: true },
  { text: LINE.trimEnd(), number: 3, isWhole: true },
  { text: "last", number: 4, isWhole: false },
];

/** Gives `bytes` in pieces of `size`. */
function pieces(bytes: Uint8Array, size: number): ByteSource {
  let at = 0;
  return {
    read: (into) => {
      const piece = bytes.subarray(at, at + Math.min(size, into.length));
      into.set(piece);
      at += piece.length;
      return piece.length;
    },
    [Symbol.dispose]: () => {},
  };
}

async function linesOf(source: ByteSource): Promise<LogLine[]> {
  const lines: LogLine[] = [];
  await readLines(source, (line) => void lines.push(line));
  return lines;
}

Deno.test("readLines gives the same lines, whatever the pieces are", async () => {
  for (let size = 1; size <= TEXT.length; size++) {
    assert.deepEqual(await linesOf(pieces(Buffer.from(TEXT), size)), LINES, `pieces of ${size}`);
  }
});

Deno.test("readLines reads what logrotate has compressed", async () => {
  for (const size of [7, 64, 10_000]) {
    assert.deepEqual(await linesOf(pieces(gzipSync(TEXT), size)), LINES, `pieces of ${size}`);
  }
});

Deno.test("readLines holds no more of an endless line than a line may have", async () => {
  let left = 400;
  const source: ByteSource = {
    read: (into) => left-- > 0 ? into.fill(0x78).length : 0,
    [Symbol.dispose]: () => {},
  };
  const [line] = await linesOf(source);
  assert.equal(line?.text.length, 1024 * 1024 + 1024);
});

Deno.test("a reader that wants no more is given no more", () => {
  const seen: string[] = [];
  const reader = new LineReader(({ text }) => {
    seen.push(text);
    return text !== "b";
  });
  assert.equal(reader.push(Buffer.from("a\nb\nc\n")), false);
  reader.end();
  assert.deepEqual(seen, ["a", "b"]);
});

Deno.test("entryOf reads what the gate writes, and nothing that lacks a part", () => {
  const text = LINE.trimEnd();
  const { time, exchange, label, tool, latency_ms } = entryOf(text) ?? {};
  assert.deepEqual({ time, exchange, label, tool, latency_ms }, {
    time: "2027-01-15T08:00:00.000Z",
    exchange: "x1",
    label: "a",
    tool: "read_file",
    latency_ms: 1.25,
  });
  for (let length = 0; length < text.length; length++) {
    assert.equal(entryOf(text.slice(0, length)), null, `${length} characters`);
  }
  for (const name of Object.keys(JSON.parse(text))) {
    const { [name]: _, ...rest } = JSON.parse(text);
    assert.equal(entryOf(JSON.stringify(rest)), null, name);
  }
  for (const other of ["null", "[]", '"x"', "{}", "7"]) assert.equal(entryOf(other), null, other);
});

Deno.test("rotated files are found by their names and put in the order of their age", () => {
  const disk = new MemoryDisk();
  const files: readonly (readonly [string, number])[] = [
    ["a/audit.log.10.gz", 10],
    ["a/audit.log.2", 30],
    ["a/audit.log.1", 30],
    ["a/audit.log-20261120.gz", 20],
    ["a/audit.log", 40],
    ["a/audit.log.key", 1],
    ["a/audit.log.mark", 1],
    ["a/audit.logs", 1],
    ["a/other.log.1", 1],
  ];
  for (const [name, modifiedMs] of files) {
    disk.write(name, "");
    disk.modified.set(name, modifiedMs);
  }
  assert.deepEqual(withRotated(memoryWorld([], { disk }), "a/audit.log"), [
    "a/audit.log.10.gz",
    "a/audit.log-20261120.gz",
    "a/audit.log.2",
    "a/audit.log.1",
    "a/audit.log",
  ]);
});
