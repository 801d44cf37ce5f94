/**
 * `mcpgate audit top`: who and what is in the log most often. Values that clients choose are counted
 * in bounded memory: beyond that they are counted together.
 */
import { type AuditParts, countOf, foreignText, LOG_FLAGS, logOf } from "./audit_arguments.ts";
import { FILTER_FLAGS, filterOf } from "./audit_filter.ts";
import { type AuditEntry, entryOf, readLines } from "./audit_log.ts";
import { plain } from "./audit_row.ts";
import { openLog } from "./audit_source.ts";
import { readWords, suggestion, tell, UsageError } from "./usage.ts";
import { EXIT, type World } from "./world.ts";

const FLAGS = {
  ...LOG_FLAGS,
  ...FILTER_FLAGS,
  by: { type: "string" },
  lines: { type: "string", short: "n" },
} as const;

/** Different values that are counted apart. */
const MAX_VALUES = 65_536;

/** What is longer is counted by its beginning. */
const MAX_LENGTH = 256;

const BY: Readonly<Record<string, (entry: AuditEntry) => string | number | null>> = {
  label: (entry) => entry.label,
  tool: (entry) => entry.tool,
  method: (entry) => entry.method ?? entry.http,
  reason: (entry) => entry.reason,
  stage: (entry) => entry.stage,
  decision: (entry) => entry.decision,
  status: (entry) => entry.status,
  remote: (entry) => entry.remote,
  session: (entry) => entry.session,
  end: (entry) => entry.end,
};

const USUAL = ["label", "tool", "reason"];

/** What `help audit` says of it. */
export const TOP_HELP =
  `  top                 who and what occurs most often: keys, tools and reasons of refusals
    --by MEMBER       counted by one of ${Object.keys(BY).slice(0, 6).join(", ")},
                      ${Object.keys(BY).slice(6).join(", ")}
    -n, --lines N     how many of each (default: 10)
`;

/** How often one value occurs. */
interface Count {
  /** Null: the member is. */
  readonly value: string | number | null;
  readonly count: number;
  readonly denied: number;
}

/** Counts the log. */
export async function auditTop(
  world: World,
  args: readonly string[],
  parts: AuditParts,
): Promise<number> {
  const { flags, words } = readWords(args, FLAGS);
  const members = flags.by === undefined ? USUAL : [flags.by];
  const unknown = members.find((member) => !Object.hasOwn(BY, member));
  if (unknown !== undefined) {
    const known = Object.keys(BY);
    throw new UsageError(
      `--by: found ${JSON.stringify(unknown)}, expected one of ${known.join(", ")}${
        suggestion(unknown, known)
      }`,
    );
  }
  const most = countOf("lines", flags.lines ?? "10");
  const isMeant = filterOf(flags, world.now());
  const tallies = members.map((member) => new Tally(member));
  let foreign = 0;
  using source = openLog(world, logOf(world, flags, words, parts));
  await readLines(source, ({ text }) => {
    const entry = entryOf(text);
    if (entry === null) foreign++;
    else if (isMeant(entry)) { for (const tally of tallies) tally.add(entry); }
  });
  if (flags.json === true) {
    const tops = Object.fromEntries(tallies.map((tally) => [tally.member, tally.top(most)]));
    world.stdout(`${JSON.stringify({ ...tops, foreign }, null, 2)}\n`);
    return EXIT.done;
  }
  world.stdout(tallies.map((tally) => table(tally, most)).join("\n"));
  if (foreign > 0) tell(world, foreignText(foreign));
  return EXIT.done;
}

/** How often each value of one member occurs. */
class Tally {
  readonly member: string;
  readonly #counts = new Map<string, { value: Count["value"]; count: number; denied: number }>();
  /** Records whose value came when there was no room for it. */
  others = 0;

  constructor(member: string) {
    this.member = member;
  }

  add(entry: AuditEntry): void {
    const value = BY[this.member]?.(entry) ?? null;
    // Reasons are those of refusals: that most have none says nothing.
    if (value === null && (this.member === "reason" || this.member === "tool")) return;
    const key = JSON.stringify(value).slice(0, MAX_LENGTH);
    let known = this.#counts.get(key);
    if (known === undefined) {
      if (this.#counts.size >= MAX_VALUES) {
        this.others++;
        return;
      }
      const kept = typeof value === "string" ? value.slice(0, MAX_LENGTH) : value;
      this.#counts.set(key, known = { value: kept, count: 0, denied: 0 });
    }
    known.count++;
    if (entry.decision !== "allow") known.denied++;
  }

  top(most: number): Count[] {
    return [...this.#counts.values()].sort((a, b) => b.count - a.count).slice(0, most);
  }
}

function table(tally: Tally, most: number): string {
  const rows = tally.top(most).map(({ value, count, denied }) =>
    `${String(count).padStart(9)} ${String(denied).padStart(9)}  ${plain(String(value ?? "-"))}\n`
  );
  if (rows.length === 0) rows.push(`${" ".repeat(21)}none\n`);
  if (tally.others > 0) rows.push(`${String(tally.others).padStart(9)}            (others)\n`);
  return `    count   refused  ${tally.member}\n${rows.join("")}`;
}
