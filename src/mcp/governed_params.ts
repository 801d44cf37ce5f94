/**
 * Checks `params` of a client's message: member names that no two parsers read differently, and the
 * right types where the gate decides or binds by a member. Deeper places that carry a tool's own
 * data (`arguments` above all) are left alone: tools may take `id` and `ID`.
 */
import { isObject, type Json, type JsonObject, member } from "./json.ts";
import type { Id } from "./message.ts";
import { foldKey, KeyTable } from "./key_fold.ts";
import { invalid, isRefusal, type Refusal } from "./refusal.ts";
import { RELATED_TASK } from "./task.ts";
import { toolUsesOf } from "./tool_uses.ts";

/** Caps of the values that policies read. */
export interface ParamLimits {
  /** Members of `params`. */
  readonly params: number;
  /** Length of a tool's or prompt's name. */
  readonly name: number;
}

/** Longest URI or handle: a header value must be able to carry it. */
const HANDLE = 8192;
const PLAIN_KEY = /^[\x21-\x7e]{1,128}$/;

const META_PREFIX = "io.modelcontextprotocol/";

const PARAMS = new KeyTable([
  ..."_meta name arguments cursor uri ref argument context task taskId requestState".split(" "),
  ..."inputResponses notifications protocolVersion capabilities clientInfo level".split(" "),
  ..."requestId reason progressToken progress total message status statusMessage".split(" "),
  ..."createdAt lastUpdatedAt ttl pollInterval".split(" "),
]);
const META = new KeyTable([
  "progressToken",
  RELATED_TASK,
  ..."protocolVersion clientInfo clientCapabilities logLevel subscriptionId".split(" ")
    .map((name) => META_PREFIX + name),
]);
const REFERENCE = new KeyTable(["type", "name", "uri", "title"]);
const TASK = new KeyTable(["ttl", "taskId", "pollInterval"]);
const SUBSCRIPTIONS = new KeyTable([
  "toolsListChanged",
  "promptsListChanged",
  "resourcesListChanged",
  "resourceSubscriptions",
  "taskIds",
]);

/** Null where `params` has one meaning and the right types. */
export function checkParams(params: JsonObject, limits: ParamLimits): Refusal | null {
  const keys = Object.keys(params);
  if (keys.length > limits.params) return invalid("too many params");
  const fault = checkKeys(keys, PARAMS) ??
    checkText(params, "name", limits.name) ??
    checkText(params, "uri", HANDLE) ??
    checkText(params, "taskId", HANDLE) ??
    checkText(params, "cursor", HANDLE) ??
    checkText(params, "requestState", HANDLE) ??
    checkId(params, "requestId") ??
    checkId(params, "progressToken") ??
    checkObject(params, "_meta", META) ??
    checkObject(params, "task", TASK) ??
    checkObject(params, "notifications", SUBSCRIPTIONS) ??
    checkObject(params, "ref", REFERENCE);
  if (fault !== null) return fault;
  return checkMeta(member(params, "_meta")) ??
    checkReference(member(params, "ref"), limits) ??
    checkSubscriptions(member(params, "notifications")) ??
    checkInputResponses(member(params, "inputResponses"), limits);
}

/** Null where every key is printable ASCII and no two names, sent or known, fold to the same. */
function checkKeys(keys: readonly string[], known: KeyTable): Refusal | null {
  const unknown = keys.filter((key) => !known.has(key));
  if (unknown.length === 0) return null;
  const folded = new Set<string>();
  for (const key of unknown) {
    if (!PLAIN_KEY.test(key)) return invalid("unacceptable member name");
    if (known.nameOf(key) !== null) return invalid("ambiguous member");
    // The prefix keeps integer-like keys from colliding in the set, see json_scan.ts.
    folded.add(`"${foldKey(key)}`);
  }
  return folded.size === unknown.length ? null : invalid("ambiguous member");
}

function checkObject(params: JsonObject, name: string, known: KeyTable): Refusal | null {
  const value = member(params, name);
  if (value === undefined) return null;
  return isObject(value) ? checkKeys(Object.keys(value), known) : invalid(`unacceptable ${name}`);
}

function checkText(holder: JsonObject, name: string, longest: number): Refusal | null {
  const value = member(holder, name);
  return value === undefined || isText(value, longest) ? null : invalid(`unacceptable ${name}`);
}

/** Ids are looked up among those the gate has seen, so their type must be beyond doubt. */
function checkId(holder: JsonObject, name: string): Refusal | null {
  const value = member(holder, name);
  return value === undefined || isId(value, HANDLE) ? null : invalid(`unacceptable ${name}`);
}

function checkMeta(meta: Json | undefined): Refusal | null {
  if (!isObject(meta)) return null;
  return checkId(meta, "progressToken") ?? checkRelatedTask(meta);
}

function checkRelatedTask(meta: JsonObject): Refusal | null {
  const fault = checkObject(meta, RELATED_TASK, TASK);
  const related = member(meta, RELATED_TASK);
  return fault ?? (isObject(related) ? checkText(related, "taskId", HANDLE) : null);
}

/** A reference names a prompt or a resource, never both: upstreams may look at either member. */
function checkReference(reference: Json | undefined, limits: ParamLimits): Refusal | null {
  if (!isObject(reference)) return null;
  const type = member(reference, "type");
  const prompt = type === "ref/prompt";
  if (!prompt && type !== "ref/resource") return invalid("ref of unknown type");
  if (member(reference, prompt ? "uri" : "name") !== undefined) return invalid("ambiguous ref");
  return prompt ? checkText(reference, "name", limits.name) : checkText(reference, "uri", HANDLE);
}

function checkSubscriptions(notifications: Json | undefined): Refusal | null {
  for (const name of ["resourceSubscriptions", "taskIds"]) {
    const list = member(notifications, name);
    if (list === undefined) continue;
    if (!Array.isArray(list) || !list.every((value) => isText(value, HANDLE))) {
      return invalid(`unacceptable ${name}`);
    }
  }
  return null;
}

function checkInputResponses(
  inputResponses: Json | undefined,
  limits: ParamLimits,
): Refusal | null {
  const uses = toolUsesOf(inputResponses);
  return isRefusal(uses) ? uses : checkToolUses(uses, limits);
}

/** Null where every tool that an answer names has an acceptable name. */
export function checkToolUses(names: readonly string[], limits: ParamLimits): Refusal | null {
  return names.every((name) => isText(name, limits.name)) ? null : invalid("unacceptable name");
}

/** Whether `value` is a string that headers, logs and other languages can carry. */
export function isText(value: Json | undefined, longest: number): value is string {
  return typeof value === "string" && value.length <= longest && value.isWellFormed();
}

/** Whether `value` is an id: a string, the empty one included, or an integer all parsers read alike. */
export function isId(value: Json | undefined, longest = Infinity): value is Id {
  return isText(value, longest) || Number.isSafeInteger(value);
}
