/** What no script can show of `audit tail`: colour, logs that are long, and those that are moved or cut. */
import assert from "node:assert/strict";
import { auditLine } from "../../policies/audit_line.ts";
import { auditTail } from "../../src/cli/audit_tail.ts";
import type { World } from "../../src/cli/world.ts";
import { outcome } from "../policies/lent_host.ts";
import { MemoryDisk, memoryWorld } from "./memory_world.ts";

const PARTS = { builtIns: new Set<string>() };

function line(exchange: string, changes: Parameters<typeof outcome>[0] = {}): string {
  return auditLine(outcome({ exchange, ...changes }), 2048);
}

const DENIED = line("x2", { decision: "deny", stage: "allowlist", reason: "no" });
const FAILED = line("x3", { decision: "error", stage: "upstream", reason: "gone" });

Deno.test("tail is coloured on a terminal, and only there", async () => {
  const disk = new MemoryDisk();
  disk.write("log", line("x1") + DENIED + FAILED);
  const shown = async (terminal: boolean, env = {}) => {
    const world = memoryWorld([], { disk, terminal, env });
    assert.equal(await auditTail(world, ["log"], PARTS), 0);
    return world.out();
  };
  const [headings = "", allowed = "", denied = "", why = "", failed = ""] = (await shown(true))
    .split("\n");
  assert.ok(headings.startsWith("\x1b[2m") && why.startsWith("\x1b[2m"));
  assert.ok(!allowed.includes("\x1b"));
  assert.ok(denied.startsWith("\x1b[33m") && failed.startsWith("\x1b[31m"));
  assert.ok(!(await shown(false)).includes("\x1b"));
  assert.ok(!(await shown(true, { NO_COLOR: "1" })).includes("\x1b"));
});

Deno.test("tail of a long log reads no more of it than it takes", async () => {
  const disk = new MemoryDisk();
  const rare = line("rare", { label: "rare" });
  const padding = Array.from(
    { length: 400 },
    (_, at) => line(`x${at}`, { subject: "y".repeat(900) }),
  );
  const half = padding.join("").repeat(16);
  disk.write("log", rare + half + rare + half);
  let read = 0;
  const world = countingWorld(disk, (bytes) => read += bytes);
  assert.equal(await auditTail(world, ["log", "-n", "1", "--json"], PARTS), 0);
  assert.ok(read < 5 * 1024 * 1024, `${read} bytes`);
  assert.equal(JSON.parse(world.out()).exchange, "x399");
  const other = memoryWorld([], { disk });
  await auditTail(other, ["log", "-n", "2", "--json", "--label", "rare"], PARTS);
  assert.equal(other.out(), rare + rare);
});

Deno.test("tail -f follows a file that is moved away, and one that is cut to nothing", async () => {
  const disk = new MemoryDisk();
  disk.write("log", line("a"));
  const identity = { now: "first" };
  const acts = [
    () => disk.write("log", line("a") + line("b")),
    // Moved away; what comes late still goes to the old one, which the reader has open.
    () => {
      identity.now = "second";
      disk.write("log", line("c"));
    },
    // Copied and cut, shorter than what was read.
    () => disk.write("log", ""),
    () => disk.write("log", line("d")),
  ];
  const world = followedWorld(disk, identity, acts);
  await assert.rejects(auditTail(world, ["log", "-f", "--json"], PARTS), /nothing more happens/);
  const seen = world.out().trimEnd().split("\n").map((text) => JSON.parse(text).exchange);
  assert.deepEqual(seen, ["a", "b", "c", "d"]);
});

Deno.test("tail -f of what is piped in shows each record as it comes", async () => {
  const world = memoryWorld([], { input: line("a") + line("b") });
  assert.equal(await auditTail(world, ["-f", "--json", "-"], PARTS), 0);
  assert.equal(world.out(), line("a") + line("b"));
});

/** A world that counts the bytes that are read of files. */
function countingWorld(disk: MemoryDisk, count: (bytes: number) => void) {
  const world = memoryWorld([], { disk });
  const open = disk.open.bind(disk);
  const files = Object.assign(Object.create(disk), {
    open: (path: string) => {
      const file = open(path);
      const read = file.read.bind(file);
      return Object.assign(file, {
        read: (into: Uint8Array) => {
          const length = read(into);
          count(length);
          return length;
        },
      });
    },
  });
  return { ...world, files };
}

/** A world in which one of `acts` happens at each pause; its log is read live, as a file is. */
function followedWorld(disk: MemoryDisk, identity: { now: string }, acts: (() => void)[]) {
  const world = memoryWorld([], { disk });
  const files = Object.assign(Object.create(disk), { open: () => liveFile(disk, identity.now) });
  const pause: World["pause"] = () => {
    const act = acts.shift();
    if (act === undefined) return Promise.reject(new Error("nothing more happens"));
    act();
    return Promise.resolve();
  };
  return { ...world, files, pause };
}

function liveFile(disk: MemoryDisk, identity: string) {
  let at = 0;
  const bytes = () => new TextEncoder().encode(disk.readText("log"));
  return {
    identity,
    get size() {
      return bytes().length;
    },
    seek: (position: number) => void (at = position),
    read: (into: Uint8Array) => {
      // The one that was moved away gets no more.
      const part = identity === "first" && at > 0 && !disk.readText("log").includes('"a"')
        ? new Uint8Array()
        : bytes().subarray(at, at + into.length);
      into.set(part);
      at += part.length;
      return part.length;
    },
    [Symbol.dispose]: () => {},
  };
}
