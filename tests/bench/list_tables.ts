/** What lists cost that something has to be taken out of: one that is known, and one that is new. */
import { asked, benchKey, startGate } from "./gate_scene.ts";
import type { BenchTools } from "./bench_tools.ts";
import { comparison } from "./comparison.ts";
import { contest, type Course } from "./contest.ts";
import { LIST, toolList } from "./fixed_reply.ts";
import { cell, ratio, type Table } from "./row.ts";

const FIVE = ["tool_0", "tool_1", "tool_20", "tool_100", "tool_199"];

/** 200 tools filtered to 5, beside nginx, which passes them whole. */
export async function lists(tools: BenchTools, course: Course): Promise<Table> {
  await using stack = new AsyncDisposableStack();
  const { echo, beforeEcho } = tools;
  const question = { key: benchKey(FIVE), body: LIST, hasNewIds: true };
  const { key } = question;
  const known = stack.use(await startGate({ upstream: echo.url("/list200"), key }));
  const fresh = stack.use(await startGate({ upstream: echo.url("/new200"), key }));
  const part = "tool_199";
  const nginx = (path: string) => beforeEcho.url(path);
  return await comparison(
    `tools/list of 200 tools filtered to 5, ${course.connections} connections`,
    "Each request has an id of its own. nginx passes the list whole. In a new list all definitions differ.",
    [
      { subject: asked("nginx", nginx("/list200"), beforeEcho.pid, question), part },
      {
        subject: asked("gate", known.url, known.pid, question),
        part,
        beside: "nginx",
        bars: [{ of: "CPU", limit: 2.5 }],
      },
      { subject: asked("nginx, a new list", nginx("/new200"), beforeEcho.pid, question), part },
      {
        subject: asked("gate, a new list", fresh.url, fresh.pid, question),
        part,
        beside: "nginx, a new list",
        bars: [{ of: "CPU", limit: 6 }],
      },
    ],
    course,
  );
}

/** The filter against what any filter must at least do: parse and write the same text. */
export async function longList(tools: BenchTools, course: Course): Promise<Table> {
  const key = benchKey(Array.from({ length: 10 }, (_, index) => `tool_${index * 100}`));
  await using gate = await startGate({ upstream: tools.fixed.url("/list1000"), key });
  const subject = asked("gate", gate.url, gate.pid, { key, body: LIST });
  const standings = await contest([subject], { ...course, connections: 1 });
  const yardstick = parseAndWriteMicros(toolList(1000));
  const cost = standings.get("gate")?.medians.cpuMicros ?? NaN;
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
