/**
 * `mcpgate explain`: one exchange, found in the audit log by the id that its answer carried, and why
 * it went as it did. Reads the log and the configuration; asks no gate.
 */
import { entryOf, readLines } from "./audit_log.ts";
import type { AuditEntry } from "./audit_log.ts";
import { LOG_FLAGS } from "./audit_arguments.ts";
import { loggedTo, openLog, STDIN, unreadable, withRotated } from "./audit_source.ts";
import { CONFIG_FLAG_HELP, configPath, configSources, USUAL_PLACES } from "./config_path.ts";
import { type Explanation, explanationOf, type RuleReader } from "./explanation.ts";
import { explanationText, recordText } from "./explanation_text.ts";
import { loadConfig } from "../config/load.ts";
import { Failure, readWords, UsageError } from "./usage.ts";
import { type Loaded, notValid } from "./validate.ts";
import { type Command, EXIT, type World } from "./world.ts";

/** What `explain` is lent. */
export interface ExplainParts {
  /** Names of the stages that ship. */
  readonly builtIns: ReadonlySet<string>;
  readonly readRule: RuleReader;
}

/** 72 random bits in base64url. */
const EXCHANGE_ID = /^[\w-]{12}$/;

/** `mcpgate explain`. */
export function explainCommand(parts: ExplainParts): Command {
  return {
    name: "explain",
    summary: "say why one exchange went as it did",
    help: `Usage: mcpgate explain ID [-c FILE] [--file FILE] [--json]

ID is what the header mcpgate-exchange of an answer says. Finds the exchange in the audit log, or in
what that was rotated to, and says what was asked, by whom, who decided what, which rule of the
configuration that comes from, at which line, and what to change if it should have gone otherwise.

  --file FILE         the log (default: audit.output of the configuration); - is stdin
  --json              for programs: { entry, file, line, rule, place, advice, allowedNow, notes }
${CONFIG_FLAG_HELP}
Example:
  mcpgate explain q1Zr0mJ4wYxT
`,
    async run(world, args) {
      // An id may begin with a dash.
      const [first = "", ...others] = args;
      const { flags, words } = readWords(EXCHANGE_ID.test(first) ? others : args, LOG_FLAGS);
      const [id, ...more] = EXCHANGE_ID.test(first) ? [first, ...words] : words;
      if (id === undefined || more.length > 0 || !EXCHANGE_ID.test(id)) {
        throw new UsageError(
          "explain needs one ID, the 12 characters of the header mcpgate-exchange of an answer",
        );
      }
      const config = readIfThere(world, flags.config, flags.file !== undefined, parts);
      const found = await find(world, id, logs(world, flags.file, config));
      const { entry, file, line } = found;
      const explanation = config.loaded === null
        ? null
        : explanationOf(entry, config.loaded, parts.readRule);
      const notes = notesOn(world, entry, config, explanation);
      if (flags.json === true) {
        world.stdout(`${JSON.stringify({ ...found, ...explanation, notes }, null, 2)}\n`);
        return EXIT.done;
      }
      const reasons = explanation ?? { rule: null, place: null, advice: null, allowedNow: null };
      const where = `${file === STDIN ? "line" : `${file}:`}${file === STDIN ? " " : ""}${line}`;
      world.stdout(recordText(entry, where) + explanationText(reasons, notes));
      return EXIT.done;
    },
  };
}

interface ReadConfiguration {
  readonly path: string | null;
  readonly loaded: Loaded | null;
}

/** The configuration; where a log is named it need not be there, nor valid. */
function readIfThere(
  world: World,
  given: string | undefined,
  isLogNamed: boolean,
  { builtIns }: ExplainParts,
): ReadConfiguration {
  if (given === undefined && isLogNamed && !USUAL_PLACES.some((path) => world.files.exists(path))) {
    return { path: null, loaded: null };
  }
  const path = configPath(world, given);
  const loaded = loadConfig(path, configSources(world, builtIns));
  if (loaded.ok) return { path, loaded };
  if (!isLogNamed) throw notValid(path, loaded.problems);
  return { path, loaded: null };
}

/** Where to look, the likeliest first. */
function logs(world: World, file: string | undefined, config: ReadConfiguration): string[] {
  const path = file ??
    (config.loaded === null || config.path === null
      ? STDIN
      : loggedTo(config.loaded.config, config.path));
  try {
    return withRotated(world, path).reverse();
  } catch {
    return [path];
  }
}

interface Found {
  readonly entry: AuditEntry;
  readonly file: string;
  readonly line: number;
}

async function find(world: World, id: string, files: readonly string[]): Promise<Found> {
  const needle = `"exchange":"${id}"`;
  for (const file of files) {
    let found: Found | null = null;
    using source = openLog(world, file);
    try {
      await readLines(source, ({ text, number }) => {
        if (!text.includes(needle)) return true;
        const entry = entryOf(text);
        if (entry?.exchange !== id) return true;
        found = { entry, file, line: number };
        return false;
      });
    } catch (error) {
      throw unreadable(file, error);
    }
    if (found !== null) return found;
  }
  const looked = files.length === 1 ? files[0] : `${files[0]} and what it was rotated to`;
  throw new Failure(
    `no exchange ${id} in ${looked === STDIN ? "what was piped in" : looked}\n` +
      `Its line is written when it ends: it may be open still. Older logs are named with --file FILE.`,
  );
}

function notesOn(
  world: World,
  entry: AuditEntry,
  { path, loaded }: ReadConfiguration,
  explanation: Explanation | null,
): string[] {
  if (path === null) return ["there is no configuration here that could be pointed at: -c FILE"];
  if (loaded === null) return [`${path} is not valid, so nothing in it is pointed at`];
  const notes: string[] = [];
  const modifiedMs = world.files.modifiedMs(path);
  if (modifiedMs !== null && modifiedMs > Date.parse(entry.time)) {
    notes.push(`${path} has been changed since: what is said of it is about today's file`);
  }
  const allowedNow = explanation?.allowedNow ?? null;
  if (allowedNow !== null && allowedNow !== (entry.decision === "allow")) {
    if (entry.decision === "error") return notes;
    notes.push(
      `today's file would ${
        allowedNow ? "allow" : "refuse"
      } it; a gate that runs rules by what it read last`,
    );
  }
  return notes;
}
