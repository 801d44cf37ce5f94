/** What counts as worse. */
import assert from "node:assert/strict";
import { counted, worseThrough } from "./comparison.ts";
import type { Checks, Status } from "./suite.ts";

const CASES: readonly {
  name: string;
  direct: Record<string, Status>;
  gated: Record<string, Status>;
  worse: string[];
}[] = [
  { name: "the same", direct: { a: "SUCCESS" }, gated: { a: "SUCCESS" }, worse: [] },
  { name: "a failure", direct: { a: "SUCCESS" }, gated: { a: "FAILURE" }, worse: ["a"] },
  { name: "a remark for a pass", direct: { a: "SUCCESS" }, gated: { a: "INFO" }, worse: ["a"] },
  { name: "a pass that is gone", direct: { a: "SUCCESS" }, gated: {}, worse: ["a"] },
  { name: "a remark that is gone", direct: { a: "INFO" }, gated: {}, worse: [] },
  { name: "a remark skipped", direct: { a: "INFO" }, gated: { a: "SKIPPED" }, worse: ["a"] },
  { name: "a failure as before", direct: { a: "FAILURE" }, gated: { a: "FAILURE" }, worse: [] },
  { name: "a warning that fails", direct: { a: "WARNING" }, gated: { a: "FAILURE" }, worse: ["a"] },
  { name: "better", direct: { a: "WARNING" }, gated: { a: "SUCCESS" }, worse: [] },
  { name: "a pass more", direct: {}, gated: { a: "SUCCESS" }, worse: [] },
  { name: "a complaint more", direct: {}, gated: { a: "WARNING" }, worse: ["a"] },
];

for (const { name, direct, gated, worse } of CASES) {
  Deno.test(`worseThrough: ${name}`, () => {
    const found = worseThrough(checks(direct), checks(gated));
    assert.deepEqual(found.map((sentence) => sentence.split(":")[0]), worse);
  });
}

Deno.test("counted counts each status", () => {
  const counts = counted(checks({ a: "SUCCESS", b: "FAILURE", c: "SUCCESS" }));
  assert.deepEqual(counts, { SUCCESS: 2, INFO: 0, SKIPPED: 0, WARNING: 0, FAILURE: 1 });
});

function checks(statuses: Record<string, Status>): Checks {
  return new Map(
    Object.entries(statuses).map(([name, status]) => [name, { status, message: "" }]),
  );
}
