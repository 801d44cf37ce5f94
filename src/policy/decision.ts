/**
 * Reads what a policy returned, strictly: a decision is a plain value with known members of the
 * right types and nothing else. A misspelt `onReply` would leave a reply unfiltered, so unknown
 * members are refused, too. Does not know what becomes of a decision.
 */
import type { Allow, Decision, DenialKind, Deny, Principal } from "./contract.ts";

const KINDS: Readonly<Record<DenialKind, true>> = {
  unauthenticated: true,
  rate_limited: true,
  unknown_tool: true,
  unknown_prompt: true,
  unknown_resource: true,
  unknown_method: true,
  invalid_params: true,
  forbidden: true,
  unavailable: true,
};

const ALLOW_MEMBERS = new Set(["verdict", "principal", "onReply", "touches", "onFinish"]);
const DENY_MEMBERS = new Set(["verdict", "kind", "reason", "detail", "retryAfterMs"]);

/**
 * The decision that `value` is, or a text that says why it is none. Every member is read once and
 * copied, so that a getter cannot show one thing to the check and another to the gate. Throws only
 * what a getter throws.
 */
export function readDecision(value: unknown): Decision | string {
  if (typeof value !== "object" || value === null) return `returned ${typeName(value)}`;
  const known = constants.get(value);
  if (known !== undefined) return known;
  const verdict = own(value, "verdict");
  const decision = verdict === "allow"
    ? readAllow(value)
    : verdict === "deny"
    ? readDeny(value)
    : "returned an object without a verdict of its own";
  if (typeof decision !== "string" && isConstant(value)) constants.set(value, decision);
  return decision;
}

/** What was read of objects that will never say anything else: most stages return one such again and again. */
const constants = new WeakMap<object, Decision>();

/** Whether no member of `value` can change, nor answer differently when it is read again. */
function isConstant(value: object): boolean {
  return Object.isFrozen(value) &&
    Object.values(Object.getOwnPropertyDescriptors(value)).every((member) => "value" in member);
}

function readAllow(value: object): Allow | string {
  const stranger = strangerIn(value, ALLOW_MEMBERS);
  if (stranger !== null) return stranger;
  const onReply = own(value, "onReply");
  if (onReply !== undefined && !isFunction(onReply)) return wrong("onReply", onReply);
  const onFinish = own(value, "onFinish");
  if (onFinish !== undefined && !isFunction(onFinish)) return wrong("onFinish", onFinish);
  const touches = readWords(own(value, "touches"));
  if (touches === null) return wrong("touches", own(value, "touches"));
  const principal = readPrincipal(own(value, "principal"));
  if (principal === null) return wrong("principal", own(value, "principal"));
  // What a function takes and gives cannot be seen from here: their results are checked in use.
  return {
    verdict: "allow",
    ...(principal === undefined ? {} : { principal }),
    ...(onReply === undefined ? {} : { onReply: onReply as NonNullable<Allow["onReply"]> }),
    ...(touches === undefined ? {} : { touches }),
    ...(onFinish === undefined ? {} : { onFinish: onFinish as NonNullable<Allow["onFinish"]> }),
  };
}

function readDeny(value: object): Deny | string {
  const stranger = strangerIn(value, DENY_MEMBERS);
  if (stranger !== null) return stranger;
  const kind = own(value, "kind");
  if (typeof kind !== "string" || !Object.hasOwn(KINDS, kind)) return wrong("kind", kind);
  const reason = own(value, "reason");
  if (typeof reason !== "string") return wrong("reason", reason);
  const detail = own(value, "detail");
  if (detail !== undefined && typeof detail !== "string") return wrong("detail", detail);
  const retryAfterMs = own(value, "retryAfterMs");
  if (retryAfterMs !== undefined && !isDuration(retryAfterMs)) {
    return wrong("retryAfterMs", retryAfterMs);
  }
  return {
    verdict: "deny",
    kind: kind as DenialKind,
    reason,
    ...(detail === undefined ? {} : { detail }),
    ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
  };
}

/** Labels become parts of seals and log lines: control characters would join or split those. */
const LABEL = /^[^\p{Cc}\p{Cs}]{1,256}$/u;
const HASH = /^[0-9a-f]{64}$/;

function readPrincipal(value: unknown): Principal | undefined | null {
  if (value === undefined) return undefined;
  if (typeof value !== "object" || value === null) return null;
  const label = own(value, "label");
  const hash = own(value, "hash");
  if (typeof label !== "string" || !LABEL.test(label)) return null;
  if (hash !== null && !(typeof hash === "string" && HASH.test(hash))) return null;
  return { label, hash };
}

/** What can be searched for in text. */
const WORD = /^[A-Za-z0-9_.\/:-]+$/;

/** The array itself, so that whoever derives something from it can do so once. */
function readWords(value: unknown): readonly string[] | undefined | null {
  if (value === undefined) return undefined;
  if (!Array.isArray(value)) return null;
  return value.every((word) => typeof word === "string" && WORD.test(word)) ? value : null;
}

function own(value: object, name: string): unknown {
  return Object.hasOwn(value, name) ? (value as Record<string, unknown>)[name] : undefined;
}

function strangerIn(value: object, members: ReadonlySet<string>): string | null {
  for (const name of Object.keys(value)) {
    if (!members.has(name)) return `returned a decision with the unknown member "${name}"`;
  }
  return null;
}

function wrong(member: string, value: unknown): string {
  const what = typeof value === "string" ? JSON.stringify(value) : typeName(value);
  return `returned a decision whose ${member} is wrong: ${what}`;
}

function isFunction(value: unknown): boolean {
  return typeof value === "function";
}

function isDuration(value: unknown): value is number {
  return typeof value === "number" && Number.isFinite(value) && value >= 0;
}

function typeName(value: unknown): string {
  if (value === null || value === undefined) return String(value);
  return Array.isArray(value) ? "an array" : typeof value;
}
