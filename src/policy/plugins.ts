/**
 * Loads user modules: one file each, its types stripped by a library that works in compiled programs
 * too, and imported by content, so that a reload picks up an edit. Knows nothing of pipelines.
 */
import type { AnyPolicyModule } from "./contract.ts";
import { isThenable, told } from "./failure.ts";

/** Why a user module cannot be used; the message names file and line. */
export class PluginError extends Error {
  override readonly name = "PluginError";
}

/**
 * The module in the `.ts` or `.js` file at `path`: its default export, its shape checked. Equal text
 * gives the same module again, state and all. Throws {@link PluginError}.
 *
 * @param known The file's text, where it has been read already
 */
export async function loadPlugin(path: string, known?: string): Promise<AnyPolicyModule> {
  const script = await readScript(path, known);
  refuseImports(path, script);
  return checkShape(path, await importScript(path, script));
}

async function readScript(path: string, known?: string): Promise<string> {
  if (!/\.[tj]s$/.test(path)) throw new PluginError(`${path}: must be a .ts or .js file`);
  if (known !== undefined) return await withoutTypes(path, known);
  let text: string;
  try {
    text = await Deno.readTextFile(path);
  } catch (error) {
    throw new PluginError(`Cannot read the policy module: ${told(error)}`);
  }
  return await withoutTypes(path, text);
}

/** What the library throws. */
interface SyntaxFault {
  readonly message: string;
  readonly startLine: number;
  /** From 0. */
  readonly startColumn: number;
}

/** JavaScript is checked by the same parser: its errors name the line as well. */
async function withoutTypes(path: string, text: string): Promise<string> {
  // 14 ms and 5 MB, for those only who have modules of their own.
  const { transformSync } = await import("amaro");
  try {
    return transformSync(text, { mode: "strip-only", filename: path }).code;
  } catch (error) {
    if (!isSyntaxFault(error)) throw new PluginError(`${path}: ${told(error)}`);
    const place = `${path}:${error.startLine}:${error.startColumn + 1}`;
    throw new PluginError(`${place}: ${error.message}`);
  }
}

function isSyntaxFault(error: unknown): error is SyntaxFault {
  return typeof error === "object" && error !== null && "message" in error &&
    "startLine" in error && typeof error.startLine === "number" &&
    "startColumn" in error && typeof error.startColumn === "number";
}

/** An import of values where a statement begins; types are gone by now. */
const IMPORT =
  /^[ \t]*(?:import\s*(?:["']|[\w${*][^;"'`()]*?\bfrom\s*["'])|export\s*[{*][^;"'`()]*?\bfrom\s*["'])/m;

/**
 * A module is one file: what else it would import is in no compiled program, and an edit of it would
 * go unnoticed. This finds the place; an import that hides from it fails when it is resolved.
 */
function refuseImports(path: string, script: string): void {
  const found = IMPORT.exec(script);
  if (found === null) return;
  const line = script.slice(0, found.index).split("\n").length;
  throw new PluginError(`${path}:${line}: ${ONE_FILE}`);
}

const ONE_FILE = `a policy module is one file: it can "import type" and nothing else`;

/** The default export of `script`. */
async function importScript(path: string, script: string): Promise<unknown> {
  const url = `data:text/javascript;charset=utf-8,${encodeURIComponent(script)}`;
  try {
    return (await import(url)).default;
  } catch (error) {
    const isImport = error instanceof Error && "code" in error &&
      error.code === "ERR_MODULE_NOT_FOUND";
    throw new PluginError(`${path}: ${isImport ? ONE_FILE : told(error)}`);
  }
}

function checkShape(path: string, module: unknown): AnyPolicyModule {
  const wrong = (what: string) => new PluginError(`${path}: ${what}`);
  if (typeof module !== "object" || module === null || isThenable(module)) {
    throw wrong("needs a default export: export default { name, options, create }");
  }
  if (!("name" in module) || typeof module.name !== "string" || module.name === "") {
    throw wrong("its name must be a string");
  }
  if ("at" in module && module.at !== undefined && module.at !== "head" && module.at !== "call") {
    throw wrong(`its at must be "head" or "call"`);
  }
  if (!("options" in module) || typeof module.options !== "function") {
    throw wrong("its options must be a function: options: (z) => z.object({})");
  }
  if (!("create" in module) || typeof module.create !== "function") {
    throw wrong("its create must be a function: create: (options, host) => (ctx) => decision");
  }
  // Its options are checked by its own schema, its decisions one by one.
  return module as AnyPolicyModule;
}
