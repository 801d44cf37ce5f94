/**
 * When callers were last let in, as the audit log tells: read from its end, as far as it takes. Knows
 * two members of a line, and no other.
 */
import { isPacked } from "./audit_log.ts";
import type { Files, OpenFile } from "./world.ts";

/** What a log says of its labels. */
export interface LastUses {
  /** The time of the last line of each label, as it is written. */
  readonly times: ReadonlyMap<string, string>;
  /** The time of the earliest line that was read; null where there is none. */
  readonly since: string | null;
}

/** Bytes read at once, and of all logs about: beyond that a label counts as not seen. */
const PIECE = 1024 ** 2;
const MOST = 256 * PIECE;

/**
 * Reads the logs at `paths`, the newest first, until all `labels` have been seen; compressed ones are
 * left out. Throws what reading throws.
 */
export function lastUses(
  files: Files,
  paths: readonly string[],
  labels: Iterable<string>,
): LastUses {
  const wanted = new Set(labels);
  const times = new Map<string, string>();
  let since: string | null = null;
  let left = MOST;
  for (const path of paths) {
    using file = files.open(path);
    if (isPacked(file)) continue;
    for (const line of linesFromEnd(file, left)) {
      const { time, label } = read(line);
      if (time === null) continue;
      since = time;
      if (label !== null && wanted.delete(label)) times.set(label, time);
      if (wanted.size === 0) return { times, since };
    }
    left -= file.size;
    if (left <= 0) break;
  }
  return { times, since };
}

/** Whole lines, the last first. */
function* linesFromEnd(file: OpenFile, most: number): Generator<string> {
  const { size } = file;
  const decoder = new TextDecoder();
  let rest: Uint8Array = new Uint8Array();
  for (let to = size; to > 0 && size - to < most;) {
    const from = Math.max(0, to - PIECE);
    const bytes = new Uint8Array(to - from + rest.length);
    file.seek(from);
    fill(file, bytes.subarray(0, to - from));
    bytes.set(rest, to - from);
    // What stands before the first line break may go on in the piece before.
    const start = from === 0 ? 0 : bytes.indexOf(10) + 1;
    const isWhole = from === 0 || start > 0;
    if (isWhole) yield* decoder.decode(bytes.subarray(start)).split("\n").reverse();
    rest = isWhole ? bytes.subarray(0, start) : bytes;
    to = from;
  }
}

function fill(file: OpenFile, into: Uint8Array): void {
  for (let length = 0; length < into.length;) {
    const read = file.read(into.subarray(length));
    if (read === 0) return;
    length += read;
  }
}

function read(line: string): { readonly time: string | null; readonly label: string | null } {
  try {
    const { time, label } = Object(JSON.parse(line));
    return {
      time: typeof time === "string" ? time : null,
      label: typeof label === "string" ? label : null,
    };
  } catch {
    // The last line may be half written, and others may be somebody else's.
    return { time: null, label: null };
  }
}
