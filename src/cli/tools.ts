/**
 * `mcpgate tools`: asks the live upstream what it has, and shows which key may use what. Calls no
 * tool. How a server is asked and how a grant is read are handed in.
 */
import type { Config } from "../config/config.ts";
import { loadConfig } from "../config/load.ts";
import type { Offer } from "../survey/offer.ts";
import { type AccessMatrix, accessMatrix, type Holder } from "./access_matrix.ts";
import { CONFIG_FLAG, CONFIG_FLAG_HELP, configPath, configSources } from "./config_path.ts";
import { inkFor } from "./ink.ts";
import { findingText, matrixText, shown } from "./matrix_text.ts";
import { Failure, readFlags, suggestion, warn } from "./usage.ts";
import { notValid } from "./validate.ts";
import { type Command, EXIT } from "./world.ts";

type Key = Config["keys"][number];

/** What `tools` is lent. */
export interface ToolsParts {
  /** Names of the stages that ship. */
  readonly builtIns: ReadonlySet<string>;
  /** Asks the upstream. Rejects with an error whose message says what is wrong. */
  ask(config: Config): Promise<Offer>;
  /** Reads a grant as the gate does. */
  rightsOf(key: Key): Pick<Holder, "mayCall" | "mayPrompt" | "mayRead">;
}

const FLAGS = {
  ...CONFIG_FLAG,
  "key-label": { type: "string" },
  json: { type: "boolean" },
} as const;

/** `mcpgate tools`. */
export function toolsCommand(parts: ToolsParts): Command {
  return {
    name: "tools",
    summary: "ask the live server what it has, and show which key may use what",
    help: `Usage: mcpgate tools [-c FILE] [--key-label LABEL] [--json]

Asks the upstream for its tools, prompts and resources, calls none of them, and prints who may use
which; then what looks wrong: names that the configuration grants but the server lacks, tools that
nobody may use, tools that are said to destroy, tools that could reach around an allowlist. Policy
modules of your own, rates and expiry may deny more than is shown.

  --key-label LABEL   for one key only
  --json              for programs: { server, tools, prompts, resources, templates, findings, gaps }
${CONFIG_FLAG_HELP}`,
    async run(world, args) {
      const flags = readFlags(args, FLAGS);
      const path = configPath(world, flags.config);
      const loaded = loadConfig(path, configSources(world, parts.builtIns));
      if (!loaded.ok) throw notValid(path, loaded.problems);
      const { config } = loaded;
      const keys = chosen(config.keys, flags["key-label"]);
      const offer = await asked(parts, config);
      const holders = keys.map((key): Holder => ({ ...key, ...parts.rightsOf(key) }));
      const matrix = ofChosen(accessMatrix(offer, holders), keys.length === config.keys.length);
      const labels = keys.map(({ label }) => label);
      if (flags.json === true) {
        const findings = matrix.findings.map((finding) => ({
          ...finding,
          text: findingText(finding),
        }));
        const server = { url: config.upstream.url, revision: offer.revision, ...offer.server };
        const document = { server, keys: labels, ...matrix, findings, gaps: offer.gaps };
        world.stdout(`${JSON.stringify(document, null, 2)}\n`);
        return EXIT.done;
      }
      for (const gap of offer.gaps) warn(world, shown(gap));
      const { name, version } = offer.server;
      world.stdout(
        `${config.upstream.url}: ${shown(`${name} ${version}`.trim())}, revision ${
          shown(offer.revision)
        }\n\n${matrixText(matrix, labels, inkFor(world))}`,
      );
      return EXIT.done;
    },
  };
}

/** Of some keys alone nobody can tell what no key may use. */
function ofChosen(matrix: AccessMatrix, all: boolean): AccessMatrix {
  const findings = matrix.findings.filter(({ kind }) => all || kind !== "nobody");
  return { ...matrix, findings };
}

function chosen(keys: readonly Key[], label: string | undefined): readonly Key[] {
  if (label === undefined) return keys;
  const found = keys.filter((key) => key.label === label);
  if (found.length > 0) return found;
  const known = keys.map((key) => key.label);
  throw new Failure(`no key has the label "${label}"${suggestion(label, known)}`);
}

async function asked(parts: ToolsParts, config: Config): Promise<Offer> {
  try {
    return await parts.ask(config);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new Failure(
      `${config.upstream.url} could not be asked: ${shown(why)}\n"mcpgate doctor" tells more.`,
    );
  }
}
