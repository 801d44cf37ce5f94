/** An exchange and the reasons for its end, as a person reads them. Prints nothing raw that a client chose. */
import type { AuditEntry } from "./audit_log.ts";
import { plain, whatOf } from "./audit_row.ts";
import type { Explanation } from "./explanation.ts";

/** The record in words. */
export function recordText(entry: AuditEntry, where: string): string {
  const { exchange, time, generation, http, protocol, label, remote, status, latency_ms: ms } =
    entry;
  return rows([
    ["exchange", `${exchange}, begun ${time}, generation ${generation} (${where})`],
    ["asked", `${askedText(entry)} (${[http, protocol].filter(Boolean).join(", ")})`],
    ["by", `${label === null ? "nobody known" : label}, from ${remote}`],
    ["decision", decisionText(entry)],
    [
      "answered",
      `${status === 0 ? "nothing" : `status ${status}`} after ${ms} ms, ${endText(entry)}`,
    ],
  ]);
}

/** The reasons in words. */
export function explanationText(explanation: Explanation, notes: readonly string[]): string {
  const { rule, place, advice } = explanation;
  return rows([
    ...(rule === null ? [] : [["rule", rule] as const]),
    ...(place === null ? [] : [["", placeText(place)] as const]),
    ...(advice === null ? [] : [["advice", advice] as const]),
    ...notes.map((note) => ["note", note] as const),
  ]);
}

/** Of a request that was refused before its body was read nothing more is known. */
function askedText(entry: AuditEntry): string {
  return entry.method === null && entry.http === "POST"
    ? "a call that was not read"
    : whatOf(entry);
}

/** Who decided what, and why. */
export function decisionText({ decision, stage, reason, detail }: AuditEntry): string {
  const why = [reason, detail].filter((text) => text !== null).join("; ");
  return `${decision}${stage === null ? "" : `, by ${stage}`}${why === "" ? "" : `: ${why}`}`;
}

function placeText({ file, line, column, excerpt }: NonNullable<Explanation["place"]>): string {
  return `${file}:${line}:${column}${excerpt === null ? "" : `: ${excerpt.slice(0, 120)}`}`;
}

function endText({ end }: AuditEntry): string {
  return {
    complete: "complete",
    client_gone: "but the client had left",
    upstream_error: "cut short by a failure of the server",
    revoked: "ended because the key lost what it may use",
    shutdown: "ended because the gate was stopped",
  }[end] ?? end;
}

function rows(items: readonly (readonly [string, string])[]): string {
  return items.map(([name, text]) => `${name.padEnd(10)}${plain(text)}\n`).join("");
}
