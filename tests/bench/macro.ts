/**
 * The macro bench: the gate as a process between a load generator and a server whose answers cost
 * the same in every row, beside nginx as a bare reverse proxy in the same minute. Prints tables; no
 * figure is a verdict.
 *
 * Usage: macro.ts [--quick] [TABLE…]
 */
import { program } from "../support/absent.ts";
import { afterRest } from "./after_rest.ts";
import { BenchTools } from "./bench_tools.ts";
import { chainCost } from "./chain_cost.ts";
import { callForms, loneClient, smallCalls, stageCosts } from "./call_tables.ts";
import { keysTable } from "./configured_size.ts";
import { coldStarts } from "./cold_start.ts";
import type { Course } from "./contest.ts";
import { eventFlow } from "./event_flow.ts";
import { idleStreams } from "./idle_streams.ts";
import { loadTable } from "./large_configuration.ts";
import { lists, longList } from "./list_tables.ts";
import { realParts } from "./real_parts.ts";
import { type Table, tableText } from "./row.ts";
import { overTls } from "./tls_tables.ts";
import { watching } from "./watching_tables.ts";
import { workerCounts } from "./worker_tables.ts";

/** The tables by name, in the order in which they are printed. */
type Tables = Readonly<Record<string, () => Promise<Table>>>;

function tablesOf(nginx: string, tools: BenchTools, course: Course, isQuick: boolean): Tables {
  // What has no bar is looked at for a shorter time, so that all of it is done in minutes.
  const brief = { ...course, rounds: Math.min(course.rounds, 3), warmingSeconds: 4 };
  return {
    call: () => smallCalls(tools, course),
    forms: () => callForms(tools, course),
    list: () => lists(tools, course),
    lone: () => loneClient(tools, course),
    real: () => realParts(nginx, course, isQuick ? 1 : 4),
    rest: () => afterRest(tools, { ...course, rounds: Math.min(course.rounds, 3) }),
    start: () => coldStarts(tools.fixed.url("/call"), Math.min(course.rounds, 5)),
    stages: () => stageCosts(tools, brief),
    tls: () => overTls(nginx, tools, brief),
    watch: () => watching(tools, brief),
    chain: () => chainCost(tools, brief),
    long: () => longList(tools, brief),
    keys: () => keysTable(tools.fixed.url("/call"), brief, isQuick),
    workers: () => workerCounts(tools, brief),
    load: () => loadTable(tools.fixed.url("/call"), isQuick),
    flow: () => eventFlow(nginx, isQuick ? 10_000 : 100_000, isQuick ? 1 : 5),
    // Two descriptors a stream, here as in the gate; 20,000 are a common limit.
    streams: () => idleStreams(isQuick ? 500 : 9000),
  };
}

async function run(wrk: string, nginx: string): Promise<void> {
  const isQuick = Deno.args.includes("--quick");
  const wanted = Deno.args.filter((arg) => !arg.startsWith("--"));
  // Many short ones: what disturbs lasts for seconds, and then spoils a round or two.
  const rounds = isQuick ? 1 : 11;
  const course = {
    wrk,
    connections: 32,
    rounds,
    seconds: 1,
    warmingSeconds: isQuick ? 1 : 12,
  };
  await using tools = await BenchTools.start(nginx);
  console.log(
    `Deno ${Deno.version.deno}, ${navigator.hardwareConcurrency} cores, medians of ${rounds} ` +
      "interleaved rounds; times are medians too, of what was measured in the same round\n",
  );
  for (const [name, table] of Object.entries(tablesOf(nginx, tools, course, isQuick))) {
    if (wanted.length === 0 || wanted.includes(name)) console.log(tableText(await table()));
  }
}

const wrk = program("wrk");
const nginx = program("nginx");
if (wrk.found !== null && nginx.found !== null) await run(wrk.found, nginx.found);
else {
  const missing = [wrk, nginx].filter(({ found }) => found === null).map(({ what }) => what);
  console.log(
    `macro bench: did not run, needs ${missing.join(" and ")} (apt-get install wrk nginx)`,
  );
}
