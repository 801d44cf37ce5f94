/**
 * Handles that flow down to a client: sealed for him or noted as his, by the shape of the message,
 * and those of others taken out (PROTOCOL §1.5, §1.8, §1.9). What a message is an answer to matters
 * only for what it is sealed to; what belongs to no request that is known is removed.
 */
import { isId } from "../mcp/governed_params.ts";
import { isObject, type Json, type JsonObject, member } from "../mcp/json.ts";
import type { Call, Message } from "../mcp/message.ts";
import { LEGACY_REVISIONS, MODERN_REVISIONS } from "../mcp/revision.ts";
import { createdTask, tellsOfTask } from "../mcp/task.ts";
import { calledTool } from "./body_handles.ts";
import { type Bearer, stateContext } from "./handle_bearer.ts";
import type { WireRules } from "./reply_screen.ts";

/** The request that a message answers, as far as handles go. */
interface Question {
  readonly method: string;
  readonly tool: string | null;
  /** What a state is sealed to; null where the request is not of this exchange. */
  readonly state: string | null;
}

/** Of what a list is one page, by the member it stands under. */
const PAGES: ReadonlyMap<string, string> = new Map([
  ["tools", "tools/list"],
  ["prompts", "prompts/list"],
  ["resources", "resources/list"],
  ["resourceTemplates", "resources/templates/list"],
  ["skills", "skills/list"],
]);
const PAGED: ReadonlySet<string> = new Set([...PAGES.values(), "resources/directory/read"]);

/** As JSON may spell it, letters apart: text with escaped ones is parsed in any case. */
const TASK_NEWS = /notifications\\?\/tasks/;

const REVISIONS: readonly string[] = [...LEGACY_REVISIONS, ...MODERN_REVISIONS];

/** The rules for what flows down in one exchange. */
export class HandleRules implements WireRules {
  readonly #wire: WireRules;
  readonly #bearer: Bearer;
  readonly #calls: readonly Call[];
  readonly #isStream: boolean;

  /**
   * @param wire Rules that come before these
   * @param calls What the exchange asked
   */
  constructor(wire: WireRules, bearer: Bearer, calls: readonly Call[]) {
    this.#wire = wire;
    this.#bearer = bearer;
    this.#calls = calls;
    this.#isStream = calls.some(isListening);
  }

  /**
   * Whether a text without governed members may still matter: news of a task that is not named, and
   * on a resumed stream the answer to another exchange's request, which ends its being under way.
   */
  isTouched(text: string): boolean {
    if (this.#wire.isTouched(text) || TASK_NEWS.test(text)) return true;
    return this.#isStream && this.#bearer.memory.requests.hasFlights(this.#bearer) &&
      /"(?:result|error)"/.test(text);
  }

  /**
   * What the rules before let pass, with its handles sealed; null where it must not pass. Notes nothing. Throws where a
   * handle is too long to be sealed, and where results nest deeper than the stack reaches.
   */
  screen(message: Message): Message | null {
    const left = this.#wire.screen(message);
    return left === null ? null : this.#screenHandles(left);
  }

  #screenHandles(message: Message): Message | null {
    const params = member(message, "params");
    if (tellsOfTask(member(message, "method")) && !this.#isOwn(member(params, "taskId"))) {
      return null;
    }
    const result = this.#screenResult(member(message, "result"), this.#question(message));
    const inNews = this.#screenResult(member(params, "result"), null);
    return replaced(message, {
      result,
      params: isObject(params) ? replaced(params, { result: inNews }) : params,
    });
  }

  /** Notes what `message`, which passes in this form, makes the client's own. */
  passed(message: Message): void {
    const { memory, label } = this.#bearer;
    const id = member(message, "id");
    if (!isId(id)) return;
    if (Object.hasOwn(message, "method")) {
      const token = member(member(member(message, "params"), "_meta"), "progressToken");
      memory.requests.delivered(this.#bearer, id, isId(token) ? token : null);
      return;
    }
    const tool = this.#question(message)?.tool ?? null;
    const task = createdTask(member(message, "result"));
    if (tool !== null && task !== null) memory.tasks.record(label, task, tool);
    const flight = this.#isStream ? memory.requests.flight(this.#bearer, id) : null;
    if (flight !== null) memory.requests.answered(this.#bearer, flight);
  }

  /** What `message` answers: a request of this exchange, or one of the session that is under way. */
  #question(message: Message): Question | null {
    const id = member(message, "id");
    if (!isId(id) || Object.hasOwn(message, "method")) return null;
    for (const call of this.#calls) {
      if (call.kind !== "request" || call.id !== id) continue;
      const state = stateContext(call.method, call.params);
      return { method: call.method, tool: calledTool(call), state };
    }
    if (this.#bearer.era === "modern") return null;
    const flight = this.#bearer.memory.requests.flight(this.#bearer, id);
    return flight === null ? null : { method: flight.method, tool: flight.tool, state: null };
  }

  /** `result` and those wrapped in it; what is no object stays as it is. */
  #screenResult(result: Json | undefined, question: Question | null): Json | undefined {
    if (!isObject(result)) return result;
    return replaced(result, {
      result: this.#screenResult(member(result, "result"), null),
      nextCursor: this.#sealCursor(result, question),
      requestState: this.#sealState(member(result, "requestState"), question),
      tasks: this.#ownTasks(member(result, "tasks")),
      capabilities: withoutTaskList(member(result, "capabilities")),
      supportedVersions: knownRevisions(member(result, "supportedVersions")),
    });
  }

  /** A cursor leads on in the list that was asked for, else in the one that it stands beside. */
  #sealCursor(page: JsonObject, question: Question | null): Json | undefined {
    const cursor = member(page, "nextCursor");
    if (isEmpty(cursor)) return cursor;
    const beside = [...PAGES.keys()].find((list) => Object.hasOwn(page, list));
    const method = question !== null && PAGED.has(question.method)
      ? question.method
      : PAGES.get(beside ?? "");
    if (typeof cursor !== "string" || method === undefined) return undefined;
    return fitting("nextCursor", this.#bearer.cursors.seal(this.#bearer.label, method, cursor));
  }

  #sealState(state: Json | undefined, question: Question | null): Json | undefined {
    if (isEmpty(state)) return state;
    const context = question?.state ?? null;
    if (typeof state !== "string" || context === null) return undefined;
    const { sealer, label } = this.#bearer;
    return fitting("requestState", sealer.seal("state", label, context, state));
  }

  /** Nobody may list tasks, so this is for an upstream that does it unasked. */
  #ownTasks(tasks: Json | undefined): Json | undefined {
    if (!Array.isArray(tasks)) return tasks;
    const own = tasks.filter((task) => this.#isOwn(member(task, "taskId")));
    return own.length === tasks.length ? tasks : own;
  }

  #isOwn(task: Json | undefined): boolean {
    const { memory, label } = this.#bearer;
    return typeof task === "string" && memory.tasks.toolOf(label, task) !== null;
  }
}

function isListening(call: Call): boolean {
  return call.kind === "listen";
}

/** Says where there is nothing more: no handle. */
function isEmpty(handle: Json | undefined): boolean {
  return handle === undefined || handle === null || handle === "";
}

function fitting(name: string, sealed: string | null): string {
  if (sealed === null) throw new Error(`${name} is too long to be sealed`);
  return sealed;
}

/** Whoever cannot tell requestors apart should not declare it (2025-11-25, tasks). */
function withoutTaskList(capabilities: Json | undefined): Json | undefined {
  const tasks = member(capabilities, "tasks");
  if (!isObject(capabilities) || !isObject(tasks)) return capabilities;
  return replaced(capabilities, { tasks: replaced(tasks, { list: undefined }) });
}

/** A gate cannot police a revision that it does not know. */
function knownRevisions(versions: Json | undefined): Json | undefined {
  if (!Array.isArray(versions)) return versions;
  const known = versions.filter((version) => REVISIONS.includes(version));
  return known.length === versions.length ? versions : known;
}

/** `object` with `changes`, undefined taking a member out; itself where nothing differs. */
function replaced(object: JsonObject, changes: JsonObject): JsonObject {
  const differs = Object.keys(changes).some((name) => changes[name] !== member(object, name));
  if (!differs) return object;
  return Object.fromEntries(
    Object.entries({ ...object, ...changes }).filter(([, value]) => value !== undefined),
  );
}
