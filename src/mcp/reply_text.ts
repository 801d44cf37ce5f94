/**
 * What can be said of an upstream's message before and just after it is parsed (PROTOCOL 4.3, steps
 * 2 to 4): whether it may hold anything that has to go, and how it is freed of spellings that a
 * careless client could take for something else. What has to go, the gate and its stages decide.
 */
import { isObject, type Json, type JsonObject, member } from "./json.ts";
import { KeyTable } from "./key_fold.ts";
import { ENVELOPE_MEMBERS } from "./message.ts";

/** Members through which definitions, handles and capabilities flow to the client. */
export const GOVERNED: readonly string[] = Object.freeze([
  "tools",
  "prompts",
  "resources",
  "resourceTemplates",
  "tasks",
  "nextCursor",
  "cacheScope",
  "ttlMs",
  "requestState",
  "inputRequests",
  "taskId",
  "capabilities",
]);

/** Members that hold governed ones in turn. */
const NESTING = ["result", "params", "task", "inputRequests"];
const PAYLOAD = new KeyTable([...new Set([...GOVERNED, ...NESTING])]);
/** A message, its result, a task's or request's payload in it, and once more to be sure. */
const DEEPEST = 5;

/**
 * A check whether text may have one of `names` as a member, at any depth and however spelled. It errs
 * towards yes, never towards no; of names with other characters than letters, digits and `_ . / : -`
 * it always says yes.
 */
export function memberCheck(names: readonly string[]): (text: string) => boolean {
  if (names.length === 0) return () => false;
  if (!names.every((name) => /^[A-Za-z0-9_./:-]+$/.test(name))) return () => true;
  // Letters and `_` are spelled \u004X to \u007X when escaped, the others \u002X and \u003X; those
  // Go writes for `&`, `<` and `>` all the time, so they count only where such a name is sought.
  const escapes = names.every((name) => /^[A-Za-z_]+$/.test(name)) ? "04-7" : "0-7";
  const spelled = names.map((name) =>
    name.replaceAll(".", "\\.").replaceAll("/", "\\\\?\\/").replace(/(?<=[a-z])(?=[A-Z])/g, "_?")
  );
  // With `i` and `u` together, s also matches U+017F and k U+212A. Some readers trim names.
  const pattern = new RegExp(
    `"\\s*(?:${spelled.join("|")})\\s*"[ \\t\\r\\n]*:|\\\\u(?:00[${escapes}]|017f|212a)`,
    "iu",
  );
  return (text) => pattern.test(text);
}

/**
 * A check whether a message's text may hold something to filter, rewrite or record: a governed member,
 * a request of the server's, or one of `names` as a member. Text that may not can pass as it is.
 */
export function filterCheck(names: Iterable<string>): (text: string) => boolean {
  const hasMember = memberCheck([...new Set([...GOVERNED, ...names])]);
  return (text) => hasMember(text) || (text.includes('"method"') && text.includes('"id"'));
}

/** The value of an upstream's text, or undefined where it is no JSON. */
export function readReply(text: string): Json | undefined {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/**
 * `message` without envelope members that JSON-RPC does not know and without variants of governed
 * members, such as `Tools` or `tools\0`, where definitions stand. The same object where there are
 * none. `structuredContent`, schemas and other free data are not looked into.
 */
export function tidyEnvelope(message: JsonObject): JsonObject {
  return descend(keepMembers(message, (key) => ENVELOPE_MEMBERS.has(key)), 0);
}

/** `object` without members that could be taken for one of `table`; the same where there are none. */
export function withoutVariants(object: JsonObject, table: KeyTable): JsonObject {
  return keepMembers(object, (key) => {
    const name = table.nameOf(key);
    return name === null || name === key;
  });
}

function descend(holder: JsonObject, depth: number): JsonObject {
  if (depth === DEEPEST) return holder;
  let tidy = holder;
  for (const key of NESTING) {
    const value = member(holder, key);
    if (!isObject(value)) continue;
    const changed = key === "inputRequests"
      ? tidyEach(value, depth + 1)
      : tidyPayload(value, depth + 1);
    if (changed !== value) tidy = { ...tidy, [key]: changed };
  }
  return tidy;
}

function tidyPayload(payload: JsonObject, depth: number): JsonObject {
  return descend(withoutVariants(payload, PAYLOAD), depth);
}

function tidyEach(requests: JsonObject, depth: number): JsonObject {
  let touched = false;
  const tidy = Object.entries(requests).map(([key, request]) => {
    const changed = isObject(request) ? tidyPayload(request, depth) : request;
    touched ||= changed !== request;
    return [key, changed];
  });
  return touched ? Object.fromEntries(tidy) : requests;
}

function keepMembers(object: JsonObject, keeps: (key: string) => boolean): JsonObject {
  const keys = Object.keys(object);
  if (keys.every(keeps)) return object;
  return Object.fromEntries(keys.filter(keeps).map((key) => [key, object[key]]));
}
