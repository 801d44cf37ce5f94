/** What a process has cost so far, as Linux tells it. Other systems have no such file: no figures. */

/** Ticks a second of the times in `/proc`; fixed at 100 in the kernel's interface to programs. */
const TICKS = 100;

/** CPU time of process `pid` since its start, in microseconds, user and system, all threads. */
export function cpuMicros(pid: number): number {
  const stat = Deno.readTextFileSync(`/proc/${pid}/stat`);
  // The program's name stands in parentheses and may hold anything; what is wanted comes after.
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return (Number(fields[11]) + Number(fields[12])) * (1e6 / TICKS);
}

/** Resident memory of process `pid`, in KiB. */
export function residentKiB(pid: number): number {
  const status = Deno.readTextFileSync(`/proc/${pid}/status`);
  return Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1] ?? NaN);
}
