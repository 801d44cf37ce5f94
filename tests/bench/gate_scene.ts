/**
 * Gates for measuring: one key, no limit that load could meet, the audit log in a file. Beside the
 * whole program there is one with stages switched off.
 */
import { fileURLToPath } from "node:url";
import { FROM_SOURCE, GateProcess, type TestKey, testKey } from "../support/gate_process.ts";
import type { Subject } from "./contest.ts";

const PARTIAL = fileURLToPath(new URL("partial_gate.ts", import.meta.url));

/** Tokens nobody uses up. */
export const UNLIMITED = { rps: 1_000_000, burst: 1_000_000 };

/** What differs between gates. */
export interface GateScene {
  readonly upstream: string;
  readonly key: TestKey;
  /** Further entries of `keys`. Default: none. */
  readonly more?: readonly TestKey["entry"][];
  /** The stages that do their work; all of them where absent. */
  readonly stages?: readonly string[];
}

/** Starts the gate of `scene`. */
export function startGate(scene: GateScene): Promise<GateProcess> {
  const command = scene.stages === undefined
    ? FROM_SOURCE
    : [Deno.execPath(), "run", "--allow-all", "--quiet", PARTIAL, scene.stages.join(",")];
  return GateProcess.start({
    upstream: { url: scene.upstream },
    keys: [scene.key.entry, ...(scene.more ?? [])],
    limits: { streams_per_key: 100_000, connections_per_address: 100_000 },
  }, command);
}

/** A key that may use the tools that match `allow`. */
export function benchKey(allow: readonly string[]): TestKey {
  return testKey("bench", { allow, rate_limit: UNLIMITED });
}

/** The JSON-RPC request for `method`, as every subject of a contest is asked it. */
export function asked(name: string, url: string, pid: number | null, key: TestKey, body: string) {
  return {
    name,
    pid,
    request: {
      url,
      body,
      headers: {
        "Authorization": `Bearer ${key.key}`,
        "Content-Type": "application/json",
        "Accept": "application/json, text/event-stream",
      },
    },
  } satisfies Subject;
}

/** Asks once and checks that the answer holds `part`, so that no error page is measured. */
export async function checkAnswer({ name, request }: Subject, part: string): Promise<void> {
  const response = await fetch(request.url, {
    method: "POST",
    headers: request.headers,
    body: request.body,
  });
  const text = await response.text();
  if (response.status !== 200 || !text.includes(part)) {
    throw new Error(`${name} answers ${response.status}: ${text.slice(0, 300)}`);
  }
}
