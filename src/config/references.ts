/**
 * `${NAME}`, `$$` and `file:`: how secrets get into a configuration without standing in it. Says
 * what is missing by its name and never what a secret is.
 */
import type { Flaw } from "./document.ts";
import { type Path, placeOf, type Schema, schemaStep } from "./schema_place.ts";

/** Where references lead. */
export interface References {
  /** The text of a file, seen from the configuration's folder. Throws where there is none. */
  readText(path: string): string;
  env(name: string): string | undefined;
}

/** Secrets by where they stand, and what is wrong with those that could not be read. */
export interface Resolved {
  readonly secrets: ReadonlyMap<string, string>;
  readonly flaws: readonly Flaw[];
}

const ALLOWED = "${NAME} only in upstream.headers and secret";

/** Reads every secret in `value`, and finds references where none are read. */
export function resolveReferences(value: unknown, schema: Schema, from: References): Resolved {
  const secrets = new Map<string, string>();
  const flaws: Flaw[] = [];
  const visit = (at: unknown, shape: Schema | undefined, path: Path): void => {
    // Most of a large file is keys, where no secret is read: a look tells that none stands there.
    if (path.length === 1 && Array.isArray(at) && !mayRefer(at)) return;
    if (typeof at === "string") {
      if (placeOf(shape).kind !== "reference") flaws.push(...misplaced(at, path));
      else keep(at, path);
    } else if (Array.isArray(at)) {
      at.forEach((item, index) => visit(item, schemaStep(shape, index), [...path, index]));
    } else if (typeof at === "object" && at !== null) {
      for (const [name, item] of Object.entries(at)) {
        visit(item, schemaStep(shape, name), [...path, name]);
      }
    }
  };
  const keep = (text: string, path: Path): void => {
    const secret = resolveText(text, from);
    if (typeof secret === "string") secrets.set(secretKey(path), secret);
    else flaws.push({ path, ...secret });
  };
  visit(value, schema, []);
  return { secrets, flaws };
}

/** Whether a list, of texts or of mappings, may hold a secret or what looks like one. */
function mayRefer(at: unknown): boolean {
  if (typeof at === "string") return at.includes("${");
  if (typeof at !== "object" || at === null) return false;
  for (const name in at) if (mayRefer((at as Record<string, unknown>)[name])) return true;
  return false;
}

/** Under which the secret at `path` is kept. */
export function secretKey(path: Path): string {
  return path.join("\n");
}

/** Why a file could not be read, in words that repeat nothing from it. */
export function readFailure(error: unknown): string {
  const { code, name } = error instanceof Error
    ? error as Error & { code?: unknown }
    : { code: "", name: "" };
  if (code === "ENOENT" || name === "NotFound") return "no such file";
  if (code === "EACCES" || name === "PermissionDenied") return "a file that may not be read";
  if (code === "EISDIR" || name === "IsADirectory") return "a folder";
  if (error instanceof TypeError || name === "InvalidData") return "a file that is not UTF-8";
  return "a file that cannot be read";
}

type Failure = Pick<Flaw, "found" | "expected" | "suggestion">;

function resolveText(text: string, from: References): string | Failure {
  const written = expand(text, from);
  if (typeof written !== "string" || !text.startsWith("file:")) return written;
  const path = written.slice("file:".length).replace(/^\/\/(?=\/)/, "");
  if (path === "") return { found: "file: without a path", expected: '"file:/path"' };
  try {
    return from.readText(path).replace(/\r?\n$/, "");
  } catch (error) {
    return { found: readFailure(error), expected: `a file ${shownPath(text)}` };
  }
}

function expand(text: string, from: References): string | Failure {
  let missing: Failure | null = null;
  const expanded = text.replace(/\$(?:\$|\{([A-Za-z_]\w{0,127})\})?/g, (match, name?: string) => {
    if (match === "$$") return "$";
    const value = name === undefined ? undefined : from.env(name);
    if (value !== undefined && value !== "") return value;
    missing ??= name === undefined
      ? { found: "a $ that begins no ${NAME}", expected: "${NAME}, or $$ for a dollar sign" }
      : {
        found: value === undefined ? `no ${name} in the environment` : `an empty ${name}`,
        expected: `a value in the environment variable ${name}`,
      };
    return "";
  });
  return missing ?? expanded;
}

/** As written, so that what a variable holds is not shown; and only what is a path and no more. */
function shownPath(text: string): string {
  const path = text.slice("file:".length);
  return /^[\w./${}~-]{1,200}$/.test(path) ? path : "at this path";
}

function misplaced(text: string, path: Path): Flaw[] {
  if (!/\$\{[A-Za-z_]\w*\}/.test(text)) return [];
  return [{ path, found: "a reference to the environment", expected: `a value; ${ALLOWED}` }];
}
