/**
 * The gate between parts that others have published: a stress client, and the reference server of
 * the protocol. Here the server is what takes the time, as with most servers.
 */
import { EverythingServer } from "../support/everything_server.ts";
import { verdict } from "./bar.ts";
import { type Course, median } from "./contest.ts";
import { benchKey, startGate } from "./gate_scene.ts";
import { cell, ratio, type Table } from "./row.ts";
import { stress, stressClient } from "./stress_client.ts";
import type { LoadResult } from "./wrk_load.ts";

const WORKERS = 8;
const TOOL = "echo";

/** Calls by `mcp-stress`, straight to `server-everything` and through the gate, in turns. */
export async function realParts({ rounds, seconds, warmingSeconds }: Course): Promise<Table> {
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
  const subjects = [{ name: "direct", url: server.url }, { name: "gate", url: gate.url }];
  const results = new Map<string, LoadResult[]>(subjects.map(({ name }) => [name, []]));
  for (let round = 0; round <= rounds; round++) {
    for (const { name, url } of subjects) {
      const headers = [`Authorization: Bearer ${key.key}`];
      const time = round === 0 ? 2 * warmingSeconds : 2 * seconds;
      const asked = { url, headers, tool: TOOL, workers: WORKERS, seconds: time };
      const result = await stress(client, asked);
      if (round > 0) results.get(name)?.push(result);
    }
  }
  const direct = middle(results.get("direct") ?? [], "perSecond");
  return {
    title,
    note: "No request failed: the bench would have ended.",
    header: ["", "req/s", "times", "p50 ms", "p99 ms", "bars"],
    rows: [...results].map(([name, all]) => {
      const perSecond = middle(all, "perSecond");
      return [
        name,
        cell(perSecond),
        ratio(perSecond, direct),
        cell(middle(all, "p50Ms"), 2),
        cell(middle(all, "p99Ms"), 2),
        name === "gate" ? verdict(perSecond / direct, { of: "req/s", limit: 0.8 }) : "",
      ];
    }),
  };
}

function middle(results: readonly LoadResult[], figure: "perSecond" | "p50Ms" | "p99Ms"): number {
  return median(results.map((result) => result[figure]));
}
