/** The audit sink on outputs that write in parts, fail and stall: every line comes out whole and once. */
import assert from "node:assert/strict";
import type { AuditOutput } from "../../policies/audit_output.ts";
import { AuditSink } from "../../policies/audit_sink.ts";
import { eventually } from "../support/eventually.ts";

/** An output in memory that does what `next` says: a number of bytes to take, or an error. */
class MeteredOutput implements AuditOutput {
  text = "";
  isClosed = false;
  readonly isEmptyFile = false;
  readonly file: string;
  readonly #meter: Meter;

  constructor(meter: Meter, file = "same") {
    this.#meter = meter;
    this.file = file;
  }

  write(bytes: Uint8Array): number | Promise<number> {
    const room = this.#meter.next();
    const take = (count: number) => {
      const part = bytes.subarray(0, Math.min(count, bytes.length));
      this.text += new TextDecoder().decode(part);
      return part.length;
    };
    return typeof room === "number" ? take(room) : room.then(take);
  }

  isSameFile(other: AuditOutput): boolean {
    return other instanceof MeteredOutput && other.file === this.file;
  }

  close(): void {
    this.isClosed = true;
  }
}

interface Meter {
  next(): number | Promise<number>;
}

const FREE: Meter = { next: () => Infinity };

function failing(): never {
  throw new Error("No space left on device");
}

class KeptLog {
  readonly lines: string[] = [];
  info(text: string): void {
    this.lines.push(text);
  }
  warn(text: string): void {
    this.lines.push(text);
  }
}

const LINES = ["first\n", "second line\n", "third\n"];

for (let part = 1; part <= LINES.join("").length; part++) {
  Deno.test(`a sink whose writes take ${part} bytes each writes all lines once`, async () => {
    const output = new MeteredOutput({ next: () => part });
    {
      await using sink = new AuditSink(() => output, new KeptLog());
      for (const line of LINES) sink.push(line);
    }
    assert.equal(output.text, LINES.join(""));
    assert.ok(output.isClosed);
  });
}

/** A disk with room for `room` bytes, until `hasRoom` says that there is more. */
function smallDisk(room: number, hasRoom: () => boolean): Meter {
  return {
    next: () => {
      if (hasRoom()) return Infinity;
      if (room === 0) failing();
      const taken = room;
      room = 0;
      return taken;
    },
  };
}

Deno.test("a disk that is full after any number of bytes tears no line when it has room again", async () => {
  const fillAndFree = async (room: number) => {
    let isFull = true;
    const output = new MeteredOutput(smallDisk(room, () => !isFull));
    await using sink = new AuditSink(() => output, new KeptLog());
    for (const line of LINES) sink.push(line);
    await eventually("it fails", () => sink.isFailing);
    isFull = false;
    await eventually("it has recovered", () => !sink.isFailing);
    assert.equal(output.text, LINES.join(""));
  };
  await Promise.all(Array.from({ length: LINES.join("").length }, (_, room) => fillAndFree(room)));
});

for (let room = 0; room <= LINES.join("").length; room++) {
  Deno.test(`a line torn after ${room} bytes begins again in another file`, async () => {
    const full = new MeteredOutput(smallDisk(room, () => false), "full");
    const roomy = new MeteredOutput(FREE, "roomy");
    const outputs = [full, roomy];
    await using sink = new AuditSink(() => outputs.shift() ?? failing(), new KeptLog());
    for (const line of LINES) sink.push(line);
    if (room < LINES.join("").length) await eventually("it fails", () => sink.isFailing);
    else await eventually("all is out", () => full.text.length === room);
    sink.reopen();
    const whole = full.text.slice(0, full.text.lastIndexOf("\n") + 1);
    assert.equal(whole + roomy.text, LINES.join(""));
    assert.ok(full.isClosed && !sink.isFailing);
  });
}

Deno.test("a sink says once that it fails, and once that it has recovered", async () => {
  let isFull = true;
  let attempts = 0;
  const log = new KeptLog();
  const meter = {
    next: () => {
      attempts++;
      return isFull ? failing() : Infinity;
    },
  };
  await using sink = new AuditSink(() => new MeteredOutput(meter), log);
  sink.push("line\n");
  await eventually("it has tried again", () => attempts >= 3);
  isFull = false;
  await eventually("it has recovered", () => !sink.isFailing);
  assert.deepEqual(log.lines, [
    "cannot write the audit log: No space left on device",
    "the audit log is written again",
  ]);
});

Deno.test("a sink that fails tries again no more than ten times a second", async () => {
  const attempts: number[] = [];
  const meter = {
    next: () => {
      attempts.push(performance.now());
      return failing();
    },
  };
  await using sink = new AuditSink(() => new MeteredOutput(meter), new KeptLog());
  await eventually("it has tried four times", () => {
    sink.push("line\n");
    return attempts.length >= 4;
  });
  const gaps = attempts.slice(1).map((at, index) => at - (attempts[index] ?? 0));
  assert.ok(gaps.every((gap) => gap > 95), String(gaps));
});

Deno.test("a sink with a bound on what waits counts what it loses", async () => {
  let isFull = true;
  const log = new KeptLog();
  const output = new MeteredOutput({ next: () => isFull ? failing() : Infinity });
  await using sink = new AuditSink(() => output, log);
  const megabyte = "x".repeat(1024 * 1024 - 1) + "\n";
  for (let count = 0; count < 20; count++) sink.push(megabyte);
  assert.ok(sink.isFailing);
  assert.deepEqual([sink.lostLines, sink.waitingBytes], [4, 16 * 1024 * 1024]);
  isFull = false;
  await eventually("it has recovered", () => log.lines.length > 0 && !sink.isFailing);
  assert.equal(log.lines.at(-1), "the audit log is written again; 4 lines were lost");
  assert.deepEqual([sink.lostLines, sink.waitingBytes], [4, 0], "what was lost stays counted");
  assert.equal(output.text.length, 16 * 1024 * 1024);
});

Deno.test("a reader that has stopped for a moment is no failure", async () => {
  const log = new KeptLog();
  const rooms = [
    () => {
      throw new Deno.errors.WouldBlock("Resource temporarily unavailable");
    },
  ];
  const output = new MeteredOutput({ next: () => rooms.shift()?.() ?? Infinity });
  await using sink = new AuditSink(() => output, log);
  sink.push("line\n");
  await eventually("it is out", () => output.text === "line\n");
  assert.deepEqual(log.lines, []);
});

Deno.test("lines that come while a write is under way follow it", async () => {
  const first = Promise.withResolvers<number>();
  const rooms = [first.promise];
  const output = new MeteredOutput({ next: () => rooms.shift() ?? Promise.resolve(4) });
  await using sink = new AuditSink(() => output, new KeptLog());
  sink.push("first\n");
  await eventually("the write is under way", () => rooms.length === 0);
  sink.push("second\n");
  first.resolve(3);
  await eventually("both are out", () => output.text === "first\nsecond\n");
});

Deno.test("an output that rejects fails like one that throws", async () => {
  const rooms = [() => Promise.reject(new Error("Broken pipe"))];
  const log = new KeptLog();
  const output = new MeteredOutput({ next: () => rooms.shift()?.() ?? Promise.resolve(100) });
  await using sink = new AuditSink(() => output, log);
  sink.push("line\n");
  await eventually("it is out", () => output.text === "line\n");
  assert.equal(log.lines[0], "cannot write the audit log: Broken pipe");
});

Deno.test("a reader that has stopped for long is a failure before a line is lost", async () => {
  const stalled = Promise.withResolvers<number>();
  const log = new KeptLog();
  const output = new MeteredOutput({ next: () => stalled.promise });
  await using sink = new AuditSink(() => output, log);
  const megabyte = "x".repeat(1024 * 1024 - 1) + "\n";
  for (let count = 0; count < 7; count++) sink.push(megabyte);
  assert.ok(!sink.isFailing);
  sink.push(megabyte);
  assert.ok(sink.isFailing);
  stalled.resolve(Infinity);
  await eventually("it has recovered", () => !sink.isFailing);
  assert.deepEqual(log.lines, []);
});
