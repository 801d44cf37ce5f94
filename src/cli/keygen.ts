/**
 * `mcpgate keygen`: mints a key and makes the entry that lets it in, or puts it in the place of
 * another one. The key itself is printed once and stored nowhere; the configuration gets its hash.
 */
import { hashKey, mintKey } from "../config/api_key.ts";
import type { ConfigSources } from "../config/config.ts";
import { addKey, exchangeKey, type KeyEntry, keyEntryLines } from "../config/edit.ts";
import { loadConfig } from "../config/load.ts";
import { CONFIG_FLAG, CONFIG_FLAG_HELP, configPath } from "./config_path.ts";
import { changeFile, keySources } from "./key_file.ts";
import { dayText, DEFAULT_OVERLAP, parseOverlap, timeText } from "./key_times.ts";
import { afterChange, RELOAD_FLAG, RELOAD_FLAG_HELP, type Reloads } from "./reload_flag.ts";
import { readFlags, tell, UsageError } from "./usage.ts";
import type { Loaded } from "./validate.ts";
import { type Command, EXIT, type World } from "./world.ts";

/** What minting is lent. */
export interface KeygenParts extends Reloads {
  /** Names of the stages that ship. */
  readonly builtIns: ReadonlySet<string>;
}

const FLAGS = {
  ...CONFIG_FLAG,
  ...RELOAD_FLAG,
  label: { type: "string" },
  allow: { type: "string" },
  expires: { type: "string" },
  add: { type: "boolean" },
  rotate: { type: "string" },
  overlap: { type: "string" },
  json: { type: "boolean" },
} as const;

type Flags = ReturnType<typeof readFlags<typeof FLAGS>>;

const NOTHING_CHANGED = { code: EXIT.done, reload: null };

const NO_TOOL_YET = '# no tool yet; for example ["read_file", "search_*"]';

/** `mcpgate keygen`. */
export function keygenCommand(parts: KeygenParts): Command {
  return {
    name: "keygen",
    summary: "mint a key, and the entry that lets it in",
    help: `Usage: mcpgate keygen --label NAME [--allow TOOLS] [--expires DATE] [--add [--reload]]
       mcpgate keygen --rotate LABEL [--overlap TIME] [--expires DATE] [--reload]

Prints a new key on the first line of stdout and, after it, the entry for "keys:" in the
configuration. The key is stored nowhere: the entry holds its SHA-256 only.

  --label NAME        what logs call the caller; unique in a configuration
  --allow TOOLS       the tools it may use, with commas between: read_file,search_*
                      (default: none; a lone * is all)
  --expires DATE      the last day it is good for, 2027-01-31, or a time, 2027-01-31T18:00:00Z
  --add               write the entry into the configuration, and print the key only

With --rotate the configuration's key of that label is exchanged for a new one: the label, what it
may use and its sessions stay, and old keys are good for a while yet. What has ended is taken out.

  --rotate LABEL      give this label another key, and print it
  --overlap TIME      how long the old one stays good: 7d, 12h; 0s ends it now (default: ${DEFAULT_OVERLAP})

${RELOAD_FLAG_HELP}  --json              for programs: { key, label, hash, created, expires, allow, file,
                      old_until, reload }
${CONFIG_FLAG_HELP}
Examples:
  mcpgate keygen --label claude-desktop --allow "read_file,list_dir,search_*"
  mcpgate keygen --rotate claude-desktop --overlap 3d --reload
`,
    async run(world, args) {
      const flags = readFlags(args, FLAGS);
      const key = mintKey(world.random);
      const minted = flags.rotate === undefined
        ? mint(world, flags, key, parts)
        : rotate(world, flags, flags.rotate, key, parts);
      const { loaded, ...told } = minted;
      const { file } = told;
      const { code, reload } = file === null || loaded === null
        ? NOTHING_CHANGED
        : await afterChange(world, file, loaded.config, flags.reload === true, parts);
      if (flags.json === true) {
        world.stdout(`${JSON.stringify({ key, ...told, reload }, null, 2)}\n`);
      }
      return code;
    },
  };
}

/** What has come about. */
interface Minted {
  readonly label: string;
  readonly hash: string;
  readonly created: string;
  readonly expires: string | null;
  readonly allow: readonly string[];
  readonly old_until: string | null;
  /** The file that has it now, and what that says; null where none was asked for. */
  readonly file: string | null;
  readonly loaded: Loaded | null;
}

function mint(world: World, flags: Flags, key: string, { builtIns }: KeygenParts): Minted {
  if (flags.label === undefined) {
    throw new UsageError("keygen needs --label NAME, the name of the caller in logs");
  }
  if (flags.overlap !== undefined) throw new UsageError("--overlap goes with --rotate");
  for (const flag of ["config", "reload"] as const) {
    if (flags[flag] === undefined || flags.add === true) continue;
    throw new UsageError(`--${flag} goes with --add: without it no file is read`);
  }
  const entry: KeyEntry = {
    label: flags.label,
    hash: hashKey(key),
    created: dayText(world.now()),
    allow: (flags.allow ?? "").split(",").map((name) => name.trim()).filter((name) => name),
    ...(flags.expires !== undefined && { expires: flags.expires }),
  };
  const sources = keySources(world, builtIns);
  refuseBadEntry(entry, sources, world.now());
  const file = flags.add === true ? configPath(world, flags.config) : null;
  const loaded = file === null
    ? null
    : changeFile(world, file, sources, (text) => addKey(text, entry, file));
  if (flags.json !== true) {
    world.stdout(file === null ? `${key}\n${entryText(entry)}` : `${key}\n`);
    tell(world, file === null ? WHERE_TO_PUT_IT : givenTo(entry.label, "the key", file));
  }
  if (entry.allow.length === 0) {
    tell(world, 'the key may use no tool yet: name some in its "allow"');
  }
  const { hash, allow } = entry;
  return {
    label: flags.label,
    hash,
    created: dayText(world.now()),
    expires: flags.expires ?? null,
    allow,
    old_until: null,
    file,
    loaded,
  };
}

const WHERE_TO_PUT_IT =
  `the first line is the key: give it to the client now, it is stored nowhere\n` +
  `the rest goes below "keys:" in the configuration; --add writes it there`;

function rotate(
  world: World,
  flags: Flags,
  label: string,
  key: string,
  { builtIns }: KeygenParts,
): Minted {
  for (const flag of ["label", "allow", "add"] as const) {
    if (flags[flag] === undefined) continue;
    throw new UsageError(`--${flag} does not go with --rotate, which changes the key alone`);
  }
  const now = world.now();
  const overlapMs = parseOverlap(flags.overlap ?? DEFAULT_OVERLAP);
  const until = overlapMs === 0 ? null : timeText(now + overlapMs);
  const created = dayText(now);
  const hash = hashKey(key);
  const sources = keySources(world, builtIns);
  const { expires } = flags;
  if (expires !== undefined) refuseBadEntry({ label: "x", hash, allow: [], expires }, sources, now);
  const file = configPath(world, flags.config);
  const loaded = changeFile(world, file, sources, (text) =>
    exchangeKey(
      text,
      { label, hash, created, until, now, ...(expires !== undefined && { expires }) },
      file,
    ));
  const entry = loaded.config.keys.find((each) => each.label === label);
  const end = entry?.expiresMs ?? null;
  const old = entry?.hashes.filter((each) => each.hash !== hash && isGood(each, now)) ?? [];
  const oldEnds = old.flatMap(({ expiresMs }) => expiresMs ?? []);
  const oldUntil = oldEnds.length === 0 ? null : timeText(Math.max(...oldEnds));
  if (flags.json !== true) {
    world.stdout(`${key}\n`);
    tell(world, givenTo(label, "the new key", file));
    tell(
      world,
      oldUntil === null
        ? "the old one ends as soon as a gate has read the file"
        : `the old one is good until ${oldUntil}`,
    );
  }
  if (end !== null && expires === undefined) {
    tell(
      world,
      `the entry itself ends ${timeText(end)}, new key and all; --expires DATE moves that`,
    );
  }
  return {
    label,
    hash,
    created,
    expires: end === null ? null : timeText(end),
    allow: entry?.allow ?? [],
    old_until: oldUntil,
    file,
    loaded,
  };
}

function isGood({ expiresMs }: { readonly expiresMs: number | null }, now: number): boolean {
  return expiresMs === null || expiresMs > now;
}

function givenTo(label: string, what: string, file: string): string {
  return `this is ${what} of "${label}": give it to the client now, it is stored nowhere\n` +
    `${file} lets it in`;
}

/** Lets the configuration's own rules judge the flags, so that there is no second set of them. */
function refuseBadEntry(entry: KeyEntry, sources: ConfigSources, now: number): void {
  const text = `upstream: { url: "http://127.0.0.1" }\nkeys:\n${entryText(entry)}`;
  const loaded = loadConfig("flags", { ...sources, readText: () => text });
  if (!loaded.ok) {
    const told = loaded.problems.map(({ path, found, expected, suggestion = "" }) => {
      const flag = path.replace(/^keys\[0\]\.([a-z]+)(\[\d+\])?$/, "--$1");
      return `${flag}: found ${found}, expected ${expected} ${suggestion}`.trimEnd();
    });
    throw new UsageError(told.join("\n"));
  }
  const expiresMs = loaded.config.keys[0]?.expiresMs ?? null;
  if (expiresMs !== null && expiresMs <= now) {
    throw new UsageError(`--expires: ${entry.expires} is past; the key would never be let in`);
  }
}

/** The entry as it stands below `keys:`. */
function entryText(entry: KeyEntry): string {
  const hint = entry.allow.length === 0 ? `  ${NO_TOOL_YET}` : "";
  return keyEntryLines(entry)
    .map((line) => `  ${line}${line.trimStart().startsWith("allow:") ? hint : ""}\n`)
    .join("");
}
