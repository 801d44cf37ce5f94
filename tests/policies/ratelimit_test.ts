/** The stage `ratelimit` and its buckets: tables for the rules, generated traffic for the bound (P13). */
import assert from "node:assert/strict";
import { ratelimit } from "../../policies/ratelimit.ts";
import { TokenBuckets } from "../../policies/token_buckets.ts";
import type { Call, Decision } from "../../src/policy/contract.ts";
import { fuzz } from "../support/fuzz.ts";
import { asked, build, keyNamed, LentHost, request } from "./lent_host.ts";

const LIMIT = { rps: 4, burst: 2 };
const KEYS = [keyNamed("a", { rateLimit: LIMIT }), keyNamed("b", { rateLimit: LIMIT })];

const CALLS: { name: string; call: Call }[] = [
  { name: "a request", call: request("ping") },
  { name: "a notification", call: { kind: "notification", method: "notifications/x", params: {} } },
  { name: "a reply", call: { kind: "reply", id: 1, toolUses: [] } },
  { name: "a GET", call: { kind: "listen" } },
  { name: "a DELETE", call: { kind: "end" } },
];

for (const { name, call } of CALLS) {
  Deno.test(`ratelimit lets the burst pass and then denies ${name}`, async () => {
    await using host = new LentHost({ keys: KEYS });
    const ask = await build(ratelimit, host);
    assert.equal((await ask(asked(call))).verdict, "allow");
    assert.equal((await ask(asked(call))).verdict, "allow");
    assert.deepEqual(await ask(asked(call)), {
      verdict: "deny",
      kind: "rate_limited",
      reason: "Rate limit exceeded; retry in 1 s",
      retryAfterMs: 250,
    });
  });
}

Deno.test("retryAfterMs is exact to the millisecond, and a denied message consumes nothing", () => {
  fuzz(300, (random) => {
    const limit = { rps: 1 + random.below(2000) / 7, burst: 1 + random.below(40) };
    const buckets = new TokenBuckets(10);
    let nowMs = random.below(1000);
    while (buckets.take("a", limit, 1, nowMs) === 0) nowMs += random.below(2);
    const cost = 1 + random.below(limit.burst);
    const waitMs = buckets.take("a", limit, cost, nowMs);
    if (waitMs === 0) return;
    for (let again = 0; again < 3; again++) {
      assert.ok(buckets.take("a", limit, cost, nowMs + waitMs - 1) > 0);
    }
    assert.equal(buckets.take("a", limit, cost, nowMs + waitMs), 0);
  });
});

Deno.test("no window of any length passes more than burst + rate x time (P13)", () => {
  fuzz(60, (random) => {
    const limit = { rps: 1 + random.below(100), burst: 1 + random.below(20) };
    const buckets = new TokenBuckets(10);
    const passed: { atMs: number; cost: number }[] = [];
    let nowMs = 0;
    for (let message = 0; message < 300; message++) {
      nowMs += random.chance(0.1) ? random.below(500) : random.below(10);
      const cost = Math.min(limit.burst, 1 + random.below(3));
      if (buckets.take("a", limit, cost, nowMs) === 0) passed.push({ atMs: nowMs, cost });
      buckets.take("b", limit, 1, nowMs);
    }
    for (const [index, first] of passed.entries()) {
      let sum = 0;
      for (const { atMs, cost } of passed.slice(index)) {
        sum += cost;
        assert.ok(sum <= limit.burst + limit.rps * (atMs - first.atMs) / 1000 + 1e-6);
      }
    }
  });
});

Deno.test("traffic of another key changes no decision for a key (P13)", () => {
  fuzz(40, (random) => {
    const limit = { rps: 1 + random.below(50), burst: 1 + random.below(10) };
    const [alone, shared] = [new TokenBuckets(10), new TokenBuckets(10)];
    let nowMs = 0;
    for (let message = 0; message < 100; message++) {
      nowMs += random.below(40);
      while (random.chance(0.7)) shared.take("b", limit, 1, nowMs);
      assert.equal(shared.take("a", limit, 1, nowMs), alone.take("a", limit, 1, nowMs));
    }
  });
});

const COSTS = [
  { name: "a small body", bytes: 100, burst: 100, cost: 1 },
  { name: "one byte below 256 KiB", bytes: 262_143, burst: 100, cost: 1 },
  { name: "256 KiB", bytes: 262_144, burst: 100, cost: 2 },
  { name: "4 MiB", bytes: 4_194_304, burst: 100, cost: 17 },
  { name: "4 MiB where the burst is smaller", bytes: 4_194_304, burst: 5, cost: 5 },
];

for (const { name, bytes, burst, cost } of COSTS) {
  Deno.test(`${name} costs ${cost}`, async () => {
    await using host = new LentHost({ keys: [keyNamed("a", { rateLimit: { rps: 1, burst } })] });
    const ask = await build(ratelimit, host);
    assert.equal((await ask(asked(request("ping"), { bodyBytes: bytes }))).verdict, "allow");
    let left = 0;
    while ((await ask(asked(request("ping")))).verdict === "allow") left++;
    assert.equal(left, burst - cost);
  });
}

Deno.test("a label without a key has the default limit, and a bucket of its own", async () => {
  await using host = new LentHost({
    keys: KEYS,
    defaults: { rateLimit: { rps: 1, burst: 1 }, rateLimitReply: "http" },
  });
  const ask = await build(ratelimit, host);
  const verdicts: Decision["verdict"][] = [];
  for (const label of ["guest", "guest", "visitor"]) {
    verdicts.push((await ask(asked(request("ping"), {}, label))).verdict);
  }
  assert.deepEqual(verdicts, ["allow", "deny", "allow"]);
});

Deno.test("a reload is no amnesty: a bucket keeps what it holds when its limit changes", async () => {
  await using host = new LentHost({ keys: [keyNamed("a", { rateLimit: { rps: 1, burst: 3 } })] });
  const before = await build(ratelimit, host);
  for (let message = 0; message < 3; message++) await before(asked(request("ping")));
  host.config = new LentHost({ keys: [keyNamed("a", { rateLimit: { rps: 10, burst: 50 } })] })
    .config;
  const after = await build(ratelimit, host);
  assert.equal((await after(asked(request("ping")))).verdict, "deny");
  host.clock.ms += 100;
  assert.equal((await after(asked(request("ping")))).verdict, "allow");
});

Deno.test("a smaller burst takes what does not fit any more", () => {
  const buckets = new TokenBuckets(10);
  buckets.take("a", { rps: 1, burst: 100 }, 1, 0);
  const small = { rps: 1, burst: 2 };
  assert.equal(buckets.take("a", small, 2, 0), 0);
  assert.equal(buckets.take("a", small, 1, 0), 1000);
});

Deno.test("TokenBuckets holds no more than its capacity, and forgets the unused first", () => {
  const buckets = new TokenBuckets(100);
  const limit = { rps: 0.001, burst: 1 };
  for (let name = 0; name < 1000; name++) {
    buckets.take("busy", limit, 1, name);
    buckets.take(String(name), limit, 1, name);
    assert.ok(buckets.size <= 100);
  }
  assert.ok(buckets.take("busy", limit, 1, 1000) > 0);
  assert.equal(buckets.take("0", limit, 1, 1000), 0);
});

Deno.test("a level is what could be taken, and looking at it changes nothing", () => {
  fuzz(200, (random) => {
    const limit = { rps: 1 + random.below(50), burst: 1 + random.below(40) };
    const buckets = new TokenBuckets(10);
    let nowMs = 0;
    for (let step = 0; step < 20; step++) {
      nowMs += random.below(500);
      const level = buckets.level("a", limit, nowMs);
      assert.equal(buckets.level("a", limit, nowMs), level);
      const fits = buckets.take("a", limit, 1, nowMs) === 0;
      assert.equal(fits, level >= 1 - 1e-9, `${level} tokens`);
    }
  });
});

Deno.test("a bucket nobody has used is full, and is not made by looking at it", () => {
  const buckets = new TokenBuckets(10);
  assert.deepEqual([buckets.level("a", LIMIT, 0), buckets.size], [2, 0]);
});
