/**
 * Which task is whose, and which tool runs in it. Upstreams see one anonymous caller, so the gate
 * remembers what it handed to whom; a task that it has forgotten is one never issued (PROTOCOL §1.5,
 * §1.9). Task ids are left as they are: they occur in too many places to be sealed.
 */
import type { Clock } from "../policy/contract.ts";
import type { Entries, EntriesMaker, EntryBounds, EntryForm } from "./entries.ts";
import { ownEntries } from "./owned_entries.ts";

/** How many tasks are remembered, and how long. */
export interface TaskBounds extends EntryBounds {
  /** Milliseconds since a task was last named by its owner. */
  readonly idleMs: number;
  /** Characters of a task's id; longer ones are not remembered. */
  readonly longestId: number;
}

interface Task {
  readonly tool: string;
  readonly untilMs: number;
}

/** The tasks of all callers, by label. */
export class TaskLedger {
  readonly #tasks: Entries<Task>;
  readonly #bounds: TaskBounds;
  readonly #clock: Clock;

  /** @param make Where they are kept; default: here */
  constructor(bounds: TaskBounds, clock: Clock, make: EntriesMaker = ownEntries) {
    this.#tasks = make("tasks", bounds, TASK_FORM);
    this.#bounds = bounds;
    this.#clock = clock;
  }

  /** How many are remembered. */
  get size(): number {
    return this.#tasks.size;
  }

  /** Notes that `owner` was given task `id`, in which `tool` runs. */
  record(owner: string, id: string, tool: string): void {
    if (id.length > this.#bounds.longestId) return;
    const untilMs = this.#clock.monotonic() + this.#bounds.idleMs;
    this.#tasks.set(owner, keyOf(id), { tool, untilMs });
  }

  /** The tool that runs in task `id` of `owner`, or null where that is no task of theirs. */
  toolOf(owner: string, id: string): string | null {
    const key = keyOf(id);
    const task = this.#tasks.get(owner, key);
    if (task === undefined) return null;
    if (this.#clock.monotonic() >= task.untilMs) {
      this.#tasks.take(owner, key, task);
      return null;
    }
    return task.tool;
  }

  /** {@link toolOf}, and the task is remembered as long again. */
  use(owner: string, id: string): string | null {
    const tool = this.toolOf(owner, id);
    if (tool !== null) this.record(owner, id, tool);
    return tool;
  }
}

function keyOf(id: string): string {
  return `=${id}`;
}

const TASK_FORM: EntryForm<Task> = {
  write: ({ tool, untilMs }) => JSON.stringify([tool, untilMs]),
  read: (text) => {
    const [tool, untilMs] = JSON.parse(text);
    return { tool, untilMs };
  },
};
