/**
 * `mcpgate try`: what the configuration would decide about one call of one key, without a server.
 * Who judges is handed in.
 */
import type { Config } from "../config/config.ts";
import type { Problem } from "../config/problem.ts";
import type { AuditEntry } from "./audit_log.ts";
import { plain } from "./audit_row.ts";
import { readConfig } from "./audit_source.ts";
import { CONFIG_FLAG, CONFIG_FLAG_HELP, configPath } from "./config_path.ts";
import { explanationOf, type RuleReader } from "./explanation.ts";
import { decisionText, explanationText } from "./explanation_text.ts";
import type { TrialCall } from "../gate/trial.ts";
import { Failure, readFlags, suggestion, UsageError } from "./usage.ts";
import { type Loaded, notValid } from "./validate.ts";
import { type Command, EXIT } from "./world.ts";

/** What `try` is lent. */
export interface TryParts {
  /** Names of the stages that ship. */
  readonly builtIns: ReadonlySet<string>;
  readonly readRule: RuleReader;
  /** Judges one call with everything the configuration names. Throws what a stage objects to. */
  judge(config: Config, call: TrialCall): Promise<AuditEntry>;
  /** What a stage objected to, as problems of the file; other errors are thrown on. */
  problemsOf(error: unknown, loaded: Loaded): readonly Problem[];
  /** Whether only the newest revision knows the request `method`. */
  isModernOnly(method: string): boolean;
}

const FLAGS = {
  ...CONFIG_FLAG,
  "key-label": { type: "string" },
  tool: { type: "string" },
  prompt: { type: "string" },
  resource: { type: "string" },
  method: { type: "string" },
  args: { type: "string" },
  json: { type: "boolean" },
} as const;

/** `mcpgate try`. */
export function tryCommand(parts: TryParts): Command {
  return {
    name: "try",
    summary: "say what the configuration would decide about a call",
    help: `Usage: mcpgate try --key-label LABEL --tool NAME [--args JSON] [--json] [-c FILE]
       mcpgate try --key-label LABEL (--prompt NAME | --resource URI | --method METHOD) …

Builds the gate that the configuration describes in memory, with its stages and policy modules, asks
it as a client with that key would, and says who decides what, and which line of the file that comes
from. No server is asked, nothing is listened on and no line is logged. Rates count from nothing, and
what hangs on a session is not looked at.

  --key-label LABEL   who asks
  --tool NAME         calls a tool
  --prompt NAME       gets a prompt
  --resource URI      reads a resource
  --method METHOD     asks with this method; alone, or in the place of the usual one
  --args JSON         the arguments of the call, or the params of a method: an object
  --json              for programs: { decision, stage, reason, detail, rule, place, advice, … }
${CONFIG_FLAG_HELP}
The exit code is 0 where it would be allowed, 3 where it would be refused, 1 where that cannot be told.
`,
    async run(world, args) {
      const flags = readFlags(args, FLAGS);
      const label = flags["key-label"];
      if (label === undefined) throw new UsageError("try needs --key-label LABEL: who asks");
      const { name, ...asked } = question(flags);
      const path = configPath(world, flags.config);
      const loaded = readConfig(world, path, parts.builtIns);
      const labels = loaded.config.keys.map((key) => key.label);
      if (!labels.includes(label)) {
        throw new Failure(`no key has the label "${label}"${suggestion(label, labels)}`);
      }
      const call = { ...asked, label, isModern: parts.isModernOnly(asked.method) };
      const entry = await judged(parts, path, loaded, call);
      const explanation = explanationOf({ ...entry, label }, loaded, parts.readRule);
      if (flags.json === true) {
        const { decision, stage, reason, detail, status, method, tool } = entry;
        const document = { decision, stage, reason, detail, status, method, tool, ...explanation };
        world.stdout(`${JSON.stringify(document, null, 2)}\n`);
      } else {
        world.stdout(
          `asked     ${plain([asked.method, name].join(" ").trim())}, by ${label}\n` +
            `decision  ${plain(decisionText(entry))}\n` +
            explanationText(explanation, []),
        );
      }
      return entry.decision === "allow" ? EXIT.done : EXIT.denied;
    },
  };
}

type Flags = ReturnType<typeof readFlags<typeof FLAGS>>;

/** What the flags ask. */
function question(
  flags: Flags,
): Pick<TrialCall, "method" | "params"> & { readonly name: string } {
  const given = KINDS.filter(({ flag }) => flags[flag] !== undefined);
  const [kind, second] = given;
  if (second !== undefined || (kind === undefined && flags.method === undefined)) {
    throw new UsageError("try needs one of --tool, --prompt, --resource or --method");
  }
  const params = objectOf(flags.args);
  if (kind === undefined) return { method: flags.method ?? "", params, name: "" };
  const { flag, method, member, takes } = kind;
  const name = flags[flag] ?? "";
  const named = { [member]: name };
  if (takes === null && flags.args !== undefined) throw new UsageError(`--${flag} takes no --args`);
  return {
    method: flags.method ?? method,
    params: takes === null ? named : { ...named, [takes]: params },
    name,
  };
}

const KINDS = [
  { flag: "tool", method: "tools/call", member: "name", takes: "arguments" },
  { flag: "prompt", method: "prompts/get", member: "name", takes: "arguments" },
  { flag: "resource", method: "resources/read", member: "uri", takes: null },
] as const;

function objectOf(text: string | undefined): TrialCall["params"] {
  if (text === undefined) return {};
  let value: unknown = null;
  try {
    value = JSON.parse(text);
  } catch {
    // Told below, like everything else that is no object.
  }
  if (typeof value === "object" && value !== null && !Array.isArray(value)) {
    return value as TrialCall["params"];
  }
  throw new UsageError(`--args: found ${JSON.stringify(text)}, expected an object in JSON`);
}

async function judged(
  parts: TryParts,
  path: string,
  loaded: Loaded,
  call: TrialCall,
): Promise<AuditEntry> {
  try {
    return await parts.judge(loaded.config, call);
  } catch (error) {
    throw notValid(path, parts.problemsOf(error, loaded));
  }
}
