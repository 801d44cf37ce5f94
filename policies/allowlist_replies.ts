/**
 * Removes from messages on their way to a client what its key may not use: definitions of tools,
 * prompts and resources, capabilities of denied families, updates of denied resources. By shape, not
 * by request: a faulty upstream sends lists where nobody asked for one (PROTOCOL §1.8, rows 1, 3, 8
 * and 9). Free text, and what an allowed call returned, is left alone.
 */
import { isObject, type Json, type JsonObject, member } from "../src/mcp/json.ts";
import { KeyTable } from "../src/mcp/key_fold.ts";
import type { Message } from "../src/mcp/message.ts";
import type { ReplyFilter } from "../src/policy/contract.ts";
import type { Rights } from "./allowlist_grant.ts";

/** The members by which messages are recognised that have to be looked at. */
export const TOUCHES: readonly string[] = Object.freeze([
  "tools",
  "prompts",
  "resources",
  "resourceTemplates",
  "skills",
  "inputRequests",
  "capabilities",
  "uri",
]);

/** A definition with two names is none: its reader might look at the other one. */
const IDENTITY = new KeyTable(["name", "uri", "uriTemplate"]);

/**
 * The filter for a caller with `rights`. It gives the message itself where nothing was removed.
 *
 * @param mayOffer Whether a tool may be offered to the client's model, in sampling
 */
export function replyFilter(rights: Rights, mayOffer: (tool: string) => boolean): ReplyFilter {
  const lists: readonly (readonly [list: string, key: string, may: (id: string) => boolean])[] = [
    ["tools", "name", rights.mayCall],
    ["prompts", "name", rights.mayPrompt],
    ["resources", "uri", rights.mayRead],
    ["resourceTemplates", "uriTemplate", rights.mayRead],
    ["skills", "uri", rights.mayRead],
  ];

  function screenMessage(message: Message): Message | null {
    const params = member(message, "params");
    if (isObject(params) && isDeniedUpdate(message, params)) return null;
    return edit(message, (name, value) => {
      if (name === "result") return screenResult(value);
      return name === "params" ? screenParams(value) : value;
    });
  }

  function isDeniedUpdate(message: Message, params: JsonObject): boolean {
    if (member(message, "method") !== "notifications/resources/updated") return false;
    const uri = member(params, "uri");
    return typeof uri !== "string" || !isPlain(params) || !rights.mayRead(uri);
  }

  /** Params of what the upstream sends: a sampling request, or news of a task with what it gave. */
  function screenParams(value: Json | undefined): Json | undefined {
    return edit(offer(value), (name, inner) => {
      if (name === "inputRequests") return screenInputRequests(inner);
      return name === "result" ? screenResult(inner) : inner;
    });
  }

  /** A result, and the one of a task in it. Nesting that exhausts the stack denies the message. */
  function screenResult(value: Json | undefined): Json | undefined {
    return edit(value, (name, inner) => {
      if (name === "result") return screenResult(inner);
      if (name === "capabilities") return screenCapabilities(inner);
      if (name === "inputRequests") return screenInputRequests(inner);
      const list = lists.find(([listName]) => listName === name);
      return list === undefined ? inner : screenList(inner, list[1], list[2]);
    });
  }

  function screenCapabilities(value: Json | undefined): Json | undefined {
    return edit(value, (name, inner) => {
      if (name === "prompts" && !rights.hasPrompts) return undefined;
      if (name === "resources" && !rights.hasResources) return undefined;
      if (name === "completions" && !rights.hasPrompts && !rights.hasResources) return undefined;
      return inner;
    });
  }

  function screenInputRequests(value: Json | undefined): Json | undefined {
    return edit(
      value,
      (_key, request) => edit(request, (name, inner) => name === "params" ? offer(inner) : inner),
    );
  }

  /** Tools offered to the client's model; a choice among none of them would be an error. */
  function offer(params: Json | undefined): Json | undefined {
    if (!isObject(params) || !Object.hasOwn(params, "tools")) return params;
    const tools = screenList(params["tools"], "name", mayOffer);
    if (tools === params["tools"]) return params;
    const isEmpty = tools.length === 0;
    return edit(params, (name, inner) => {
      if (name === "tools") return isEmpty ? undefined : tools;
      return name === "toolChoice" && isEmpty ? undefined : inner;
    });
  }

  return screenMessage;
}

/** The entries that `may` be seen, by the string under `key`; the same array where all may. */
function screenList(
  list: Json | undefined,
  key: string,
  may: (id: string) => boolean,
): readonly Json[] {
  if (!Array.isArray(list)) return [];
  const kept = list.filter((entry) => {
    const id = member(entry, key);
    return typeof id === "string" && may(id) && isPlain(entry);
  });
  return kept.length === list.length ? list : kept;
}

function isPlain(entry: JsonObject): boolean {
  return Object.keys(entry).every((key) => (IDENTITY.nameOf(key) ?? key) === key);
}

/** `value` with the members that `change` gives, itself where none differs or it is no object. */
function edit<T extends Json | undefined>(
  value: T,
  change: (name: string, value: Json | undefined) => Json | undefined,
): T | JsonObject {
  if (!isObject(value)) return value;
  const kept: [string, Json][] = [];
  let isChanged = false;
  for (const name of Object.keys(value)) {
    const before = value[name];
    const after = change(name, before);
    isChanged ||= after !== before;
    if (after !== undefined) kept.push([name, after]);
  }
  return isChanged ? Object.fromEntries(kept) : value;
}
