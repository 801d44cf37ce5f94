/**
 * The tasks extension of revision 2026-07-28 (SEP-2663) and the tools of the conformance suite that
 * need it. The SDK serves no tasks, so this is by hand: a task is a value in memory whose state
 * follows from its answers and the clock.
 */
import {
  acceptedContent,
  CLIENT_CAPABILITIES_META_KEY,
  MissingRequiredClientCapabilityError,
  ProtocolError,
  ProtocolErrorCode,
} from "@modelcontextprotocol/server";
import type { InputRequest, McpServer, ServerContext } from "@modelcontextprotocol/server";
import { z } from "zod";
import { asking, declared, elicit } from "./asking_tools.ts";
import { saying } from "./plain_tools.ts";

const EXTENSION = "io.modelcontextprotocol/tasks";
const NAME = z.object({ name: z.string() });
const CONFIRMATION = z.object({ confirm: z.boolean() });

/** A call as far as {@link Tasks.refusal} reads it. */
const CALL = z.object({
  id: z.union([z.string(), z.number()]),
  method: z.literal("tools/call"),
  params: z.object({
    name: z.string(),
    _meta: z.object({
      [CLIENT_CAPABILITIES_META_KEY]: z.object({
        extensions: z.record(z.string(), z.unknown()).optional(),
      }),
    }),
  }),
});

/** How a task ends when its time has come and all is answered. */
type Ending = { readonly result: object } | { readonly error: { code: number; message: string } };

interface Work {
  readonly lastsMs?: number;
  readonly questions?: Readonly<Record<string, InputRequest>>;
  readonly ending: Ending;
}

interface Task {
  readonly taskId: string;
  readonly begunMs: number;
  readonly endsMs: number;
  readonly questions: Map<string, InputRequest>;
  readonly ending: Ending;
  cancelled: boolean;
}

/** The tasks of one server, for all the connections that it serves. */
export class Tasks {
  readonly #tasks = new Map<string, Task>();
  /** Tools that cannot answer a client without tasks. */
  readonly #needing = new Set<string>();

  /**
   * The answer to a call of a tool that cannot do without tasks, by a client that has none; null
   * where there is nothing to refuse. A tool cannot say it itself: the SDK makes a result of it.
   */
  async refusal(request: Request): Promise<Response | null> {
    const call = CALL.safeParse(await request.clone().json().catch(() => null)).data;
    if (call === undefined || !this.#needing.has(call.params.name)) return null;
    const { extensions = {} } = call.params._meta[CLIENT_CAPABILITIES_META_KEY];
    if (EXTENSION in extensions) return null;
    const { code, message, data } = missingTasks();
    const error = { code, message, data };
    return Response.json({ jsonrpc: "2.0", id: call.id, error }, { status: 400 });
  }

  /** Registers the tools. */
  addTools(server: McpServer): void {
    server.registerTool("slow_compute", {
      description: "Takes its time",
      inputSchema: z.object({ seconds: z.number(), label: z.string().optional() }),
    }, ({ seconds, label }, context) => {
      const result = saying(`computed ${label ?? ""}`);
      if (!hasTasks(context)) return result;
      return this.#begin({ lastsMs: seconds * 1000, ending: { result } });
    });
    this.#addTaskTool(server, "failing_job", {
      ending: { result: { ...saying("The job has failed"), isError: true } },
    });
    this.#addTaskTool(server, "protocol_error_job", {
      ending: { error: { code: ProtocolErrorCode.InternalError, message: "The job is broken" } },
    });
    this.#addTaskTool(server, "confirm_delete", {
      questions: { confirm: elicit("Delete the file?", CONFIRMATION) },
      ending: { result: saying("deleted") },
    });
    this.#addTaskTool(server, "multi_input", {
      questions: {
        first: elicit("The first name?", NAME),
        second: elicit("The second name?", NAME),
      },
      ending: { result: saying("both named") },
    });
    this.#needing.add("test_tool_with_task");
    server.registerTool("test_tool_with_task", {
      description: "Asks for a name, then becomes a task",
    }, (context) => {
      const given = acceptedContent(context.mcpReq.inputResponses, "user_name", NAME);
      if (given === undefined) return asking({ user_name: elicit("Your name?", NAME) });
      return this.#begin({ ending: { result: saying(`Hello, ${given.name}!`) } });
    });
  }

  /** Registers the methods, for a connection of revision 2026-07-28. */
  addMethods(server: McpServer): void {
    server.server.registerCapabilities({ extensions: { [EXTENSION]: {} } });
    const params = z.looseObject({ taskId: z.string() });
    server.server.setRequestHandler("tasks/get", { params }, ({ taskId }, context) => {
      needTasks(context);
      return detailed(this.#find(taskId));
    });
    server.server.setRequestHandler("tasks/cancel", { params }, ({ taskId }, context) => {
      needTasks(context);
      const task = this.#find(taskId);
      if (!isOver(task)) task.cancelled = true;
      return {};
    });
    server.server.setRequestHandler("tasks/update", { params }, ({ taskId }, context) => {
      needTasks(context);
      const { questions } = this.#find(taskId);
      for (const key of Object.keys(context.mcpReq.inputResponses ?? {})) questions.delete(key);
      return {};
    });
  }

  #addTaskTool(server: McpServer, name: string, work: Work): void {
    this.#needing.add(name);
    server.registerTool(name, {
      description: "Becomes a task",
      inputSchema: z.looseObject({}),
    }, () => this.#begin(work));
  }

  #begin(work: Work) {
    const now = Date.now();
    const task: Task = {
      taskId: crypto.randomUUID(),
      begunMs: now,
      endsMs: now + (work.lastsMs ?? 0),
      questions: new Map(Object.entries(work.questions ?? {})),
      ending: work.ending,
      cancelled: false,
    };
    this.#tasks.set(task.taskId, task);
    // Typed like a tool's result, for which the SDK takes it; on the wire it is a CreateTaskResult.
    return { resultType: "task", ...described(task), status: "working" } as never;
  }

  #find(taskId: string): Task {
    const task = this.#tasks.get(taskId);
    if (task !== undefined) return task;
    throw new ProtocolError(
      ProtocolErrorCode.InvalidParams,
      "Failed to retrieve task: Task not found",
    );
  }
}

function isOver(task: Task): boolean {
  return task.cancelled || (task.questions.size === 0 && Date.now() >= task.endsMs);
}

function described(task: Task) {
  const createdAt = new Date(task.begunMs).toISOString();
  return {
    taskId: task.taskId,
    createdAt,
    lastUpdatedAt: createdAt,
    ttlMs: 60_000,
    pollIntervalMs: 100,
  };
}

function detailed(task: Task) {
  const state = described(task);
  if (task.cancelled) return { ...state, status: "cancelled" };
  if (task.questions.size > 0) {
    return {
      ...state,
      status: "input_required",
      inputRequests: Object.fromEntries(task.questions),
    };
  }
  if (!isOver(task)) return { ...state, status: "working" };
  return { ...state, status: "error" in task.ending ? "failed" : "completed", ...task.ending };
}

function hasTasks(context: ServerContext): boolean {
  const { extensions } = declared(context);
  return extensions !== undefined && EXTENSION in extensions;
}

function needTasks(context: ServerContext): void {
  if (!hasTasks(context)) throw missingTasks();
}

function missingTasks(): MissingRequiredClientCapabilityError {
  return new MissingRequiredClientCapabilityError({
    requiredCapabilities: { extensions: { [EXTENSION]: {} } },
  });
}
