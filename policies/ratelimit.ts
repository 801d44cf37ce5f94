/**
 * `ratelimit`: a token bucket for each key, on a clock that never goes back. Every message costs,
 * denied ones of later stages too, or names could be probed without limit. Batches and large bodies
 * cost more. Buckets survive a reload.
 */
import { allow, deny } from "../src/policy/contract.ts";
import type { Context, GateConfig, PolicyModule, RateLimit } from "../src/policy/contract.ts";
import { TokenBuckets } from "./token_buckets.ts";
import type { BucketsMaker } from "./token_buckets.ts";

/** One more token for every so many bytes of a body: parsing them is what costs (PROTOCOL §4.2.9). */
const BYTES_PER_TOKEN = 256 * 1024;

/** Labels whose bucket is kept; user modules may vouch for any number of them. */
const MAX_LABELS = 262_144;

const PASS = Object.freeze(allow());

/** The module of the stage `ratelimit`, with the buckets that `make` makes. */
export function ratelimitWith(make: BucketsMaker): PolicyModule<Record<never, never>> {
  return {
    name: "ratelimit",
    options: (z) => z.object({}),
    create(_options, host) {
      const { clock, config } = host;
      const buckets = host.keep("buckets", () => make(MAX_LABELS));
      const limits = ownLimits(config);
      return ({ principal: { label }, bodyBytes }: Context) => {
        const limit = limits.get(`=${label}`) ?? config.defaults.rateLimit;
        const waitMs = buckets.take(label, limit, costOf(bodyBytes, limit), clock.monotonic());
        if (waitMs === 0) return PASS;
        const seconds = Math.max(1, Math.ceil(waitMs / 1000));
        const reason = `Rate limit exceeded; retry in ${seconds} s`;
        return deny("rate_limited", reason, { retryAfterMs: waitMs });
      };
    },
  };
}

/** The limits of those keys that have one of their own; there may be very many that do not. */
function ownLimits({ keys, defaults }: GateConfig): Map<string, RateLimit> {
  const limits = new Map<string, RateLimit>();
  for (const { label, rateLimit } of keys) {
    const { rps, burst } = rateLimit;
    if (rps === defaults.rateLimit.rps && burst === defaults.rateLimit.burst) continue;
    limits.set(`=${label}`, rateLimit);
  }
  return limits;
}

/** The module of the stage `ratelimit` of a program that counts alone. */
export const ratelimit = ratelimitWith((capacity) => new TokenBuckets(capacity));

function costOf(bytes: number, limit: RateLimit): number {
  return Math.min(limit.burst, 1 + Math.floor(bytes / BYTES_PER_TOKEN));
}
