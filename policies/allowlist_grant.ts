/**
 * What one key may use, compiled: names in, yes or no out. Absence denies; a lone `*` names
 * everything. Knows no messages.
 */
import { compilePatterns, PLAIN_NAME } from "../src/mcp/name_pattern.ts";
import type { Grant } from "../src/policy/contract.ts";

/** A compiled grant. Asking costs the same however many names it holds. */
export interface Rights {
  mayCall(tool: string): boolean;
  mayPrompt(prompt: string): boolean;
  /** By URI, or by URI template as it is written. */
  mayRead(uri: string): boolean;
  /** Whether any prompt may be used; otherwise there seem to be none. */
  readonly hasPrompts: boolean;
  readonly hasResources: boolean;
  /** Whether everything may be used, so that nothing has to be looked for in replies. */
  readonly isEverything: boolean;
}

/** Which part of a grant decides about one name. */
export interface Rule {
  readonly allowed: boolean;
  readonly list: keyof Grant;
  /** The place in that list of the pattern that decides; null: none of them names it. */
  readonly index: number | null;
  /** Whether no pattern is asked, because the URI could mean another place than it names. */
  readonly isEvasive: boolean;
}

/** The rights of a caller that no key speaks for. */
export const NO_GRANT: Grant = { allow: [], deny: [], prompts: [], resources: [] };

/** Compiles `grant`. */
export function compileGrant(grant: Grant): Rights {
  const allowed = compilePatterns(grant.allow, PLAIN_NAME);
  const denied = compilePatterns(grant.deny);
  const resources = compilePatterns(grant.resources);
  return {
    mayCall: (tool) => allowed(tool) && !denied(tool),
    mayPrompt: compilePatterns(grant.prompts),
    mayRead: (uri) => !EVASIVE.test(uri) && resources(uri),
    hasPrompts: grant.prompts.length > 0,
    hasResources: grant.resources.length > 0,
    isEverything: grant.deny.length === 0 &&
      [grant.allow, grant.prompts, grant.resources].every(namesEverything),
  };
}

/**
 * URIs that an upstream could resolve to another place than the one that was matched: dot segments,
 * escaped dots and separators however often escaped, backslashes, and the control characters that
 * URL parsers drop silently (PROTOCOL §6 O1).
 */
const EVASIVE = /(?:^|[/?#;:])\.{1,2}(?:[/?#;]|$)|%(?:25)*(?:2e|2f|5c)|[\\\p{Cc}]/iu;

/** What in `grant` decides about the tool, prompt or resource `name`: the first pattern that names it. */
export function ruleFor(grant: Grant, kind: "tool" | "prompt" | "resource", name: string): Rule {
  const first = (list: keyof Grant, reach?: RegExp): Rule => {
    const found = grant[list].findIndex((pattern) => compilePatterns([pattern], reach)(name));
    return { allowed: found >= 0, list, index: found < 0 ? null : found, isEvasive: false };
  };
  switch (kind) {
    case "prompt":
      return first("prompts");
    case "resource":
      return EVASIVE.test(name)
        ? { allowed: false, list: "resources", index: null, isEvasive: true }
        : first("resources");
    case "tool": {
      const denied = first("deny");
      return denied.index === null ? first("allow", PLAIN_NAME) : { ...denied, allowed: false };
    }
  }
}

function namesEverything(patterns: readonly string[]): boolean {
  return patterns.includes("*");
}
