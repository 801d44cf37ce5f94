/**
 * Which member names careless JSON parsers take for one and the same: by case, with blanks around
 * them or cut at a NUL (CVE-2026-27896 class), and in the spelling of another language, where a data
 * model takes its fields by either name. An object whose governed names have such doubles means one
 * thing here and another there.
 */

/** `key` as the most careless of parsers reads it. */
export function foldKey(key: string): string {
  if (!/[^a-z]/.test(key)) return key;
  // U+212A is lowered to k by toLowerCase already, U+017F is not: it is a lower-case letter itself.
  return key.replaceAll("\0", "").trim().toLowerCase().replaceAll("\u017f", "s");
}

/**
 * Whether some parser could read `key` as `name`. Two careless ways with a NUL are known: dropping it,
 * and ending the name there.
 */
export function couldBe(key: string, name: string): boolean {
  return key === name || foldKey(key) === foldKey(name) || foldKey(cutAtNul(key)) === foldKey(name);
}

/** A table of governed names that knows their variants. */
export class KeyTable {
  readonly #names: ReadonlySet<string>;
  readonly #byFold: ReadonlyMap<string, string>;

  constructor(names: readonly string[]) {
    this.#names = new Set(names);
    this.#byFold = new Map(
      names.flatMap((name) =>
        spellings(name).map((spelling) => [foldKey(spelling), name] as const)
      ),
    );
  }

  /** Whether `key` is one of the names. */
  has(key: string): boolean {
    return this.#names.has(key);
  }

  /** The name that `key` is or could be taken for, or null. */
  nameOf(key: string): string | null {
    return this.#byFold.get(foldKey(key)) ?? this.#byFold.get(foldKey(cutAtNul(key))) ?? null;
  }
}

/**
 * `name` and what it is called in languages that write `task_id` and keep a leading underscore for
 * themselves: pydantic takes both, where a model says `populate_by_name`.
 */
function spellings(name: string): string[] {
  return [name, name.replace(/(?<=[a-z])(?=[A-Z])/g, "_"), name.replace(/^_+/, "")];
}

function cutAtNul(key: string): string {
  const nul = key.indexOf("\0");
  return nul < 0 ? key : key.slice(0, nul);
}
