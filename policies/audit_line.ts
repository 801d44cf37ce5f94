/**
 * One exchange as one line of JSON: printable ASCII only, never longer than the limit. It holds what
 * was asked for by name, never arguments or results. Knows no file.
 */
import type { Outcome } from "../src/policy/contract.ts";

/** Lengths tried in turn for each text, as escaped, until the line fits. */
const LENGTHS = [1024, 512, 256, 128, 64, 32, 16, 8, 6, 0];

/** U+2026, as it stands in a line, at the end of a text that was cut. */
const ELLIPSIS = "\\u2026";

/**
 * The line of `outcome`, with its line feed at most `limitBytes` long; long texts are cut and end in
 * an ellipsis. What never varies takes about 400 bytes: a smaller limit is exceeded.
 */
export function auditLine(outcome: Outcome, limitBytes: number): string {
  const line = write(outcome, quoted);
  if (line.length <= limitBytes) return line;
  let shorter = line;
  for (const length of LENGTHS) {
    shorter = write(outcome, (text) => quoted(text, length));
    if (shorter.length <= limitBytes) break;
  }
  return shorter;
}

function write(outcome: Outcome, quote: (text: string) => string): string {
  const text = (value: string | null) => value === null ? "null" : quote(value);
  // Its id, its decision and how it ended are the gate's own words, and stand as they are.
  return `{"time":"${timeText(outcome.startedMs)}","exchange":"${outcome.exchange}"` +
    `,"generation":${outcome.generation},"label":${text(outcome.label)}` +
    `,"http":${text(outcome.http)},"method":${text(outcome.method)}` +
    `,"tool":${text(outcome.subject)},"decision":"${outcome.decision}"` +
    (outcome.stage === null && outcome.reason === null && outcome.detail === null
      ? ',"stage":null,"reason":null,"detail":null,"status":'
      : `,"stage":${text(outcome.stage)},"reason":${text(outcome.reason)}` +
        `,"detail":${text(outcome.detail)},"status":`) +
    `${outcome.status},"latency_ms":${Math.round(outcome.latencyMs * 1000) / 1000}` +
    `,"bytes_in":${outcome.bytesIn},"bytes_out":${outcome.bytesOut}` +
    `,"remote":${text(outcome.remote)},"session":${text(outcome.session)}` +
    `,"protocol":${text(outcome.protocol)},"end":"${outcome.end}"}\n`;
}

let second = NaN;
let secondText = "";

/** The time in UTC, by RFC 3339 with milliseconds; all but those is worked out once a second. */
function timeText(ms: number): string {
  const milliseconds = Math.floor(ms) % 1000;
  const started = Math.floor(ms) - milliseconds;
  if (started !== second) {
    second = started;
    secondText = new Date(second).toISOString().slice(0, -"000Z".length);
  }
  return `${secondText}${String(milliseconds).padStart(3, "0")}Z`;
}

/** What stands in a line as it is. */
const PLAIN = /^[\x20\x21\x23-\x5b\x5d-\x7e]*$/;

/** `text` as a JSON string in printable ASCII, between its quotes at most `length` long. */
function quoted(text: string, length = Infinity): string {
  if (text.length <= length && PLAIN.test(text)) return `"${text}"`;
  const whole = escaped(text);
  if (whole.length - 2 <= length) return whole;
  if (length < ELLIPSIS.length) return '""';
  const room = length - ELLIPSIS.length;
  let end = 1;
  // Never cut inside an escape: one is a backslash and a letter, or that and four digits.
  for (let next = end; next <= room + 1; next += escapeLength(whole, next)) end = next;
  return `${whole.slice(0, end)}${ELLIPSIS}"`;
}

function escapeLength(text: string, at: number): number {
  if (text[at] !== "\\") return 1;
  return text[at + 1] === "u" ? 6 : 2;
}

/** JSON leaves DEL and all beyond ASCII as they are: terminals and log readers may not. */
function escaped(text: string): string {
  return JSON.stringify(text).replace(
    /[\x7f-\uffff]/g,
    (unit) => "\\u" + unit.charCodeAt(0).toString(16).padStart(4, "0"),
  );
}
