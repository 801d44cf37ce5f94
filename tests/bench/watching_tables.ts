/** What it costs a gate to be watched: by counting, by somebody who looks, and by spans. */
import { OtlpReceiver } from "../support/otlp_receiver.ts";
import type { BenchTools } from "./bench_tools.ts";
import { comparison, type Entrant } from "./comparison.ts";
import type { Course } from "./contest.ts";
import { CALL } from "./fixed_reply.ts";
import { asked, benchKey, type GateScene, startGate } from "./gate_scene.ts";
import type { Table } from "./row.ts";

const UNSEEN = "nobody can look";

/** A small call through gates that differ in who watches them. */
export async function watching(tools: BenchTools, course: Course): Promise<Table> {
  await using stack = new AsyncDisposableStack();
  const question = { key: benchKey(["tool_0"]), body: CALL };
  const receiver = stack.use(new OtlpReceiver());
  const admin = { settings: { admin: { listen: "127.0.0.1:0" } } };
  const scenes: readonly (readonly [name: string, scene: Partial<GateScene>])[] = [
    [UNSEEN, {}],
    ["  the same once more", {}],
    ["  admin, nobody looks", admin],
    ["  admin, looked at each second", admin],
    ["  spans exported", { environment: receiver.environment }],
  ];
  const entrants: Entrant[] = [];
  for (const [name, scene] of scenes) {
    const gate = await startGate({
      upstream: tools.fixed.url("/call"),
      key: question.key,
      ...scene,
    });
    stack.use(gate);
    const subject = asked(name, gate.url, gate.pid, question);
    entrants.push({ subject, part: "date,amount", ...(name === UNSEEN ? {} : { beside: UNSEEN }) });
    if (name.endsWith("each second")) stack.use(await looker(gate));
  }
  return await comparison(
    `a small tools/call through gates that are watched, ${course.connections} connections`,
    "The second row says how far two gates are apart that are the same.",
    entrants,
    course,
  );
}

/** Somebody who has the page open and a Prometheus that scrapes every second. */
async function looker(gate: { stderr(): Promise<string> }): Promise<AsyncDisposable> {
  const [, url = ""] = (await gate.stderr()).match(/^mcpgate: admin on (\S+)$/m) ?? [];
  let looking: Promise<unknown> = Promise.resolve();
  const look = async () => {
    for (const path of ["live.json", "metrics"]) await (await fetch(`${url}${path}`)).text();
  };
  const timer = setInterval(() => looking = look(), 1000);
  return {
    async [Symbol.asyncDispose]() {
      clearInterval(timer);
      await looking;
    },
  };
}
