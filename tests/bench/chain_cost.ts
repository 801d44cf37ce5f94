/** What `audit.chain` adds to a small `tools/call`: the same gate with the chain and without. */
import type { BenchTools } from "./bench_tools.ts";
import { comparison, type Entrant } from "./comparison.ts";
import type { Course } from "./contest.ts";
import { CALL } from "./fixed_reply.ts";
import { asked, benchKey, startGate } from "./gate_scene.ts";
import type { Table } from "./row.ts";

/** The gate with the chain off and on. */
export async function chainCost(tools: BenchTools, course: Course): Promise<Table> {
  await using stack = new AsyncDisposableStack();
  const question = { key: benchKey(["tool_0"]), body: CALL };
  const upstream = tools.fixed.url("/call");
  const entrants: Entrant[] = [];
  for (const chain of [false, true]) {
    const gate = stack.use(
      await startGate({ upstream, key: question.key, settings: { audit: { chain } } }),
    );
    entrants.push({
      subject: asked(chain ? "chain on" : "chain off", gate.url, gate.pid, question),
      part: "date,amount",
      ...(chain ? { beside: "chain off" } : {}),
    });
  }
  return await comparison(
    `tools/call, small JSON answer, audit.chain, ${course.connections} connections`,
    "Each line in a file; with the chain on it carries a keyed hash of the one before.",
    entrants,
    course,
  );
}
