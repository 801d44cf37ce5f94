/**
 * How long a program takes from its start to its first answer: an empty server, the gate from its
 * sources and, where `deno task compile` has made it, the compiled one. The files are in the system's
 * cache.
 */
import { fileURLToPath } from "node:url";
import { ChildProgram, type ProgramStart } from "../support/child_program.ts";
import { eventually } from "../support/eventually.ts";
import { freePort } from "../support/free_port.ts";
import { median } from "./contest.ts";
import { asked, benchKey, type Question } from "./gate_scene.ts";
import { CALL } from "./fixed_reply.ts";
import { cell, ratio, type Table } from "./row.ts";

const COMPILED = "dist/mcpgate";
const EMPTY = fileURLToPath(new URL("empty_server.ts", import.meta.url));

/** Starts each of them `rounds` times, in turns; the gate answers a call to `upstream`. */
export async function coldStarts(upstream: string, rounds: number): Promise<Table> {
  const question = { key: benchKey(["tool_0"]), body: CALL };
  await using stack = new AsyncDisposableStack();
  const folder = await Deno.makeTempDir({ prefix: "mcpgate_bench_" });
  stack.defer(() => Deno.remove(folder, { recursive: true }));
  const deno = (...args: string[]) => ({
    command: Deno.execPath(),
    args: ["run", "--quiet", ...args],
  });
  const config = `${folder}/config.yaml`;
  const serve = ["serve", "-c", config];
  const programs: { readonly name: string; start(port: number): ProgramStart }[] = [
    { name: "deno run, empty server", start: (port) => deno("--allow-net", EMPTY, String(port)) },
    {
      name: "mcpgate serve, from source",
      start: () => deno("--allow-all", "src/main.ts", ...serve),
    },
  ];
  if (await isThere(COMPILED)) {
    programs.push({
      name: "mcpgate serve, compiled",
      start: () => ({ command: COMPILED, args: serve }),
    });
  }
  const times = new Map<string, number[]>(programs.map(({ name }) => [name, []]));
  for (let round = 0; round <= rounds; round++) {
    for (const { name, start } of programs) {
      const port = freePort();
      await Deno.writeTextFile(config, configText(upstream, question, port, folder));
      const elapsedMs = await timeToAnswer(start(port), port, question);
      if (round > 0) times.get(name)?.push(elapsedMs);
    }
  }
  const least = median(times.get("deno run, empty server") ?? []);
  return {
    title: "from the start of the program to its first answer",
    note:
      `The gate answers a call, with its upstream's answer. ${COMPILED} is measured where it is.`,
    header: ["", "ms", "times"],
    rows: [...times].map(([name, all]) => [name, cell(median(all)), ratio(median(all), least)]),
  };
}

async function timeToAnswer(
  start: ProgramStart,
  port: number,
  question: Question,
): Promise<number> {
  const { request } = asked("", `http://127.0.0.1:${port}/mcp`, null, question);
  const beganMs = performance.now();
  await using _program = await ChildProgram.start(start);
  await eventually("first answer", async () => {
    try {
      const response = await fetch(request.url, { method: "POST", ...request });
      await response.body?.cancel();
      return response.status === 200;
    } catch {
      return false;
    }
  }, 20_000);
  return performance.now() - beganMs;
}

function configText(upstream: string, { key }: Question, port: number, folder: string): string {
  return JSON.stringify({
    upstream: { url: upstream },
    listen: `127.0.0.1:${port}`,
    keys: [key.entry],
    audit: { output: `${folder}/audit.jsonl` },
  });
}

async function isThere(path: string): Promise<boolean> {
  try {
    return (await Deno.stat(path)).isFile;
  } catch {
    return false;
  }
}
