/**
 * The world a command really runs in: terminal, files, clock and randomness of this machine.
 * Arguments and environment come from the composition root.
 */
import { basename, dirname, join } from "node:path";
import { isJournal } from "./systemd.ts";
import type { Files, OpenFile, World } from "./world.ts";

/** The real world around `args`. `env` answers for the environment. */
export function systemWorld(
  args: readonly string[],
  env: (name: string) => string | undefined,
): World {
  return {
    args,
    env,
    stdout: (text) => writeAll(Deno.stdout, text),
    stderr: (text) => writeAll(Deno.stderr, text),
    isJournal: isJournal(env("JOURNAL_STREAM")),
    isTerminal: {
      stdin: Deno.stdin.isTerminal(),
      stdout: Deno.stdout.isTerminal(),
      stderr: Deno.stderr.isTerminal(),
    },
    files: systemFiles,
    stdin: () => ({ read: (into) => Deno.stdin.readSync(into) ?? 0, [Symbol.dispose]: () => {} }),
    readSecret,
    pause: (ms) => new Promise((resolve) => setTimeout(resolve, ms)),
    random: (bytes) => crypto.getRandomValues(new Uint8Array(bytes)),
    now: () => Date.now(),
  };
}

/** The files of this machine. */
export const systemFiles: Files = {
  // `Deno.readTextFileSync` puts U+FFFD in the place of what is not UTF-8.
  readText: (path) => new TextDecoder("utf-8", { fatal: true }).decode(Deno.readFileSync(path)),
  replaceText,
  exists(path) {
    try {
      Deno.statSync(path);
      return true;
    } catch (error) {
      if (error instanceof Deno.errors.NotFound) return false;
      throw error;
    }
  },
  mode: (path) => Deno.statSync(path).mode,
  open: (path) => new SystemFile(path),
  names: (path) => [...Deno.readDirSync(path)].map(({ name }) => name),
  modifiedMs: (path) => Deno.statSync(path).mtime?.getTime() ?? null,
};

class SystemFile implements OpenFile {
  readonly identity: string;
  readonly #file: Deno.FsFile;

  constructor(path: string) {
    this.#file = Deno.openSync(path);
    const { dev, ino, birthtime } = this.#file.statSync();
    this.identity = `${dev}:${ino ?? birthtime?.getTime()}`;
  }

  get size(): number {
    return this.#file.statSync().size;
  }

  read(into: Uint8Array): number {
    return this.#file.readSync(into) ?? 0;
  }

  seek(position: number): void {
    this.#file.seekSync(position, Deno.SeekMode.Start);
  }

  [Symbol.dispose](): void {
    this.#file.close();
  }
}

/** More than any key has. */
const LONGEST_SECRET = 4096;

async function readSecret(): Promise<string> {
  const hidden = Deno.stdin.isTerminal();
  // The terminal's own line editing would show what is typed; Ctrl-C goes on to work.
  if (hidden) Deno.stdin.setRaw(true, { cbreak: true });
  try {
    let line = "";
    const decoder = new TextDecoder();
    for (const bytes = new Uint8Array(LONGEST_SECRET); line.length < LONGEST_SECRET;) {
      const read = await Deno.stdin.read(bytes);
      if (read === null) break;
      line += decoder.decode(bytes.subarray(0, read), { stream: true });
      if (hidden) line = withoutRubbed(line);
      if (/[\r\n]/.test(line)) break;
    }
    return line.split(/[\r\n]/)[0]?.slice(0, LONGEST_SECRET) ?? "";
  } finally {
    if (hidden) Deno.stdin.setRaw(false);
  }
}

/** What is left where the backspace key took characters back. */
function withoutRubbed(line: string): string {
  let left = "";
  for (const character of line) {
    left = character === "\x7f" || character === "\b" ? left.slice(0, -1) : left + character;
  }
  return left;
}

function replaceText(path: string, text: string): void {
  // A rename over a link would cut the link: `config.yaml` is often one.
  const target = Deno.realPathSync(path);
  const { mode, uid, gid } = Deno.statSync(target);
  const beside = join(dirname(target), `.${basename(target)}.${crypto.randomUUID()}`);
  const file = Deno.openSync(beside, { write: true, createNew: true, mode: 0o600 });
  try {
    try {
      writeAll(file, text);
      file.syncSync();
    } finally {
      file.close();
    }
    // Owner before mode: chown clears bits, and a foreign owner must not see a wider mode first.
    if (uid !== null && gid !== null) giveTo(beside, uid, gid);
    if (mode !== null) Deno.chmodSync(beside, mode & 0o7777);
    Deno.renameSync(beside, target);
  } catch (error) {
    Deno.removeSync(beside);
    throw error;
  }
}

/** Fails for a stranger's file: better no change than a file the gate can no longer read. */
function giveTo(path: string, uid: number, gid: number): void {
  const own = Deno.statSync(path);
  if (own.uid === uid && own.gid === gid) return;
  Deno.chownSync(path, uid, gid);
}

function writeAll(sink: { writeSync(bytes: Uint8Array): number }, text: string): void {
  let rest = new TextEncoder().encode(text);
  while (rest.length > 0) rest = rest.subarray(sink.writeSync(rest));
}
