/**
 * The tour of `mcpgate demo`: what a client meets at the gate, step by step. Each line that it
 * prints says what came back from a real exchange; a step that ends unlike it should says so.
 */
import { auditHeadings, type AuditReader, auditTable } from "./demo_audit.ts";
import type { Answer, DemoClient } from "./demo_client.ts";
import type { Arrival, DemoServer } from "./demo_server.ts";
import type { Ink } from "./ink.ts";

/** Everything on the stage. */
export interface Scene {
  readonly ink: Ink;
  /** Prints one line. */
  print(line: string): void;
  /** At the gate, without a key. */
  readonly stranger: DemoClient;
  /** At the gate, with the key. */
  readonly holder: DemoClient;
  /** At the gate, with the key that may do little at once. */
  readonly hasty: DemoClient;
  /** Past the gate, at the server itself: what the operator sees. */
  readonly operator: DemoClient;
  readonly server: DemoServer;
  /** What has reached the server since the last look. */
  arrivals(): Arrival[];
  readonly audit: AuditReader;
}

/** More than the hasty key's burst, so that some are refused; on a slow machine it takes more. */
const MAX_CALLS = 60;
const REFUSALS_WANTED = 5;

const STEPS: readonly (readonly [title: string, run: (scene: Scene) => Promise<boolean>])[] = [
  ["Without a key", withoutKey],
  ["With the key: what it may not use, it does not see", filteredList],
  ["A call the key names", allowedCall],
  ["A call that streams: progress passes as it happens", streamingCall],
  ["A call the key does not name", deniedCall],
  ["Too many calls, with the other key", tooManyCalls],
  ["The audit log has one line for each exchange", auditLines],
];

/** Runs all steps. Returns whether each ended as it should. */
export async function runTour(scene: Scene): Promise<boolean> {
  let fine = true;
  for (const [index, [title, run]] of STEPS.entries()) {
    scene.print("");
    scene.print(`${scene.ink.cyan(`${index + 1}`)}  ${scene.ink.bold(title)}`);
    scene.arrivals();
    if (await run(scene)) continue;
    fine = false;
    scene.print(`   ${scene.ink.red("This is not how it should have ended.")}`);
  }
  return fine;
}

async function withoutKey(scene: Scene): Promise<boolean> {
  asked(scene, "tools/list");
  const answer = await scene.stranger.request("tools/list");
  answered(scene, answer);
  const untouched = reportArrivals(scene, "tools/list") === 0;
  return answer.status === 401 && untouched;
}

async function filteredList(scene: Scene): Promise<boolean> {
  const all = toolNames(await connected(scene.operator));
  asked(scene, "initialize, tools/list");
  const answer = await connected(scene.holder);
  const seen = toolNames(answer);
  scene.print(`   ← ${status(scene, answer)}  ${seen.length} tools; the server has ${all.length}`);
  for (const name of all) {
    const mark = seen.includes(name) ? scene.ink.green("✓ listed") : scene.ink.dim("✗ hidden");
    scene.print(`     ${name.padEnd(14)} ${mark}`);
  }
  return seen.length > 0 && !seen.includes("delete_notes") && all.includes("delete_notes");
}

async function connected(client: DemoClient): Promise<Answer> {
  const hello = await client.connect();
  return hello.result === null ? hello : await client.request("tools/list");
}

async function allowedCall(scene: Scene): Promise<boolean> {
  asked(scene, 'tools/call read_note {"name":"gate"}');
  const call = { name: "read_note", arguments: { name: "gate" } };
  const answer = await scene.holder.request("tools/call", call);
  answered(scene, answer);
  return reportArrivals(scene, "read_note") === 1 && textOf(answer) !== null;
}

async function streamingCall(scene: Scene): Promise<boolean> {
  asked(scene, "tools/call slow_report");
  const call = { name: "slow_report", arguments: {}, _meta: { progressToken: "demo" } };
  const times: number[] = [];
  const answer = await scene.holder.request("tools/call", call, (params, ms) => {
    times.push(ms);
    const { progress, total, message } = params;
    const bar = "█".repeat(Number(progress)) + "░".repeat(Number(total) - Number(progress));
    scene.print(`   ← ${seconds(ms)}  ${scene.ink.green(bar)}  ${message}`);
  });
  const [first = Infinity] = times;
  const line = textOf(answer) ?? answer.error?.message ?? "";
  scene.print(`   ← ${seconds(answer.ms)}  ${line}`);
  return textOf(answer) !== null && first < answer.ms / 2;
}

async function deniedCall(scene: Scene): Promise<boolean> {
  asked(scene, "tools/call delete_notes");
  const answer = await scene.holder.request("tools/call", { name: "delete_notes", arguments: {} });
  answered(scene, answer);
  const untouched = reportArrivals(scene, "delete_notes") === 0;
  scene.print(
    scene.ink.dim(`     Its notes: ${[...scene.server.notebook.notes.keys()].join(", ")}.`),
  );
  return answer.error !== null && untouched;
}

async function tooManyCalls(scene: Scene): Promise<boolean> {
  const call = { name: "list_notes", arguments: {} };
  await scene.hasty.connect();
  asked(scene, "initialize, then tools/call list_notes again and again");
  let marks = "";
  let refusal: Answer | null = null;
  for (let calls = 0, refused = 0; refused < REFUSALS_WANTED && calls < MAX_CALLS; calls++) {
    const answer = await scene.hasty.request("tools/call", call);
    const passed = textOf(answer) !== null;
    marks += passed ? scene.ink.green("✓") : scene.ink.red("✗");
    if (passed) continue;
    refused += 1;
    refusal ??= answer;
  }
  scene.print(`   ← ${marks}`);
  if (refusal === null) return false;
  answered(scene, refusal);
  scene.print(scene.ink.dim(`     Retry-After: ${refusal.headers.get("retry-after")}`));
  asked(scene, "tools/call list_notes, with the first key: limits are per key");
  const other = await scene.holder.request("tools/call", call);
  scene.print(`   ← ${status(scene, other)}`);
  const limited = refusal.status === 429 && refusal.headers.has("retry-after");
  return limited && textOf(other) !== null;
}

async function auditLines(scene: Scene): Promise<boolean> {
  const exchanges = scene.stranger.sent() + scene.holder.sent() + scene.hasty.sent();
  const entries = scene.audit.fresh();
  // The line of an exchange is written when it has ended, which may be after its answer is read.
  for (let round = 0; round < 40 && entries.length < exchanges; round++) {
    await new Promise((resolve) => setTimeout(resolve, 25));
    entries.push(...scene.audit.fresh());
  }
  scene.print(`   ${auditHeadings(scene.ink)}`);
  for (const row of auditTable(entries, scene.ink)) scene.print(`   ${row}`);
  const denied = entries.find((entry) => entry.subject === "delete_notes");
  if (denied === undefined) return false;
  scene.print("");
  scene.print("   One of them as it stands in the file:");
  scene.print(scene.ink.dim(denied.line));
  return denied.decision === "deny" && entries.length === exchanges;
}

function asked({ ink, print }: Scene, what: string): void {
  print(`   ${ink.dim("→")} POST  ${what}`);
}

function answered(scene: Scene, answer: Answer): void {
  const { error, ms } = answer;
  const text = error === null ? textOf(answer) ?? "" : `${error.message}`;
  const code = error === null ? "" : scene.ink.dim(`  (error ${error.code})`);
  scene.print(
    `   ← ${status(scene, answer)}  ${text}${code}${scene.ink.dim(`  ${ms.toFixed(1)} ms`)}`,
  );
}

function status({ ink }: Scene, { status, error }: Answer): string {
  const colour = status === 200 ? (error === null ? ink.green : ink.yellow) : ink.red;
  return colour(String(status));
}

/** Says what of a step has reached the server, and returns how often `what` did. */
function reportArrivals(scene: Scene, what: string): number {
  const arrivals = scene.arrivals();
  const named = arrivals.map(({ method, tool }) => tool === null ? method : `${method} ${tool}`);
  const keyless = arrivals.every(({ headers }) => !headers.includes("authorization"));
  const saw = named.length === 0
    ? "nothing"
    : `${named.join(", ")}, ${keyless ? "without the key" : "with the key"}`;
  scene.print(scene.ink.dim(`     The server saw ${saw}.`));
  return arrivals.filter(({ method, tool }) => (tool ?? method) === what).length;
}

function toolNames({ result }: Answer): string[] {
  const tools = result?.["tools"];
  return Array.isArray(tools) ? tools.map((tool: { name: unknown }) => String(tool.name)) : [];
}

/** The first text of a tool's result, or null. */
function textOf({ result }: Answer): string | null {
  const content = result?.["content"];
  const first: unknown = Array.isArray(content) ? content[0]?.text : undefined;
  return typeof first === "string" ? first : null;
}

function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(2)} s`;
}
