/** Pipelines of small stages for the tests of the runner, built as the gate builds them. */
import type {
  AnyPolicyModule,
  Context,
  Decision,
  Log,
  StageConfig,
} from "../../src/policy/contract.ts";
import { buildPipeline, newRuling, type Pipeline, type Ruling } from "../../src/policy/pipeline.ts";
import { asked, LentHost, request } from "../policies/lent_host.ts";

/** A stage under test; `decide` may do whatever a policy must not. */
export interface StageSketch {
  readonly name: string;
  readonly at?: "head" | "call";
  /** Whether a user wrote it. */
  readonly isModule?: boolean;
  readonly timeoutMs?: number;
  readonly decide?: (asked: Context) => unknown;
}

/** A stage that allows. */
export function passing(name: string, at: "head" | "call" = "call"): StageSketch {
  return { name, at };
}

/** `stages` between an `audit`, an `auth` and an `allowlist` that allow everything. */
export async function pipelineOf(
  stages: readonly StageSketch[],
  host = new LentHost(),
): Promise<Pipeline> {
  return await pipelineOfAll(
    [passing("audit", "head"), passing("auth", "head"), ...stages, passing("allowlist")],
    host,
  );
}

/** `stages` and nothing else. */
export function pipelineOfAll(
  stages: readonly StageSketch[],
  host = new LentHost(),
): Promise<Pipeline> {
  const modules = new Map(stages.map((stage) => [stage.name, moduleOf(stage)]));
  const byPath = (path: string) => Promise.resolve(modules.get(path.slice(1)) as AnyPolicyModule);
  return buildPipeline(stages.map(configOf), modules, byPath, () => host);
}

/** Asks all stages about a ping; the ruling they came to. */
export async function rule(pipeline: Pipeline, changes: Partial<Context> = {}): Promise<Ruling> {
  const ruling = newRuling();
  await pipeline.ask(0, pipeline.size, asked(request("ping"), changes), ruling);
  return ruling;
}

/** A log that keeps its lines. */
export function keptLog(): Log & { readonly lines: string[] } {
  const lines: string[] = [];
  return { lines, info: (text) => void lines.push(text), warn: (text) => void lines.push(text) };
}

function moduleOf({ name, at, decide }: StageSketch): AnyPolicyModule {
  return {
    name,
    ...(at === undefined ? {} : { at }),
    options: (z) => z.object({}),
    // What a policy written in JavaScript returns is not checked before it runs.
    create: () => (decide ?? (() => ({ verdict: "allow" }))) as (asked: unknown) => Decision,
  };
}

function configOf({ name, isModule = false, timeoutMs = 1000 }: StageSketch): StageConfig {
  return { name, use: isModule ? `/${name}` : null, options: undefined, timeoutMs };
}
