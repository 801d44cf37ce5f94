/**
 * Names in lists that are known not to pass a filter, so that their definitions need not be read. The
 * filter itself is asked about each name once, by a definition that has nothing else: one that it
 * takes out for its name it takes out whatever else is in it. Bounded; one generation's own.
 */
import { type Json, member } from "../mcp/json.ts";
import { IDENTITIES, type ListEntry, type ListSpan } from "../mcp/list_entries.ts";
import type { ReplyFilter } from "../policy/contract.ts";

/** Names of one list and filter; beyond, all of them are asked about anew. */
const MAX_NAMES = 16_384;

/** Whether definitions pass, by their identity as {@link ListEntry} has it. */
type Verdicts = Map<string, boolean>;

/** What the filters of one generation say of names. */
export class ListNames {
  readonly #verdicts = new WeakMap<ReplyFilter, Map<string, Verdicts>>();

  /** The entries of `span` that are not known to be taken out by `filter`: those are to be judged. */
  left(filter: ReplyFilter, span: ListSpan): readonly ListEntry[] {
    const verdicts = this.#verdictsOf(filter, span.list);
    let unknown: Set<string> | null = null;
    for (const { identity } of span.entries) {
      if (identity !== null && !verdicts.has(identity)) (unknown ??= new Set()).add(identity);
    }
    if (unknown !== null) {
      if (verdicts.size + unknown.size > MAX_NAMES) verdicts.clear();
      ask(filter, span.list, unknown, verdicts);
    }
    return span.entries.filter(({ identity }) =>
      identity === null || verdicts.get(identity) !== false
    );
  }

  #verdictsOf(filter: ReplyFilter, list: string): Verdicts {
    let lists = this.#verdicts.get(filter);
    if (lists === undefined) this.#verdicts.set(filter, lists = new Map());
    let verdicts = lists.get(list);
    if (verdicts === undefined) lists.set(list, verdicts = new Map());
    return verdicts;
  }
}

/** Asks `filter` about all of `unknown` by one message, and notes in `verdicts` what it says. */
function ask(
  filter: ReplyFilter,
  list: string,
  unknown: ReadonlySet<string>,
  verdicts: Verdicts,
): void {
  const name = IDENTITIES[list] as string;
  const definitions = Array.from(unknown, (identity) => ({ [name]: identity.slice(1) }));
  let left: Json | undefined;
  try {
    const passed = filter({ jsonrpc: "2.0", id: 0, result: { [list]: definitions } });
    left = member(member(passed, "result"), list);
  } catch {
    // It is to judge the answer itself as well, and what has failed is told then.
  }
  // Where more is taken out than definitions, that tells nothing of them.
  if (!Array.isArray(left)) return;
  const passing = new Set(left.map((definition) => `"${member(definition, name)}`));
  for (const identity of unknown) verdicts.set(identity, passing.has(identity));
}
