/** Which keys a table takes for one of its names, however a lenient reader would spell them. */
import assert from "node:assert/strict";
import { KeyTable } from "../../src/mcp/key_fold.ts";

const TABLE = new KeyTable(["_meta", "taskId", "tools"]);

const CASES: readonly { readonly key: string; readonly name: string | null }[] = [
  { key: "tools", name: "tools" },
  { key: "Tools", name: "tools" },
  { key: " tools", name: "tools" },
  { key: "tools\0", name: "tools" },
  { key: "tools\0x", name: "tools" },
  { key: "tool\u017f", name: "tools" },
  { key: "taskId", name: "taskId" },
  { key: "taskid", name: "taskId" },
  { key: "task_id", name: "taskId" },
  { key: "TASK_ID", name: "taskId" },
  { key: "_meta", name: "_meta" },
  { key: "meta", name: "_meta" },
  { key: "Meta", name: "_meta" },
  { key: "tool", name: null },
  { key: "task-id", name: null },
  { key: "", name: null },
];

for (const { key, name } of CASES) {
  Deno.test(`KeyTable takes ${JSON.stringify(key)} for ${name}`, () => {
    assert.equal(TABLE.nameOf(key), name);
  });
}
