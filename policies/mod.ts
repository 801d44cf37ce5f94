/** The stages that ship, by the names that `pipeline` gives them. */
import type { AnyPolicyModule } from "../src/policy/contract.ts";
import { allowlist } from "./allowlist.ts";
import { audit } from "./audit.ts";
import { auth } from "./auth.ts";
import { ratelimit } from "./ratelimit.ts";

const STAGES: readonly AnyPolicyModule[] = [audit, auth, ratelimit, allowlist];

/** All built-in stages. */
export const BUILT_INS: ReadonlyMap<string, AnyPolicyModule> = new Map(
  STAGES.map((stage) => [stage.name, stage] as const),
);
