/**
 * Which pipelines are refused: those that would not record every exchange, or would let a body be
 * read or a tool be called by nobody in particular. Loads no module, so where a user's module stands
 * (`at`) is not known here; whoever builds the stages checks that again.
 */
import type { Flaw } from "./document.ts";
import { nearest } from "./nearest.ts";
import { isShowable } from "./redaction.ts";
import type { Path } from "./schema_place.ts";

/** Stages that ship and are asked before the body is read. */
const HEAD_STAGES: ReadonlySet<string> = new Set(["audit", "auth"]);

/** Stage names in audit lines that are the gate's own. */
const RESERVED: ReadonlySet<string> = new Set(["door", "upstream"]);

/** One entry of `pipeline`, as far as it can be read. */
interface Entry {
  readonly name: string;
  readonly path: Path;
  readonly isUser: boolean;
}

/** The name of a user module's stage: the file's, without folder and ending. */
export function moduleName(use: string): string {
  return use.replace(/^.*\//s, "").replace(/\.[^.]*$/, "");
}

/** What is wrong with `pipeline`, beyond its shape. */
export function pipelineFlaws(pipeline: unknown, builtIns: ReadonlySet<string>): Flaw[] {
  if (!Array.isArray(pipeline)) return [];
  const entries = pipeline.map(readEntry).filter((entry) => entry !== null);
  return [
    ...entries.flatMap((entry) => nameFlaws(entry, builtIns)),
    ...duplicateFlaws(entries.filter(({ name, isUser }) => isUser !== builtIns.has(name))),
    // An entry that cannot be read may be the one that is missed.
    ...(entries.length === pipeline.length ? orderFlaws(entries, builtIns) : []),
  ];
}

function readEntry(entry: unknown, index: number): Entry | null {
  if (typeof entry === "string") return { name: entry, path: ["pipeline", index], isUser: false };
  const use = typeof entry === "object" && entry !== null && Object.hasOwn(entry, "use")
    ? (entry as { use: unknown }).use
    : undefined;
  return typeof use === "string" && /\.m?[jt]s$/.test(use)
    ? { name: moduleName(use), path: ["pipeline", index, "use"], isUser: true }
    : null;
}

function nameFlaws({ name, path, isUser }: Entry, builtIns: ReadonlySet<string>): Flaw[] {
  const expected = `one of ${[...builtIns].join(", ")}, or { use: "./module.ts" }`;
  if (isUser) {
    if (!builtIns.has(name) && !RESERVED.has(name)) return [];
    return [{
      path,
      found: `a module named ${JSON.stringify(name)}`,
      expected: "a name that is not one of the gate's own",
      suggestion: builtIns.has(name)
        ? `for the stage that ships, write ${name} alone; else rename the file`
        : "rename the file",
    }];
  }
  if (builtIns.has(name)) return [];
  const meant = nearest(name, builtIns);
  const found = isShowable(name) && name.length <= 60
    ? `unknown stage ${JSON.stringify(name)}`
    : "an unknown stage";
  const suggestion = meant !== undefined
    ? `did you mean "${meant}"?`
    : /\.m?[jt]s$/.test(name)
    ? "a module of your own is written { use: ./module.ts }"
    : undefined;
  return [{ path, found, expected, suggestion }];
}

function duplicateFlaws(entries: readonly Entry[]): Flaw[] {
  const seen = new Set<string>();
  return entries.flatMap(({ name, path }): Flaw[] => {
    if (!seen.has(name)) {
      seen.add(name);
      return [];
    }
    return [{
      path,
      found: isShowable(name) ? `the stage ${JSON.stringify(name)} again` : "a stage again",
      expected: "each stage once",
    }];
  });
}

function orderFlaws(entries: readonly Entry[], builtIns: ReadonlySet<string>): Flaw[] {
  const names = entries.map(({ name, isUser }) => isUser ? null : name);
  const path = ["pipeline"];
  const flaws: Flaw[] = [];
  if (names[0] !== "audit") {
    flaws.push({
      path: entries.length > 0 ? ["pipeline", 0] : path,
      found: entries.length > 0 ? "another stage before audit" : "no audit",
      expected: "audit as the first stage, so that every exchange is recorded",
    });
  }
  if (!names.includes("allowlist")) {
    const misspelt = names.some((name) => name !== null && isMisspelt(name, builtIns));
    if (!misspelt) {
      flaws.push({
        path,
        found: "a pipeline without allowlist",
        expected: "allowlist among the stages, so that what no key is granted is denied",
      });
    }
  }
  const firstCall = entries.findIndex(({ name, isUser }) => !isUser && !HEAD_STAGES.has(name));
  const before = firstCall < 0 ? entries : entries.slice(0, firstCall);
  if (!before.some(({ name, isUser }) => isUser || name === "auth")) {
    flaws.push({
      path: firstCall < 0 ? path : entries[firstCall]!.path,
      found: "a stage that sees calls before anybody has said who calls",
      expected: "auth, or a module of your own, before it",
    });
  }
  return flaws;
}

/** Told already, with what was meant. */
function isMisspelt(name: string, builtIns: ReadonlySet<string>): boolean {
  return !builtIns.has(name) && nearest(name, builtIns) === "allowlist";
}
