/**
 * Turns the bytes of an event stream into events by the WHATWG rules
 * (https://html.spec.whatwg.org/multipage/server-sent-events.html), whatever the line ends and
 * wherever the chunks are cut: the items are a function of the bytes alone. Knows no JSON.
 *
 * Works on bytes and decodes a whole event at once. A streaming TextDecoder would be shorter, but
 * with it the size of an event could not be told exactly, and Deno's strips a U+FEFF at the start
 * of later chunks, so that the output would depend on chunking.
 */
import type { SseComment, SseEvent, SseItem } from "./sse_item.ts";
import { plainText } from "./utf8.ts";

export type { SseComment, SseEvent, SseItem };

/** An event is larger than allowed. The stream cannot be read any further. */
export class SseOverflow extends Error {
  override readonly name = "SseOverflow";

  constructor(maxEventBytes: number) {
    super(`Event exceeds the limit: ${maxEventBytes} bytes`);
  }
}

const LF = 0x0a;
const CR = 0x0d;
const COLON = 0x3a;
const BOM = [0xef, 0xbb, 0xbf];
const COMMENT_ITEM: SseComment = Object.freeze({ comment: true });
const UTF_8 = new TextDecoder("utf-8", { ignoreBOM: true });
const DIGITS = /^[0-9]{1,15}$/;
const NOTHING = new Uint8Array(0);
/** A held buffer above this size is given back after its event. */
const KEEP_BYTES = 65536;

/** Reads one stream. Bytes of an event that is not complete yet are held, at most one event's. */
export class SseReader {
  readonly #maxEventBytes: number;
  /** The event so far, as it was at the end of the last chunk. */
  #held = NOTHING;
  #heldBytes = 0;
  /** How many of the held bytes belong to a line that has not ended. */
  #openBytes = 0;
  /** Size of the event's complete lines, comments and line ends not counted. */
  #eventBytes = 0;
  #bomBytes = 0;
  #skipLf = false;
  #overflown = false;

  /** @param maxEventBytes Cap of one event's lines, or of one comment, without line ends */
  constructor(maxEventBytes: number) {
    this.#maxEventBytes = maxEventBytes;
  }

  /**
   * The items that `chunk` completes. Throws {@link SseOverflow} at the call after the one that
   * brought items, so that none is lost, or at once where there are none.
   */
  push(chunk: Uint8Array): SseItem[] {
    if (this.#overflown) throw new SseOverflow(this.#maxEventBytes);
    const items: SseItem[] = [];
    let line = this.#bomBytes < BOM.length ? this.#skipBom(chunk) : 0;
    if (this.#skipLf && line < chunk.length) {
      this.#skipLf = false;
      if (chunk[line] === LF) line++;
    }
    let event = line;
    let lf = -1;
    let cr = -1;
    for (;;) {
      if (lf < line) lf = indexOrEnd(chunk, LF, line);
      if (cr < line) cr = indexOrEnd(chunk, CR, line);
      const end = Math.min(lf, cr);
      const lineBytes = end - line + this.#openBytes;
      if (this.#eventBytes + lineBytes > this.#maxEventBytes) return this.#overflow(items);
      if (end === chunk.length) break;
      const next = this.#afterLineEnd(chunk, end);
      const first = this.#openBytes > 0
        ? this.#held[this.#heldBytes - this.#openBytes]
        : chunk[line];
      if (lineBytes === 0) {
        this.#take(chunk.subarray(event, line), items);
        event = next;
      } else if (first === COLON) {
        this.#hold(chunk.subarray(event, line));
        this.#heldBytes -= this.#openBytes;
        event = next;
        items.push(COMMENT_ITEM);
      } else {
        this.#eventBytes += lineBytes;
      }
      this.#openBytes = 0;
      line = next;
    }
    this.#openBytes += chunk.length - line;
    this.#hold(chunk.subarray(event));
    return items;
  }

  /** The stream has ended: an event without its blank line is dropped, as the standard says. */
  end(): SseItem[] {
    if (this.#overflown) throw new SseOverflow(this.#maxEventBytes);
    this.#reset();
    return [];
  }

  #overflow(items: SseItem[]): SseItem[] {
    this.#overflown = true;
    this.#reset();
    if (items.length === 0) throw new SseOverflow(this.#maxEventBytes);
    return items;
  }

  /** The index in `chunk` behind a BOM; what began like one in earlier chunks and is none is held. */
  #skipBom(chunk: Uint8Array): number {
    let at = 0;
    while (at < chunk.length && this.#bomBytes < BOM.length) {
      if (chunk[at] !== BOM[this.#bomBytes]) {
        const before = this.#bomBytes - at;
        if (before > 0) this.#hold(Uint8Array.from(BOM.slice(0, before)));
        this.#openBytes = before;
        this.#bomBytes = BOM.length;
        return 0;
      }
      at++;
      this.#bomBytes++;
    }
    return at;
  }

  #afterLineEnd(chunk: Uint8Array, end: number): number {
    if (chunk[end] === LF) return end + 1;
    if (end + 1 === chunk.length) this.#skipLf = true;
    return chunk[end + 1] === LF ? end + 2 : end + 1;
  }

  /** Completes the event whose last bytes are `tail`. */
  #take(tail: Uint8Array, items: SseItem[]): void {
    let bytes = tail;
    if (this.#heldBytes > 0) {
      this.#hold(tail);
      bytes = this.#held.subarray(0, this.#heldBytes);
    }
    if (bytes.length > 0) {
      const event = readFields(plainText(bytes) ?? UTF_8.decode(bytes));
      if (event !== null) items.push(event);
    }
    this.#reset();
  }

  #hold(bytes: Uint8Array): void {
    if (bytes.length === 0) return;
    const needed = this.#heldBytes + bytes.length;
    if (needed > this.#held.length) {
      const grown = new Uint8Array(Math.max(needed, this.#held.length * 2));
      grown.set(this.#held.subarray(0, this.#heldBytes));
      this.#held = grown;
    }
    this.#held.set(bytes, this.#heldBytes);
    this.#heldBytes = needed;
  }

  #reset(): void {
    this.#heldBytes = 0;
    this.#openBytes = 0;
    this.#eventBytes = 0;
    if (this.#held.length > KEEP_BYTES) this.#held = NOTHING;
  }
}

function indexOrEnd(chunk: Uint8Array, byte: number, from: number): number {
  const index = chunk.indexOf(byte, from);
  return index < 0 ? chunk.length : index;
}

/** The event that a block of lines makes, or null where no field in it means anything. */
function readFields(block: string): SseEvent | null {
  const text = block.includes("\r") ? block.replace(/\r\n?/g, "\n") : block;
  let event: string | null = null;
  let id: string | null = null;
  let retry: number | null = null;
  let data: string[] | null = null;
  let colon = -1;
  for (let start = 0; start < text.length;) {
    let end = text.indexOf("\n", start);
    if (end < 0) end = text.length;
    // Looked for again only once it is passed: lines without a colon would make this quadratic.
    if (colon < start) colon = text.indexOf(":", start);
    if (colon < 0) colon = text.length;
    const nameEnd = Math.min(colon, end);
    const valueStart = text.charCodeAt(nameEnd + 1) === 0x20 ? nameEnd + 2 : nameEnd + 1;
    const value = nameEnd === end ? "" : text.slice(valueStart, end);
    switch (text.slice(start, nameEnd)) {
      case "data":
        (data ??= []).push(value);
        break;
      case "event":
        event = value === "" ? null : value;
        break;
      case "id":
        if (!value.includes("\0")) id = value;
        break;
      case "retry":
        if (DIGITS.test(value)) retry = Number(value);
        break;
    }
    start = end + 1;
  }
  if (data === null && id === null && retry === null) return null;
  return { event, id, retry, data: data === null ? null : data.join("\n") };
}
