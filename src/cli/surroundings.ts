/**
 * What the doctor has to find out about this machine: whether a port can be had. Judges nothing.
 */
import type { Port } from "./doctor_checks.ts";
import type { Machine } from "./worker_count.ts";

/** Whether `listen` can be listened on now. The port is given back at once. */
export function tryPort(listen: { readonly hostname: string; readonly port: number }): Port {
  try {
    Deno.listen({ hostname: listen.hostname, port: listen.port }).close();
    return "free";
  } catch (error) {
    if (error instanceof Deno.errors.AddrInUse) return "taken";
    return "forbidden";
  }
}

/** The machine, as far as workers go. */
export function ownMachine(): Machine {
  return { cores: navigator.hardwareConcurrency, sharesPorts: Deno.build.os === "linux" };
}
