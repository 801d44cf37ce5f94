/**
 * Reads a configuration: the file's text to a frozen {@link Config}, or everything that is wrong with
 * it, each in its place. It answers and never throws. Opens nothing but what the file names.
 */
import { createHash } from "node:crypto";
import type { GateConfig } from "../policy/gate_config.ts";
import { assemble, pathsOf, type ResolvePath } from "./assemble.ts";
import { chainFlaws } from "./audit_schema.ts";
import type { ConfigSources, LoadResult } from "./config.ts";
import { type Flaw, parseText, valueAt } from "./document.ts";
import { fitted } from "./fitting.ts";
import { headerFlaws, headerOwnerFlaws, upstreamHeaders } from "./header_rules.ts";
import { freeze } from "./freeze.ts";
import { flawsOf } from "./issue.ts";
import { keyFlaws } from "./key_rules.ts";
import { limitFlaws, sealFlaws } from "./limit_rules.ts";
import { Page } from "./page.ts";
import { DECLINED, plainValue } from "./plain_yaml.ts";
import { pipelineFlaws } from "./pipeline_rules.ts";
import type { Problem } from "./problem.ts";
import { readFailure, resolveReferences, secretKey } from "./references.ts";
import { configSchema } from "./schema.ts";
import type { Path } from "./schema_place.ts";
import { readTls, type TlsTexts, type UpstreamTlsTexts } from "./tls_rules.ts";
import { readModules } from "./user_module_text.ts";

export type { Config, ConfigSources, LoadResult, Secrets } from "./config.ts";
export { formatProblems, type Problem } from "./problem.ts";

/** Loads the configuration in `file`. */
export function loadConfig(file: string, sources: ConfigSources): LoadResult {
  return atOnce(load(file, sources));
}

/**
 * The same, a little at a time.
 *
 * @param rest Called between any two parts of the work; what it gives is waited for
 */
export async function loadConfigInSlices(
  file: string,
  sources: ConfigSources,
  rest: () => void | Promise<void>,
): Promise<LoadResult> {
  const loading = load(file, sources);
  for (;;) {
    const step = loading.next();
    if (step.done) return step.value;
    const resting = rest();
    if (resting !== undefined) await resting;
  }
}

function atOnce<T>(work: Generator<void, T>): T {
  for (;;) {
    const step = work.next();
    if (step.done) return step.value;
  }
}

function* load(file: string, sources: ConfigSources): Generator<void, LoadResult> {
  let text: string;
  try {
    text = sources.readText(file);
  } catch (error) {
    return { ok: false, problems: [unreadable(file, error)] };
  }
  const plain = yield* readPlain(file, text, sources);
  return plain ?? readWhole(file, text, sources);
}

/**
 * Up to so many characters the library reads a text quickly enough, and there is no second opinion on
 * what it says.
 */
const LONG = 64 * 1024;

/** Reads a long text that is plainly written and has nothing wrong with it; null: it may be another one. */
function* readPlain(
  file: string,
  text: string,
  sources: ConfigSources,
): Generator<void, LoadResult | null> {
  const value = text.length > LONG ? yield* plainValue(text) : DECLINED;
  if (value === DECLINED) return null;
  yield;
  const inspected = yield* inspect(file, value, sources, () => 0);
  if (inspected.referenceFlaws.length > 0 || inspected.flaws.length > 0) return null;
  yield;
  const config = yield* fitted(value, inspected.resolve);
  return config === null ? null : accepted(file, text, config, inspected);
}

/** Reads any text, and says what is wrong with it. */
function readWhole(file: string, text: string, sources: ConfigSources): LoadResult {
  const parsed = parseText(text);
  const page = new Page(file, text, parsed, configSchema);
  if (parsed.broken) return { ok: false, problems: page.problems(parsed.flaws) };

  const { value } = parsed;
  const inspected = atOnce(inspect(file, value, sources, (path) => page.line(path)));
  const shape = configSchema.safeParse(value ?? {});
  const schemaFlaws = shape.success ? [] : flawsOf(shape.error.issues, value, configSchema);
  const told = [...parsed.flaws, ...inspected.referenceFlaws];
  const flaws = [
    ...told,
    ...schemaFlaws.filter((flaw) => !told.some(({ path }) => isWithin(flaw.path, path))),
    ...inspected.flaws,
  ];
  if (!shape.success || flaws.length > 0) return { ok: false, problems: page.problems(flaws) };
  return accepted(file, text, assemble(shape.data, inspected.resolve), inspected);
}

/** What a file says beside what fits the schema. */
interface Inspected {
  readonly resolve: ResolvePath;
  readonly referenceFlaws: readonly Flaw[];
  /** Rules that look at more than one place. */
  readonly flaws: readonly Flaw[];
  readonly seal: string | null;
  readonly upstreamFields: readonly (readonly [name: string, value: string])[];
  readonly moduleTexts: readonly (readonly [path: string, text: string])[];
  readonly tls: TlsTexts | null;
  readonly upstreamTls: UpstreamTlsTexts | null;
}

function* inspect(
  file: string,
  value: unknown,
  sources: ConfigSources,
  lineOf: (path: Path) => number,
): Generator<void, Inspected> {
  const resolve = pathsOf(file, (folder, path) => sources.resolve(folder, path));
  const readText = (path: string) => sources.readText(resolve(path));
  const references = resolveReferences(value, configSchema, {
    env: (name) => sources.env(name),
    readText,
  });
  const { secrets } = references;
  const headers = upstreamHeaders(valueAt(value, ["upstream", "headers"]), secrets);
  const modules = readModules(valueAt(value, ["pipeline"]), readText);
  const tls = readTls(value, readText);
  const seal = secrets.get(secretKey(["secret"])) ?? null;
  return {
    resolve,
    referenceFlaws: references.flaws,
    flaws: [
      ...modules.flaws,
      ...tls.flaws,
      ...sealFlaws(secrets),
      ...chainFlaws(valueAt(value, ["audit"]), seal !== null),
      ...headerFlaws(headers),
      ...headerOwnerFlaws(valueAt(value, ["upstream"])),
      ...yield* keyFlaws(valueAt(value, ["keys"]), lineOf),
      ...limitFlaws(valueAt(value, ["limits"])),
      ...pipelineFlaws(valueAt(value, ["pipeline"]), sources.builtIns),
    ],
    seal,
    upstreamFields: headers.map(({ name, value }) => [name, value ?? ""] as const),
    moduleTexts: modules.texts.map(([use, text]) => [resolve(use), text] as const),
    tls: tls.listener,
    upstreamTls: tls.upstream,
  };
}

function accepted(
  file: string,
  text: string,
  config: GateConfig,
  { seal, upstreamFields, moduleTexts, tls, upstreamTls }: Inspected,
): LoadResult {
  return {
    ok: true,
    config: freeze({
      ...config,
      secrets: { seal, upstreamHeaders: upstreamFields, tls, upstreamTls },
      moduleTexts,
      fingerprint: fingerprint([digest(text), seal, upstreamFields, moduleTexts, tls, upstreamTls]),
    }),
    // Who asks is rare, and then has time: no tree is kept for him.
    problemAt: (path, found, expected, suggestion) =>
      new Page(file, text, parseText(text), configSchema)
        .problem({ path, found, expected, suggestion }),
    isWritten: (path) => valueAt(parseText(text).value, path) !== undefined,
  };
}

function isWithin(path: Path, around: Path): boolean {
  return around.length > 0 && around.every((step, index) => path[index] === step);
}

/** One text for all that a reload has to look at; JSON keeps the parts apart. */
function fingerprint(parts: readonly unknown[]): string {
  return digest(JSON.stringify(parts));
}

function digest(text: string): string {
  return createHash("sha256").update(text).digest("hex");
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
