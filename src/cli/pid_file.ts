/**
 * The file that says which process is the gate, and beside it what came of its last reload. The gate
 * holds a lock on the file for as long as it lives, however it ends: a number whose file is not locked
 * is nobody's, and a number that is used again is never taken for a gate. Sends no signal.
 */
import { Failure } from "./usage.ts";

/** What came of a reload, as the gate wrote it. */
export interface ReloadOutcome {
  /** When it began to read the configuration, in milliseconds since the epoch. */
  readonly read_ms: number;
  readonly outcome: "reloaded" | "unchanged" | "refused";
  /** What the gate said to it on stderr. */
  readonly text: string;
}

/** What is known of the gate of a pid file. */
export interface GateStatus {
  readonly pid: number;
  readonly generation: number;
  readonly reloads: number;
  readonly reload: ReloadOutcome | null;
}

/** The pid file of this process. */
export class PidFile implements Disposable {
  readonly #path: string;
  readonly #file: Deno.FsFile;
  #status: GateStatus = { pid: Deno.pid, generation: 1, reloads: 0, reload: null };

  private constructor(path: string, file: Deno.FsFile) {
    this.#path = path;
    this.#file = file;
  }

  /**
   * Makes the file at `path` this process's. It says nothing yet: see {@link announce}.
   *
   * @throws {Failure} where another gate has it, or it cannot be written
   */
  static async claim(path: string): Promise<PidFile> {
    try {
      const file = await lockedFile(path);
      if (file === null) {
        throw new Failure(
          `another gate that runs has the pid file ${path}\nStop that one, or give each its own pid_file`,
        );
      }
      const claimed = new PidFile(path, file);
      file.truncateSync(0);
      // Whatever the mask is: who may not send a signal may still see whom it would be for.
      if (Deno.build.os !== "windows") Deno.chmodSync(path, 0o644);
      claimed.#writeStatus();
      return claimed;
    } catch (error) {
      if (error instanceof Failure) throw error;
      throw new Failure(
        `the pid file ${path} cannot be written: ${
          error instanceof Error ? error.message : error
        }\n` +
          `Its folder has to be there and the gate's own: RuntimeDirectory=mcpgate in a systemd unit ` +
          `makes /run/mcpgate`,
      );
    }
  }

  /** Says which process it is. Who reads it may send signals from then on, so they must be awaited. */
  announce(): void {
    this.#file.writeSync(new TextEncoder().encode(`${Deno.pid}\n`));
  }

  /** Tells those who asked for a reload what came of it. */
  reloaded(generation: number, reload: ReloadOutcome): void {
    const reloads = this.#status.reloads + 1;
    this.#status = { ...this.#status, generation, reloads, reload };
    this.#writeStatus();
  }

  /** Takes the file away, before the lock is given up. */
  [Symbol.dispose](): void {
    for (const path of [statusPath(this.#path), this.#path]) {
      try {
        Deno.removeSync(path);
      } catch {
        // Somebody was faster, or the folder is no longer ours: what is left is not locked.
      }
    }
    this.#file.close();
  }

  /** Whole or not at all. What it says of a refused file is for those who may send signals only. */
  #writeStatus(): void {
    const path = statusPath(this.#path);
    const beside = `${path}.${crypto.randomUUID()}`;
    Deno.writeTextFileSync(beside, JSON.stringify(this.#status), { mode: 0o600, createNew: true });
    Deno.renameSync(beside, path);
  }
}

/** The gate that has the pid file `path`, or null where none runs. */
export async function findGate(path: string): Promise<GateStatus | null> {
  try {
    using file = await Deno.open(path);
    // A shared lock is to be had as soon as the gate's own is gone.
    return await takesLock(file, false) ? null : readGateStatus(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return null;
    throw error;
  }
}

/** What the gate of the pid file `path` has said last, or null where there is none any more. */
export function readGateStatus(path: string): GateStatus | null {
  try {
    const pid = Number(Deno.readTextFileSync(path).trim());
    const status: unknown = JSON.parse(Deno.readTextFileSync(statusPath(path)));
    return isStatus(status) && status.pid === pid ? status : null;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound || error instanceof SyntaxError) return null;
    throw error;
  }
}

/** Where the outcome of reloads stands. */
function statusPath(path: string): string {
  return `${path}.json`;
}

/** The file at `path`, made where there is none, with this process's lock; null: another has it. */
async function lockedFile(path: string): Promise<Deno.FsFile | null> {
  for (;;) {
    const file = await Deno.open(path, { read: true, write: true, create: true });
    if (!await takesLock(file, true)) {
      file.close();
      return null;
    }
    if (isStill(path, file)) return file;
    // The gate that had it took it away meanwhile.
    file.close();
  }
}

/** How long a lock that nobody has may take to be had, in milliseconds. */
const LOCK_MS = 500;

/** Whether the lock can be had at once. Runtimes before 2.9 can only wait for it. */
async function takesLock(file: Deno.FsFile, exclusive: boolean): Promise<boolean> {
  if ("tryLock" in file) return await file.tryLock(exclusive);
  const { promise: late, resolve } = Promise.withResolvers<boolean>();
  const timer = setTimeout(() => resolve(false), LOCK_MS);
  const taken = (file as Deno.FsFile).lock(exclusive).then(() => true, () => false);
  const isTaken = await Promise.race([taken, late]);
  clearTimeout(timer);
  return isTaken;
}

function isStill(path: string, file: Deno.FsFile): boolean {
  try {
    return Deno.statSync(path).ino === file.statSync().ino;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}

function isStatus(value: unknown): value is GateStatus {
  return typeof value === "object" && value !== null && "pid" in value && "reloads" in value &&
    Number.isSafeInteger(value.pid) && Number(value.pid) > 1;
}
