/**
 * `allowlist`: what each key may use, deny by default. It judges what is asked and screens what comes
 * back. What a key may not use does not exist for it: the answers are those for names that nobody
 * has. Who owns a session, a task or a cursor is the gate's affair.
 */
import { type Json, member } from "../src/mcp/json.ts";
import { isRefusal } from "../src/mcp/refusal.ts";
import {
  familyOf,
  isClientNotification,
  isClientRequest,
  subjectKind,
  subjectOf,
} from "../src/mcp/revision.ts";
import { TASK_NOT_FOUND } from "../src/mcp/task.ts";
import { toolUsesOf } from "../src/mcp/tool_uses.ts";
import { allow, deny } from "../src/policy/contract.ts";
import type { Allow, Context, Decision, Deny, GateConfig, Key } from "../src/policy/contract.ts";
import type { PolicyModule } from "../src/policy/contract.ts";
import { compileGrant, NO_GRANT, type Rights } from "./allowlist_grant.ts";
import { replyFilter, TOUCHES } from "./allowlist_replies.ts";

type Request = Extract<Context["call"], { readonly kind: "request" }>;

/** What is known of one caller. */
interface Caller {
  readonly rights: Rights;
  /** Whether a tool may be offered in, and used by, an answer to a sampling request. */
  readonly mayOffer: (tool: string) => boolean;
  readonly pass: Allow;
}

/** The module of the stage `allowlist`. */
export const allowlist: PolicyModule<Record<never, never>> = {
  name: "allowlist",
  options: (z) => z.object({}),
  create(_options, host) {
    const callerOf = callers(host.config);
    return (asked) => judge(asked, callerOf(asked.principal.label));
  },
};

/** Callers by label, each compiled when it first comes. */
function callers(config: GateConfig): (label: string) => Caller {
  const grants = new Map<string, Key>();
  for (const key of config.keys) grants.set(`=${key.label}`, key);
  const compiled = new Map<string, Caller>();
  const nobody = compile(compileGrant(NO_GRANT), config.mcp.samplingTools);
  return (label) => {
    const key = `=${label}`;
    const known = compiled.get(key);
    if (known !== undefined) return known;
    const grant = grants.get(key);
    // Not kept: a user module may vouch for any number of labels.
    if (grant === undefined) return nobody;
    const caller = compile(compileGrant(grant), config.mcp.samplingTools);
    compiled.set(key, caller);
    return caller;
  };
}

function compile(rights: Rights, samplingTools: GateConfig["mcp"]["samplingTools"]): Caller {
  const mayOffer = {
    filter: rights.mayCall,
    deny: () => false,
    pass: () => true,
  }[samplingTools];
  const pass = rights.isEverything && samplingTools !== "deny"
    ? allow()
    : allow({ onReply: replyFilter(rights, mayOffer), touches: TOUCHES });
  return { rights, mayOffer, pass: Object.freeze(pass) };
}

function judge({ call, era }: Context, caller: Caller): Decision {
  switch (call.kind) {
    case "listen":
    case "end":
      return caller.pass;
    case "reply":
      return mayUseAll(call.toolUses, caller) ? caller.pass : DENIED_USE;
    case "notification":
      return isClientNotification(era, call.method) ? caller.pass : unknownMethod(call.method);
    case "request":
      if (!isClientRequest(era, call.method)) return unknownMethod(call.method);
      return refuseRequest(call, caller) ?? caller.pass;
    default:
      return deny("invalid_params", "Invalid request");
  }
}

function refuseRequest(call: Request, caller: Caller): Deny | null {
  const { method, params } = call;
  return refuseSubject(call, caller.rights) ??
    refuseTasks(call, caller.rights) ??
    refuseSubscriptions(call, caller.rights) ??
    refuseFamily(method, caller.rights) ??
    refuseToolUses(params["inputResponses"], caller);
}

/** The one tool, prompt or resource that a request names. A request that needs one and names none. */
function refuseSubject({ method, params }: Request, rights: Rights): Deny | null {
  const kind = subjectKind(method, params);
  if (kind === null) {
    return method === "completion/complete" ? deny("invalid_params", "Unknown ref") : null;
  }
  const subject = subjectOf(method, params);
  if (subject === null) return deny("invalid_params", `Missing the name or URI of the ${kind}`);
  switch (kind) {
    case "tool":
      if (rights.mayCall(subject)) return null;
      return deny("unknown_tool", `Unknown tool: ${subject} (not available to this API key)`);
    case "prompt":
      return rights.mayPrompt(subject)
        ? null
        : deny("unknown_prompt", `Unknown prompt: ${subject}`);
    case "resource":
      return rights.mayRead(subject) ? null : deny("unknown_resource", "Resource not found");
  }
}

/** A task goes on running when its tool is taken from the key, and is then none of the caller's. */
function refuseTasks({ taskTools = [] }: Request, rights: Rights): Deny | null {
  return taskTools.every(rights.mayCall) ? null : deny("invalid_params", TASK_NOT_FOUND);
}

function refuseSubscriptions({ method, params }: Request, rights: Rights): Deny | null {
  if (method !== "subscriptions/listen") return null;
  const uris = member(params["notifications"], "resourceSubscriptions");
  if (uris === undefined) return null;
  if (!Array.isArray(uris)) return deny("invalid_params", "Invalid resourceSubscriptions");
  const mayAll = uris.every((uri) => typeof uri === "string" && rights.mayRead(uri));
  return mayAll ? null : deny("unknown_resource", "Resource not found");
}

/** Lists of a family of which nothing is granted: as if the upstream had no such thing. */
function refuseFamily(method: string, rights: Rights): Deny | null {
  const family = familyOf(method);
  if (family === "prompts" && !rights.hasPrompts) return unknownMethod(method);
  if (family === "resources" && !rights.hasResources) return unknownMethod(method);
  return null;
}

/** Tools that a retried request tells the upstream to run (2026-07-28, inputResponses). */
function refuseToolUses(inputResponses: Json | undefined, caller: Caller): Deny | null {
  const uses = toolUsesOf(inputResponses);
  return isRefusal(uses) || !mayUseAll(uses, caller) ? DENIED_USE : null;
}

function mayUseAll(tools: readonly string[], { mayOffer }: Caller): boolean {
  return tools.every(mayOffer);
}

function unknownMethod(method: string): Deny {
  return deny("unknown_method", `Method not found: ${method}`);
}

const DENIED_USE = deny(
  "invalid_params",
  "The answer uses a tool that is not available to this API key",
);
