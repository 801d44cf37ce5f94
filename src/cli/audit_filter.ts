/** Which records of the audit log are meant: the flags that say so, and the question they become. */
import { parseDay, parseExpiry } from "../config/expiry.ts";
import { parseDuration } from "../config/quantity.ts";
import type { AuditEntry } from "./audit_log.ts";
import { UsageError } from "./usage.ts";

/** The flags. */
export const FILTER_FLAGS = {
  label: { type: "string" },
  tool: { type: "string" },
  decision: { type: "string" },
  stage: { type: "string" },
  since: { type: "string" },
} as const;

/** The lines about them in a command's help. */
export const FILTER_HELP =
  `  --label LABEL       of this key only; "-" of nobody, before authentication
  --tool NAME         about this tool, prompt or resource; * stands for anything
  --decision WORD     allow, deny or error
  --stage STAGE       decided by this stage, such as allowlist, door or upstream
  --since TIME        begun since then: a duration (2h, 30m), a date or an RFC 3339 time
`;

/** What the flags said. */
export type FilterValues = { readonly [name in keyof typeof FILTER_FLAGS]?: string | undefined };

const DECISIONS = ["allow", "deny", "error"];

const DAY_MS = 86_400_000;

/**
 * Whether a record is meant.
 *
 * @throws {UsageError} for a decision or time that is none
 */
export function filterOf(values: FilterValues, nowMs: number): (entry: AuditEntry) => boolean {
  const { label, tool, decision, stage, since } = values;
  if (decision !== undefined && !DECISIONS.includes(decision)) {
    throw new UsageError(
      `--decision: found ${JSON.stringify(decision)}, expected ${DECISIONS.join(", ")}`,
    );
  }
  // Times are written alike, so that they compare like texts.
  const from = since === undefined ? "" : new Date(timeOf(since, nowMs)).toISOString();
  const isTool = tool === undefined ? null : patternOf(tool);
  return (entry) =>
    (label === undefined || entry.label === (label === "-" ? null : label)) &&
    (isTool === null || (entry.tool !== null && isTool(entry.tool))) &&
    (decision === undefined || entry.decision === decision) &&
    (stage === undefined || entry.stage === stage) &&
    entry.time >= from;
}

/** The point in time that `text` means, seen from `nowMs`. */
function timeOf(text: string, nowMs: number): number {
  const days = /^(\d{1,5})d$/.exec(text);
  if (days !== null) return nowMs - Number(days[1]) * DAY_MS;
  const ago = parseDuration(text);
  if (ago !== null) return Math.max(0, nowMs - ago);
  const time = parseDay(text) ?? parseExpiry(text);
  if (time !== null) return time;
  throw new UsageError(
    `--since: found ${
      JSON.stringify(text)
    }, expected a duration such as 2h or 7d, a date or an RFC 3339 time`,
  );
}

/** `*` stands for any run of characters, as in the configuration. */
function patternOf(pattern: string): (name: string) => boolean {
  const parts = pattern.split("*").map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, "\\$&"));
  const expression = new RegExp(`^${parts.join("[^]*")}$`);
  return (name) => expression.test(name);
}
