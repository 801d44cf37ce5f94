/**
 * Tasks as messages name them: revision 2025-11-25, and the tasks extension of 2026-07-28. Where a
 * task's id stands, and what is said of one that is not there. Who owns a task is not known here.
 */
import { type Json, type JsonObject, member } from "./json.ts";

/** Told of every task that a caller may not use, whether there is one or not (PROTOCOL D16). */
export const TASK_NOT_FOUND = "Failed to retrieve task: Task not found";

/** The `_meta` member by which a message says that it belongs to a task. */
export const RELATED_TASK = "io.modelcontextprotocol/related-task";

const TASK_NEWS: ReadonlySet<string> = new Set([
  "notifications/tasks/status",
  "notifications/tasks",
]);

/** Whether the notification `method` of an upstream tells of one task, named in its params. */
export function tellsOfTask(method: Json | undefined): boolean {
  return typeof method === "string" && TASK_NEWS.has(method);
}

/**
 * The id of the task that `result` says was created in place of an answer: `task.taskId`, or with
 * `resultType` "task" the `taskId` beside it. Null where it says no such thing.
 */
export function createdTask(result: Json | undefined): string | null {
  const id = member(result, "resultType") === "task"
    ? member(result, "taskId")
    : member(member(result, "task"), "taskId");
  return typeof id === "string" ? id : null;
}

/** The ids of all tasks that `params` of a client's message name, wherever a task can be named. */
export function namedTasks(params: JsonObject): readonly string[] {
  const ids: string[] = [];
  note(ids, member(params, "taskId"));
  note(ids, member(member(params, "task"), "taskId"));
  note(ids, member(member(member(params, "_meta"), RELATED_TASK), "taskId"));
  const listened = member(member(params, "notifications"), "taskIds");
  if (Array.isArray(listened)) { for (const id of listened) note(ids, id); }
  return ids;
}

function note(ids: string[], id: Json | undefined): void {
  if (typeof id === "string") ids.push(id);
}
