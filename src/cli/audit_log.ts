/**
 * The audit log as commands read it: line by line in bounded memory, however long it is, compressed
 * or not. Lines that are no records are told from those that are. Prints nothing.
 */
import { Buffer } from "node:buffer";
import type { ByteSource, OpenFile } from "./world.ts";

/** A record of one exchange, its members as they are called in the file. */
export interface AuditEntry {
  readonly time: string;
  readonly exchange: string;
  readonly generation: number;
  readonly label: string | null;
  readonly http: string;
  readonly method: string | null;
  readonly tool: string | null;
  readonly decision: string;
  readonly stage: string | null;
  readonly reason: string | null;
  readonly detail: string | null;
  readonly status: number;
  readonly latency_ms: number;
  readonly bytes_in: number;
  readonly bytes_out: number;
  readonly remote: string;
  readonly session: string | null;
  readonly protocol: string | null;
  readonly end: string;
}

/** One line. */
export interface LogLine {
  /** Without its line feed. Each character is a byte. */
  readonly text: string;
  /** From 1. */
  readonly number: number;
  /** Whether it ends in a line feed; false for the last one where it is torn, or being written. */
  readonly isWhole: boolean;
}

/** Longer than any line of the gate's (`limits.audit_line`): what is longer is cut there. */
const MAX_LINE_BYTES = 1024 * 1024 + 1024;

const CHUNK_BYTES = 256 * 1024;

const LINE_FEED = 10;

const MEMBERS: Readonly<Record<keyof AuditEntry, "string" | "number" | "text">> = {
  time: "string",
  exchange: "string",
  generation: "number",
  label: "text",
  http: "string",
  method: "text",
  tool: "text",
  decision: "string",
  stage: "text",
  reason: "text",
  detail: "text",
  status: "number",
  latency_ms: "number",
  bytes_in: "number",
  bytes_out: "number",
  remote: "string",
  session: "text",
  protocol: "text",
  end: "string",
};

const MEMBER_LIST = Object.entries(MEMBERS);

/** The record that `text` is, or null: torn, or not the gate's. */
export function entryOf(text: string): AuditEntry | null {
  if (!text.startsWith("{")) return null;
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return null;
  }
  return isEntry(value) ? value : null;
}

function isEntry(value: unknown): value is AuditEntry {
  if (typeof value !== "object" || value === null) return false;
  const members = value as Readonly<Record<string, unknown>>;
  return MEMBER_LIST.every(([name, type]) => {
    const member = members[name];
    // A text may be null; which texts are missing where is the writer's business.
    if (type === "number") return typeof member === "number";
    return typeof member === "string" || (type === "text" && member === null);
  });
}

/** Takes a line; false: no more are wanted. */
export type LineTaker = (line: LogLine) => boolean | void;

/** Lines, from pieces of any length. */
export class LineReader {
  readonly #take: LineTaker;
  /** The bytes of a line that is not complete. */
  #rest: Buffer = Buffer.alloc(0);
  #number = 0;
  #isDone = false;

  constructor(take: LineTaker) {
    this.#take = take;
  }

  /** Takes the next piece; false: no more are wanted. */
  push(piece: Uint8Array): boolean {
    const bytes = this.#rest.length === 0 ? bufferOf(piece) : Buffer.concat([this.#rest, piece]);
    let from = 0;
    for (let to = bytes.indexOf(LINE_FEED, 0); to >= 0 && !this.#isDone;) {
      this.#give(bytes.subarray(from, to), true);
      from = to + 1;
      to = bytes.indexOf(LINE_FEED, from);
    }
    // The piece belongs to its owner. Of a line that is too long enough is known.
    this.#rest = Buffer.from(bytes.subarray(from, from + MAX_LINE_BYTES));
    return !this.#isDone;
  }

  /** Takes all that `source` has now, and gives its length. */
  pull(source: ByteSource): number {
    let length = 0;
    for (const piece of piecesOf(source)) {
      this.push(piece);
      length += piece.length;
    }
    return length;
  }

  /** There is no more: gives the line that has no end, if there is one. */
  end(): void {
    if (this.#rest.length > 0 && !this.#isDone) this.#give(this.#rest, false);
    this.#rest = Buffer.alloc(0);
  }

  #give(bytes: Buffer, isWhole: boolean): void {
    const text = bytes.subarray(0, MAX_LINE_BYTES).toString("latin1");
    this.#isDone = this.#take({ text, number: ++this.#number, isWhole }) === false;
  }
}

/** Reads all of `source`; false where `take` wanted no more. */
export async function readLines(source: ByteSource, take: LineTaker): Promise<boolean> {
  const reader = new LineReader(take);
  for await (const piece of unpacked(source)) {
    if (!reader.push(piece)) return false;
  }
  reader.end();
  return true;
}

/**
 * Reads `file`, which is not compressed, from the first line on that begins behind `from` to what is
 * its end now. The reader has what is not complete yet, and takes what comes later.
 */
export function readFrom(file: OpenFile, from: number, take: LineTaker): LineReader {
  let isCut = from > 0;
  const reader = new LineReader((line) => {
    if (!isCut) return take(line);
    isCut = false;
  });
  file.seek(from);
  reader.pull(file);
  return reader;
}

/** Whether `file` is compressed. It is at its beginning afterwards. */
export function isPacked(file: OpenFile): boolean {
  const head = new Uint8Array(2);
  file.seek(0);
  const length = file.read(head);
  file.seek(0);
  return length === 2 && isGzip(head);
}

function isGzip([one, two]: Uint8Array): boolean {
  return one === 0x1f && two === 0x8b;
}

/** The pieces of `source`; each holds until the next is asked for. */
function* piecesOf(source: ByteSource): Generator<Uint8Array<ArrayBuffer>> {
  const buffer = new Uint8Array(CHUNK_BYTES);
  for (let size = source.read(buffer); size > 0; size = source.read(buffer)) {
    yield buffer.subarray(0, size);
  }
}

/** The same, uncompressed: logrotate compresses what it has rotated. */
async function* unpacked(source: ByteSource): AsyncGenerator<Uint8Array> {
  const pieces = piecesOf(source);
  const first = pieces.next();
  if (first.done === true) return;
  if (!isGzip(first.value)) {
    yield first.value;
    yield* pieces;
    return;
  }
  const head = first.value.slice();
  const packed = ReadableStream.from((function* () {
    yield head;
    for (const piece of pieces) yield piece.slice();
  })());
  yield* packed.pipeThrough(new DecompressionStream("gzip"));
}

function bufferOf(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
