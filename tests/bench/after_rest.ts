/**
 * What a call costs after a while in which nothing was asked. An engine that has nothing to do collects
 * garbage thoroughly, and forgets what it has compiled for kinds of objects of which none is left.
 */
import type { BenchTools } from "./bench_tools.ts";
import { type Course, median } from "./contest.ts";
import { CALL } from "./fixed_reply.ts";
import { asked, benchKey, startGate } from "./gate_scene.ts";
import { cpuMicros } from "./process_cost.ts";
import { cell, ratio, type Table } from "./row.ts";
import { wrkLoad } from "./wrk_load.ts";

/** Long enough for the engine to find that it has nothing to do. */
const REST_MS = 20_000;

/** Of one measurement: the second after a rest is not like the next. */
const SECONDS = 2;

/** A small call, and one event, before and after a rest. */
export async function afterRest(tools: BenchTools, course: Course): Promise<Table> {
  const rows: string[][] = [];
  for (const path of ["/call", "/event"]) {
    const key = benchKey(["tool_0"]);
    const costs = { before: [] as number[], after: [] as number[] };
    // Each round with a gate of its own: the first rest is the one that matters.
    for (let round = 0; round < course.rounds; round++) {
      await using gate = await startGate({ upstream: tools.fixed.url(path), key });
      const { request } = asked("gate", gate.url, gate.pid, { key, body: CALL });
      const load = async (seconds: number) => {
        const before = cpuMicros(gate.pid);
        const { requests } = await wrkLoad(course.wrk, request, course.connections, seconds);
        return (cpuMicros(gate.pid) - before) / requests;
      };
      await load(course.warmingSeconds);
      costs.before.push(await load(SECONDS));
      await new Promise((resolve) => setTimeout(resolve, REST_MS));
      costs.after.push(await load(SECONDS));
    }
    const [before, after] = [median(costs.before), median(costs.after)];
    rows.push([`gate, ${path.slice(1)}`, cell(before, 1), cell(after, 1), ratio(after, before)]);
  }
  return {
    title: `small tools/call before and after ${REST_MS / 1000} s of rest`,
    note: "CPU in microseconds a request.",
    header: ["", "before", "after", "times"],
    rows,
  };
}
