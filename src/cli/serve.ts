/**
 * `mcpgate serve`: the configuration read, the gate opened, and what signals ask for done until one
 * of them says stop.
 */
import { loadConfig, loadConfigInSlices } from "../config/load.ts";
import { formatProblems } from "../config/problem.ts";
import type { Problem } from "../config/problem.ts";
import { CONFIG_FLAG, CONFIG_FLAG_HELP, configPath, configSources } from "./config_path.ts";
import { PidFile } from "./pid_file.ts";
import { AddressTaken, Serving } from "./serving.ts";
import type { Reloaded, ServingParts } from "./serving.ts";
import type { Notify } from "./systemd.ts";
import { TimeSlices } from "./time_slices.ts";
import { dateDoubts } from "./tls_doubts.ts";
import { tlsProblems } from "./tls_problems.ts";
import { Failure, readFlags, tell, warn } from "./usage.ts";
import { notValid } from "./validate.ts";
import type { Loaded } from "./validate.ts";
import { EXIT } from "./world.ts";
import type { Command, World } from "./world.ts";

/** What `serve` is lent. */
export interface ServeParts extends ServingParts {
  /** Names of the stages that ship. */
  readonly builtIns: ReadonlySet<string>;
  /** Calls `reload` for each SIGHUP from now on; aborts when the operator wants to stop. */
  signals(reload: () => void): AbortSignal;
  /** Tells whoever supervises the program how it stands. */
  readonly notify: Notify;
}

/** `mcpgate serve`. */
export function serveCommand(parts: ServeParts): Command {
  return {
    name: "serve",
    summary: "stand in front of an MCP server and let in who has a key",
    help: `Usage: mcpgate serve [-c FILE]

Serves until SIGTERM or SIGINT, which let open exchanges finish first. SIGHUP reads the configuration
anew: a good one rules from then on, a bad one changes nothing and says why.

${CONFIG_FLAG_HELP}`,
    async run(world, args) {
      const path = configPath(world, readFlags(args, CONFIG_FLAG).config);
      const loaded = loadConfig(path, configSources(world, parts.builtIns));
      if (!loaded.ok) throw notValid(path, loaded.problems);
      const objections = await tlsProblems(loaded, parts);
      if (objections.length > 0) throw notValid(path, objections);
      const { pidFile: pidPath } = loaded.config;
      using pidFile = pidPath === null ? null : await PidFile.claim(pidPath);
      const serving = await start(path, loaded, parts);
      tellDates(world, loaded);
      const stopped = parts.signals(async () => {
        let latest: Loaded | readonly Problem[] = loaded;
        await parts.notify("RELOADING=1");
        let readMs = 0;
        const reloaded = await serving.reload(async () => {
          readMs = world.now();
          return latest = await readAgain(world, path, parts.builtIns);
        });
        const { outcome } = reloaded;
        const text = reloadedText(path, reloaded);
        tell(world, text, outcome === "refused" ? "error" : undefined);
        if (outcome === "reloaded" && "config" in latest) tellDates(world, latest);
        try {
          pidFile?.reloaded(serving.generation, { read_ms: readMs, outcome, text });
        } catch (error) {
          warn(world, `nobody who asked for it can be told of the reload: ${error}`);
        }
        await parts.notify(`READY=1\nSTATUS=${statusText(serving, reloaded)}`);
      });
      pidFile?.announce();
      if (serving.adminUrl !== null) tell(world, `admin on ${serving.adminUrl}`);
      tell(world, `listening on ${serving.url}`);
      tell(world, WHERE_TO_LOOK);
      await parts.notify(`READY=1\nSTATUS=${statusText(serving)}`);
      const broken = await Promise.race([aborted(stopped), serving.broken]);
      if (broken !== undefined) tell(world, broken, "error");
      await parts.notify("STOPPING=1\nSTATUS=letting open exchanges finish");
      tell(world, "stopping");
      await serving.stop();
      return broken === undefined ? EXIT.done : EXIT.failed;
    },
  };
}

/** Denials say as little as they may; this is how an operator finds out the rest. */
const WHERE_TO_LOOK =
  'each answer names its exchange in the header mcpgate-exchange: "mcpgate explain ID" says why it went so';

/** Reads it while exchanges go on: a large one takes a while. */
async function readAgain(
  world: World,
  path: string,
  builtIns: ReadonlySet<string>,
): Promise<Loaded | readonly Problem[]> {
  const slices = new TimeSlices(() => world.now());
  const rest = () => slices.rest();
  const loaded = await loadConfigInSlices(path, configSources(world, builtIns), rest);
  return loaded.ok ? loaded : loaded.problems;
}

async function start(path: string, loaded: Loaded, parts: ServeParts): Promise<Serving> {
  try {
    return await Serving.start(loaded.config, parts);
  } catch (error) {
    if (error instanceof AddressTaken) {
      const { port, setting } = error;
      throw new Failure(
        `port ${port} is taken by another program\nStop that one, or choose another port: "${setting}" in ${path}`,
      );
    }
    if (error instanceof Deno.errors.PermissionDenied || error instanceof Deno.errors.NotCapable) {
      throw new Failure(`cannot listen: ${error.message}`);
    }
    throw notValid(path, parts.problemsOf(error, loaded));
  }
}

/** How it stands, on one line. */
function statusText(serving: Serving, reloaded?: Reloaded): string {
  const refused = reloaded?.outcome === "refused" ? "; the last reload was refused" : "";
  return `listening on ${serving.url}, generation ${serving.generation}${refused}`;
}

function reloadedText(path: string, reloaded: Reloaded): string {
  switch (reloaded.outcome) {
    case "reloaded":
      return `reloaded, generation ${reloaded.generation}`;
    case "unchanged":
      return `unchanged, generation ${reloaded.generation}`;
    case "refused":
      return `not reloaded: ${path} is not valid; what ruled before goes on\n${
        formatProblems(reloaded.problems)
      }`;
  }
}

/** A certificate that nobody trusts any more is served none the less: better than none, and told. */
function tellDates(world: World, { config }: Loaded): void {
  for (const text of dateDoubts(config, world.now())) warn(world, text);
}

function aborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) =>
    signal.addEventListener("abort", () => resolve(), { once: true })
  );
}
