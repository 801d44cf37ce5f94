/**
 * Two results of the conformance suite beside each other: what of the second is worse than the first.
 * Pure.
 */
import type { Checks, Status } from "./suite.ts";

/** From good to bad. Only the first is a pass. */
const ORDER: readonly Status[] = ["SUCCESS", "INFO", "SKIPPED", "WARNING", "FAILURE"];

/**
 * A sentence for each check that passes in `direct` and not in `gated`, that ends worse than it did,
 * or that complains although it was not even made before.
 */
export function worseThrough(direct: Checks, gated: Checks): string[] {
  const worse: string[] = [];
  for (const name of new Set([...direct.keys(), ...gated.keys()])) {
    const before = direct.get(name)?.status ?? "SKIPPED";
    const after = gated.get(name) ?? { status: "SKIPPED", message: "was not made" };
    if (ORDER.indexOf(after.status) <= ORDER.indexOf(before)) continue;
    // Remarks on what was seen come in any number.
    if (before === "INFO" && !gated.has(name)) continue;
    worse.push(`${name}: ${before} without the gate, ${after.status}: ${after.message}`);
  }
  return worse;
}

/** How many checks ended in each way. */
export function counted(checks: Checks): Record<Status, number> {
  const counts = { SUCCESS: 0, INFO: 0, SKIPPED: 0, WARNING: 0, FAILURE: 0 };
  for (const { status } of checks.values()) counts[status]++;
  return counts;
}
