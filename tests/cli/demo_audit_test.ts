/** The audit file, read while it grows and shown in rows. */
import assert from "node:assert/strict";
import { AuditReader, auditRow, auditTable } from "../../src/cli/demo_audit.ts";
import { inkFor } from "../../src/cli/ink.ts";
import { memoryWorld } from "./memory_world.ts";

const LINE = JSON.stringify({
  time: "2026-11-22T12:00:00.123Z",
  label: "demo",
  http: "POST",
  method: "tools/call",
  tool: "read_note",
  decision: "allow",
  stage: null,
  status: 200,
  latency_ms: 1.25,
});
const PLAIN = inkFor(memoryWorld([]));

/** The entries after each of `pieces` has been written. */
async function readAfterEach(pieces: readonly (string | Uint8Array)[]) {
  const path = await Deno.makeTempFile();
  try {
    using reader = new AuditReader(path);
    return pieces.map((piece) => {
      const bytes = typeof piece === "string" ? new TextEncoder().encode(piece) : piece;
      Deno.writeFileSync(path, bytes, { append: true });
      return reader.fresh();
    });
  } finally {
    await Deno.remove(path);
  }
}

async function entryOf(fields: Record<string, unknown>) {
  const line = JSON.stringify({ ...JSON.parse(LINE), ...fields });
  const entry = (await readAfterEach([`${line}\n`]))[0]?.[0];
  assert.ok(entry !== undefined);
  return entry;
}

Deno.test("AuditReader tells an entry once, when its line is complete, wherever it is split", async () => {
  const bytes = new TextEncoder().encode(`${LINE}\n`);
  for (let at = 1; at < bytes.length; at++) {
    const [first, second, third] = await readAfterEach([
      bytes.subarray(0, at),
      bytes.subarray(at),
      "",
    ]);
    assert.deepEqual([first?.length, second?.length, third?.length], [0, 1, 0], `split at ${at}`);
    assert.equal(second?.[0]?.line, LINE);
  }
});

Deno.test("AuditReader reads more lines than fit its buffer", async () => {
  const [entries] = await readAfterEach([`${LINE}\n`.repeat(200)]);
  assert.equal(entries?.length, 200);
});

Deno.test("auditRow shows who did what, and how it ended", async () => {
  assert.equal(
    auditRow(await entryOf({}), PLAIN),
    "12:00:00.123  demo   tools/call read_note       allow     -          200       1.3",
  );
});

Deno.test("auditRow shows the HTTP method where there was no call", async () => {
  const entry = await entryOf({
    label: null,
    method: null,
    tool: null,
    decision: "deny",
    stage: "auth",
    status: 401,
  });
  assert.equal(
    auditRow(entry, PLAIN),
    "12:00:00.123  -      POST                       deny      auth       401       1.3",
  );
});

Deno.test("auditRow lets nothing through that drives a terminal", async () => {
  const entry = await entryOf({ tool: "\x1b[2J\x07\u202e\u009b" });
  assert.doesNotMatch(auditRow(entry, PLAIN), /[^\x20-\x7e]/);
});

Deno.test("auditTable takes entries together that follow each other and differ in time only", async () => {
  const [entries = []] = await readAfterEach([`${LINE}\n`.repeat(3)]);
  const other = await entryOf({ tool: "delete_notes", decision: "deny" });
  const rows = auditTable([...entries, other, ...entries.slice(0, 1)], PLAIN);
  assert.deepEqual(rows.map((row) => row.slice(21, 47).trim()), [
    "tools/call read_note ×3",
    "tools/call delete_notes",
    "tools/call read_note",
  ]);
});

const COLOURS: { name: string; terminal: boolean; env: Record<string, string>; colour: boolean }[] =
  [
    { name: "on a terminal", terminal: true, env: {}, colour: true },
    { name: "in a pipe", terminal: false, env: {}, colour: false },
    { name: "with NO_COLOR", terminal: true, env: { NO_COLOR: "1" }, colour: false },
    { name: "with an empty NO_COLOR", terminal: true, env: { NO_COLOR: "" }, colour: true },
    { name: "on a dumb terminal", terminal: true, env: { TERM: "dumb" }, colour: false },
  ];

for (const { name, terminal, env, colour } of COLOURS) {
  Deno.test(`inkFor ${colour ? "colours" : "does not colour"} ${name}`, () => {
    const text = inkFor(memoryWorld([], { terminal, env })).red("x");
    assert.equal(text, colour ? "\x1b[31mx\x1b[0m" : "x");
  });
}
