/**
 * Why one exchange went as it did: what in the configuration decided, where that stands, and what to
 * change if it should have gone otherwise. Decides nothing itself: how grants are read is handed in,
 * and what was decided stands in the record.
 */
import type { Config } from "../config/config.ts";
import { adviceOn } from "./advice.ts";
import type { AuditEntry } from "./audit_log.ts";
import type { Loaded } from "./validate.ts";

/** What a name is the name of. */
export type NamedKind = "tool" | "prompt" | "resource";

/** What in a grant decides about a name. */
export interface GrantRule {
  readonly allowed: boolean;
  readonly list: "allow" | "deny" | "prompts" | "resources";
  /** Of the pattern that names it; null: none does. */
  readonly index: number | null;
  readonly isEvasive: boolean;
}

/** Reads a grant as the gate does. */
export type RuleReader = (
  key: Config["keys"][number],
  kind: NamedKind,
  name: string,
) => GrantRule;

/** A place in the configuration's file. */
export interface Place {
  readonly file: string;
  readonly line: number;
  readonly column: number;
  /** For example `keys[0].allow`. */
  readonly path: string;
  /** The line, its secrets masked. */
  readonly excerpt: string | null;
}

/** What is known of the reasons. */
export interface Explanation {
  /** What decided, in words; null: nothing in the configuration that could be pointed at. */
  readonly rule: string | null;
  readonly place: Place | null;
  /** What to do if it should go otherwise. */
  readonly advice: string | null;
  /** Whether the configuration that was read allows what was asked by name; null: it is no such matter. */
  readonly allowedNow: boolean | null;
}

const NOTHING: Explanation = { rule: null, place: null, advice: null, allowedNow: null };

/** Explains `entry` by the configuration `loaded`. */
export function explanationOf(
  entry: AuditEntry,
  loaded: Loaded,
  readRule: RuleReader,
): Explanation {
  const { stage, label, tool, decision } = entry;
  const kind = kindOf(entry);
  if (kind !== null && tool !== null && (decision === "allow" || stage === "allowlist")) {
    return byName(entry, { kind, name: tool }, loaded, readRule);
  }
  if (stage === null) return NOTHING;
  const advice = adviceOn(entry);
  const index = keyIndex(loaded, label ?? /^expired key: (.*)$/.exec(entry.detail ?? "")?.[1]);
  if (stage === "ratelimit" && index !== null && loaded.isWritten(["keys", index, "rate_limit"])) {
    const place = placeAt(loaded, ["keys", index, "rate_limit"]);
    return { ...NOTHING, rule: `the limit in ${place.path}`, place, advice: advice?.text ?? null };
  }
  if (stage === "auth" && index !== null) {
    const path = loaded.isWritten(["keys", index, "expires"]) ? "expires" : "label";
    const place = placeAt(loaded, ["keys", index, path]);
    return { ...NOTHING, rule: place.path, place, advice: advice?.text ?? null };
  }
  if (advice === null) return byStage(stage, loaded);
  if (advice.path === null) return { ...NOTHING, advice: advice.text };
  const isWritten = loaded.isWritten(advice.path);
  return {
    ...NOTHING,
    rule: `${advice.path.join(".")}${isWritten ? "" : ", which has its default"}`,
    place: isWritten ? placeAt(loaded, advice.path) : null,
    advice: advice.text,
  };
}

/** A refusal for what a key names, or the leave that it gives. */
function byName(
  { label }: AuditEntry,
  { kind, name }: { readonly kind: NamedKind; readonly name: string },
  loaded: Loaded,
  readRule: RuleReader,
): Explanation {
  const index = keyIndex(loaded, label);
  if (index === null || label === null) {
    return { ...NOTHING, rule: `no key has the label ${JSON.stringify(label ?? "")} there` };
  }
  const key = loaded.config.keys[index] as Config["keys"][number];
  const rule = readRule(key, kind, name);
  const { place, list } = placeOfRule(index, rule, loaded);
  const quoted = JSON.stringify(name);
  if (rule.isEvasive) {
    return {
      rule: "no pattern is asked about a URI that another reader could take for another place",
      place: null,
      advice: "the client has to ask for the URI without dot segments, backslashes or escaped dots",
      allowedNow: false,
    };
  }
  if (rule.index === null) {
    return {
      rule: `no pattern in ${list} names ${quoted}`,
      place,
      advice: `to allow it, add ${quoted} to ${list} at ${place.file}:${place.line}`,
      allowedNow: false,
    };
  }
  const pattern = JSON.stringify(key[rule.list][rule.index]);
  return {
    rule: `${list} names it: ${pattern}`,
    place,
    advice: rule.allowed
      ? null
      : `to allow it, take ${pattern} out of ${list} at ${place.file}:${place.line}`,
    allowedNow: rule.allowed,
  };
}

function placeOfRule(index: number, { list, index: at }: GrantRule, loaded: Loaded) {
  const path = ["keys", index, list];
  if (loaded.isWritten(path)) {
    return {
      place: placeAt(loaded, at === null ? path : [...path, at]),
      list: placeAt(loaded, path).path,
    };
  }
  // Where a key says nothing of prompts and resources, a lone "*" in its allow speaks for them.
  const stands = at === null ? ["keys", index] : ["keys", index, "allow"];
  return { place: placeAt(loaded, stands), list: `keys[${index}].${list}` };
}

/** A stage of one's own. */
function byStage(stage: string, loaded: Loaded): Explanation {
  const index = loaded.config.pipeline.findIndex(({ name }) => name === stage);
  if (index < 0 || !loaded.isWritten(["pipeline", index])) return NOTHING;
  const use = loaded.config.pipeline[index]?.use ?? null;
  return {
    ...NOTHING,
    rule: use === null ? `the stage ${stage}` : `the policy module ${use}`,
    place: placeAt(loaded, ["pipeline", index]),
  };
}

function placeAt(loaded: Loaded, path: readonly (string | number)[]): Place {
  const { file, line, column, path: text, excerpt } = loaded.problemAt(path, "", "");
  return { file, line, column, path: text, excerpt: excerpt?.trim() ?? null };
}

function keyIndex({ config }: Loaded, label: string | null | undefined): number | null {
  const index = config.keys.findIndex((key) => key.label === label);
  return index < 0 ? null : index;
}

/** What the record's `tool` is the name of. */
function kindOf({ method, tool }: AuditEntry): NamedKind | null {
  const family = method?.split("/")[0] ?? "";
  if (family === "completion") return tool?.includes(":") === true ? "resource" : "prompt";
  return FAMILIES[family] ?? null;
}

const FAMILIES: Readonly<Record<string, NamedKind>> = {
  tools: "tool",
  tasks: "tool",
  prompts: "prompt",
  resources: "resource",
  skills: "resource",
};
