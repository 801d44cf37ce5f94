/**
 * `mcpgate audit tail`: the last records of the log, and with `-f` those to come, across rotations.
 * Holds as many as it shows, however long the log is.
 */
import { countOf, foreignText, LOG_FLAGS, logOf } from "./audit_arguments.ts";
import type { AuditParts } from "./audit_arguments.ts";
import { FILTER_FLAGS, filterOf } from "./audit_filter.ts";
import { entryOf, isPacked, type LineReader, readFrom, readLines } from "./audit_log.ts";
import { auditHeadings, auditRow } from "./audit_row.ts";
import { openLog, STDIN } from "./audit_source.ts";
import { inkFor } from "./ink.ts";
import { readWords, tell } from "./usage.ts";
import { EXIT, type OpenFile, type World } from "./world.ts";

const FLAGS = {
  ...LOG_FLAGS,
  ...FILTER_FLAGS,
  lines: { type: "string", short: "n" },
  follow: { type: "boolean", short: "f" },
} as const;

/** How much of the end of a log is looked at first, and how much more each time after. */
const WINDOW_BYTES = 4 * 1024 * 1024;
const WIDER = 8;

/** Between two looks for more. */
const FOLLOW_MS = 200;

/** What `help audit` says of it. */
export const TAIL_HELP =
  `  tail                the last records, one in a row; refusals with their reason
    -n, --lines N     how many (default: 20)
    -f, --follow      go on with those to come, also after a rotation
`;

/** Prints the end of the log. */
export async function auditTail(
  world: World,
  args: readonly string[],
  parts: AuditParts,
): Promise<number> {
  const { flags, words } = readWords(args, FLAGS);
  const path = logOf(world, flags, words, parts);
  const rows = new Rows(world, filterOf(flags, world.now()), flags.json === true);
  const isFollowing = flags.follow === true;
  rows.keepLast(isFollowing && path === STDIN ? null : countOf("lines", flags.lines ?? "20"));
  const source = openLog(world, path);
  if (path === STDIN || isPacked(source as OpenFile)) {
    using input = source;
    await readLines(input, (line) => rows.take(line.text));
    rows.flush();
  } else {
    const file = source as OpenFile;
    const reader = readEnd(file, rows);
    rows.flush();
    if (isFollowing) await follow(world, path, file, reader);
    reader.end();
    file[Symbol.dispose]();
    rows.flush();
  }
  if (rows.foreign > 0) tell(world, foreignText(rows.foreign));
  return EXIT.done;
}

/** Records on their way to the terminal. */
class Rows {
  foreign = 0;
  readonly #world: World;
  readonly #isMeant: ReturnType<typeof filterOf>;
  readonly #isJson: boolean;
  readonly #ink;
  #hasHeadings = false;
  #most: number | null = null;
  #waiting: string[] = [];

  constructor(world: World, isMeant: ReturnType<typeof filterOf>, isJson: boolean) {
    this.#world = world;
    this.#isMeant = isMeant;
    this.#isJson = isJson;
    this.#ink = inkFor(world);
  }

  /** Keeps the last `most` until {@link flush}; null: each is printed as it comes. */
  keepLast(most: number | null): void {
    this.#most = most;
  }

  /** Whether as many wait as will be printed. */
  get isFull(): boolean {
    return this.#most === null || this.#waiting.length >= this.#most;
  }

  take(text: string): void {
    const entry = entryOf(text);
    if (entry === null) {
      this.foreign++;
      return;
    }
    if (!this.#isMeant(entry)) return;
    this.#waiting.push(text);
    if (this.#most === null) this.flush();
    else if (this.#waiting.length >= 2 * this.#most + 64) this.#forget();
  }

  /** Begins anew: nothing has been taken. */
  clear(): void {
    this.foreign = 0;
    this.#waiting = [];
  }

  /** Prints what waits; from then on each is printed as it comes. */
  flush(): void {
    if (this.#most !== null) this.#forget();
    this.#most = null;
    const rows = this.#waiting.map((text) => {
      const entry = entryOf(text);
      return entry === null || this.#isJson ? text : auditRow(entry, this.#ink);
    });
    this.#waiting = [];
    if (rows.length === 0) return;
    if (!this.#hasHeadings && !this.#isJson) rows.unshift(auditHeadings(this.#ink));
    this.#hasHeadings = true;
    this.#world.stdout(rows.map((row) => `${row}\n`).join(""));
  }

  #forget(): void {
    const most = this.#most ?? 0;
    this.#waiting = most === 0 ? [] : this.#waiting.slice(-most);
  }
}

/** Reads as much of the end of `file` as it takes to fill `rows`, and everything after it. */
function readEnd(file: OpenFile, rows: Rows): LineReader {
  const { size } = file;
  for (let window = WINDOW_BYTES;; window *= WIDER) {
    const from = Math.max(0, size - window);
    rows.clear();
    const reader = readFrom(file, from, (line) => rows.take(line.text));
    if (from === 0 || rows.isFull) return reader;
  }
}

/** Prints what comes, until somebody ends the program. */
async function follow(
  world: World,
  path: string,
  first: OpenFile,
  reader: LineReader,
): Promise<void> {
  let file = first;
  let position = file.size;
  const drain = () => position += reader.pull(file);
  for (;;) {
    await world.pause(FOLLOW_MS);
    drain();
    const next = reopened(world, path);
    if (next === null) continue;
    // The gate begins the next file when it has left this one.
    const isOther = next.identity !== file.identity && next.size > 0;
    if (isOther) {
      drain();
      reader.end();
      file[Symbol.dispose]();
      file = next;
      position = 0;
      drain();
    } else {
      // Copied elsewhere and cut to nothing (copytruncate).
      if (next.identity === file.identity && next.size < position) file.seek(position = 0);
      next[Symbol.dispose]();
    }
  }
}

/** The file that is called so now; null for a moment, while it is rotated. */
function reopened(world: World, path: string): OpenFile | null {
  try {
    return world.files.open(path);
  } catch {
    return null;
  }
}
