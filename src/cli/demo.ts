/**
 * `mcpgate demo`: a sample MCP server, a fresh key and the gate in one process, a tour through what
 * they do, and then a gate to play with. How a gate is started is handed in.
 */
import { hashKey, mintKey } from "../config/api_key.ts";
import { AuditReader, auditRow } from "./demo_audit.ts";
import { demoClient } from "./demo_client.ts";
import { type Arrival, type DemoServer, startDemoServer } from "./demo_server.ts";
import { clientSnippets } from "./demo_snippets.ts";
import { runTour, type Scene } from "./demo_tour.ts";
import { type Ink, inkFor } from "./ink.ts";
import { Failure, readFlags, tell, UsageError } from "./usage.ts";
import { type Command, EXIT, type World } from "./world.ts";

/** A gate at work in this process. */
export interface RunningGate {
  /** Where its clients go, path included. */
  readonly url: string;
  stop(): Promise<void>;
}

/** What the demo is lent. */
export interface DemoParts {
  /** Starts a gate. Rejects with `Deno.errors.AddrInUse` where its port is taken. */
  startGate(configText: string): Promise<RunningGate>;
  /** Aborts when the user wants to stop. Asked for once, at the beginning. */
  stopRequested(): AbortSignal;
}

const USUAL_PORT = 8080;
const POLL_MS = 200;

/** `mcpgate demo`, with the parts of a real gate. */
export function demoCommand(parts: DemoParts): Command {
  return {
    name: "demo",
    summary: "show a gate at work, with a sample server and a fresh key",
    help: `Usage: mcpgate demo [--port N] [--once]

Starts a sample MCP server, the gate in front of it and a client that shows what they do, then says
how to connect a client of your own and keeps serving until Ctrl-C. It needs no configuration, listens
on loopback only and leaves nothing behind.

  --port N   the gate's port, 0 for any (default: ${USUAL_PORT}, any other where that is taken)
  --once     stop after the tour; the exit code says whether all went as it should
`,
    async run(world, args) {
      const flags = readFlags(args, { port: { type: "string" }, once: { type: "boolean" } });
      const port = flags.port === undefined ? null : portNumber(flags.port);
      const stop = parts.stopRequested();
      try {
        return await demo(world, parts, port, flags.once === true, stop);
      } catch (error) {
        if (stop.aborted) return EXIT.done;
        throw error;
      }
    },
  };
}

function portNumber(text: string): number {
  const port = /^\d{1,5}$/.test(text) ? Number(text) : Infinity;
  if (port <= 65535) return port;
  throw new UsageError(`--port needs a number from 0 to 65535, found ${JSON.stringify(text)}`);
}

async function demo(
  world: World,
  parts: DemoParts,
  port: number | null,
  once: boolean,
  stop: AbortSignal,
): Promise<number> {
  await using scope = new AsyncDisposableStack();
  const folder = Deno.makeTempDirSync({ prefix: "mcpgate-demo-" });
  scope.defer(() => Deno.removeSync(folder, { recursive: true }));
  const auditPath = `${folder}/audit.jsonl`;
  Deno.writeTextFileSync(auditPath, "", { mode: 0o600 });
  const audit = scope.use(new AuditReader(auditPath));

  let arrivals: Arrival[] = [];
  let touring = true;
  const server = startDemoServer((arrival) => {
    if (touring) arrivals.push(arrival);
  });
  scope.defer(() => server.stop());

  const key = mintKey(world.random);
  const hastyKey = mintKey(world.random);
  const config = (port: number) =>
    configText(server.url, port, hashKey(key), hashKey(hastyKey), auditPath);
  const { gate, text } = await startGate(parts, port, config);
  scope.defer(() => gate.stop());

  const ink = inkFor(world);
  const print = (line: string) => world.stdout(`${line}\n`);
  introduce(print, ink, server, gate.url, key, text);
  const client = (url: string, key: string | null) =>
    scope.adopt(demoClient(url, key, stop), (client) => client.close());
  const scene: Scene = {
    ink,
    print,
    stranger: client(gate.url, null),
    holder: client(gate.url, key),
    hasty: client(gate.url, hastyKey),
    operator: client(server.url, null),
    server,
    arrivals: () => arrivals.splice(0),
    audit,
  };
  const fine = await runTour(scene);
  touring = false;
  arrivals = [];
  if (once) return fine ? EXIT.done : EXIT.failed;

  printSnippets(print, ink, gate.url, key);
  await showWhatComes(print, ink, audit, stop);
  tell(world, "stopped; the sample server, the key and the audit file are gone");
  return EXIT.done;
}

/** Starts the gate on the port that is wanted, or on any where the usual one is taken. */
async function startGate(
  parts: DemoParts,
  wanted: number | null,
  config: (port: number) => string,
): Promise<{ gate: RunningGate; text: string }> {
  const start = async (port: number) => {
    const text = config(port);
    return { gate: await parts.startGate(text), text };
  };
  try {
    return await start(wanted ?? USUAL_PORT);
  } catch (error) {
    if (!(error instanceof Deno.errors.AddrInUse)) throw error;
    if (wanted === null) return await start(0);
    throw new Failure(`port ${wanted} is taken: choose another one, or leave --port out`);
  }
}

function configText(
  upstream: string,
  port: number,
  hash: string,
  hastyHash: string,
  auditPath: string,
): string {
  return `upstream:
  url: "${upstream}"
listen: "127.0.0.1:${port}"
keys:
  - label: demo
    hash: "${hash}"
    allow: [list_notes, read_note, "search_*", slow_report]
    prompts: [summarise]
    resources: ["note:///*"]
  - label: hasty
    hash: "${hastyHash}"
    allow: [list_notes]
    rate_limit: { rps: 1, burst: 5 }
audit:
  output: ${JSON.stringify(auditPath)}
`;
}

function introduce(
  print: (line: string) => void,
  ink: Ink,
  server: DemoServer,
  url: string,
  key: string,
  config: string,
): void {
  print(ink.bold("mcpgate demo"));
  print("");
  print(`   server  ${server.url}  ${ink.dim("sample notes, open to everyone who finds it")}`);
  print(`   gate    ${ink.cyan(url)}  ${ink.dim("what clients are told instead")}`);
  print(`   key     ${ink.cyan(key)}`);
  print("");
  print("   All of the configuration:");
  print("");
  for (const line of config.trimEnd().split("\n")) print(ink.dim(`     ${line}`));
}

function printSnippets(print: (line: string) => void, ink: Ink, url: string, key: string): void {
  print("");
  print(ink.bold("Now with a client of your own"));
  for (const { client, where, text } of clientSnippets("mcpgate-demo", url, key)) {
    print("");
    print(`${ink.cyan(client)}, ${where}:`);
    print(text);
  }
}

/** Prints what the audit log gets, until it is time to stop. */
async function showWhatComes(
  print: (line: string) => void,
  ink: Ink,
  audit: AuditReader,
  stop: AbortSignal,
): Promise<void> {
  print("");
  print(`${ink.bold("Serving until Ctrl-C.")} What your client does shows up here:`);
  while (!stop.aborted) {
    for (const entry of audit.fresh()) print(auditRow(entry, ink));
    await untilLaterOr(stop);
  }
}

function untilLaterOr(stop: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      clearTimeout(timer);
      stop.removeEventListener("abort", done);
      resolve();
    };
    const timer = setTimeout(done, POLL_MS);
    stop.addEventListener("abort", done);
  });
}
