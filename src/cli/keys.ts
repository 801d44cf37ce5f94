/**
 * `mcpgate keys`: the keys of a configuration, seen (`list`), taken away (`revoke`) and asked about
 * (`check`). New ones are `keygen`'s.
 */
import { formOfKey, hashKey } from "../config/api_key.ts";
import { removeKey, removeOldHashes } from "../config/edit.ts";
import { loadConfig } from "../config/load.ts";
import { CONFIG_FLAG, CONFIG_FLAG_HELP, configPath } from "./config_path.ts";
import { withRotated } from "./audit_source.ts";
import { inkFor } from "./ink.ts";
import { changeFile, keySources } from "./key_file.ts";
import { keyRows, keyTable } from "./key_table.ts";
import { timeText } from "./key_times.ts";
import { type LastUses, lastUses } from "./last_use.ts";
import { afterChange, RELOAD_FLAG, RELOAD_FLAG_HELP, type Reloads } from "./reload_flag.ts";
import { readFlags, readWords, suggestion, tell, UsageError, warn } from "./usage.ts";
import { type Loaded, notValid } from "./validate.ts";
import { type Command, EXIT, type World } from "./world.ts";

/** What `keys` is lent. */
export interface KeysParts extends Reloads {
  /** Names of the stages that ship. */
  readonly builtIns: ReadonlySet<string>;
}

const READING = { ...CONFIG_FLAG, json: { type: "boolean" } } as const;
const CHANGING = { ...READING, ...RELOAD_FLAG, old: { type: "boolean" } } as const;

type Action = (world: World, args: readonly string[], parts: KeysParts) => Promise<number>;

const ACTIONS: ReadonlyMap<string, Action> = new Map([
  ["list", list],
  ["revoke", revoke],
  ["check", check],
]);

/** `mcpgate keys`. */
export function keysCommand(parts: KeysParts): Command {
  return {
    name: "keys",
    summary: "list the keys of a configuration, revoke one, or ask whose a key is",
    help: `Usage: mcpgate keys list [-c FILE] [--json]
       mcpgate keys revoke LABEL [--old] [--reload] [-c FILE] [--json]
       mcpgate keys check [-c FILE] [--json] < KEY

list     each key: when it was minted, when it ends, when it was last used (as far as the audit log
         tells, if it is a file), how many keys the label has, and what they may use.
revoke   takes the entry of LABEL out of the file. What it has open ends within a second of the reload.
check    reads a key from stdin, so that it is in no list of processes, and says whether it is mistyped,
         unknown, or whose it is. The exit code is 0 where a gate would let it in.

  --old               of a label with several keys, revoke all but the one that is good for longest
${RELOAD_FLAG_HELP}  --json              for programs. list: { file, audit: { path, since } or null, keys: [{ label,
                      created, expires, last_used, good, hashes: [{ created, expires, good }],
                      certificates, allow, deny, prompts, resources }] }
                      revoke: { label, file, revoked, left, reload }
                      check: { verdict, label, expires }
${CONFIG_FLAG_HELP}
Examples:
  mcpgate keys list
  mcpgate keys revoke claude-desktop --reload
`,
    run(world, args) {
      const [word = "", ...rest] = args;
      const action = ACTIONS.get(word);
      if (action !== undefined) return action(world, rest, parts);
      const names = [...ACTIONS.keys()];
      throw new UsageError(
        word === "" || word.startsWith("-")
          ? `keys needs one of ${names.join(", ")}`
          : `unknown action ${JSON.stringify(word)}${suggestion(word, names)}`,
      );
    },
  };
}

function list(world: World, args: readonly string[], parts: KeysParts): Promise<number> {
  const flags = readFlags(args, READING);
  const path = configPath(world, flags.config);
  const { config } = read(world, path, parts);
  const { output } = config.audit;
  const isFile = output !== "stdout" && output !== "stderr";
  const uses = isFile ? usesOf(world, output, config.keys.map(({ label }) => label)) : null;
  const rows = keyRows(config, world.now(), uses);
  if (flags.json === true) {
    const audit = uses === null ? null : { path: output, since: uses.since };
    world.stdout(`${JSON.stringify({ file: path, audit, keys: rows }, null, 2)}\n`);
  } else {
    world.stdout(keyTable(rows, world.now(), uses !== null, inkFor(world)));
    tell(world, sourceOfUses(output, isFile, uses));
  }
  return Promise.resolve(EXIT.done);
}

function usesOf(world: World, path: string, labels: readonly string[]): LastUses | null {
  try {
    return lastUses(world.files, withRotated(world, path).reverse(), labels);
  } catch (error) {
    warn(world, `${path} cannot be read: ${error instanceof Error ? error.message : error}`);
    return null;
  }
}

function sourceOfUses(output: string, isFile: boolean, uses: LastUses | null): string {
  if (!isFile) return `when they were last used is not known here: the audit log goes to ${output}`;
  if (uses === null) return "when they were last used is not known";
  return uses.since === null
    ? `${output} has no line yet`
    : `last used: as far as ${output} tells, which was read back to ${uses.since}`;
}

async function revoke(world: World, args: readonly string[], parts: KeysParts): Promise<number> {
  const { flags, words } = readWords(args, CHANGING);
  const [label = "", ...more] = words;
  if (label === "") throw new UsageError("keys revoke needs the label of a key");
  if (more.length > 0) throw new UsageError("keys revoke takes one label");
  const path = configPath(world, flags.config);
  const before = hashesOf(world, path, label, parts);
  const edit = flags.old === true ? removeOldHashes : removeKey;
  const { config } = changeFile(
    world,
    path,
    keySources(world, parts.builtIns),
    (text) => edit(text, label, path),
  );
  const left = config.keys.find((key) => key.label === label)?.hashes.length ?? 0;
  const revoked = before - left;
  tell(world, `${path} ${left === 0 ? `has no "${label}" any more` : REST(label, revoked, left)}`);
  if (config.keys.length === 0) warn(world, "that was the last key: nobody gets in now");
  const { code, reload } = await afterChange(world, path, config, flags.reload === true, parts);
  if (flags.json === true) {
    world.stdout(`${JSON.stringify({ label, file: path, revoked, left, reload }, null, 2)}\n`);
  }
  return code;
}

const REST = (label: string, revoked: number, left: number) =>
  `has ${revoked} old ${revoked === 1 ? "key" : "keys"} of "${label}" less; ${left} is left`;

/** How many there are before the change; 0 where the file cannot be read, which the change tells. */
function hashesOf(world: World, path: string, label: string, { builtIns }: KeysParts): number {
  const loaded = loadConfig(path, keySources(world, builtIns));
  if (!loaded.ok) return 0;
  return loaded.config.keys.find((key) => key.label === label)?.hashes.length ?? 0;
}

async function check(world: World, args: readonly string[], parts: KeysParts): Promise<number> {
  const flags = readFlags(args, READING);
  const path = configPath(world, flags.config);
  const { config } = read(world, path, parts);
  if (world.isTerminal.stdin) tell(world, "paste the key and press Return; it is not shown");
  const sent = (await world.readSecret()).trim();
  if (sent === "") throw new UsageError("keys check reads a key from stdin, and there is none");
  const hash = hashKey(sent);
  const owner = config.keys.find((key) => key.hashes.some((each) => each.hash === hash));
  const expiresMs = owner?.hashes.find((each) => each.hash === hash)?.expiresMs ?? null;
  const form = formOfKey(sent);
  const verdict: Verdict = owner !== undefined
    ? expiresMs !== null && expiresMs <= world.now() ? "expired" : "good"
    : form === "mistyped"
    ? "mistyped"
    : "unknown";
  const label = owner?.label ?? null;
  const expires = expiresMs === null ? null : timeText(expiresMs);
  world.stdout(
    flags.json === true
      ? `${JSON.stringify({ verdict, label, expires }, null, 2)}\n`
      : `${said(verdict, label, expires, form, path)}\n`,
  );
  return verdict === "good" ? EXIT.done : EXIT.failed;
}

type Verdict = "good" | "expired" | "mistyped" | "unknown";

function said(
  verdict: Verdict,
  label: string | null,
  expires: string | null,
  form: ReturnType<typeof formOfKey>,
  path: string,
): string {
  switch (verdict) {
    case "good":
      return `a key of "${label}", which ${
        expires === null ? "never expires" : `expires ${expires}`
      }`;
    case "expired":
      return `a key of "${label}", which expired ${expires} and is refused`;
    case "mistyped":
      return "mistyped or cut short: it begins like a key, and its checksum is wrong";
    case "unknown":
      return form === "minted"
        ? `unknown: a whole key, but none that ${path} knows`
        : `unknown to ${path}, and not of the form that keygen gives keys`;
  }
}

function read(world: World, path: string, { builtIns }: KeysParts): Loaded {
  const loaded = loadConfig(path, keySources(world, builtIns));
  if (!loaded.ok) throw notValid(path, loaded.problems);
  return loaded;
}
