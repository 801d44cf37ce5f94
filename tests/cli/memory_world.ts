/** A world in memory: files in a map, a clock that stands, keys that can be foretold. */
import { Buffer } from "node:buffer";
import type { ByteSource, Files, OpenFile, World } from "../../src/cli/world.ts";

/** A world whose output can be read. */
export interface MemoryWorld extends World {
  readonly out: () => string;
  readonly err: () => string;
  readonly disk: MemoryDisk;
}

/** Files by path, with their permission bits. */
export class MemoryDisk implements Files {
  readonly texts = new Map<string, string>();
  readonly modes = new Map<string, number>();
  readonly modified = new Map<string, number>();

  readText(path: string): string {
    const text = this.texts.get(this.#plain(path));
    if (text === undefined) throw new Deno.errors.NotFound(`No such file: ${path}`);
    return text;
  }

  replaceText(path: string, text: string): void {
    this.readText(path);
    this.write(path, text);
  }

  write(path: string, text: string): void {
    this.texts.set(this.#plain(path), text);
  }

  open(path: string): OpenFile {
    const bytes = Buffer.from(this.readText(path), "latin1");
    const source = new MemorySource(bytes);
    return Object.assign(source, { identity: this.#plain(path) });
  }

  names(path: string): string[] {
    const folder = path === "." || path === Deno.cwd() ? "" : `${this.#plain(path)}/`;
    return [...this.texts.keys()].filter((name) => name.startsWith(folder))
      .map((name) => name.slice(folder.length)).filter((name) => !name.includes("/"));
  }

  modifiedMs(path: string): number | null {
    return this.modified.get(this.#plain(path)) ?? null;
  }

  exists(path: string): boolean {
    return this.texts.has(this.#plain(path));
  }

  mode(path: string): number {
    return this.modes.get(this.#plain(path)) ?? 0o640;
  }

  chmod(path: string, mode: number): void {
    this.modes.set(this.#plain(path), mode);
  }

  #plain(path: string): string {
    return path.replace(`${Deno.cwd()}/`, "").replace(/^\.\//, "");
  }
}

/** Bytes that are given a few at a time, as a file might. */
class MemorySource implements ByteSource {
  readonly #bytes: Uint8Array;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  get size(): number {
    return this.#bytes.length;
  }

  seek(position: number): void {
    this.#at = position;
  }

  read(into: Uint8Array): number {
    const part = this.#bytes.subarray(this.#at, this.#at + Math.min(into.length, 97));
    into.set(part);
    this.#at += part.length;
    return part.length;
  }

  [Symbol.dispose](): void {}
}

/** A world that is asked `args`, at noon UTC of 22 November 2026. */
export function memoryWorld(
  args: readonly string[],
  { disk = new MemoryDisk(), env = {}, terminal = false, journal = false, input = "" }: {
    disk?: MemoryDisk;
    input?: string;
    env?: Readonly<Record<string, string>>;
    terminal?: boolean;
    journal?: boolean;
  } = {},
): MemoryWorld {
  let out = "";
  let err = "";
  return {
    args,
    env: (name) => env[name],
    stdout: (text) => void (out += text),
    stderr: (text) => void (err += text),
    isJournal: journal,
    isTerminal: { stdin: terminal, stdout: terminal, stderr: terminal },
    files: disk,
    stdin: () => new MemorySource(Buffer.from(input, "latin1")),
    pause: () => Promise.reject(new Error("Nothing in memory is worth waiting for")),
    disk,
    readSecret: () => Promise.resolve(input.split("\n")[0] ?? ""),
    random: (bytes) => Uint8Array.from({ length: bytes }, (_, index) => index),
    now: () => Date.UTC(2026, 10, 22, 12),
    out: () => out,
    err: () => err,
  };
}
