/**
 * What is kept beside a chained log, in files that only their owner may read: the key, and a mark that
 * says which line was the last one, so that lines cut off at the end are missed. Knows no line but
 * the last of a file.
 */
import { Buffer } from "node:buffer";
import type { Host, Log } from "../src/policy/contract.ts";
import { ChainKey, readLink } from "./audit_link.ts";

/** How much of the end of a log is searched for its last chained line: the longest line, and more. */
const TAIL_BYTES = 1024 * 1024 + 64 * 1024;

/** Between two marks while lines are written. */
const MARK_MS = 1000;

/** A mark is always as long, so that it is never longer than the one it replaces. */
const MARK_LENGTH = 100;

const MARK = /^([\w-]{10})\.(\d{1,16})\.([\w-]{22}|-)\.(open|closed)\.([\w-]{22}) *\n$/;

const READABLE_BY_OTHERS = 0o077;

/** Which line is the last. */
export interface LastLine {
  readonly run: string;
  /** 0: the run has not written any yet. */
  readonly number: number;
  /** Its MAC; of number 0 that of the line before, or what stands in its place. */
  readonly mac: string;
}

/** What a mark says. */
export interface MarkedLine extends LastLine {
  /** Whether the gate had ended, so that this is exactly the last line; else more may have followed. */
  readonly isClosed: boolean;
}

/** The path of the key beside the log at `path`. */
export function keyPath(path: string): string {
  return `${path}.key`;
}

/** The path of the mark beside the log at `path`. */
export function markPath(path: string): string {
  return `${path}.mark`;
}

/** The key beside the log at `path`, made where there is none. Throws where it cannot be had. */
export function keyBeside(path: string, random: Host["random"]): Uint8Array {
  const file = keyPath(path);
  if (!exists(file)) makeKey(file, random);
  const { mode } = Deno.statSync(file);
  if (mode !== null && (mode & READABLE_BY_OTHERS) !== 0) {
    throw new Error(`The key of the audit chain can be read by others: chmod 600 ${file}`);
  }
  return readKey(Deno.readTextFileSync(file), file);
}

/** Another process, or worker, may do the same: none sees half a key, and one key remains. */
function makeKey(file: string, random: Host["random"]): void {
  const own = `${file}.${Buffer.from(random(6)).toString("hex")}`;
  const text = `${Buffer.from(random(32)).toString("base64url")}\n`;
  Deno.writeTextFileSync(own, text, { createNew: true, mode: 0o600 });
  try {
    Deno.linkSync(own, file);
  } catch (error) {
    if (!(error instanceof Deno.errors.AlreadyExists)) throw error;
  } finally {
    Deno.removeSync(own);
  }
}

function exists(path: string): boolean {
  try {
    Deno.statSync(path);
    return true;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}

/** The key that a key file's `text` is. Throws where it is none. */
export function readKey(text: string, file: string): Uint8Array {
  const key = Buffer.from(text.trim(), "base64url");
  if (key.length < 32) throw new Error(`No key of an audit chain: ${JSON.stringify(file)}`);
  return key;
}

/** What `text`, the mark of a log, says; null where `key` has not signed it. */
export function readMark(text: string, key: ChainKey): MarkedLine | null {
  const match = MARK.exec(text);
  if (match === null) return null;
  const [, run = "", number, mac = "", state, signature = ""] = match;
  if (!key.hasSigned(`mark ${run}.${number}.${mac}.${state}`, signature)) return null;
  return {
    run,
    number: Number(number),
    mac,
    isClosed: state === "closed",
  };
}

function markText({ run, number, mac }: LastLine, isClosed: boolean, key: ChainKey): string {
  const said = `${run}.${number}.${mac}.${isClosed ? "closed" : "open"}`;
  return `${said}.${key.mac(`mark ${said}`)}`.padEnd(MARK_LENGTH - 1) + "\n";
}

/** What the mark beside the log at `path` says; null where there is none that `key` has signed. */
export function markBeside(path: string, key: ChainKey): MarkedLine | null {
  try {
    return readMark(Deno.readTextFileSync(markPath(path)), key);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return null;
    throw error;
  }
}

/** Writes the mark beside one log. Nothing is written before there is something to say. */
export class Mark implements Disposable {
  readonly #path: string;
  readonly #key: ChainKey;
  readonly #log: Log;
  #file: Deno.FsFile | null = null;
  #last: LastLine | null = null;
  #timer: ReturnType<typeof setTimeout> | null = null;
  #isFailing = false;

  /** @param path That of the log */
  constructor(path: string, key: ChainKey, log: Log) {
    this.#path = markPath(path);
    this.#key = key;
    this.#log = log;
  }

  /** Notes that `last` is the last line now; it is written within a second. */
  note(last: LastLine): void {
    this.#last = last;
    this.#timer ??= setTimeout(() => {
      this.#timer = null;
      if (this.#last !== null) this.write(this.#last, false);
    }, MARK_MS);
  }

  /** Writes at once that `last` is the last line. That it cannot be written stops nobody. */
  write(last: LastLine, isClosed: boolean): void {
    try {
      this.#file ??= Deno.openSync(this.#path, { write: true, create: true, mode: 0o600 });
      this.#file.seekSync(0, Deno.SeekMode.Start);
      this.#file.writeSync(Buffer.from(markText(last, isClosed, this.#key), "latin1"));
      this.#isFailing = false;
    } catch (error) {
      if (!this.#isFailing) this.#log.warn(`cannot mark the end of the audit log: ${error}`);
      this.#isFailing = true;
    }
  }

  [Symbol.dispose](): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#file?.close();
  }
}

/** What is at the end of the log at `path`; null where that is no file, or none yet. */
export function tailOf(path: string): LogTail | null {
  let file: Deno.FsFile;
  try {
    if (!Deno.statSync(path).isFile) return null;
    file = Deno.openSync(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return null;
    throw error;
  }
  try {
    const { size } = file.statSync();
    const from = Math.max(0, size - TAIL_BYTES);
    file.seekSync(from, Deno.SeekMode.Start);
    const bytes = new Uint8Array(size - from);
    let length = 0;
    for (let read = 1; length < bytes.length && read > 0; length += read) {
      read = file.readSync(bytes.subarray(length)) ?? 0;
    }
    return { isEmpty: size === 0, ...lastLinkIn(Buffer.from(bytes.subarray(0, length))) };
  } finally {
    file.close();
  }
}

/** The end of a log. */
export interface LogTail {
  readonly isEmpty: boolean;
  /** Whether its last line has no end: whoever wrote it was killed. */
  readonly isTorn: boolean;
  /** The last line that carries a link, whoever signed it. */
  readonly last: LastLine | null;
}

function lastLinkIn(bytes: Buffer): Omit<LogTail, "isEmpty"> {
  const lines = bytes.toString("latin1").split("\n");
  const rest = lines.pop() ?? "";
  const last = lines.findLast((line) => readLink(line) !== null);
  return { isTorn: rest !== "", last: last === undefined ? null : readLink(last) };
}
