/** Numbers that only make sense beside each other, and the least length of the seal's secret. */
import type { Flaw } from "./document.ts";
import { sizeText } from "./quantity.ts";
import { secretKey } from "./references.ts";
import { configSchema } from "./schema.ts";

/** Shorter, and whoever holds one sealed handle could find it by trying. */
const SEAL_LENGTH = 32;

/** What is wrong between limits that are fine by themselves. */
export function limitFlaws(limits: unknown): Flaw[] {
  const read = configSchema.shape.limits.safeParse(limits);
  if (!read.success || read.data.held >= read.data.body) return [];
  return [{
    path: ["limits", "held"],
    found: sizeText(read.data.held),
    expected: `at least limits.body (${sizeText(read.data.body)}), or no such body could be read`,
  }];
}

/** A `secret` that has been read and is too short. */
export function sealFlaws(secrets: ReadonlyMap<string, string>): Flaw[] {
  const seal = secrets.get(secretKey(["secret"]));
  if (seal === undefined || seal.length >= SEAL_LENGTH) return [];
  return [{
    path: ["secret"],
    found: seal === "" ? "an empty text" : `a text of ${seal.length} characters`,
    expected: `at least ${SEAL_LENGTH} random characters`,
    suggestion: 'make one with "openssl rand -hex 32"',
  }];
}
