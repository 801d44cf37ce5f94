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
  readonly isTerminal: { readonly stdout: boolean; readonly stderr: boolean };
  /** Whether stderr is systemd's journal. */
  readonly isJournal: boolean;
  readonly files: Files;
  /** `bytes` random bytes, fit for keys. */
  random(bytes: number): Uint8Array;
  /** Milliseconds since the epoch. */
  now(): number;
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
  /** The permission bits, or null where the system has none. */
  mode(path: string): number | null;
}

/** What the process ends with. */
export const EXIT = { done: 0, failed: 1, usage: 2 } as const;

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
