/**
 * Patterns that name tools, prompts and resource URIs: exact names, or globs in which `*` stands for
 * any run of characters. Case-sensitive, by code unit. Never a regular expression: matching must stay
 * linear on names that an attacker chooses.
 */

/** The names a glob may match where the caller wants it no wider (2025-11-25, tool names). */
export const PLAIN_NAME = /^[A-Za-z0-9_.-]{1,128}$/;

/**
 * Whether a name matches one of `patterns`. A pattern of nothing but `*` names everything.
 *
 * @param globReach Where given, other globs match only names that it matches. For grants, never for
 * what is taken out of them: a narrower `deny` would be a wider grant.
 */
export function compilePatterns(
  patterns: readonly string[],
  globReach?: RegExp,
): (name: string) => boolean {
  if (patterns.some((pattern) => /^\*+$/.test(pattern))) return () => true;
  // The prefix keeps integer-like names from colliding in the set, see json_scan.ts.
  const exact = new Set(patterns.filter((pattern) => !isGlob(pattern)).map((name) => `=${name}`));
  const globs = patterns.filter(isGlob).map((pattern) => pattern.split("*"));
  if (globs.length === 0) return (name) => exact.has(`=${name}`);
  return (name) =>
    exact.has(`=${name}`) ||
    ((globReach === undefined || globReach.test(name)) &&
      globs.some((parts) => matches(parts, name)));
}

/**
 * Whether everything that `narrow` names is named by `wide` too. Conservative: where it is not sure,
 * it says no.
 *
 * @param globReach As given to {@link compilePatterns} for both
 */
export function covers(wide: readonly string[], narrow: string, globReach?: RegExp): boolean {
  // The `*` of `narrow` is read as a letter of its own: only a `*` of `wide` can match it. Two globs
  // reach equally far; an exact name may lie beyond the reach.
  return compilePatterns(wide, isGlob(narrow) ? undefined : globReach)(narrow);
}

function isGlob(pattern: string): boolean {
  return pattern.includes("*");
}

/** Whether `name` is the parts of a glob in order with anything between them, found leftmost. */
function matches(parts: readonly string[], name: string): boolean {
  const first = parts[0] ?? "";
  const last = parts[parts.length - 1] ?? "";
  if (name.length < first.length + last.length) return false;
  if (!name.startsWith(first) || !name.endsWith(last)) return false;
  const end = name.length - last.length;
  let at = first.length;
  for (let index = 1; index < parts.length - 1; index++) {
    const part = parts[index] ?? "";
    const found = name.indexOf(part, at);
    if (found < 0 || found + part.length > end) return false;
    at = found + part.length;
  }
  return true;
}
