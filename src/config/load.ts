/**
 * Reads a configuration: the file's text to a frozen {@link Config}, or everything that is wrong with
 * it, each in its place. It answers and never throws. Opens nothing but what the file names.
 */
import { createHash } from "node:crypto";
import { assemble, pathsOf } from "./assemble.ts";
import { chainFlaws } from "./audit_schema.ts";
import type { Config, ConfigSources, LoadResult } from "./config.ts";
import { parseText, valueAt } from "./document.ts";
import { headerFlaws, headerOwnerFlaws, upstreamHeaders } from "./header_rules.ts";
import { freeze } from "./freeze.ts";
import { flawsOf } from "./issue.ts";
import { keyFlaws } from "./key_rules.ts";
import { limitFlaws, sealFlaws } from "./limit_rules.ts";
import { Page } from "./page.ts";
import { pipelineFlaws } from "./pipeline_rules.ts";
import type { Problem } from "./problem.ts";
import { readFailure, resolveReferences, secretKey } from "./references.ts";
import { configSchema } from "./schema.ts";
import type { Path } from "./schema_place.ts";
import { readModules } from "./user_module_text.ts";

export type { Config, ConfigSources, LoadResult, Secrets } from "./config.ts";
export { formatProblems, type Problem } from "./problem.ts";

/** Loads the configuration in `file`. */
export function loadConfig(file: string, sources: ConfigSources): LoadResult {
  let text: string;
  try {
    text = sources.readText(file);
  } catch (error) {
    return { ok: false, problems: [unreadable(file, error)] };
  }
  return readConfig(file, text, sources);
}

function readConfig(file: string, text: string, sources: ConfigSources): LoadResult {
  const parsed = parseText(text);
  const page = new Page(file, text, parsed, configSchema);
  if (parsed.broken) return { ok: false, problems: page.problems(parsed.flaws) };

  const { value } = parsed;
  const resolve = pathsOf(file, (folder, path) => sources.resolve(folder, path));
  const readText = (path: string) => sources.readText(resolve(path));
  const references = resolveReferences(value, configSchema, {
    env: (name) => sources.env(name),
    readText,
  });
  const { secrets } = references;
  const headers = upstreamHeaders(valueAt(value, ["upstream", "headers"]), secrets);
  const modules = readModules(valueAt(value, ["pipeline"]), readText);
  const shape = configSchema.safeParse(value ?? {});
  const schemaFlaws = shape.success ? [] : flawsOf(shape.error.issues, value, configSchema);
  const told = [...parsed.flaws, ...references.flaws];
  const flaws = [
    ...told,
    ...schemaFlaws.filter((flaw) => !told.some(({ path }) => isWithin(flaw.path, path))),
    ...modules.flaws,
    ...sealFlaws(secrets),
    ...chainFlaws(valueAt(value, ["audit"]), secrets.has(secretKey(["secret"]))),
    ...headerFlaws(headers),
    ...headerOwnerFlaws(valueAt(value, ["upstream"])),
    ...keyFlaws(valueAt(value, ["keys"]), (path) => page.line(path)),
    ...limitFlaws(valueAt(value, ["limits"])),
    ...pipelineFlaws(valueAt(value, ["pipeline"]), sources.builtIns),
  ];
  if (!shape.success || flaws.length > 0) return { ok: false, problems: page.problems(flaws) };

  const seal = secrets.get(secretKey(["secret"])) ?? null;
  const upstreamFields = headers.map(({ name, value }) => [name, value ?? ""] as const);
  const config: Config = {
    ...assemble(shape.data, resolve),
    secrets: { seal, upstreamHeaders: upstreamFields },
    moduleTexts: modules.texts.map(([use, text]) => [resolve(use), text] as const),
    fingerprint: fingerprint([text, seal, upstreamFields, modules.texts]),
  };
  return {
    ok: true,
    config: freeze(config),
    problemAt: (path, found, expected, suggestion) =>
      page.problem({ path, found, expected, suggestion }),
    isWritten: (path) => valueAt(value, path) !== undefined,
  };
}

function isWithin(path: Path, around: Path): boolean {
  return around.length > 0 && around.every((step, index) => path[index] === step);
}

/** One text for all that a reload has to look at; JSON keeps the parts apart. */
function fingerprint(parts: readonly unknown[]): string {
  return createHash("sha256").update(JSON.stringify(parts)).digest("hex");
}

function unreadable(file: string, error: unknown): Problem {
  const found = readFailure(error);
  return {
    file,
    line: 0,
    column: 0,
    path: "",
    found,
    expected: "a configuration in YAML",
    suggestion: "copy config.example.yaml, or name another file with --config",
    excerpt: null,
    length: 1,
  };
}
