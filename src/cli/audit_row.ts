/**
 * One record of the audit log in one row, for people. What clients have sent is never printed raw: a
 * name may hold what steers a terminal.
 */
import type { AuditEntry } from "./audit_log.ts";
import type { Ink } from "./ink.ts";
import { shown } from "./matrix_text.ts";

/** The headings over {@link auditRow}. */
export function auditHeadings(ink: Ink): string {
  return ink.dim(
    [
      "time (UTC)".padEnd(23),
      "key".padEnd(LABEL),
      "what".padEnd(WHAT),
      "decision".padEnd(8),
      "by".padEnd(STAGE),
      "status",
      "      ms",
      "exchange",
    ].join(" "),
  );
}

const LABEL = 16;
const WHAT = 34;
const STAGE = 10;

/** `entry` in one row, and why it was refused below it. */
export function auditRow(entry: AuditEntry, ink: Ink): string {
  const { time, label, decision, stage, status, latency_ms: ms, exchange, reason, detail } = entry;
  const row = [
    time.replace("T", " ").replace("Z", "").padEnd(23),
    cut(label ?? "-", LABEL),
    cut(whatOf(entry), WHAT),
    decision.padEnd(8),
    cut(stage ?? "-", STAGE),
    String(status).padStart(6),
    ms.toFixed(1).padStart(8),
    shown(exchange),
  ].join(" ");
  if (decision === "allow") return row;
  const why = [reason, detail].filter((text) => text !== null).map(plain).join("; ");
  const paint = decision === "deny" ? ink.yellow : ink.red;
  return `${paint(row)}${why === "" ? "" : `\n${ink.dim(`${" ".repeat(24)}${why}`)}`}`;
}

/** What was asked, in short. */
export function whatOf({ http, method, tool }: AuditEntry): string {
  const asked = method ?? http;
  return tool === null ? asked : `${asked} ${tool}`;
}

/** `text` without what steers a terminal. */
export function plain(text: string): string {
  return text.replace(
    /[^\x20-\x7e]/g,
    (mark) => `\\u${mark.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}

function cut(text: string, width: number): string {
  const safe = plain(text);
  return (safe.length > width ? `${safe.slice(0, width - 1)}~` : safe).padEnd(width);
}
