/**
 * Gates for measuring: one key, no limit that load could meet, the audit log in a file. Beside the
 * whole program there is one with stages switched off.
 */
import { fileURLToPath } from "node:url";
import { FROM_SOURCE, GateProcess, type TestKey, testKey } from "../support/gate_process.ts";
import type { Subject } from "./contest.ts";
import { INITIALIZE, SESSION_REVISION } from "./fixed_reply.ts";

const PARTIAL = fileURLToPath(new URL("partial_gate.ts", import.meta.url));

const TLS = fileURLToPath(new URL("../testdata/tls", import.meta.url));

/** What is measured over TLS shows this, an EC key on P-256, and who vouches for it. */
export const BENCH_TLS = {
  paths: { cert: `${TLS}/localhost.pem`, key: `${TLS}/localhost.key.pem` },
  ca: Deno.readTextFileSync(`${TLS}/ca.pem`),
};

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
  /** Further settings. Default: none. */
  readonly settings?: Readonly<Record<string, unknown>>;
  /** Variables of its environment. Default: none. */
  readonly environment?: Readonly<Record<string, string>>;
}

/** Starts the gate of `scene`. */
export function startGate(scene: GateScene): Promise<GateProcess> {
  const command = scene.stages === undefined
    ? FROM_SOURCE
    : [Deno.execPath(), "run", "--allow-all", "--quiet", PARTIAL, scene.stages.join(",")];
  const variables = Object.entries(scene.environment ?? {}).map(([name, value]) =>
    `${name}=${value}`
  );
  return GateProcess.start({
    ...scene.settings,
    upstream: { url: scene.upstream },
    keys: [scene.key.entry, ...(scene.more ?? [])],
    limits: { streams_per_key: 100_000, connections_per_address: 100_000 },
  }, variables.length === 0 ? command : ["env", ...variables, ...command]);
}

/** A key that may use the tools that match `allow`. */
export function benchKey(allow: readonly string[]): TestKey {
  return testKey("bench", { allow, rate_limit: UNLIMITED });
}

/** What is asked, of every subject of a contest alike. */
export interface Question {
  readonly key: TestKey;
  readonly body: string;
  /** Beside those of every request. Default: none. */
  readonly headers?: Readonly<Record<string, string>>;
  /** See {@link LoadRequest}. */
  readonly hasNewIds?: boolean;
}

/** The subject `name`, a process that listens at `url`, asked `question`. */
export function asked(
  name: string,
  url: string,
  pid: number | null,
  { key, body, headers = {}, hasNewIds = false }: Question,
): Subject {
  return {
    name,
    pid,
    request: { url, body, hasNewIds, headers: { ...headersOf(key), ...headers } },
  };
}

function headersOf(key: TestKey): Record<string, string> {
  return {
    "Authorization": `Bearer ${key.key}`,
    "Content-Type": "application/json",
    "Accept": "application/json, text/event-stream",
  };
}

/** Opens a session at `url`; the field that its requests carry. */
export async function openSession(url: string, key: TestKey): Promise<Record<string, string>> {
  const response = await fetch(url, { method: "POST", headers: headersOf(key), body: INITIALIZE });
  await response.body?.cancel();
  const session = response.headers.get("mcp-session-id");
  if (session === null) throw new Error(`${url} opened no session: ${response.status}`);
  return { ...SESSION_REVISION, "Mcp-Session-Id": session };
}

/** Asks once and checks that the answer holds `part`, so that no error page is measured. */
export async function checkAnswer({ name, request }: Subject, part: string): Promise<void> {
  using client = Deno.createHttpClient({ caCerts: [BENCH_TLS.ca] });
  const response = await fetch(request.url, {
    method: "POST",
    headers: request.headers,
    body: request.body,
    client,
  });
  const text = await response.text();
  if (response.status !== 200 || !text.includes(part)) {
    throw new Error(`${name} answers ${response.status}: ${text.slice(0, 300)}`);
  }
}
