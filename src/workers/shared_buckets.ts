/**
 * Token buckets that several threads take from, as exactly as one would: each bucket is looked at and
 * changed under a lock. What is forgotten for want of room are buckets that have filled up again,
 * which say no more than a new one; only where there is none, the one that is nearest to it.
 */
import { levelOf, takeFrom } from "../../policies/token_buckets.ts";
import type { Bucket, Buckets } from "../../policies/token_buckets.ts";
import type { RateLimit } from "../policy/contract.ts";
import { SharedSlots } from "./shared_slots.ts";
import type { SlotsMemory } from "./shared_slots.ts";

/** Numbers of a bucket: tokens, when that was true, when it will be full. */
export const BUCKET_NUMBERS = 3;

const TOKENS = 0;
const AT_MS = 1;
const FULL_MS = 2;

/** One thread's view of buckets. Its clock may differ from that of others by the time of a message. */
export class SharedBuckets implements Buckets {
  readonly #slots: SharedSlots;
  /** The bucket that is looked at, outside of the memory that is shared. */
  readonly #bucket: Bucket = { tokens: 0, atMs: 0 };

  constructor(memory: SlotsMemory) {
    this.#slots = new SharedSlots(memory, (numbers, at) => numbers[at + FULL_MS] as number);
  }

  take(name: string, limit: RateLimit, cost: number, nowMs: number): number {
    const slots = this.#slots;
    const { numbers } = slots;
    const bucket = this.#bucket;
    const at = slots.enter(name);
    try {
      bucket.tokens = slots.isNew ? limit.burst : numbers[at + TOKENS] as number;
      bucket.atMs = slots.isNew ? nowMs : numbers[at + AT_MS] as number;
      const waitMs = takeFrom(bucket, limit, cost, nowMs);
      numbers[at + TOKENS] = bucket.tokens;
      numbers[at + AT_MS] = bucket.atMs;
      const fullMs = bucket.atMs + (limit.burst - bucket.tokens) * 1000 / limit.rps;
      numbers[at + FULL_MS] = Math.min(fullMs, Number.MAX_VALUE);
      return waitMs;
    } finally {
      slots.leave();
    }
  }

  level(name: string, limit: RateLimit, nowMs: number): number {
    const slots = this.#slots;
    const at = slots.enterKnown(name);
    try {
      if (at === -1) return limit.burst;
      const [tokens = 0, atMs = 0] = slots.numbers.subarray(at + TOKENS, at + AT_MS + 1);
      return levelOf({ tokens, atMs }, limit, nowMs);
    } finally {
      slots.leave();
    }
  }
}
