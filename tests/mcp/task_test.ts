/** Where the ids of tasks stand in messages, by tables. */
import assert from "node:assert/strict";
import type { Json, JsonObject } from "../../src/mcp/json.ts";
import { createdTask, namedTasks, tellsOfTask } from "../../src/mcp/task.ts";

const RESULTS: readonly { name: string; result: Json | undefined; created: string | null }[] = [
  { name: "a task of 2025-11-25", result: { task: { taskId: "t" } }, created: "t" },
  { name: "a task of 2026-07-28", result: { resultType: "task", taskId: "t" }, created: "t" },
  { name: "what tasks/get answers", result: { taskId: "t", status: "working" }, created: null },
  { name: "a complete result", result: { resultType: "complete", taskId: "t" }, created: null },
  { name: "a taskId that is no string", result: { task: { taskId: 7 } }, created: null },
  { name: "a task that is no object", result: { task: ["t"] }, created: null },
  { name: "no result", result: undefined, created: null },
];

for (const { name, result, created } of RESULTS) {
  Deno.test(`createdTask: ${name}`, () => assert.equal(createdTask(result), created));
}

const PARAMS: readonly { name: string; params: JsonObject; named: readonly string[] }[] = [
  { name: "none", params: { name: "x", _meta: { progressToken: 1 } }, named: [] },
  { name: "taskId", params: { taskId: "t" }, named: ["t"] },
  { name: "a task asked for", params: { task: { ttl: 1 } }, named: [] },
  { name: "a task asked for by its id", params: { task: { taskId: "t" } }, named: ["t"] },
  {
    name: "the related task",
    params: { _meta: { "io.modelcontextprotocol/related-task": { taskId: "t" } } },
    named: ["t"],
  },
  {
    name: "tasks to hear of",
    params: { taskId: "a", notifications: { taskIds: ["b", "c"] } },
    named: ["a", "b", "c"],
  },
];

for (const { name, params, named } of PARAMS) {
  Deno.test(`namedTasks: ${name}`, () => assert.deepEqual(namedTasks(params), named));
}

Deno.test("tellsOfTask: the notifications about one task, and no others", () => {
  const told = ["notifications/tasks", "notifications/tasks/status", "notifications/progress", 1];
  assert.deepEqual(told.map((method) => tellsOfTask(method)), [true, true, false, false]);
});
