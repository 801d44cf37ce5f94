/** An audit line: its fields and their order, and what holds of it whatever was asked for. */
import assert from "node:assert/strict";
import { auditLine } from "../../policies/audit_line.ts";
import { fuzz } from "../support/fuzz.ts";
import type { Random } from "../support/random.ts";
import { outcome } from "./lent_host.ts";

Deno.test("auditLine writes the fields of the design in their order", () => {
  const line = auditLine(
    outcome({
      exchange: "e-1",
      generation: 3,
      decision: "deny",
      stage: "allowlist",
      reason: "Unknown tool: x",
      detail: "why",
      latencyMs: 1.23456,
      session: "0123456789ab",
      end: "client_gone",
    }),
    2048,
  );
  assert.equal(
    line,
    '{"time":"2027-01-15T08:00:00.000Z","exchange":"e-1","generation":3,"label":"a","http":"POST",' +
      '"method":"tools/call","tool":"read_file","decision":"deny","stage":"allowlist",' +
      '"reason":"Unknown tool: x","detail":"why","status":200,"latency_ms":1.235,"bytes_in":100,' +
      '"bytes_out":200,"remote":"192.0.2.1","session":"0123456789ab","protocol":"2025-11-25",' +
      '"end":"client_gone"}\n',
  );
});

Deno.test("auditLine writes what is not known as null", () => {
  const line = auditLine(outcome({ label: null, method: null, subject: null }), 2048);
  assert.match(line, /"label":null,"http":"POST","method":null,"tool":null/);
});

const ESCAPED = [
  { name: "quotes and backslashes", subject: 'a"b\\c', tool: String.raw`a\"b\\c` },
  { name: "line feeds and NUL", subject: "a\nb\0c", tool: String.raw`a\nb\u0000c` },
  { name: "DEL and C1 controls", subject: "\x7f\x9b", tool: String.raw`\u007f\u009b` },
  { name: "letters beyond ASCII", subject: "Käse", tool: String.raw`K\u00e4se` },
  { name: "line separators", subject: "\u2028", tool: String.raw`\u2028` },
  { name: "characters beyond the BMP", subject: "😀", tool: String.raw`\ud83d\ude00` },
  { name: "a lone surrogate", subject: "\ud83d!", tool: String.raw`\ud83d!` },
];

for (const { name, subject, tool } of ESCAPED) {
  Deno.test(`auditLine escapes ${name}`, () => {
    const line = auditLine(outcome({ subject }), 2048);
    assert.ok(line.includes(`"tool":"${tool}",`), line);
    assert.equal(JSON.parse(line).tool, subject);
  });
}

Deno.test("auditLine cuts what is too long and says so with an ellipsis", () => {
  const line = auditLine(outcome({ subject: "x".repeat(5000) }), 2048);
  assert.match(JSON.parse(line).tool, /^x{1000,}…$/);
  assert.ok(line.includes(String.raw`x\u2026"`));
});

Deno.test("auditLine keeps short texts whole beside a long one", () => {
  const read = JSON.parse(auditLine(outcome({ subject: "x".repeat(5000), detail: "why" }), 2048));
  assert.equal(read.detail, "why");
  assert.equal(read.label, "a");
});

Deno.test("a line is printable ASCII, valid JSON and no longer than its limit, whatever is in it", () => {
  fuzz(3000, (random) => {
    const limit = 600 + random.below(1500);
    const shown = outcome({
      subject: randomText(random),
      method: randomText(random),
      label: randomText(random),
      detail: randomText(random),
      reason: randomText(random),
      remote: randomText(random),
    });
    const line = auditLine(shown, limit);
    assert.match(line, /^[\x20-\x7e]+\n$/);
    assert.ok(line.length <= limit, `${line.length} > ${limit}`);
    const read = JSON.parse(line);
    for (const [field, text] of [["tool", shown.subject], ["detail", shown.detail]] as const) {
      assert.ok(read[field] === text || isCut(read[field], text ?? ""));
    }
  });
});

function isCut(shown: string, text: string): boolean {
  return shown === "" || (shown.endsWith("…") && text.startsWith(shown.slice(0, -1)));
}

function randomText(random: Random): string {
  const pieces = [
    "a",
    '"',
    "\\",
    "\n",
    "\0",
    "é",
    "😀",
    "\ud800",
    "\u2026",
    "\x7f",
    "{}",
    "x".repeat(50),
  ];
  const length = random.chance(0.2) ? random.below(2000) : random.below(20);
  return Array.from({ length }, () => random.pick(pieces)).join("");
}
