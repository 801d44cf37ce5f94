/**
 * The macro bench: the gate as a process between a load generator and a server whose answers cost
 * the same in every row, beside nginx as a bare reverse proxy in the same minute. Prints tables; no
 * figure is a verdict.
 *
 * Usage: macro.ts [--quick]
 */
import { program } from "../support/absent.ts";
import { keysTable } from "./configured_size.ts";
import { contest, type Course, type Figures, type Subject } from "./contest.ts";
import { ANSWERS, CALL, LIST, toolList } from "./fixed_reply.ts";
import { asked, benchKey, checkAnswer, startGate } from "./gate_scene.ts";
import { idleStreamKiB } from "./idle_streams.ts";
import { NginxProcess } from "./nginx_process.ts";
import { cell, ratio, type Table, tableText } from "./row.ts";

const quick = Deno.args.includes("--quick");
const wrk = program("wrk").found;
const nginx = program("nginx").found;

/** Stages in the order of the pipeline; each row adds one. */
const STAGES = ["auth", "ratelimit", "allowlist"];

const HEADER = [
  "",
  "req/s",
  "x direct",
  "x nginx",
  "CPU µs/req",
  "x nginx",
  "p50 ms",
  "p99 ms",
  "RSS MiB",
];

/** A table of subjects that are asked the same. */
function comparison(title: string, note: string, figures: ReadonlyMap<string, Figures>): Table {
  const direct = figures.get("direct");
  const proxy = figures.get("nginx");
  const rows = [...figures].map(([name, own]) => [
    name,
    cell(own.perSecond),
    ratio(own.perSecond, direct?.perSecond ?? NaN),
    ratio(own.perSecond, proxy?.perSecond ?? NaN),
    cell(own.cpuMicros, 1),
    ratio(own.cpuMicros, proxy?.cpuMicros ?? NaN),
    cell(own.p50Ms, 3),
    cell(own.p99Ms, 3),
    cell(own.residentMiB),
  ]);
  return { title, note, header: HEADER, rows };
}

async function smallCall(tools: Tools, course: Course): Promise<Table> {
  await using stack = new AsyncDisposableStack();
  const key = benchKey(["tool_0"]);
  const upstream = tools.upstream.url("/call");
  const subjects = [
    asked("direct", upstream, null, key, CALL),
    asked("nginx", tools.proxy.url("/call"), tools.proxy.pid, key, CALL),
  ];
  for (let count = 0; count <= STAGES.length; count++) {
    const stages = STAGES.slice(0, count);
    const gate = stack.use(await startGate({ upstream, key, stages }));
    const name = count === 0 ? "gate, no stage" : `  + ${stages.at(-1)}`;
    subjects.push(asked(name, gate.url, gate.pid, key, CALL));
  }
  const whole = stack.use(await startGate({ upstream, key }));
  subjects.push(asked("  + audit (all four)", whole.url, whole.pid, key, CALL));
  return comparison(
    `tools/call, small JSON answer, ${course.connections} connections`,
    "CPU is that of the proxy's process; server and load generator share the machine with it.",
    await run(subjects, "date,amount", course),
  );
}

async function stream(tools: Tools, course: Course): Promise<Table> {
  const key = benchKey(["tool_0"]);
  const upstream = tools.upstream.url("/stream");
  await using gate = await startGate({ upstream, key });
  const subjects = [
    asked("direct", upstream, null, key, CALL),
    asked("nginx", tools.proxy.url("/stream"), tools.proxy.pid, key, CALL),
    asked("gate", gate.url, gate.pid, key, CALL),
  ];
  return comparison(
    `tools/call answered by an event stream of two events, ${course.connections} connections`,
    "The server sends both events in one write.",
    await run(subjects, "date,amount", course),
  );
}

async function list(tools: Tools, course: Course): Promise<Table> {
  const key = benchKey(["tool_0", "tool_1", "tool_20", "tool_100", "tool_199"]);
  const upstream = tools.upstream.url("/list200");
  await using gate = await startGate({ upstream, key });
  const subjects = [
    asked("direct", upstream, null, key, LIST),
    asked("nginx", tools.proxy.url("/list200"), tools.proxy.pid, key, LIST),
    asked("gate, filtered to 5", gate.url, gate.pid, key, LIST),
  ];
  return comparison(
    `tools/list of 200 tools, ${course.connections} connections`,
    "nginx and direct pass the list whole.",
    await run(subjects, "tool_199", course),
  );
}

async function latency(tools: Tools, course: Course): Promise<Table> {
  const key = benchKey(["tool_0"]);
  const upstream = tools.upstream.url("/call");
  await using gate = await startGate({ upstream, key });
  const subjects = [
    asked("direct", upstream, null, key, CALL),
    asked("nginx", tools.proxy.url("/call"), tools.proxy.pid, key, CALL),
    asked("gate", gate.url, gate.pid, key, CALL),
  ];
  return comparison(
    "tools/call, 1 connection: what the way through costs a lone client",
    "Added latency is the difference of the medians to direct.",
    await run(subjects, "date,amount", { ...course, connections: 1 }),
  );
}

/** The filter against what any filter must at least do: parse and write the same text. */
async function longList(tools: Tools, course: Course): Promise<Table> {
  const key = benchKey(Array.from({ length: 10 }, (_, index) => `tool_${index * 100}`));
  const upstream = tools.upstream.url("/list1000");
  await using gate = await startGate({ upstream, key });
  const figures = await run([asked("gate", gate.url, gate.pid, key, LIST)], "tool_900", {
    ...course,
    connections: 1,
  });
  const yardstick = parseAndWriteMicros(toolList(1000));
  const cost = figures.get("gate")?.cpuMicros ?? NaN;
  return {
    title: "tools/list of 1,000 tools filtered to 10",
    note: "The gate's figure is the whole CPU of the exchange, reading from sockets included.",
    header: ["", "CPU µs", "ratio"],
    rows: [
      ["JSON.parse + JSON.stringify of the list", cell(yardstick), "1.00 x"],
      ["gate, the whole exchange", cell(cost), ratio(cost, yardstick)],
    ],
  };
}

function parseAndWriteMicros(text: string): number {
  const rounds = 200;
  let written = 0;
  const run = () => {
    const start = performance.now();
    for (let round = 0; round < rounds; round++) written += JSON.stringify(JSON.parse(text)).length;
    return (performance.now() - start) * 1000 / rounds;
  };
  run();
  const micros = run();
  if (written !== 2 * rounds * text.length) throw new Error("The list is not written as JSON is");
  return micros;
}

async function streams(count: number): Promise<Table> {
  const each = await idleStreamKiB(count);
  const inMiB = (streams: number) => cell(each * streams / 1024);
  return {
    title: `idle event streams, ${count} held`,
    header: ["", "KiB each", "MiB for 10,000", "MiB for 100,000"],
    rows: [["gate", cell(each, 1), inMiB(10_000), inMiB(100_000)]],
  };
}

async function run(
  subjects: readonly Subject[],
  part: string,
  course: Course,
): Promise<Map<string, Figures>> {
  for (const subject of subjects) {
    await checkAnswer(subject, subject.name.startsWith("gate, filtered") ? "tool_199" : part);
  }
  return await contest(subjects, course);
}

interface Tools {
  readonly upstream: NginxProcess;
  readonly proxy: NginxProcess;
}

function print(table: Table): void {
  console.log(tableText(table));
}

if (wrk === null || nginx === null) {
  const missing = [wrk === null ? "wrk" : null, nginx === null ? "nginx" : null].filter(Boolean);
  console.log(
    `macro bench: did not run, needs ${missing.join(" and ")} (apt-get install wrk nginx)`,
  );
} else {
  const course = quick
    ? { wrk, connections: 32, rounds: 1, seconds: 1 }
    : { wrk, connections: 32, rounds: 5, seconds: 3 };
  await using upstream = await NginxProcess.upstream(nginx, ANSWERS);
  await using proxy = await NginxProcess.proxy(nginx, upstream.port);
  const tools = { upstream, proxy };
  console.log(
    `Deno ${Deno.version.deno}, ${navigator.hardwareConcurrency} cores, medians of ${course.rounds} ` +
      `interleaved rounds of ${course.seconds} s\n`,
  );
  print(await smallCall(tools, course));
  print(await stream(tools, course));
  print(await list(tools, course));
  print(await latency(tools, course));
  print(await longList(tools, course));
  print(await keysTable(upstream.url("/call"), course, quick));
  print(await streams(quick ? 100 : 1000));
}
