/** What a small `tools/call` costs: in each form in which it is asked and answered, and by stages. */
import { asked, benchKey, openSession, startGate } from "./gate_scene.ts";
import type { BenchTools } from "./bench_tools.ts";
import { comparison, type Entrant } from "./comparison.ts";
import type { Course } from "./contest.ts";
import { CALL, MODERN_CALL, MODERN_FIELDS, SESSION, SESSION_REVISION } from "./fixed_reply.ts";
import { HelpingProcess } from "./helping_process.ts";
import type { Table } from "./row.ts";

/** In every answer. */
const PART = "date,amount";

/** Stages in the order of the pipeline; each row adds one. */
const STAGES = ["auth", "ratelimit", "allowlist"];

/** All stages on, beside nginx, and beside the least that this runtime can do. */
export async function smallCalls(tools: BenchTools, course: Course): Promise<Table> {
  await using stack = new AsyncDisposableStack();
  const question = { key: benchKey(["tool_0"]), body: CALL };
  const { fixed, beforeFixed } = tools;
  const entrants: Entrant[] = [
    { subject: asked("direct", fixed.url("/call"), null, question), part: PART },
    { subject: asked("nginx", beforeFixed.url("/call"), beforeFixed.pid, question), part: PART },
  ];
  const floor = stack.use(await HelpingProcess.start("floor_relay.ts", String(fixed.port)));
  entrants.push({
    subject: asked("floor: Deno, nothing read", floor.url("/call"), floor.pid, question),
    part: PART,
    beside: "nginx",
  });
  const gate = stack.use(await startGate({ upstream: fixed.url("/call"), key: question.key }));
  entrants.push({
    subject: asked("gate, JSON", gate.url, gate.pid, question),
    part: PART,
    beside: "nginx",
    bars: [{ of: "CPU", limit: 2.2 }, { of: "req/s", limit: 0.5 }],
  });
  return await comparison(
    `tools/call, small JSON answer, all stages, ${course.connections} connections`,
    "CPU is that of the proxy's process; server and load generator share the machine with it.",
    entrants,
    course,
  );
}

/** The same answered on an event stream, and asked in the other ways that revisions know. */
export async function callForms(tools: BenchTools, course: Course): Promise<Table> {
  await using stack = new AsyncDisposableStack();
  const { fixed, beforeFixed, echo, beforeEcho } = tools;
  const key = benchKey(["tool_0"]);
  const question = { key, body: CALL };
  const entrants: Entrant[] = [];
  const bars = { event: 2.2, events: null };
  for (const [path, limit] of Object.entries(bars)) {
    const gate = stack.use(await startGate({ upstream: fixed.url(`/${path}`), key }));
    const name = path === "event" ? "one event" : "two events";
    entrants.push({
      subject: asked(`nginx, ${name}`, beforeFixed.url(`/${path}`), beforeFixed.pid, question),
      part: PART,
    }, {
      subject: asked(`gate, ${name}`, gate.url, gate.pid, question),
      part: PART,
      beside: `nginx, ${name}`,
      bars: limit === null ? [] : [{ of: "CPU", limit }],
    });
  }
  const gate = stack.use(await startGate({ upstream: echo.url("/call"), key }));
  const modern = { key, body: MODERN_CALL, headers: MODERN_FIELDS, hasNewIds: true };
  const session = { key, body: CALL, hasNewIds: true };
  const own = { ...session, headers: { ...SESSION_REVISION, "Mcp-Session-Id": SESSION } };
  const sealed = { ...session, headers: await openSession(gate.url, key) };
  const proxy = beforeEcho.url("/call");
  entrants.push(
    { subject: asked("nginx, 2026-07-28", proxy, beforeEcho.pid, modern), part: PART },
    {
      subject: asked("gate, 2026-07-28", gate.url, gate.pid, modern),
      part: PART,
      beside: "nginx, 2026-07-28",
      bars: [{ of: "CPU", limit: 2.4 }],
    },
    { subject: asked("nginx, in a session", proxy, beforeEcho.pid, own), part: PART },
    {
      subject: asked("gate, in a session", gate.url, gate.pid, sealed),
      part: PART,
      beside: "nginx, in a session",
      bars: [{ of: "CPU", limit: 2.4 }],
    },
  );
  return await comparison(
    `tools/call in other forms, all stages, ${course.connections} connections`,
    "Events come in one write. In a session, and in 2026-07-28, each request has an id of its own.",
    entrants,
    course,
  );
}

/** What each stage adds. */
export async function stageCosts(tools: BenchTools, course: Course): Promise<Table> {
  await using stack = new AsyncDisposableStack();
  const question = { key: benchKey(["tool_0"]), body: CALL };
  const upstream = tools.fixed.url("/call");
  const entrants: Entrant[] = [];
  for (let count = 0; count <= STAGES.length + 1; count++) {
    const isWhole = count > STAGES.length;
    const stages = isWhole ? {} : { stages: STAGES.slice(0, count) };
    const gate = stack.use(await startGate({ upstream, key: question.key, ...stages }));
    const name = count === 0 ? "no stage" : `  + ${isWhole ? "audit" : STAGES[count - 1]}`;
    entrants.push({
      subject: asked(name, gate.url, gate.pid, question),
      part: PART,
      ...(count === 0 ? {} : { beside: "no stage" }),
    });
  }
  return await comparison(
    "what the stages add to a small tools/call",
    "Times are of the gate without a stage.",
    entrants,
    course,
  );
}

/** What the way through costs a lone client. */
export async function loneClient(tools: BenchTools, course: Course): Promise<Table> {
  const question = { key: benchKey(["tool_0"]), body: CALL };
  const { fixed, beforeFixed } = tools;
  await using gate = await startGate({ upstream: fixed.url("/call"), key: question.key });
  await using floor = await HelpingProcess.start("floor_relay.ts", String(fixed.port));
  const bars = [{ of: "added p50", limit: 1.5 }] as const;
  return await comparison(
    "tools/call, 1 connection",
    "Added latency is the difference of the medians to direct.",
    [
      { subject: asked("direct", fixed.url("/call"), null, question), part: PART },
      { subject: asked("nginx", beforeFixed.url("/call"), beforeFixed.pid, question), part: PART },
      {
        subject: asked("floor: Deno, nothing read", floor.url("/call"), floor.pid, question),
        part: PART,
        beside: "nginx",
        bars,
      },
      { subject: asked("gate", gate.url, gate.pid, question), part: PART, beside: "nginx", bars },
    ],
    { ...course, connections: 1 },
  );
}
