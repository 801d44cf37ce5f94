/**
 * Finds the tools that a client's answer tells the upstream to run: `tool_use` items in the content
 * of a sampling result, in a reply (2025-11-25) or in `params.inputResponses` (2026-07-28).
 */
import { isObject, type Json, type JsonObject, member } from "./json.ts";
import { couldBe, KeyTable } from "./key_fold.ts";
import { invalid, isRefusal, type Refusal } from "./refusal.ts";

const RESULT = new KeyTable(["content", "result"]);
const ITEM = new KeyTable(["type", "name"]);
const AMBIGUOUS = invalid("ambiguous member");

/**
 * The tools named in `result.content`, or a refusal where parsers could disagree on them. A result
 * wrapped in another (`result.result`) is looked through.
 */
export function toolUsesOfResult(result: Json | undefined): string[] | Refusal {
  if (!isObject(result)) return [];
  const names: string[] = [];
  for (const [key, value] of Object.entries(result)) {
    const name = RESULT.nameOf(key);
    if (name === null) continue;
    if (name !== key) return AMBIGUOUS;
    const found = key === "result" ? toolUsesOfResult(value) : toolUsesOfContent(value);
    if (isRefusal(found)) return found;
    for (const name of found) names.push(name);
  }
  return names;
}

/** The tools named in all results of `inputResponses` (an object of them, by key), or a refusal. */
export function toolUsesOf(inputResponses: Json | undefined): string[] | Refusal {
  if (inputResponses === undefined) return [];
  if (!isObject(inputResponses)) return invalid("unacceptable inputResponses");
  const names: string[] = [];
  for (const result of Object.values(inputResponses)) {
    const found = toolUsesOfResult(result);
    if (isRefusal(found)) return found;
    for (const name of found) names.push(name);
  }
  return names;
}

function toolUsesOfContent(content: Json | undefined): string[] | Refusal {
  const names: string[] = [];
  for (const item of Array.isArray(content) ? content : [content]) {
    const use = toolUse(item);
    if (use === null) continue;
    if (typeof use !== "string") return use;
    names.push(use);
  }
  return names;
}

/** The tool that a content item uses; null where it uses none under any reading. */
function toolUse(item: Json | undefined): string | Refusal | null {
  if (!isObject(item) || !usesTool(item)) return null;
  for (const key of Object.keys(item)) {
    if (key !== (ITEM.nameOf(key) ?? key)) return AMBIGUOUS;
  }
  const name = member(item, "name");
  return typeof name === "string" ? name : invalid("tool_use without a name");
}

/**
 * Whether some parser could take `item` for a use of a tool. Only then are variants refused: the
 * answer to an elicitation is an object of the user's own making, and may well have a `Name`.
 */
function usesTool(item: JsonObject): boolean {
  return Object.entries(item).some(([key, value]) => value === "tool_use" && couldBe(key, "type"));
}
