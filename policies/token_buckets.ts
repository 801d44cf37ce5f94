/**
 * Token buckets by name, in bounded memory: what `ratelimit` keeps for keys and `auth` for addresses
 * whose attempts fail. Time is an argument; nothing here knows who is counted or why.
 */
import type { RateLimit } from "../src/policy/contract.ts";

/** Buckets by name, wherever they are kept. */
export interface Buckets {
  /**
   * Takes `cost` tokens out of the bucket of `name` and gives 0; or takes none and gives the
   * milliseconds after which they will be there. `limit` may change from call to call: the bucket
   * keeps what it holds, as far as it fits.
   *
   * @param cost At most `limit.burst`, else it never succeeds
   * @param nowMs On a clock that never goes back
   */
  take(name: string, limit: RateLimit, cost: number, nowMs: number): number;
  /** The tokens in the bucket of `name`, for the eye: nothing is taken, and nothing remembered. */
  level(name: string, limit: RateLimit, nowMs: number): number;
}

/** Makes the buckets of one stage. */
export type BucketsMaker = (capacity: number) => Buckets;

/** One bucket. */
export interface Bucket {
  tokens: number;
  /** When `tokens` was true. */
  atMs: number;
}

/** Tolerates what rounding of fractions of tokens adds up to. */
const EPSILON = 1e-9;

/** Buckets that were full once, and are again after long enough. */
export class TokenBuckets implements Buckets {
  readonly #halfCapacity: number;
  /** A bucket used moves to `#young`; when that is full, what is left in `#old` is forgotten. */
  #young = new Map<string, Bucket>();
  #old = new Map<string, Bucket>();

  /** @param capacity Most buckets held at once; those unused for longest go first */
  constructor(capacity: number) {
    this.#halfCapacity = Math.max(1, Math.floor(capacity / 2));
  }

  /** How many buckets are held. */
  get size(): number {
    return this.#young.size + this.#old.size;
  }

  take(name: string, limit: RateLimit, cost: number, nowMs: number): number {
    const bucket = this.#find(name) ?? this.#keep(name, { tokens: limit.burst, atMs: nowMs });
    return takeFrom(bucket, limit, cost, nowMs);
  }

  level(name: string, limit: RateLimit, nowMs: number): number {
    const bucket = this.#young.get(`=${name}`) ?? this.#old.get(`=${name}`);
    return bucket === undefined ? limit.burst : levelOf(bucket, limit, nowMs);
  }

  #find(name: string): Bucket | undefined {
    // The prefix: names of digits only would collide in V8's unseeded hash.
    const key = `=${name}`;
    const young = this.#young.get(key);
    if (young !== undefined) return young;
    const old = this.#old.get(key);
    if (old === undefined) return undefined;
    this.#old.delete(key);
    return this.#keep(name, old);
  }

  #keep(name: string, bucket: Bucket): Bucket {
    if (this.#young.size >= this.#halfCapacity) {
      this.#old = this.#young;
      this.#young = new Map();
    }
    this.#young.set(`=${name}`, bucket);
    return bucket;
  }
}

/** {@link Buckets.take} of one bucket. Several who share it may have clocks that differ a little. */
export function takeFrom(bucket: Bucket, limit: RateLimit, cost: number, nowMs: number): number {
  bucket.tokens = levelOf(bucket, limit, nowMs);
  // Never back: what has flowed in once would flow in again.
  bucket.atMs = Math.max(bucket.atMs, nowMs);
  const missing = cost - bucket.tokens;
  if (missing > EPSILON) return Math.ceil((missing - EPSILON) * 1000 / limit.rps);
  bucket.tokens = Math.max(0, -missing);
  return 0;
}

/** {@link Buckets.level} of one bucket. */
export function levelOf(bucket: Bucket, limit: RateLimit, nowMs: number): number {
  const gained = Math.max(0, nowMs - bucket.atMs) * limit.rps / 1000;
  return Math.min(limit.burst, bucket.tokens + gained);
}
