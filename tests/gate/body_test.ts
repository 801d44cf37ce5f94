/** Reading a body within its bounds, wherever it is cut, and giving its bytes back exactly once. */
import assert from "node:assert/strict";
import { GatheredBytes, HeldBytes, readBody } from "../../src/gate/body.ts";
import type { BodyLimits, Patience, Waiting } from "../../src/gate/body.ts";
import { CutSignal } from "../../src/gate/cut_signal.ts";
import { eventually } from "../support/eventually.ts";
import { MemoryExchange, type Request } from "./support/memory_exchange.ts";

const LIMITS: BodyLimits = { bodyBytes: 8, heldBytes: 12, bodyDeadlineMs: 20 };

class Asking implements Waiting {
  readonly cutSignal = new CutSignal();
  patience: Patience | null = null;
}

function reading(request: Request, limits = LIMITS) {
  const exchange = new MemoryExchange({ body: null, ...request });
  const held = new HeldBytes();
  const record = { bytesIn: 0 };
  const asking = new Asking();
  const result = readBody(exchange, limits, held, record, asking);
  return { exchange, held, record, asking, result };
}

Deno.test("readBody gives the bytes of a body that is cut anywhere", async () => {
  const whole = new TextEncoder().encode("añb🚲");
  for (let first = 0; first <= whole.length; first++) {
    for (let second = first; second <= whole.length; second++) {
      const { exchange, held, record, result } = reading({});
      const pieces = [whole.slice(0, first), whole.slice(first, second), whole.slice(second)];
      for (const piece of pieces) exchange.send(piece);
      exchange.endBody();
      const body = await result;
      assert.ok("bytes" in body);
      assert.deepEqual([...body.bytes], [...whole]);
      assert.deepEqual([held.bytes, record.bytesIn], [8, 8]);
      body[Symbol.dispose]();
      assert.equal(held.bytes, 0);
    }
  }
});

Deno.test("readBody leaves the pieces that it was given as they are", async () => {
  const { exchange, result } = reading({});
  const [one, two] = [new Uint8Array([1, 2, 3]), new Uint8Array([4, 5])];
  exchange.send(one);
  exchange.send(two);
  exchange.endBody();
  await result;
  assert.deepEqual([[...one], [...two]], [[1, 2, 3], [4, 5]]);
});

Deno.test("readBody gives bytes back once, however often the body is disposed of", async () => {
  const { held, result } = reading({ body: "12345" });
  const body = await result;
  assert.ok("bytes" in body);
  body[Symbol.dispose]();
  body[Symbol.dispose]();
  assert.equal(held.bytes, 0);
});

const BROKEN = [
  { name: "announced as too large", fields: [["content-length", "9"]], kind: "body_too_large" },
  { name: "one byte too large", body: "123456789", kind: "body_too_large" },
] as const;

for (const { name, kind, ...request } of BROKEN) {
  Deno.test(`readBody refuses a body ${name}`, async () => {
    const { held, result } = reading(request);
    const body = await result;
    assert.equal("kind" in body && body.kind, kind);
    assert.equal(held.bytes, 0);
  });
}

Deno.test("readBody accepts a body of exactly the limit, announced or not", async () => {
  for (const fields of [[], [["content-length", "8"] as const]]) {
    const { result } = reading({ body: "12345678", fields });
    const body = await result;
    assert.equal("bytes" in body && body.bytes.length, 8);
  }
});

Deno.test("readBody gives a body that does not arrive up at its deadline, and what it held", async () => {
  const { exchange, held, asking, result } = reading({});
  exchange.send("123");
  await eventually("the bytes to be held", () => held.bytes === 3);
  for (const nowMs of [1000, 1019, 1020]) asking.patience?.check(nowMs);
  const body = await result;
  assert.equal("kind" in body && body.kind, "body_timeout");
  assert.equal(held.bytes, 0);
});

Deno.test("readBody's deadline is for the whole body, not for each piece", async () => {
  const wide = { ...LIMITS, bodyBytes: 1000, heldBytes: 1000 };
  const { exchange, held, asking, result } = reading({}, wide);
  for (let sent = 1; sent <= 20; sent++) {
    exchange.send("x");
    await eventually("the byte to be held", () => held.bytes === sent);
    asking.patience?.check(1000 + sent);
  }
  asking.patience?.check(1021);
  const body = await result;
  assert.equal("kind" in body && body.kind, "body_timeout");
});

Deno.test("readBody tells a body that broke off", async () => {
  const { exchange, held, result } = reading({});
  exchange.send("123");
  exchange.leave();
  const body = await result;
  assert.equal("kind" in body && body.kind, "body_broken");
  assert.equal(held.bytes, 0);
});

for (const when of ["before", "while"]) {
  Deno.test(`readBody gives up when it is cut ${when} it waits`, async () => {
    const exchange = new MemoryExchange({ body: null });
    const held = new HeldBytes();
    const asking = new Asking();
    if (when === "before") asking.cutSignal.abort();
    const limits = { ...LIMITS, bodyDeadlineMs: 60_000 };
    const result = readBody(exchange, limits, held, { bytesIn: 0 }, asking);
    asking.cutSignal.abort();
    const body = await result;
    assert.equal("kind" in body && body.kind, "body_broken");
  });
}

Deno.test("readBody counts bodies as received, not as announced", async () => {
  const held = new HeldBytes();
  const limits = { ...LIMITS, bodyDeadlineMs: 60_000 };
  const open = Array.from({ length: 3 }, () => {
    const exchange = new MemoryExchange({ body: null, fields: [["content-length", "8"]] });
    return { exchange, result: readBody(exchange, limits, held, { bytesIn: 0 }, new Asking()) };
  });
  for (const { exchange } of open) exchange.send("1234");
  await eventually("all to be held", () => held.bytes === 12);
  open[0]?.exchange.send("5");
  const refused = await open[0]?.result;
  assert.equal(refused !== undefined && "kind" in refused && refused.kind, "overloaded");
  assert.equal(held.bytes, 8);
  for (const { exchange } of open) exchange.endBody();
  for (const { result } of open.slice(1)) {
    const body = await result;
    assert.ok("bytes" in body);
    body[Symbol.dispose]();
  }
  assert.equal(held.bytes, 0);
});

Deno.test("HeldBytes refuses what would pass the limit and takes nothing then", () => {
  const held = new HeldBytes();
  assert.ok(held.take(5, 10));
  assert.ok(!held.take(6, 10));
  assert.ok(held.take(5, 10));
  assert.equal(held.bytes, 10);
});

Deno.test("GatheredBytes copies no single piece", () => {
  const gathered = new GatheredBytes();
  const piece = new Uint8Array([1, 2]);
  gathered.add(piece);
  assert.equal(gathered.bytes.buffer, piece.buffer);
});

Deno.test("GatheredBytes takes room for bytes, not for pieces", () => {
  const gathered = new GatheredBytes();
  for (let index = 0; index < 1000; index++) gathered.add(new Uint8Array([index % 256]));
  assert.equal(gathered.size, 1000);
  assert.ok(gathered.bytes.buffer.byteLength <= 2000);
  assert.deepEqual([...gathered.bytes.slice(254, 258)], [254, 255, 0, 1]);
});

Deno.test("GatheredBytes copies no pieces that lie one behind the other in memory", () => {
  const memory = Uint8Array.from({ length: 10 }, (_, index) => index);
  const gathered = new GatheredBytes();
  for (const [from, to] of [[1, 3], [3, 4], [4, 9]]) gathered.add(memory.subarray(from, to));
  assert.equal(gathered.bytes.buffer, memory.buffer);
  assert.deepEqual([...gathered.bytes], [1, 2, 3, 4, 5, 6, 7, 8]);
  // What comes from elsewhere is not written behind them, where others may have what is theirs.
  gathered.add(Uint8Array.of(99));
  assert.deepEqual([...gathered.bytes], [1, 2, 3, 4, 5, 6, 7, 8, 99]);
  assert.equal(memory[9], 9);
});

Deno.test("GatheredBytes joins pieces in their order, wherever they lie and whatever is announced", () => {
  const memory = Uint8Array.from({ length: 64 }, (_, index) => index);
  for (const announced of [0, 1, 20, 30, 1000, NaN]) {
    for (const cuts of [[0, 8, 16, 4, 9], [8, 16, 0, 8, 8, 9], [0, 0, 0, 5], [16, 32, 32, 48]]) {
      const gathered = new GatheredBytes(announced);
      const expected: number[] = [];
      for (let at = 0; at + 1 < cuts.length; at++) {
        const from = cuts[at] ?? 0;
        const piece = memory.subarray(from, Math.max(from, cuts[at + 1] ?? 0));
        if (piece.length === 0) continue;
        gathered.add(piece);
        expected.push(...piece);
      }
      assert.deepEqual([...gathered.bytes], expected);
    }
  }
  assert.deepEqual([...memory], Array.from({ length: 64 }, (_, index) => index));
});

Deno.test("GatheredBytes makes room for what is announced once, within bounds", () => {
  const gathered = new GatheredBytes(1000);
  for (let index = 0; index < 1000; index++) gathered.add(new Uint8Array([index % 256]));
  assert.equal(gathered.bytes.buffer.byteLength, 1000);
  const boasted = new GatheredBytes(1e12);
  for (let index = 0; index < 3; index++) boasted.add(new Uint8Array(1));
  assert.equal(boasted.bytes.buffer.byteLength, 256 * 1024);
});
