/** The stages that ship, by the names that `pipeline` gives them. */
import type { AnyPolicyModule } from "../src/policy/contract.ts";
import { allowlist } from "./allowlist.ts";
import { audit, auditWith } from "./audit.ts";
import type { SinkOpener } from "./audit.ts";
import { auth, authWith } from "./auth.ts";
import { ratelimit, ratelimitWith } from "./ratelimit.ts";
import type { BucketsMaker } from "./token_buckets.ts";

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
