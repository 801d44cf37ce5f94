/** What can be seen of the stages that ship, of what they keep over reloads. */
import assert from "node:assert/strict";
import { stageFacts } from "../../policies/mod.ts";
import { TokenBuckets } from "../../policies/token_buckets.ts";
import { keyNamed } from "./lent_host.ts";

const LIMIT = { rps: 4, burst: 8 };
const KEYS = [keyNamed("a", { rateLimit: LIMIT }), keyNamed("b", { rateLimit: LIMIT })];

Deno.test("stageFacts tells the bucket of each key, and not those of addresses", () => {
  const keys = new TokenBuckets(10);
  const addresses = new TokenBuckets(10);
  keys.take("a", LIMIT, 3, 0);
  addresses.take("a", LIMIT, 1, 0);
  const facts = stageFacts(
    [["auth", "failures", addresses], ["ratelimit", "buckets", keys]],
    KEYS,
    250,
  );
  assert.deepEqual(facts.buckets, [
    { label: "a", tokens: 6, ...LIMIT },
    { label: "b", tokens: 8, ...LIMIT },
  ]);
});

Deno.test("stageFacts adds up the sinks of two outputs", () => {
  const sink = { waitingBytes: 7, isFailing: false, lostLines: 1 };
  const { audit } = stageFacts(
    [["audit", "sink a", sink], ["audit", "sink b", { ...sink, isFailing: true }]],
    KEYS,
    0,
  );
  assert.deepEqual(audit, { waitingBytes: 14, isFailing: true, lostLines: 2 });
});

Deno.test("stageFacts is not misled by a module that has a stage's name", () => {
  const { buckets, audit } = stageFacts(
    [["ratelimit", "mine", new Map()], ["audit", "mine", null], ["audit", "other", 7]],
    KEYS,
    0,
  );
  assert.deepEqual([buckets, audit.waitingBytes], [[], 0]);
});
