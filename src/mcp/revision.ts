/**
 * The published revisions of MCP and the methods each era knows, as tables. A method that is in no
 * table does not exist. What a key may do with a method is the policies' business.
 */
import { type JsonObject, member } from "./json.ts";
import type { Era } from "./message.ts";

/** Revisions with sessions and a handshake, oldest first. */
export const LEGACY_REVISIONS: readonly string[] = Object.freeze([
  "2024-11-05",
  "2025-03-26",
  "2025-06-18",
  "2025-11-25",
]);

/** Stateless revisions, oldest first. */
export const MODERN_REVISIONS: readonly string[] = Object.freeze(["2026-07-28"]);

/** What a method is about; one configuration rule governs a family. */
export type Family =
  | "lifecycle"
  | "tools"
  | "prompts"
  | "resources"
  | "completion"
  | "logging"
  | "tasks"
  | "subscriptions";

/** What the subject of a method is the name of. */
export type SubjectKind = "tool" | "prompt" | "resource";

const FAMILIES: Readonly<Record<Family, readonly string[]>> = {
  lifecycle: ["initialize", "ping", "server/discover"],
  tools: ["tools/list", "tools/call"],
  prompts: ["prompts/list", "prompts/get"],
  // The skills extension serves resources under names of its own.
  resources: [
    "resources/list",
    "resources/templates/list",
    "resources/read",
    "resources/subscribe",
    "resources/unsubscribe",
    "resources/directory/read",
    "skills/list",
    "skills/get",
  ],
  completion: ["completion/complete"],
  logging: ["logging/setLevel"],
  tasks: ["tasks/get", "tasks/result", "tasks/update", "tasks/cancel", "tasks/list"],
  subscriptions: ["subscriptions/listen"],
};

const FAMILY_OF: ReadonlyMap<string, Family> = new Map(
  Object.entries(FAMILIES).flatMap(([family, methods]) =>
    methods.map((method) => [method, family as Family])
  ),
);

const ONLY_MODERN = new Set([
  "server/discover",
  "subscriptions/listen",
  "tasks/update",
  "skills/list",
  "skills/get",
  "resources/directory/read",
]);

const ONLY_LEGACY = new Set([
  "initialize",
  "ping",
  "logging/setLevel",
  "resources/subscribe",
  "resources/unsubscribe",
  "tasks/result",
  "tasks/list",
]);

const LEGACY_NOTIFICATIONS: ReadonlySet<string> = new Set([
  "notifications/initialized",
  "notifications/cancelled",
  "notifications/progress",
  "notifications/roots/list_changed",
  "notifications/tasks/status",
]);

/** Requests that an upstream may send to a legacy client. A modern one gets none. */
export const SERVER_REQUESTS: ReadonlySet<string> = new Set([
  "sampling/createMessage",
  "roots/list",
  "elicitation/create",
  "ping",
  "tasks/get",
  "tasks/result",
  "tasks/cancel",
  "tasks/list",
]);

const SUBJECTS: ReadonlyMap<string, readonly [SubjectKind, member: string]> = new Map([
  ["tools/call", ["tool", "name"]],
  ["prompts/get", ["prompt", "name"]],
  ["resources/read", ["resource", "uri"]],
  ["resources/subscribe", ["resource", "uri"]],
  ["resources/unsubscribe", ["resource", "uri"]],
  ["resources/directory/read", ["resource", "uri"]],
  ["skills/get", ["resource", "uri"]],
]);

/** Whether clients of `era` may send the request `method`. */
export function isClientRequest(era: Era, method: string): boolean {
  return FAMILY_OF.has(method) && !(era === "modern" ? ONLY_LEGACY : ONLY_MODERN).has(method);
}

/** Whether `method` is a request of clients in any era. */
export function isRequestMethod(method: string): boolean {
  return FAMILY_OF.has(method);
}

/**
 * Whether clients of `era` may send the notification `method`. `notifications/cancelled` of a
 * modern client says what closing its stream has said already: it is to be accepted and dropped.
 */
export function isClientNotification(era: Era, method: string): boolean {
  return era === "modern" ? method === "notifications/cancelled" : LEGACY_NOTIFICATIONS.has(method);
}

/** Whether `method` is one that clients of any era send: one of a short list. */
export function isKnownMethod(method: string): boolean {
  return FAMILY_OF.has(method) || LEGACY_NOTIFICATIONS.has(method);
}

/** The family of the request `method`, or null where there is no such method. */
export function familyOf(method: string): Family | null {
  return FAMILY_OF.get(method) ?? null;
}

/**
 * What a request is about: the tool's or prompt's name or the resource's URI; for a completion the
 * prompt or resource it completes. Null where the method has no subject or the message names none.
 */
export function subjectOf(method: string, params: JsonObject): string | null {
  const reference = method === "completion/complete" ? member(params, "ref") : params;
  const name = subjectMember(method, params);
  const subject = name === null ? undefined : member(reference, name);
  return typeof subject === "string" ? subject : null;
}

/** What {@link subjectOf} is the name of, or null. */
export function subjectKind(method: string, params: JsonObject): SubjectKind | null {
  if (method !== "completion/complete") return SUBJECTS.get(method)?.[0] ?? null;
  const type = member(member(params, "ref"), "type");
  return type === "ref/prompt" ? "prompt" : type === "ref/resource" ? "resource" : null;
}

function subjectMember(method: string, params: JsonObject): string | null {
  if (method !== "completion/complete") return SUBJECTS.get(method)?.[1] ?? null;
  const kind = subjectKind(method, params);
  return kind === "prompt" ? "name" : kind === "resource" ? "uri" : null;
}
