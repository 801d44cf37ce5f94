/**
 * `mcp-stress` from npm: an MCP client that opens a session in each of its workers and calls a tool
 * as often as it can. Its package is the program for one platform; on others there is none.
 */
import type { LoadResult } from "./wrk_load.ts";

const PACKAGE = "@mcp-stress/linux-x64";
const VERSION = "0.2.1";

/** A lock of its own: what deno.json names, whoever starts the program downloads. */
const LOCKED = ["--no-config", "--lock=tests/bench/stress.lock", "--frozen", "--quiet"];

/** The path of the program, downloaded where need be; null: it cannot be had. */
export async function stressClient(): Promise<string | null> {
  if (Deno.build.os !== "linux" || Deno.build.arch !== "x86_64") return null;
  const cached = await output(Deno.execPath(), ["cache", ...LOCKED, `npm:${PACKAGE}@${VERSION}`]);
  if (cached === null) return null;
  const info = JSON.parse(await output(Deno.execPath(), ["info", "--json"]) ?? "{}");
  return `${info.npmCache}/registry.npmjs.org/${PACKAGE}/${VERSION}/bin/mcp-stress`;
}

/** What is asked of it. */
export interface Stress {
  readonly url: string;
  readonly headers: readonly string[];
  readonly tool: string;
  readonly workers: number;
  readonly seconds: number;
}

/** One run of the program at `client`. Throws where a request fails. */
export async function stress(client: string, asked: Stress): Promise<LoadResult> {
  const text = await output(client, [
    ...["run", "--json", "--seed", "1", "--url", asked.url, "--tool", asked.tool],
    ...["--concurrency", String(asked.workers), "--duration", String(asked.seconds)],
    ...asked.headers.flatMap((header) => ["--header", header]),
  ]);
  const summary = JSON.parse(text ?? "null");
  if (summary === null || summary.totalErrors > 0 || summary.totalRequests === 0) {
    throw new Error(`mcp-stress failed at ${asked.url}: ${text}`);
  }
  return {
    requests: summary.totalRequests,
    perSecond: summary.requestsPerSecond,
    p50Ms: summary.overall.p50,
    p99Ms: summary.overall.p99,
  };
}

/** What a program prints; null where it fails. */
async function output(program: string, args: readonly string[]): Promise<string | null> {
  const command = new Deno.Command(program, { args: [...args], stderr: "null" });
  const { success, stdout } = await command.output();
  return success ? new TextDecoder().decode(stdout) : null;
}
