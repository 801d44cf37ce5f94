/**
 * Handles that a client presents in its messages, opened: cursors, states of requests, tasks, ids of
 * requests under way (PROTOCOL §1.9). What is not the caller's is answered exactly like what never
 * was. Whether the caller may do what he asks, the stages say; here it is only whose things they are.
 */
import { isId } from "../mcp/governed_params.ts";
import { type JsonObject, member } from "../mcp/json.ts";
import { splice, type Step, stringSpan } from "../mcp/json_span.ts";
import type { Call } from "../mcp/message.ts";
import { familyOf } from "../mcp/revision.ts";
import { namedTasks, TASK_NOT_FOUND } from "../mcp/task.ts";
import type { GateConfig } from "../policy/contract.ts";
import type { HeldBody } from "./body.ts";
import { readCalls } from "./call.ts";
import type { Denial } from "./denial.ts";
import { type Bearer, stateContext } from "./handle_bearer.ts";
import type { Fields } from "./incoming.ts";
import type { Flight } from "./request_ledger.ts";

/** The messages of one body, their handles looked up. */
export interface Presented {
  /** As they were, those about tasks with the tools that run in them. */
  readonly calls: readonly Call[];
  /** The first message that presents what is not the caller's; told after the stages were asked. */
  readonly foreign: { readonly denial: Denial; readonly call: Call } | null;
  /** What goes up in place of sealed values. */
  readonly opened: readonly Opened[];
}

/** One sealed value in a body. */
export interface Opened {
  readonly path: readonly Step[];
  readonly value: string;
}

type Request = Extract<Call, { readonly kind: "request" }>;
type Notification = Extract<Call, { readonly kind: "notification" }>;

/** Looks up the handles in `calls`, which are the whole body or the elements of a batch. */
export function presentHandles(
  calls: readonly Call[],
  isBatch: boolean,
  bearer: Bearer,
): Presented {
  const opened: Opened[] = [];
  let known: Call[] | null = null;
  let foreign: Presented["foreign"] = null;
  for (let index = 0; index < calls.length; index++) {
    const call = calls[index] as Call;
    const told = call.kind === "request" ? withTaskTools(call, bearer) : call;
    const denial = told === null
      ? NO_TASK
      : told.kind === "request"
      ? openRequest(told, isBatch ? index : null, bearer, opened)
      : refuseUnanswerable(told, bearer);
    if (denial !== null) foreign ??= { denial, call };
    if (told !== null && told !== call) (known ??= [...calls])[index] = told;
  }
  return { calls: known ?? calls, foreign, opened };
}

/**
 * The body that goes up: `held` itself, or with the `opened` values in place, every other byte as it
 * was. What comes out of that is read once more, as strictly as what the client sent.
 */
export function openedBody(
  held: HeldBody,
  opened: readonly Opened[],
  fields: Fields,
  config: GateConfig,
): HeldBody | Denial {
  if (opened.length === 0) return held;
  let text = decoder.decode(held.bytes);
  for (const { path, value } of opened) {
    const span = stringSpan(text, path);
    if (span === null) throw new TypeError(`No string at ${path.join(".")}`);
    text = splice(text, span, value);
  }
  const bytes = encoder.encode(text);
  const reading = readCalls(bytes, fields, config);
  if ("denial" in reading) return reading.denial;
  return { bytes, [Symbol.dispose]: () => held[Symbol.dispose]() };
}

/**
 * Notes that `calls` go up, at the last moment: the requests that are under way from now on, and that
 * a reply is given. A denial of a reply to what was not asked, or that another reply came before.
 */
export function takeHandles(calls: readonly Call[], bearer: Bearer): readonly Flight[] | Denial {
  const { requests } = bearer.memory;
  const flights: Flight[] = [];
  for (const call of calls) {
    if (call.kind === "reply") {
      if (!requests.settle(bearer, call.id)) return NOT_ASKED;
    } else if (call.kind === "request" && bearer.era === "legacy" && call.method !== "initialize") {
      // Of an initialize it is said that it must not be cancelled, so it is not remembered.
      const { id, method } = call;
      flights.push(requests.sent(bearer, { id, method, tool: calledTool(call) }));
    }
  }
  return flights;
}

/** The tool that `call` calls, or null. */
export function calledTool({ method, params }: Request): string | null {
  const name = method === "tools/call" ? member(params, "name") : undefined;
  return typeof name === "string" ? name : null;
}

/** `call` with the tools that run in the tasks it names; null where one is not the caller's. */
function withTaskTools(call: Request, { label, memory }: Bearer): Request | null {
  const ids = namedTasks(call.params);
  if (ids.length === 0) return familyOf(call.method) === "tasks" && !isList(call) ? null : call;
  const tools = ids.map((id) => memory.tasks.use(label, id)).filter((tool) => tool !== null);
  return tools.length === ids.length ? { ...call, taskTools: tools } : null;
}

/** A list of everybody's tasks, which the upstream takes for one caller's (PROTOCOL §1.5). */
function isList({ method }: Request): boolean {
  return method === "tasks/list";
}

/** @param index Of the call in a batch; null: it is the whole body */
function openRequest(
  call: Request,
  index: number | null,
  bearer: Bearer,
  opened: Opened[],
): Denial | null {
  const { method, params } = call;
  if (isList(call)) {
    return { kind: "unknown_method", stage: "door", reason: `Method not found: ${method}` };
  }
  const { label, cursors, sealer } = bearer;
  const cursor = presented(params, "cursor");
  if (cursor !== null) {
    const value = cursors.open(label, method, cursor);
    if (value === null) return INVALID.cursor;
    opened.push({ path: pathOf(index, "cursor"), value });
  }
  const state = presented(params, "requestState");
  if (state !== null) {
    const value = sealer.open("state", label, stateContext(method, params), state);
    if (value === null) return INVALID.requestState;
    opened.push({ path: pathOf(index, "requestState"), value });
  }
  return null;
}

/** The sealed member `name`. The empty string, sent where there is no more, goes up as it came. */
function presented(params: JsonObject, name: keyof typeof INVALID): string | null {
  const sealed = member(params, name);
  return typeof sealed === "string" && sealed !== "" ? sealed : null;
}

function pathOf(index: number | null, name: keyof typeof INVALID): readonly Step[] {
  return index === null ? ["params", name] : [index, "params", name];
}

/** What is said of a request under way, by someone whose request it is not, goes no further. */
function refuseUnanswerable(
  call: Exclude<Call, { readonly kind: "request" }>,
  bearer: Bearer,
): Denial | null {
  if (bearer.era === "modern") return null;
  if (call.kind === "reply") {
    return bearer.memory.requests.owes(bearer, call.id) ? null : NOT_ASKED;
  }
  return call.kind === "notification" ? refuseNotification(call, bearer) : null;
}

function refuseNotification({ method, params }: Notification, bearer: Bearer): Denial | null {
  const { tasks, requests } = bearer.memory;
  switch (method) {
    case "notifications/cancelled": {
      const id = member(params, "requestId");
      return isId(id) && requests.flight(bearer, id) !== null ? relatedTask() : NOT_UNDER_WAY;
    }
    case "notifications/progress": {
      const token = member(params, "progressToken");
      return isId(token) && requests.reports(bearer, token) ? relatedTask() : NOT_UNDER_WAY;
    }
    case "notifications/tasks/status":
      // Of a task that the client named: nobody else has, and no upstream may rely on being told.
      return NO_TASK;
    default:
      return relatedTask();
  }

  function relatedTask(): Denial | null {
    const areOwn = namedTasks(params).every((id) => tasks.toolOf(bearer.label, id) !== null);
    return areOwn ? null : NO_TASK;
  }
}

const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
const encoder = new TextEncoder();

function notIssued(reason: string): Denial {
  return { kind: "invalid_params", stage: "door", reason };
}

const INVALID = {
  cursor: notIssued("Invalid cursor"),
  requestState: notIssued("Invalid requestState"),
};
const NO_TASK = notIssued(TASK_NOT_FOUND);
const NOT_ASKED = notIssued("No such request was sent to this client");
const NOT_UNDER_WAY = notIssued("No such request is under way");
