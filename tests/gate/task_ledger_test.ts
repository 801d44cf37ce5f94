/** Whose tasks are whose: remembered for their owner alone, for as long as he names them. */
import assert from "node:assert/strict";
import { MEMORY_BOUNDS } from "../../src/gate/handle_memory.ts";
import { type TaskBounds, TaskLedger } from "../../src/gate/task_ledger.ts";
import { VirtualClock } from "../policies/lent_host.ts";

function made(bounds: Partial<TaskBounds> = {}) {
  const clock = new VirtualClock();
  return { clock, tasks: new TaskLedger({ ...MEMORY_BOUNDS, ...bounds }, clock) };
}

Deno.test("TaskLedger knows the tool of a task, for its owner alone", () => {
  const { tasks } = made();
  tasks.record("a", "t1", "read_file");
  assert.equal(tasks.toolOf("a", "t1"), "read_file");
  for (const [owner, id] of [["b", "t1"], ["a", "t2"], ["", "t1"], ["a", ""]] as const) {
    assert.equal(tasks.toolOf(owner, id), null, `${owner} ${id}`);
  }
});

Deno.test("TaskLedger lets two owners have tasks of the same id, each his own", () => {
  const { tasks } = made();
  tasks.record("a", "1", "read_file");
  tasks.record("b", "1", "search");
  assert.deepEqual([tasks.toolOf("a", "1"), tasks.toolOf("b", "1")], ["read_file", "search"]);
});

Deno.test("TaskLedger forgets a task that nobody has named for its time, and not before", () => {
  const { clock, tasks } = made({ idleMs: 1000 });
  tasks.record("a", "t", "x");
  clock.ms += 999;
  assert.equal(tasks.use("a", "t"), "x");
  clock.ms += 999;
  assert.equal(tasks.toolOf("a", "t"), "x");
  clock.ms += 1;
  assert.equal(tasks.toolOf("a", "t"), null);
  assert.equal(tasks.size, 0);
});

Deno.test("TaskLedger keeps what is in use, where an owner has too many", () => {
  const { tasks } = made({ perOwner: 2 });
  tasks.record("a", "t1", "x");
  tasks.record("a", "t2", "x");
  tasks.use("a", "t1");
  tasks.record("a", "t3", "x");
  assert.deepEqual(["t1", "t2", "t3"].filter((id) => tasks.toolOf("a", id)), ["t1", "t3"]);
});

Deno.test("TaskLedger remembers no id that is longer than its bound", () => {
  const { tasks } = made({ longestId: 4 });
  tasks.record("a", "long!", "x");
  tasks.record("a", "four", "x");
  assert.deepEqual([tasks.toolOf("a", "long!"), tasks.toolOf("a", "four")], [null, "x"]);
});
