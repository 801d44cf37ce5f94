/**
 * Each kind of handle, for the ownership model: how the upstream mints one for a client, how a client
 * presents one, what never was one, and when it must reach the upstream. Written from PROTOCOL §1.9,
 * not from the gate.
 */
import { member } from "../../../src/mcp/json.ts";
import type { UpstreamRequest } from "../../../src/upstream/upstream.ts";
import { bodyOf } from "./gate_scene.ts";
import { asked, inSession } from "./handle_scene.ts";
import type { MemoryExchange, Request } from "./memory_exchange.ts";
import { echo, eventReply, fieldMap, jsonReply, type MemoryReply } from "./memory_upstream.ts";
import { type Label, type OpenCall, type OwnershipWorld, TOOLS } from "./ownership_world.ts";

/** A handle as client and upstream know it. */
export interface Handle {
  readonly kind: Kind;
  readonly owner: Label;
  /** What the client presents. */
  readonly shown: string | number;
  /** What the upstream minted. */
  readonly raw: string | number;
  /** What must be the same when it is presented. */
  readonly context: string;
  readonly session: Handle | null;
  readonly tool: string | null;
  readonly call?: OpenCall;
}

/** In what circumstances something is presented. */
export interface Circumstances {
  readonly caller: Label;
  /** Of the caller's own, or none. */
  readonly session: Handle | null;
  readonly tool: string;
  readonly method: string;
  readonly era: "legacy" | "modern";
}

/** One kind of handle. */
export interface Kind {
  readonly name: string;
  /** What never was a handle of this kind. */
  readonly never: string | number;
  /** Whether it can be used once only. */
  readonly once?: boolean;
  issue(world: OwnershipWorld, raw: number, at: Circumstances): Promise<Issued>;
  present(shown: string | number, at: Circumstances): Request;
  /** The context in which `at` presents it. */
  contextOf(at: Circumstances): string;
  /** Where the value stands in what goes up. */
  raised(request: UpstreamRequest): unknown;
}

type Issued = Pick<Handle, "shown" | "raw"> & { readonly call?: OpenCall };

const SEAL = "AAAAAAAAAAAAAAAAAAAAAA";

const session: Kind = {
  name: "session",
  never: `s-0.${SEAL}`,
  async issue(world, raw, { caller }) {
    const fields = [["mcp-session-id", `s-${raw}`]] as const;
    const reply = () => jsonReply({ jsonrpc: "2.0", id: 1, result: {} }, 200, fields);
    const exchange = await world.ask(caller, asked("legacy", "initialize"), reply);
    return { shown: exchange.field("mcp-session-id") ?? "", raw: `s-${raw}` };
  },
  present: (shown) => inSession(asked("legacy", "ping"), String(shown)),
  contextOf: () => "",
  raised: (request) => fieldMap(request)["mcp-session-id"],
};

const event: Kind = {
  name: "event id",
  never: `e-0.${SEAL}`,
  async issue(world, raw, at) {
    const reply = () => eventReply([`id: e-${raw}\ndata: {}\n\n`]).end();
    const exchange = await world.ask(at.caller, within({ method: "GET" }, at), reply);
    return { shown: /^id: (\S+)$/m.exec(exchange.text)?.[1] ?? "", raw: `e-${raw}` };
  },
  present: (shown, at) => within({ method: "GET", fields: [["last-event-id", String(shown)]] }, at),
  contextOf: ({ session }) => String(session?.raw),
  raised: (request) => fieldMap(request)["last-event-id"],
};

const cursor: Kind = {
  name: "cursor",
  never: "A".repeat(50),
  async issue(world, raw, { caller, era, method }) {
    const result = { [method.split("/")[0] ?? ""]: [], nextCursor: `c-${raw}` };
    const exchange = await world.ask(caller, asked(era, method), answer({ result }));
    return { shown: resultOf(exchange, "nextCursor"), raw: `c-${raw}` };
  },
  present: (shown, { era, method }) => asked(era, method, { cursor: shown }),
  contextOf: ({ method }) => method,
  raised: (request) => paramsOf(request, "cursor"),
};

const state: Kind = {
  name: "request state",
  never: `r-0.${SEAL}`,
  async issue(world, raw, { caller, tool }) {
    const result = { resultType: "input_required", requestState: `r-${raw}` };
    const request = asked("modern", "tools/call", { name: tool });
    const exchange = await world.ask(caller, request, answer({ result }));
    return { shown: resultOf(exchange, "requestState"), raw: `r-${raw}` };
  },
  present: (shown, { tool }) => asked("modern", "tools/call", { name: tool, requestState: shown }),
  contextOf: ({ tool }) => tool,
  raised: (request) => paramsOf(request, "requestState"),
};

const task: Kind = {
  name: "task",
  never: "t-never",
  async issue(world, raw, { caller, tool, era }) {
    const taskId = `t-${raw}`;
    const result = era === "legacy" ? { task: { taskId } } : { resultType: "task", taskId };
    await world.ask(caller, asked(era, "tools/call", { name: tool }), answer({ result }));
    return { shown: taskId, raw: taskId };
  },
  present: (shown, { era }) => asked(era, "tasks/get", { taskId: shown }),
  contextOf: () => "",
  raised: (request) => paramsOf(request, "taskId"),
};

const flight: Kind = {
  name: "request under way",
  never: 999,
  async issue(world, raw, at) {
    const request = asked("legacy", "tools/call", { name: at.tool }, raw);
    const call = await world.call(at.caller, within(request, at), eventReply([]));
    return { shown: raw, raw, call };
  },
  present: (shown, at) => notification("notifications/cancelled", { requestId: shown }, at),
  contextOf: ({ session }) => String(session?.raw),
  raised: (request) => paramsOf(request, "requestId"),
};

const asking: Kind = {
  name: "request of the upstream's",
  never: 999,
  once: true,
  async issue(world, raw, at) {
    const params = { _meta: { progressToken: raw } };
    const asks = { jsonrpc: "2.0", id: raw, method: "roots/list", params };
    await world.ask(at.caller, within({ method: "GET" }, at), () => eventReply([asks]).end());
    return { shown: raw, raw };
  },
  present: (shown, at) =>
    within({ body: bodyOf({ jsonrpc: "2.0", id: shown, result: { roots: [] } }) }, at),
  contextOf: ({ session }) => String(session?.raw),
  raised: (request) => member(messageOf(request), "id"),
};

const token: Kind = {
  name: "progress token",
  never: 999,
  issue: asking.issue,
  present: (shown, at) =>
    notification("notifications/progress", { progressToken: shown, progress: 1 }, at),
  contextOf: asking.contextOf,
  raised: (request) => paramsOf(request, "progressToken"),
};

/** All kinds. A request of the upstream's brings a token of the same value with it. */
export const KINDS = { session, event, cursor, state, task, flight, asking, token };

/** An ordinary answer to whatever goes up. */
export const ordinary = (request: UpstreamRequest): MemoryReply => {
  const reply = echo(request);
  return request.method === "GET" ? reply.end() : reply;
};

/** Circumstances that differ at random. */
export function circumstances(
  world: OwnershipWorld,
  caller: Label,
  sessions: readonly Handle[],
): Circumstances {
  const { random } = world;
  return {
    caller,
    session: random.chance(0.3) || sessions.length === 0 ? null : random.pick(sessions),
    tool: random.pick(TOOLS),
    method: random.pick(["tools/list", "prompts/list"]),
    era: random.pick(["legacy", "modern"] as const),
  };
}

function within(request: Request, { session }: Circumstances): Request {
  return session === null ? request : inSession(request, String(session.shown));
}

function notification(method: string, params: object, at: Circumstances): Request {
  return within({ body: bodyOf({ jsonrpc: "2.0", method, params }) }, at);
}

function answer(members: object): () => MemoryReply {
  return () => jsonReply({ jsonrpc: "2.0", id: 1, ...members });
}

function resultOf(exchange: MemoryExchange, name: string): string {
  return String(member(member(exchange.json, "result"), name));
}

function messageOf(request: UpstreamRequest): unknown {
  return JSON.parse(new TextDecoder().decode(request.body ?? undefined));
}

function paramsOf(request: UpstreamRequest, name: string): unknown {
  return member(member(messageOf(request), "params"), name);
}
