/**
 * The ruling: what the stages of one pipeline have decided about one exchange so far, and the end of
 * it, when the finish hooks are told. The gate holds one per exchange; stages fill it.
 */
import type { Deny, FinishHook, Log, Outcome, Principal, ReplyFilter } from "./contract.ts";
import { ANONYMOUS } from "./contract.ts";
import { isThenable, told } from "./failure.ts";

/** Why the exchange does not go on, as far as the stages are concerned. */
export interface StageDenial {
  readonly stage: string;
  readonly deny: Deny;
  /** The stage has not decided: the exchange was cut while it was pondering. */
  readonly isGivenUp?: true;
}

/** Grows while stages are asked. */
export interface Ruling {
  principal: Principal;
  /** The first denial; nobody is asked after it. */
  denial: StageDenial | null;
  /** In the order of the stages. */
  readonly filters: ReplyFilter[];
  /**
   * Members that the filters look for; null: some filter wants every message. The same object for
   * the same stages wherever possible, so that what is derived from it can be kept.
   */
  filtersTouch: ReadonlySet<string> | null;
  /** Whether what the filters give depends on the message alone: that of the stages that ship does. */
  filtersArePure: boolean;
  /** In the order of the stages; {@link finish} empties it. */
  readonly hooks: FinishHook[];
  /** Null until {@link finish}. */
  outcome: Outcome | null;
}

const NOTHING: ReadonlySet<string> = new Set();

/** A ruling before the first stage. */
export function newRuling(): Ruling {
  return {
    principal: ANONYMOUS,
    denial: null,
    filters: [],
    filtersTouch: NOTHING,
    filtersArePure: true,
    hooks: [],
    outcome: null,
  };
}

/**
 * Tells the hooks that the exchange has ended: the last stage's first, each once. A hook that throws
 * is logged and the others are told.
 */
export function finish(ruling: Ruling, outcome: Outcome, log: Log): void {
  ruling.outcome = outcome;
  for (let hook = ruling.hooks.pop(); hook !== undefined; hook = ruling.hooks.pop()) {
    runHook(hook, outcome, log);
  }
}

/** Adds the hook of a decision that came in after its time: told at once if all is over. */
export function addLateHook(ruling: Ruling, hook: FinishHook, log: Log): void {
  if (ruling.outcome === null) ruling.hooks.push(hook);
  else runHook(hook, ruling.outcome, log);
}

/** Adds `filter`, once, however many messages of a batch it was returned for. */
export function addFilter(
  ruling: Ruling,
  filter: ReplyFilter,
  touches: readonly string[] | undefined,
  isPure: boolean,
): void {
  if (ruling.filters.includes(filter)) return;
  ruling.filters.push(filter);
  ruling.filtersArePure &&= isPure;
  ruling.filtersTouch = touches === undefined || ruling.filtersTouch === null
    ? null
    : union(ruling.filtersTouch, wordsOf(touches));
}

const wordSets = new WeakMap<readonly string[], ReadonlySet<string>>();

function wordsOf(touches: readonly string[]): ReadonlySet<string> {
  let words = wordSets.get(touches);
  if (words === undefined) wordSets.set(touches, words = new Set(touches));
  return words;
}

function union(one: ReadonlySet<string>, other: ReadonlySet<string>): ReadonlySet<string> {
  if (one.size === 0 || one === other) return other;
  return new Set([...one, ...other]);
}

function runHook(hook: FinishHook, outcome: Outcome, log: Log): void {
  const failed = (error: unknown) => log.warn(`a finish hook failed: ${told(error)}`);
  try {
    const returned: unknown = hook(outcome);
    // An async function passes for a hook; nobody waits for it, and nothing may come of its failure.
    if (isThenable(returned)) Promise.resolve(returned).catch(failed);
  } catch (error) {
    failed(error);
  }
}
