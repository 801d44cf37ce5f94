/** What a call costs with few and with many keys, and with few and with many grants: it should not. */
import { randomBytes } from "node:crypto";
import type { TestKey } from "../support/gate_process.ts";
import { contest, type Course } from "./contest.ts";
import { CALL } from "./fixed_reply.ts";
import { asked, benchKey, checkAnswer, startGate } from "./gate_scene.ts";
import { cell, ratio, type Table } from "./row.ts";

/** Calls through gates whose configurations differ in size only. */
export async function keysTable(upstream: string, course: Course, quick: boolean): Promise<Table> {
  const sizes = [
    { name: "10 keys", keys: 10, grants: 1 },
    { name: quick ? "1,000 keys" : "100,000 keys", keys: quick ? 1000 : 100_000, grants: 1 },
    { name: quick ? "1,000 grants" : "10,000 grants", keys: 10, grants: quick ? 1000 : 10_000 },
  ];
  await using stack = new AsyncDisposableStack();
  const subjects = [];
  for (const { name, keys, grants } of sizes) {
    const key = benchKey(Array.from({ length: grants }, (_, index) => `tool_${index}`));
    const gate = stack.use(await startGate({ upstream, key, more: strangers(keys - 1) }));
    const subject = asked(name, gate.url, gate.pid, { key, body: CALL });
    await checkAnswer(subject, "date,amount");
    subjects.push(subject);
  }
  const standings = await contest(subjects, course);
  const base = standings.get("10 keys")?.medians;
  return {
    title: "tools/call with configurations of different size",
    header: ["", "req/s", "CPU µs/req", "x 10 keys", "RSS MiB"],
    rows: [...standings].map(([name, { medians: own }]) => [
      name,
      cell(own.perSecond),
      cell(own.cpuMicros, 1),
      ratio(own.cpuMicros, base?.cpuMicros ?? NaN),
      cell(own.residentMiB),
    ]),
  };
}

function strangers(count: number): TestKey["entry"][] {
  return Array.from({ length: count }, (_, index) => ({
    label: `stranger-${index}`,
    hash: randomBytes(32).toString("hex"),
    allow: ["tool_1"],
  }));
}
