/**
 * Asks the gate that runs to read its configuration, by its pid file, else by systemd, and waits for
 * what it says to it. Signals only what is shown to be a gate. How processes are reached is handed in.
 */
import type { GateStatus } from "./pid_file.ts";

/** How gates that run are reached. */
export interface RunningGates {
  /** The gate that has the pid file, or null where none runs. */
  find(pidFile: string): Promise<GateStatus | null>;
  /** What the gate of the pid file has said last, or null where there is none any more. */
  status(pidFile: string): GateStatus | null;
  /** The words the process was started with; null where the system does not tell. */
  commandLine(pid: number): readonly string[] | null;
  /** SIGHUP. Throws where that may not be sent. */
  signal(pid: number): void;
  /** Whether the unit runs; null: there is no systemd here. */
  unitIsActive(): boolean | null;
  /** `systemctl reload`; null: it went well, else what it said. */
  reloadUnit(): string | null;
  /** Milliseconds since the epoch, as the gate has it. */
  now(): number;
  wait(ms: number): Promise<void>;
}

/** What came of asking. */
export interface ReloadReport {
  /** Whether the gate has what the file says now, or, by systemd, has at least been asked. */
  readonly ok: boolean;
  readonly by: "pid_file" | "systemd" | null;
  readonly outcome: "reloaded" | "unchanged" | "refused" | "asked" | "unanswered" | "not_asked";
  /** For people. */
  readonly text: string;
}

/** The unit of `deploy/`. */
export const UNIT = "mcpgate";

/** How long a gate may take to read a large configuration, in milliseconds. */
const PATIENCE_MS = 30_000;
const LOOK_MS = 50;

/** Asks the gate of `pidFile`, or else the unit. */
export async function requestReload(
  pidFile: string | null,
  gates: RunningGates,
): Promise<ReloadReport> {
  let status: GateStatus | null = null;
  if (pidFile !== null) {
    try {
      status = await gates.find(pidFile);
    } catch (error) {
      return notAsked(`not reloaded: ${pidFile} cannot be read: ${why(error)}`);
    }
    if (status !== null) return await bySignal(pidFile, status, gates);
  }
  const isActive = gates.unitIsActive();
  if (isActive === true) return bySystemd(gates);
  const looked = pidFile === null
    ? "the configuration names no pid_file"
    : `no gate that runs has ${pidFile}`;
  return notAsked(
    `not reloaded: ${looked}, and ` +
      (isActive === null ? "there is no systemd to ask" : `the unit ${UNIT} is not active`),
  );
}

async function bySignal(
  pidFile: string,
  before: GateStatus,
  gates: RunningGates,
): Promise<ReloadReport> {
  const { pid } = before;
  const words = gates.commandLine(pid);
  if (words !== null && !isGate(words)) {
    return notAsked(`not reloaded: process ${pid} of ${pidFile} is no gate, so no signal was sent`);
  }
  const sentMs = gates.now();
  try {
    gates.signal(pid);
  } catch (error) {
    return notAsked(`not reloaded: process ${pid} cannot be signalled: ${why(error)}`);
  }
  for (let waited = 0; waited < PATIENCE_MS; waited += LOOK_MS) {
    const after = gates.status(pidFile);
    if (after?.pid !== pid) {
      const text = `process ${pid} was asked to reload, and ended`;
      return { ok: false, by: "pid_file", outcome: "unanswered", text };
    }
    const { reload, reloads } = after;
    // A reload that began to read before the signal may have read the file as it was.
    if (reload !== null && reloads > before.reloads && reload.read_ms >= sentMs) {
      const { outcome } = reload;
      const text = `process ${pid}: ${reload.text}`;
      return { ok: outcome !== "refused", by: "pid_file", outcome, text };
    }
    await gates.wait(LOOK_MS);
  }
  const text = `process ${pid} was asked to reload, and has not said within ` +
    `${PATIENCE_MS / 1000} s what came of it: see its log`;
  return { ok: false, by: "pid_file", outcome: "unanswered", text };
}

function bySystemd(gates: RunningGates): ReloadReport {
  const complaint = gates.reloadUnit();
  if (complaint !== null) return notAsked(`systemctl reload ${UNIT} failed: ${complaint}`);
  return {
    ok: true,
    by: "systemd",
    outcome: "asked",
    text:
      `systemctl reload ${UNIT} is done; whether the gate took the file: journalctl -u ${UNIT}` +
      "\n(with a pid_file in the configuration it is told here)",
  };
}

/** `mcpgate serve …`, or `deno run … main.ts serve …`. */
function isGate(words: readonly string[]): boolean {
  const serve = words.indexOf("serve");
  return serve > 0 &&
    words.slice(0, serve).some((word) => /(^|\/)(mcpgate[^/]*|main\.ts)$/.test(word));
}

function notAsked(text: string): ReloadReport {
  return { ok: false, by: null, outcome: "not_asked", text };
}

function why(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
