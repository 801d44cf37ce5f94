/**
 * What a configuration with very many keys, or with very many grants for some, costs to start with and
 * to change while requests are served: time and CPU of the reading, memory, and how long one request
 * had to wait at worst while the reload was under way.
 */
import { randomBytes } from "node:crypto";
import { GateProcess, type KeySettings, type Settings } from "../support/gate_process.ts";
import { CALL } from "./fixed_reply.ts";
import { asked, benchKey, checkAnswer } from "./gate_scene.ts";
import { cpuMicros, residentKiB } from "./process_cost.ts";
import { cell, type Table } from "./row.ts";

interface Size {
  readonly name: string;
  readonly keys: number;
  /** How many of them have `grants` grants; the others have one. */
  readonly wide: number;
  readonly grants: number;
}

/** One row for each size; `quick` makes them smaller. */
export async function loadTable(upstream: string, quick: boolean): Promise<Table> {
  const scale = quick ? 100 : 1;
  const sizes: readonly Size[] = [
    { name: "10 keys", keys: 10, wide: 0, grants: 1 },
    { name: "100,000 keys", keys: 100_000 / scale, wide: 0, grants: 1 },
    {
      name: "100,000, 100 of 10,000 grants",
      keys: 100_000 / scale,
      wide: 100,
      grants: 10_000 / scale,
    },
  ];
  const rows = [];
  for (const size of sizes) rows.push([size.name, ...await measured(upstream, size)]);
  return {
    title: `start and reload by the size of the configuration${quick ? ", a hundredth of it" : ""}`,
    note:
      "Ready: from the start of the process to its listening. Longest wait: of calls, one after the other.",
    header: ["", "ready s", "CPU s", "RSS MiB", "reload s", "CPU s", "longest wait ms", "RSS MiB"],
    rows,
  };
}

async function measured(upstream: string, size: Size): Promise<string[]> {
  const key = benchKey(["tool_0"]);
  const others = strangers(size);
  const settings = (keys: readonly KeySettings[]): Settings => ({
    upstream: { url: upstream },
    keys: [key.entry, ...keys],
  });
  const started = performance.now();
  await using gate = await GateProcess.start(settings(others.slice(1)));
  const readyMs = performance.now() - started;
  const readyMicros = cpuMicros(gate.pid);
  const subject = asked("gate", gate.url, gate.pid, { key, body: CALL });
  await checkAnswer(subject, "date,amount");
  const startMiB = residentKiB(gate.pid) / 1024;

  const calls = callUntil(subject.request, new AbortController());
  const before = cpuMicros(gate.pid);
  const reloading = performance.now();
  const said = await gate.reload(settings(others));
  const reloadMs = performance.now() - reloading;
  const reloadMicros = cpuMicros(gate.pid) - before;
  if (!said.includes("reloaded, generation 2")) throw new Error(`Not reloaded: ${said}`);
  const longestMs = await calls.stop();
  return [
    cell(readyMs / 1000, 2),
    cell(readyMicros / 1e6, 2),
    cell(startMiB),
    cell(reloadMs / 1000, 2),
    cell(reloadMicros / 1e6, 2),
    cell(longestMs, 1),
    cell(residentKiB(gate.pid) / 1024),
  ];
}

/** Calls again and again; `stop` gives the longest that one took. */
function callUntil(
  { url, headers, body }: ReturnType<typeof asked>["request"],
  stopping: AbortController,
): { stop(): Promise<number> } {
  const calling = (async () => {
    let longestMs = 0;
    while (!stopping.signal.aborted) {
      const from = performance.now();
      const response = await fetch(url, { method: "POST", headers, body });
      await response.text();
      if (response.status !== 200) throw new Error(`A call was answered ${response.status}`);
      longestMs = Math.max(longestMs, performance.now() - from);
    }
    return longestMs;
  })();
  // What goes wrong is told by whoever waits for it.
  calling.catch(() => {});
  return {
    stop: () => {
      stopping.abort();
      return calling;
    },
  };
}

function strangers({ keys, wide, grants }: Size): KeySettings[] {
  return Array.from({ length: keys }, (_, index) => ({
    label: `stranger-${index}`,
    hash: randomBytes(32).toString("hex"),
    allow: Array.from({ length: index < wide ? grants : 1 }, (_, grant) => `tool_${grant}`),
  }));
}
