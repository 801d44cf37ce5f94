/**
 * What a command may touch, and what a command is. Every command talks to the outside through a
 * {@link World} only, so that all of them run in memory; `system_world.ts` is the real one.
 * Knows no command.
 */

/** The outside, as a command sees it. */
export interface World {
  /** The arguments after the program's name. */
  readonly args: readonly string[];
  env(name: string): string | undefined;
  /** Writes `text` as it is: the result of the command. */
  stdout(text: string): void;
  /** Writes `text` as it is. Commands speak through {@link import("./usage.ts").tell} instead. */
  stderr(text: string): void;
  readonly isTerminal: {
    readonly stdin: boolean;
    readonly stdout: boolean;
    readonly stderr: boolean;
  };
  /** Whether stderr is systemd's journal. */
  readonly isJournal: boolean;
  readonly files: Files;
  /** What is piped in, to be read once. */
  stdin(): ByteSource;
  /**
   * The first line of stdin, at most 4096 characters, without its end. On a terminal nothing of it is
   * shown while it is typed.
   */
  readSecret(): Promise<string>;
  /** Settles after `ms` milliseconds. */
  pause(ms: number): Promise<void>;
  /** `bytes` random bytes, fit for keys. */
  random(bytes: number): Uint8Array;
  /** Milliseconds since the epoch. */
  now(): number;
}

/** Bytes, read piece by piece. */
export interface ByteSource extends Disposable {
  /** Fills a first part of `into` and gives its length; 0 at the end. Throws `Deno.errors.*`. */
  read(into: Uint8Array): number;
}

/** A file open for reading; read at its end, it may have more later. */
export interface OpenFile extends ByteSource {
  /** The same as long as it is the same file, whatever it is called. */
  readonly identity: string;
  /** In bytes. */
  readonly size: number;
  /** The next byte read is the one at `position`. */
  seek(position: number): void;
}

/** The file system. All methods throw `Deno.errors.*`. */
export interface Files {
  /** Throws a `TypeError` where it is not UTF-8. */
  readText(path: string): string;
  /**
   * Puts `text` in the place of the file at `path`, which exists: whole or not at all, with the mode
   * and the owner it had. A symbolic link stays one.
   */
  replaceText(path: string, text: string): void;
  exists(path: string): boolean;
  open(path: string): OpenFile;
  /** The names of what is in the folder at `path`. */
  names(path: string): string[];
  /** When it was last written, in milliseconds since the epoch; null where nobody knows. */
  modifiedMs(path: string): number | null;
  /** The permission bits, or null where the system has none. */
  mode(path: string): number | null;
}

/** What the process ends with. `denied`: what was asked about would be refused. */
export const EXIT = { done: 0, failed: 1, usage: 2, denied: 3 } as const;

/** A word after `mcpgate`. */
export interface Command {
  readonly name: string;
  /** What it does, for the overview: one line, no period. */
  readonly summary: string;
  /** The whole text of `mcpgate help NAME`, ending in a line feed. */
  readonly help: string;
  /**
   * Does the work and says the exit code. Throws `UsageError` and `Failure` for what the user can
   * mend; `--help` never gets here.
   * @param args What stands after the command's name
   */
  run(world: World, args: readonly string[]): Promise<number>;
}
