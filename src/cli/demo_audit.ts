/**
 * The audit file as the demo shows it: new lines as they are written, each in one row for people.
 * Reads what the gate's audit stage wrote, and nothing else.
 */
import type { Ink } from "./ink.ts";

/** One line of the audit file, parsed. */
export interface AuditEntry {
  /** The line itself. */
  readonly line: string;
  readonly time: string;
  readonly label: string;
  /** The JSON-RPC method, or the HTTP one where the gate did not read so far. */
  readonly method: string;
  /** The tool's or prompt's name or the resource's URI; may be empty. */
  readonly subject: string;
  readonly decision: string;
  readonly stage: string;
  readonly status: number;
  readonly latencyMs: number;
}

/** Reads the audit file from where it stopped the last time. */
export class AuditReader implements Disposable {
  readonly #file: Deno.FsFile;
  readonly #decoder = new TextDecoder();
  #rest = "";

  /** @param path An existing file */
  constructor(path: string) {
    this.#file = Deno.openSync(path);
  }

  /** The entries that have been completed since. */
  fresh(): AuditEntry[] {
    const buffer = new Uint8Array(16 * 1024);
    for (let size = 0; (size = this.#file.readSync(buffer) ?? 0) > 0;) {
      this.#rest += this.#decoder.decode(buffer.subarray(0, size), { stream: true });
    }
    const lines = this.#rest.split("\n");
    this.#rest = lines.pop() ?? "";
    return lines.filter((line) => line !== "").map(entry);
  }

  [Symbol.dispose](): void {
    this.#file.close();
  }
}

function entry(line: string): AuditEntry {
  const fields: Record<string, unknown> = JSON.parse(line);
  const text = (name: string) => printable(fields[name]);
  return {
    line,
    time: text("time"),
    label: text("label"),
    method: text("method") || text("http"),
    subject: text("tool"),
    decision: text("decision"),
    stage: text("stage"),
    status: Number(fields["status"]),
    latencyMs: Number(fields["latency_ms"]),
  };
}

/** A client chooses tool names: parsed, they may hold what drives a terminal. */
function printable(value: unknown): string {
  if (typeof value !== "string") return "";
  return value.replace(/[^\x20-\x7e]/g, "?").slice(0, 60);
}

/** The headings over {@link auditRow}. */
export function auditHeadings(ink: Ink): string {
  return ink.dim(columns("time (UTC)", "key", "what", "decision", "by", "status", "ms"));
}

/** One entry in one row; `times` where it stands for several alike. */
export function auditRow(entry: AuditEntry, ink: Ink, times = 1): string {
  const { time, label, method, subject, decision, stage, status, latencyMs } = entry;
  const what = `${subject === "" ? method : `${method} ${subject}`}${
    times > 1 ? ` ×${times}` : ""
  }`;
  const clock = time.slice(11, 23);
  const row = columns(clock, label || "-", what, decision, stage || "-", status, latencyMs);
  return decision === "allow" ? row : ink.yellow(row);
}

function columns(...[time, label, what, decision, by, status, ms]: (string | number)[]): string {
  const latency = typeof ms === "number" ? ms.toFixed(1) : ms;
  return `${pad(time, 13)} ${pad(label, 6)} ${pad(what, 26)} ${pad(decision, 9)} ` +
    `${pad(by, 10)} ${pad(status, 6)} ${String(latency).padStart(6)}`;
}

function pad(value: string | number | undefined, width: number): string {
  return String(value).padEnd(width);
}

/** `entries` in rows, those in a row that differ in time only taken together. */
export function auditTable(entries: readonly AuditEntry[], ink: Ink): string[] {
  const groups: { entry: AuditEntry; times: number }[] = [];
  for (const entry of entries) {
    const last = groups.at(-1);
    if (last !== undefined && alike(last.entry, entry)) last.times += 1;
    else groups.push({ entry, times: 1 });
  }
  return groups.map(({ entry, times }) => auditRow(entry, ink, times));
}

function alike(a: AuditEntry, b: AuditEntry): boolean {
  return a.label === b.label && a.method === b.method && a.subject === b.subject &&
    a.decision === b.decision && a.stage === b.stage && a.status === b.status;
}
