/**
 * Gates that run on this machine, as the system knows them. Needs the right to run programs, which
 * only commands with `--reload` and the doctor keep. Judges nothing.
 */
import { findGate, readGateStatus } from "./pid_file.ts";
import { type RunningGates, UNIT } from "./reload_request.ts";

/** The real ones. */
export const runningGates: RunningGates = {
  find: findGate,
  status: readGateStatus,
  commandLine,
  signal: (pid) => Deno.kill(pid, "SIGHUP"),
  unitIsActive() {
    const asked = ran("systemctl", ["is-active", "--quiet", UNIT]);
    return asked === null ? null : asked.success;
  },
  reloadUnit() {
    const asked = ran("systemctl", ["reload", UNIT]);
    if (asked === null) return "systemctl cannot be run";
    return asked.success ? null : textOf(asked.stderr) || `exit code ${asked.code}`;
  },
  now: () => Date.now(),
  wait: (ms) => new Promise((resolve) => setTimeout(resolve, ms)),
};

/** Files below /proc are closed to the program itself whatever it may read, so `cat` reads them. */
function commandLine(pid: number): readonly string[] | null {
  const proc = ran("cat", [`/proc/${pid}/cmdline`]);
  if (proc?.success && proc.stdout.length > 0) return textOf(proc.stdout).split("\0");
  const ps = ran("ps", ["-ww", "-o", "args=", "-p", String(pid)]);
  return ps?.success ? textOf(ps.stdout).trim().split(/\s+/) : null;
}

/** The limits that this process has and hands down, as /proc shows them; null where it does not. */
export function ownLimitsText(): string | null {
  const proc = ran("cat", ["/proc/self/limits"]);
  return proc?.success ? textOf(proc.stdout) : null;
}

function ran(program: string, args: string[]): Deno.CommandOutput | null {
  try {
    return new Deno.Command(program, { args, stdin: "null" }).outputSync();
  } catch {
    return null;
  }
}

function textOf(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes);
}
