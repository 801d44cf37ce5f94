/** Names and numbers in shared memory: found again by every view, given up by rank, never mixed up. */
import assert from "node:assert/strict";
import { TokenBuckets } from "../../policies/token_buckets.ts";
import { BUCKET_NUMBERS, SharedBuckets } from "../../src/workers/shared_buckets.ts";
import {
  COUNT_NUMBERS,
  SharedBytes,
  SharedConnections,
  SharedStreams,
} from "../../src/workers/shared_counts.ts";
import { allocateSlots } from "../../src/workers/shared_slots.ts";
import { fuzz } from "../support/fuzz.ts";

const SECRET = new Uint8Array(16).fill(1);

Deno.test("SharedBuckets decides as TokenBuckets does, whichever view is asked", () => {
  fuzz(100, (random) => {
    const memory = allocateSlots(1000, BUCKET_NUMBERS, SECRET);
    const views = [new SharedBuckets(memory), new SharedBuckets(memory)];
    const alone = new TokenBuckets(1000);
    let nowMs = random.below(1000);
    for (let step = 0; step < 200; step++) {
      nowMs += random.below(300);
      const limit = { rps: 0.5 + random.below(20), burst: 1 + random.below(10) };
      const cost = 1 + random.below(limit.burst);
      const name = random.pick(["a", "b", "4096"]);
      const waitMs = random.pick(views).take(name, limit, cost, nowMs);
      assert.equal(waitMs, alone.take(name, limit, cost, nowMs));
    }
  });
});

Deno.test("SharedBuckets gives nothing twice where the clocks of threads differ", () => {
  const memory = allocateSlots(10, BUCKET_NUMBERS, SECRET);
  const [ahead, behind] = [new SharedBuckets(memory), new SharedBuckets(memory)];
  const limit = { rps: 10, burst: 5 };
  let passed = 0;
  for (let ms = 0; ms < 1000; ms++) {
    if (ahead.take("a", limit, 1, 1000 + ms) === 0) passed++;
    if (behind.take("a", limit, 1, 950 + ms) === 0) passed++;
  }
  assert.equal(passed, 5 + 9);
});

Deno.test("SharedBuckets forgets what is full again before what is not", () => {
  // One set: all names meet in it.
  const buckets = new SharedBuckets(allocateSlots(1, BUCKET_NUMBERS, SECRET));
  const limit = { rps: 1, burst: 10 };
  for (let name = 0; name < 8; name++) buckets.take(`used ${name}`, limit, 1 + name, 0);
  // At 1 s the first is full again, the others are not.
  buckets.take("new", limit, 1, 1000);
  assert.equal(buckets.take("used 7", limit, 4, 1000), 1000);
  assert.equal(buckets.take("used 1", limit, 10, 1000), 1000);
});

Deno.test("SharedStreams holds all views to one limit, and tells its own", () => {
  const memory = allocateSlots(100, COUNT_NUMBERS, SECRET);
  const [one, other] = [new SharedStreams(memory), new SharedStreams(memory)];
  assert.deepEqual([one.take("a", 2), other.take("a", 2), one.take("a", 2)], [true, true, false]);
  assert.ok(one.take("b", 2));
  assert.deepEqual(other.counts(), [{ label: "a", count: 1 }]);
  other.release("a");
  other.release(null);
  assert.ok(one.take("a", 2));
});

Deno.test("SharedStreams lets nobody in where there is no room to count in", () => {
  const streams = new SharedStreams(allocateSlots(1, COUNT_NUMBERS, SECRET));
  for (let name = 0; name < 8; name++) assert.ok(streams.take(`label ${name}`, 1));
  assert.ok(!streams.take("one more", 1));
  streams.release("label 3");
  assert.ok(streams.take("one more", 1));
});

Deno.test("SharedConnections counts the total and each address, a proxy's in the total only", () => {
  const [total, slots] = [
    new SharedArrayBuffer(4),
    allocateSlots(100, COUNT_NUMBERS, SECRET),
  ];
  const [one, other] = [new SharedConnections(total, slots), new SharedConnections(total, slots)];
  const limits = { total: 4, perAddress: 1 };
  assert.ok(one.take("192.0.2.1", limits, false));
  assert.ok(!other.take("192.0.2.1", limits, false));
  for (let proxied = 0; proxied < 3; proxied++) assert.ok(other.take("192.0.2.2", limits, true));
  assert.ok(!one.take("192.0.2.3", limits, false));
  other.release("192.0.2.2");
  assert.ok(one.take("192.0.2.3", limits, false));
});

Deno.test("SharedBytes holds all views to one limit, above 32 bits too", () => {
  const memory = new SharedArrayBuffer(8);
  const [one, other] = [new SharedBytes(memory), new SharedBytes(memory)];
  const limit = 3 * 2 ** 32;
  assert.ok(one.take(2 ** 33, limit));
  assert.ok(!other.take(2 ** 32 + 1, limit));
  assert.ok(other.take(2 ** 32, limit));
  assert.deepEqual([one.bytes, other.bytes], [2 ** 33, 2 ** 32]);
  one.release(2 ** 33);
  assert.ok(other.take(2 ** 33, limit));
});
