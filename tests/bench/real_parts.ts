/**
 * The gate between parts that others have published: a stress client, and the reference server of
 * the protocol. Here the server is what takes the time, as with most servers.
 */
import { EverythingServer } from "../support/everything_server.ts";
import { verdict } from "./bar.ts";
import { type Course, median } from "./contest.ts";
import { benchKey, startGate } from "./gate_scene.ts";
import { NginxProcess } from "./nginx_process.ts";
import { cell, ratio, type Table } from "./row.ts";
import { stress, stressClient } from "./stress_client.ts";
import type { LoadResult } from "./wrk_load.ts";

const WORKERS = 8;
const TOOL = "echo";

/**
 * Calls by `mcp-stress`, straight to `server-everything`, through nginx and through the gate, in turns.
 *
 * @param nginx The program: what a proxy costs here that reads nothing
 * @param seconds Of one turn: a few thousand calls
 */
export async function realParts(
  nginx: string,
  { rounds, warmingSeconds }: Course,
  seconds: number,
): Promise<Table> {
  const title = `mcp-stress, ${WORKERS} workers, calls ${TOOL} of server-everything`;
  const client = await stressClient();
  if (client === null) {
    return {
      title,
      note: "Did not run: needs mcp-stress, which is there for Linux on x86-64.",
      header: [],
      rows: [],
    };
  }
  await using server = await EverythingServer.start();
  const key = benchKey([TOOL]);
  await using gate = await startGate({ upstream: server.url, key });
  await using proxy = await NginxProcess.proxy(nginx, server.port);
  const subjects = [
    { name: "direct", url: server.url },
    { name: "nginx", url: proxy.url(new URL(server.url).pathname) },
    { name: "gate", url: gate.url },
  ];
  const results = new Map<string, LoadResult[]>(subjects.map(({ name }) => [name, []]));
  for (let round = 0; round <= rounds; round++) {
    for (const { name, url } of subjects) {
      const headers = [`Authorization: Bearer ${key.key}`];
      const time = round === 0 ? 2 * warmingSeconds : seconds;
      const asked = { url, headers, tool: TOOL, workers: WORKERS, seconds: time };
      const result = await stress(client, asked);
      if (round > 0) results.get(name)?.push(result);
    }
  }
  const direct = results.get("direct") ?? [];
  return {
    title,
    note: "No request failed: the bench would have ended.",
    header: ["", "req/s", "times", "p50 ms", "p99 ms", "bars"],
    rows: [...results].map(([name, all]) => {
      const inRounds = all.map(({ perSecond }, round) =>
        perSecond / (direct[round]?.perSecond ?? NaN)
      );
      const times = median(inRounds);
      return [
        name,
        cell(middle(all, "perSecond")),
        ratio(times, 1),
        cell(middle(all, "p50Ms"), 2),
        cell(middle(all, "p99Ms"), 2),
        name === "gate" ? verdict(times, { of: "req/s", limit: 0.8 }) : "",
      ];
    }),
  };
}

function middle(results: readonly LoadResult[], figure: "perSecond" | "p50Ms" | "p99Ms"): number {
  return median(results.map((result) => result[figure]));
}
