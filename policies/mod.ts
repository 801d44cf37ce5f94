/** The stages that ship, by the names that `pipeline` gives them, and what can be seen of them. */
import type { AnyPolicyModule, Key } from "../src/policy/contract.ts";
import { allowlist } from "./allowlist.ts";
import { audit, auditWith } from "./audit.ts";
import type { SinkOpener } from "./audit.ts";
import { auth, authWith } from "./auth.ts";
import type { LineSink } from "./audit_sink.ts";
import { ratelimit, ratelimitWith } from "./ratelimit.ts";
import type { Buckets, BucketsMaker } from "./token_buckets.ts";

/** All built-in stages, of a program that shares nothing. */
export const BUILT_INS = byName([audit, auth, ratelimit, allowlist]);

/** What the stages of several workers share. */
export interface SharedThings {
  readonly openSink: SinkOpener;
  /** The buckets of keys, and those of addresses whose attempts fail. */
  readonly keyBuckets: BucketsMaker;
  readonly failureBuckets: BucketsMaker;
}

/** All built-in stages, of one worker of several. */
export function sharingBuiltIns(shared: SharedThings): ReadonlyMap<string, AnyPolicyModule> {
  return byName([
    auditWith(shared.openSink),
    authWith(shared.failureBuckets),
    ratelimitWith(shared.keyBuckets),
    allowlist,
  ]);
}

function byName(stages: readonly AnyPolicyModule[]): ReadonlyMap<string, AnyPolicyModule> {
  return new Map(stages.map((stage) => [stage.name, stage] as const));
}

/** What can be seen of the stages. */
export interface StageFacts {
  readonly buckets: readonly {
    readonly label: string;
    readonly tokens: number;
    readonly rps: number;
    readonly burst: number;
  }[];
  readonly audit: {
    readonly waitingBytes: number;
    readonly isFailing: boolean;
    readonly lostLines: number;
  };
}

/**
 * What can be seen of what the stages keep, for plain eyes.
 *
 * @param kept By stage and name
 * @param keys Those whose buckets are looked at
 * @param nowMs On a clock that never goes back
 */
export function stageFacts(
  kept: Iterable<readonly [stage: string, name: string, thing: unknown]>,
  keys: readonly Key[],
  nowMs: number,
): StageFacts {
  const buckets: StageFacts["buckets"][number][] = [];
  const audit = { waitingBytes: 0, isFailing: false, lostLines: 0 };
  for (const [stage, , thing] of kept) {
    if (stage === "ratelimit" && isBuckets(thing)) {
      for (const { label, rateLimit } of keys) {
        const tokens = thing.level(label, rateLimit, nowMs);
        buckets.push({ label, tokens, rps: rateLimit.rps, burst: rateLimit.burst });
      }
    }
    // Two of them, where a reload has chosen another output and the old one is still written.
    if (stage === "audit" && isSink(thing)) {
      audit.waitingBytes += thing.waitingBytes;
      audit.isFailing ||= thing.isFailing;
      audit.lostLines += thing.lostLines;
    }
  }
  return { buckets, audit };
}

/** A user module may have the name of a stage that ships, and keep what it likes. */
function isBuckets(thing: unknown): thing is Buckets {
  return thing instanceof Object && "level" in thing && typeof thing.level === "function";
}

function isSink(thing: unknown): thing is LineSink {
  return thing instanceof Object && "waitingBytes" in thing && "lostLines" in thing;
}
