/**
 * The runner: the stages of one configuration in their order, asked one after the other until one
 * denies. Builds them from built-ins and user modules alike, and refuses an order that would let an
 * exchange pass unaudited, unauthenticated or unchecked. Knows neither HTTP nor the upstream.
 */
import type { AnyPolicyModule, Context, Host, Policy, StageConfig } from "./contract.ts";
import { told } from "./failure.ts";
import type { Ruling } from "./ruling.ts";
import { type Asked, Stage } from "./stage.ts";
import { StageError } from "./stage_error.ts";
import { readOptions } from "./stage_options.ts";

export { finish, newRuling } from "./ruling.ts";
export type { Asked, Ruling };
export { StageError };

/** Stages in their order. */
export class Pipeline {
  /** Number of stages. */
  readonly size: number;
  /** Index of the first stage that asks for the call. */
  readonly firstCall: number;
  readonly #stages: readonly Stage[];

  constructor(stages: readonly Stage[]) {
    this.#stages = stages;
    this.size = stages.length;
    const first = stages.findIndex((stage) => stage.asksForCall);
    this.firstCall = first === -1 ? stages.length : first;
  }

  /** The name of the stage at `index`, or the empty string. */
  name(index: number): string {
    return this.#stages[index]?.name ?? "";
  }

  /**
   * Asks the stages from `from` up to, not including, `to`. Stops at the first denial. Gives a
   * promise only where a stage does. Never throws, never rejects.
   */
  ask(from: number, to: number, asked: Asked, ruling: Ruling): void | Promise<void> {
    for (let index = from; index < to && ruling.denial === null; index++) {
      const pending = this.#stages[index]?.ask(asked, ruling);
      if (pending !== undefined) return pending.then(() => this.ask(index + 1, to, asked, ruling));
    }
  }
}

interface PlannedStage {
  readonly config: StageConfig;
  readonly module: AnyPolicyModule;
  readonly options: unknown;
}

/**
 * Builds the stages that `stages` names.
 *
 * @param builtIns The stages that ship, by name
 * @param plugins Loads the user module at an absolute path
 * @param lend The host of the stage of that name
 * @throws {StageError} the first thing that is wrong, with the others in it
 */
export async function buildPipeline(
  stages: readonly StageConfig[],
  builtIns: ReadonlyMap<string, AnyPolicyModule>,
  plugins: (path: string) => Promise<AnyPolicyModule>,
  lend: (stage: string) => Host,
): Promise<Pipeline> {
  const planned: PlannedStage[] = [];
  const problems: StageError[] = [];
  for (const [index, config] of stages.entries()) {
    const module = await findModule(index, config, builtIns, plugins);
    if (module instanceof StageError) {
      problems.push(module);
      continue;
    }
    const read = await readOptions(module, config.options, index);
    if ("problems" in read) problems.push(...read.problems);
    planned.push({ config, module, options: "options" in read ? read.options : undefined });
  }
  // Whether a module stands at the head is known once all are loaded.
  if (planned.length === stages.length) problems.push(...orderProblems(planned));
  const [first, ...others] = problems;
  if (first !== undefined) {
    throw new StageError(first.stageIndex, first.optionPath, first.message, others);
  }
  const built: Stage[] = [];
  for (const [index, stage] of planned.entries()) {
    // A turn for whoever is served meanwhile: with very many keys each stage takes its time.
    await new Promise((resolve) => setTimeout(resolve, 0));
    built.push(await build(index, stage, lend(stage.config.name)));
  }
  return new Pipeline(built);
}

async function findModule(
  index: number,
  config: StageConfig,
  builtIns: ReadonlyMap<string, AnyPolicyModule>,
  plugins: (path: string) => Promise<AnyPolicyModule>,
): Promise<AnyPolicyModule | StageError> {
  if (config.use === null) {
    const names = [...builtIns.keys()].join(", ");
    return builtIns.get(config.name) ??
      new StageError(index, null, `Unknown stage "${config.name}": built in are ${names}`);
  }
  try {
    return await plugins(config.use);
  } catch (error) {
    return new StageError(index, null, error instanceof Error ? error.message : told(error));
  }
}

function orderProblems(planned: readonly PlannedStage[]): StageError[] {
  const problems: StageError[] = [];
  const isBuiltIn = (stage: PlannedStage | undefined, name: string) =>
    stage?.config.use === null && stage.config.name === name;
  if (!isBuiltIn(planned[0], "audit")) {
    problems.push(new StageError(0, null, "The first stage must be audit"));
  }
  if (!planned.some((stage) => isBuiltIn(stage, "allowlist"))) {
    problems.push(new StageError(null, null, "The stage allowlist is missing"));
  }
  const firstCall = planned.findIndex((stage) => stage.module.at !== "head");
  const knowsCaller = (stage: PlannedStage) =>
    isBuiltIn(stage, "auth") || (stage.config.use !== null && stage.module.at === "head");
  if (firstCall !== -1 && !planned.slice(0, firstCall).some(knowsCaller)) {
    const message =
      `auth, or a module at: "head", must stand before the first stage that sees calls`;
    problems.push(new StageError(firstCall, null, message));
  }
  const names = new Set<string>();
  for (const [index, { config }] of planned.entries()) {
    if (names.has(config.name)) {
      problems.push(new StageError(index, null, `The stage ${config.name} occurs twice`));
    }
    names.add(config.name);
  }
  return problems;
}

async function build(index: number, stage: PlannedStage, host: Host): Promise<Stage> {
  const { config, module, options } = stage;
  let policy: unknown;
  try {
    policy = await module.create(options, host);
  } catch (error) {
    const message = error instanceof Error ? error.message : told(error);
    throw new StageError(index, null, `The stage ${config.name} cannot start: ${message}`);
  }
  if (typeof policy !== "function") {
    throw new StageError(index, null, `The stage ${config.name} made no policy`);
  }
  return new Stage({
    name: config.name,
    asksForCall: module.at !== "head",
    policy: policy as Policy<Context>,
    timeoutMs: config.use === null ? null : config.timeoutMs,
    log: host.log,
  });
}
