/** When callers were last let in, read from the end of logs of any size. */
import assert from "node:assert/strict";
import { lastUses } from "../../src/cli/last_use.ts";
import type { OpenFile } from "../../src/cli/world.ts";
import { MemoryDisk } from "./memory_world.ts";

const LOG = "/audit.jsonl";

function line(second: number, label: string | null, padding = 0): string {
  const time = new Date(1_800_000_000_000 + second * 1000).toISOString();
  return JSON.stringify({ time, label, detail: "é".repeat(padding) });
}

function time(second: number): string {
  return new Date(1_800_000_000_000 + second * 1000).toISOString();
}

/** A disk that counts the bytes that are read of it. */
class CountingDisk extends MemoryDisk {
  bytesRead = 0;

  override open(path: string): OpenFile {
    const text = this.readText(path);
    const bytes = path.endsWith(".gz") ? Uint8Array.of(0x1f, 0x8b) : new TextEncoder().encode(text);
    let at = 0;
    return {
      identity: path,
      size: bytes.length,
      seek: (position) => void (at = position),
      read: (into) => {
        const piece = bytes.subarray(at, at + into.length);
        into.set(piece);
        at += piece.length;
        this.bytesRead += piece.length;
        return piece.length;
      },
      [Symbol.dispose]: () => {},
    };
  }
}

function disk(lines: readonly string[]): CountingDisk {
  const made = new CountingDisk();
  made.write(LOG, lines.map((text) => `${text}\n`).join(""));
  return made;
}

Deno.test("lastUses finds the last line of each label, and says how far it looked", () => {
  const log = disk([line(1, "a"), line(2, "b"), line(3, "a"), line(4, null)]);
  const uses = lastUses(log, [LOG], ["a", "b", "never"]);
  assert.deepEqual([...uses.times].sort(), [["a", time(3)], ["b", time(2)]]);
  assert.equal(uses.since, time(1));
});

Deno.test("lastUses stops as soon as all labels have been seen", () => {
  const lines = Array.from({ length: 40_000 }, (_, second) => line(second, "a", 40));
  const log = disk([line(-1, "b"), ...lines]);
  assert.equal(lastUses(log, [LOG], ["a"]).times.get("a"), time(39_999));
  assert.ok(log.bytesRead < 1.1 * 1024 ** 2, `${log.bytesRead} bytes`);
});

Deno.test("lastUses reads lines whole wherever pieces of the file meet", () => {
  // Two bytes a character, and a length that walks through every place of the border.
  for (let padding = 0; padding < 40; padding++) {
    const filling = Array.from({ length: 3 }, () => line(5, "filler", 262_140 + padding));
    const log = disk([line(1, "a"), ...filling, line(9, "b")]);
    const { times } = lastUses(log, [LOG], ["a", "b", "filler"]);
    assert.deepEqual([times.get("a"), times.get("b")], [time(1), time(9)], `padding ${padding}`);
  }
});

Deno.test("lastUses passes over what is no audit line, and a last line that is half written", () => {
  const log = disk(["", "not JSON", "7", "null", '"time"', '{"time":7,"label":{}}', line(2, "a")]);
  log.write(LOG, log.readText(LOG) + line(3, "a").slice(0, 20));
  const uses = lastUses(log, [LOG], ["a", "b"]);
  assert.deepEqual([uses.times.get("a"), uses.since], [time(2), time(2)]);
});

Deno.test("lastUses of an empty log knows nothing", () => {
  const uses = lastUses(disk([]), [LOG], ["a"]);
  assert.deepEqual([uses.times.size, uses.since], [0, null]);
});

Deno.test("lastUses goes on in older logs, the newest first, and leaves out what is compressed", () => {
  const log = disk([line(9, "a")]);
  log.write("/audit.jsonl.1", `${line(5, "b")}\n${line(6, "a")}\n`);
  log.write("/audit.jsonl.2.gz", "\u001f\u008b packed");
  log.write("/audit.jsonl.3", `${line(1, "c")}\n${line(2, "b")}\n`);
  const paths = [LOG, "/audit.jsonl.1", "/audit.jsonl.2.gz", "/audit.jsonl.3"];
  const { times, since } = lastUses(log, paths, ["a", "b", "c", "d"]);
  assert.deepEqual([...times].sort(), [["a", time(9)], ["b", time(5)], ["c", time(1)]]);
  assert.equal(since, time(1));
});
