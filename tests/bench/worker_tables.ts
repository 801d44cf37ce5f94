/**
 * What workers bring and cost: requests a second, CPU and memory of a program with one, two and three
 * of them. Load generator and upstream share the cores with all of them, so that on two cores what is
 * seen is the price of sharing rather than the gain.
 */
import type { GateProcess } from "../support/gate_process.ts";
import type { BenchTools } from "./bench_tools.ts";
import { contest, type Course, type Figures, type Subject } from "./contest.ts";
import { CALL } from "./fixed_reply.ts";
import { asked, benchKey, checkAnswer, openSession, startGate } from "./gate_scene.ts";
import { residentKiB } from "./process_cost.ts";
import { cell, ratio, type Table } from "./row.ts";

/** How many are tried. */
const COUNTS = [1, 2, 3];

/** In every answer. */
const PART = "date,amount";

interface Entrant {
  readonly subject: Subject;
  readonly idleMiB: number;
  /** What it is compared with. */
  readonly alone: string;
}

/** A small call, of its own and within a session, through gates of several sizes. */
export async function workerCounts(tools: BenchTools, course: Course): Promise<Table> {
  await using stack = new AsyncDisposableStack();
  const key = benchKey(["tool_0"]);
  const entrants: Entrant[] = [];
  for (const workers of COUNTS) {
    const upstream = tools.fixed.url("/call");
    const gate = stack.use(await startGate({ upstream, key, settings: { workers } }));
    entrants.push(await entrant(gate, "call", workers, { key, body: CALL }));
    const behind = stack.use(
      await startGate({ upstream: tools.echo.url("/mcp"), key, settings: { workers } }),
    );
    const headers = await openSession(behind.url, key);
    const question = { key, body: CALL, headers, hasNewIds: true };
    entrants.push(await entrant(behind, "in a session", workers, question));
  }
  const standings = await contest(entrants.map(({ subject }) => subject), course);
  return {
    title: `workers, small JSON answer, ${course.connections} connections, ` +
      `${navigator.hardwareConcurrency} cores`,
    note: "Load generator and upstream run on the same cores. CPU is that of the whole program.",
    header: ["", "req/s", "of 1", "CPU us", "of 1", "p99 ms", "idle MiB", "under load MiB"],
    rows: entrants.map(({ subject, idleMiB, alone }) => {
      const own = standings.get(subject.name)?.medians as Figures;
      const first = standings.get(alone)?.medians as Figures;
      return [
        subject.name,
        cell(own.perSecond),
        ratio(own.perSecond, first.perSecond),
        cell(own.cpuMicros, 1),
        ratio(own.cpuMicros, first.cpuMicros),
        cell(own.p99Ms, 1),
        cell(idleMiB),
        cell(own.residentMiB),
      ];
    }),
  };
}

async function entrant(
  gate: GateProcess,
  what: string,
  workers: number,
  question: Parameters<typeof asked>[3],
): Promise<Entrant> {
  const idleMiB = residentKiB(gate.pid) / 1024;
  const named = (count: number) => `${count} ${count === 1 ? "worker" : "workers"}, ${what}`;
  const subject = asked(named(workers), gate.url, gate.pid, question);
  await checkAnswer(subject, PART);
  return { subject, idleMiB, alone: named(1) };
}
