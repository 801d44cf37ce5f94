/**
 * `mcpgate health`: whether the gate lives, for supervisors that know exit codes only, in places
 * where there is no other program to ask with. How it is asked is handed in.
 */
import { listeningOf } from "../config/listening.ts";
import { CONFIG_FLAG, CONFIG_FLAG_HELP, configPath } from "./config_path.ts";
import type { LivenessQuestion } from "./liveness.ts";
import { Failure, readFlags, UsageError } from "./usage.ts";
import { type Command, EXIT, type World } from "./world.ts";

/** What `health` is lent. */
export interface HealthParts {
  /** The status of the answer. Rejects where there is none. */
  ask(question: LivenessQuestion): Promise<number>;
}

const FLAGS = { ...CONFIG_FLAG, url: { type: "string" } } as const;

/** `mcpgate health`. */
export function healthCommand(parts: HealthParts): Command {
  return {
    name: "health",
    summary: "ask a running gate whether it lives",
    help: `Usage: mcpgate health [-c FILE | --url URL]

Asks /healthz of the gate that serves the configuration, or of the one at URL. The exit code is 0
where it lives, else 1. Of the configuration only the address counts: a gate goes on living while
the file is wrong.

  --url URL           where the gate is, such as https://mcp.example.com; the path does not matter
${CONFIG_FLAG_HELP}`,
    async run(world, args) {
      const { config, url } = readFlags(args, FLAGS);
      if (config !== undefined && url !== undefined) {
        throw new UsageError("--config and --url exclude each other");
      }
      const question = url === undefined ? ownGate(world, config) : gateAt(url);
      const place = shown(question);
      const status = await asked(parts, question, place);
      if (status !== 200) throw new Failure(`${place} answers with status ${status}`);
      world.stdout(`${place} lives\n`);
      return EXIT.done;
    },
  };
}

function ownGate(world: World, config: string | undefined): LivenessQuestion {
  const path = configPath(world, config);
  let text: string;
  try {
    text = world.files.readText(path);
  } catch (error) {
    throw new Failure(`${path} cannot be read: ${error instanceof Error ? error.message : error}`);
  }
  return { ...listeningOf(text), verify: false };
}

function gateAt(text: string): LivenessQuestion {
  const url = URL.parse(text);
  if (url === null || !/^https?:$/.test(url.protocol) || url.username !== "") {
    throw new UsageError(`--url needs an http or https URL, found ${JSON.stringify(text)}`);
  }
  const secure = url.protocol === "https:";
  return {
    secure,
    hostname: url.hostname.replace(/^\[|\]$/g, ""),
    port: Number(url.port || (secure ? 443 : 80)),
    host: url.host,
    verify: true,
  };
}

async function asked(
  parts: HealthParts,
  question: LivenessQuestion,
  place: string,
): Promise<number> {
  try {
    return await parts.ask(question);
  } catch (error) {
    throw new Failure(
      `${place} does not answer: ${error instanceof Error ? error.message : error}`,
    );
  }
}

function shown({ secure, hostname, port }: LivenessQuestion): string {
  const name = hostname.includes(":") ? `[${hostname}]` : hostname;
  return `${secure ? "https" : "http"}://${name}:${port}`;
}
