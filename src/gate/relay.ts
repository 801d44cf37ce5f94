/**
 * The reply on its way down: the upstream's bytes become messages, the screen judges them, and what
 * passes goes on in one canonical framing, the first event as soon as it is in (PROTOCOL §4.3).
 * Whole JSON bodies are bounded; streams hold one event at a time.
 */
import { isObject, member } from "../mcp/json.ts";
import type { Era, Id } from "../mcp/message.ts";
import { SseReader } from "../mcp/sse_reader.ts";
import type { SseItem } from "../mcp/sse_reader.ts";
import { COMMENT, formatEvent } from "../mcp/sse_writer.ts";
import { exactText } from "../mcp/utf8.ts";
import { fieldText, UpstreamError } from "../upstream/upstream.ts";
import type { ReplyWaiter, UpstreamReply } from "../upstream/upstream.ts";
import type { EventStream } from "./answering.ts";
import { GatheredBytes } from "./body.ts";
import { errorText } from "./denial.ts";
import type { Denial } from "./denial.ts";
import { encoded } from "./slab.ts";

/** How a stream came to its end. */
export type StreamEnd = { readonly ok: true } | { readonly ok: false; readonly detail: string };

/** A stream that has come to its end, and what has passed of it and was not written yet. */
export interface EndedStream {
  readonly text: string;
  readonly end: StreamEnd;
}

/** What the events of one exchange are passed on by. */
export interface EventRules {
  readonly screen: { screen(text: string): string | null };
  /** The sealed form of an event's id; null: the event goes without. */
  sealEventId(id: string): string | null;
  readonly maxEventBytes: number;
}

/** Turns the bytes of one stream into what passes of its events. */
export class EventPassing {
  readonly #rules: EventRules;
  readonly #reader: SseReader;
  #idSeen = false;

  constructor(rules: EventRules) {
    this.#rules = rules;
    this.#reader = new SseReader(rules.maxEventBytes);
  }

  /** Whether the client was given an event's id, so that it may ask for what follows. */
  get idSeen(): boolean {
    return this.#idSeen;
  }

  /**
   * What passes of the events that `chunk` completes, framed; of all that is left at the end, where
   * it is null. Throws at an event beyond the bound.
   */
  push(chunk: Uint8Array | null): string {
    const { screen, sealEventId } = this.#rules;
    let text = "";
    for (const item of chunk === null ? this.#reader.end() : this.#reader.push(chunk)) {
      const id = item.comment || !item.id ? null : sealEventId(item.id);
      const passed = passedItem(item, id, screen);
      this.#idSeen ||= id !== null && passed !== "";
      text += passed;
    }
    return text;
  }
}

/** Passes on what has come of `reply`, without waiting; the end is null where there may be more. */
export function takeEvents(
  reply: UpstreamReply,
  passing: EventPassing,
): EndedStream | { readonly text: string; readonly end: null } {
  let text = "";
  try {
    for (let chunk = reply.take(); chunk !== undefined; chunk = reply.take()) {
      text += passing.push(chunk);
      if (chunk === null) return { text, end: { ok: true } };
    }
    return { text, end: null };
  } catch (error) {
    return { text, end: failed(error) };
  }
}

/** The passing on of one stream: an object that waits, and no promise, since streams are many and long. */
export class EventRelay implements ReplyWaiter {
  readonly #reply: UpstreamReply;
  readonly #out: Pick<EventStream, "write">;
  readonly #passing: EventPassing;
  readonly #ended = Promise.withResolvers<EndedStream>();

  /** @param passing Where some of the stream has been passed on already, what did it */
  constructor(reply: UpstreamReply, out: Pick<EventStream, "write">, passing: EventPassing) {
    this.#reply = reply;
    this.#out = out;
    this.#passing = passing;
  }

  /**
   * Passes the events of the reply on until its end; what comes together with that is left to whoever
   * ends the stream. Rejects with what `out` throws.
   */
  run(): Promise<EndedStream> {
    this.#begin();
    return this.#ended.promise;
  }

  onMore(): void {
    const chunk = this.#reply.take();
    if (chunk !== undefined) return this.#goOn(chunk);
    // It has failed, as reading tells.
    this.#reply.read().then((late) => this.#goOn(late), (error) => this.#end(failed(error)));
  }

  #begin(): void {
    this.#goOn(this.#reply.take());
  }

  /** Passes `chunk` on and what follows it, until there is something to wait for. */
  #goOn(chunk: Uint8Array | null | undefined): void {
    for (let next = chunk; next !== undefined; next = this.#reply.take()) {
      let text = "";
      const isLast = next === null || this.#reply.isAtEnd;
      try {
        text = this.#passing.push(next);
        if (isLast && next !== null) text += this.#passing.push(null);
      } catch (error) {
        return this.#end(failed(error), text);
      }
      if (isLast) return this.#end({ ok: true }, text);
      if (text !== "") return this.#write(text);
    }
    this.#reply.wait(this);
  }

  #write(text: string): void {
    this.#out.write(text).then(() => this.#begin()).catch(this.#ended.reject);
  }

  #end(end: StreamEnd, text = ""): void {
    this.#ended.resolve({ text, end });
  }
}

/** An event beyond its bound ends the stream for the upstream's fault, as one that breaks off does. */
function failed(error: unknown): StreamEnd {
  return { ok: false, detail: error instanceof Error ? error.message : String(error) };
}

/** The framed text of `item` with the sealed `id`, or "" where it does not pass. */
function passedItem(item: SseItem, id: string | null, screen: EventRules["screen"]): string {
  if (item.comment) return COMMENT;
  if (item.event !== null && !isEventName(item.event)) return "";
  if (item.data === null || item.data === "") {
    const isPriming = id !== null || item.retry !== null;
    return isPriming ? formatEvent({ ...item, id }) : "";
  }
  const data = screen.screen(item.data);
  return data === null ? "" : formatEvent({ ...item, id, data });
}

/** `endpoint` belongs to the HTTP+SSE transport: on this one it could redirect a client. */
function isEventName(name: string): boolean {
  return name !== "endpoint" && /^[A-Za-z0-9_.-]{1,64}$/.test(name);
}

/** One event that tells `denial` to each request still waiting (D24). */
export function errorEvents(unanswered: Iterable<string>, denial: Denial, era: Era): string {
  let text = "";
  for (const spelled of unanswered) {
    const id: Id = JSON.parse(spelled);
    const data = errorText(denial, id, era);
    text += formatEvent({ event: null, id: null, retry: null, data });
  }
  return text;
}

/** Bounds of a body that is read whole: a client hears nothing until all of it is there. */
export interface WholeBounds {
  readonly bytes: number;
  /** For how long nothing may come. */
  readonly silenceMs: number;
  /** When all must have come: an upstream that trickles is never silent. */
  readonly wholeMs: number;
}

/**
 * The whole body of `reply`, at once where it is there; null where it is larger than `bounds.bytes`.
 * Throws {@link UpstreamError}, also where it is not there in time: a client must not wait for ever
 * (PROTOCOL §3.2, P12).
 */
export function readWhole(
  reply: UpstreamReply,
  bounds: WholeBounds,
): Uint8Array | null | Promise<Uint8Array | null> {
  const gathered = new GatheredBytes(Number(fieldText(reply.fields, "content-length") ?? 0));
  for (let chunk = reply.take(); chunk !== undefined; chunk = reply.take()) {
    if (chunk === null) return gathered.bytes;
    if (!gatheredWithin(gathered, chunk, bounds.bytes)) return givenUp(reply);
  }
  return inTime(
    readRest(reply, gathered, bounds),
    bounds.wholeMs,
    () => `not all of it came within ${bounds.wholeMs} ms`,
  );
}

async function readRest(
  reply: UpstreamReply,
  gathered: GatheredBytes,
  { bytes, silenceMs }: WholeBounds,
): Promise<Uint8Array | null> {
  while (true) {
    const taken = reply.take();
    const chunk = taken === undefined
      ? await inTime(reply.read(), silenceMs, () => `nothing came for ${silenceMs} ms`)
      : taken;
    if (chunk === null) return gathered.bytes;
    if (!gatheredWithin(gathered, chunk, bytes)) return givenUp(reply);
  }
}

function gatheredWithin(gathered: GatheredBytes, chunk: Uint8Array, maxBytes: number): boolean {
  if (gathered.size + chunk.length > maxBytes) return false;
  gathered.add(chunk);
  return true;
}

function givenUp(reply: UpstreamReply): null {
  reply.cancel();
  return null;
}

function inTime<T>(work: Promise<T>, ms: number, late: () => string): Promise<T> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new UpstreamError("timeout", late())), ms);
    work.then((value) => {
      clearTimeout(timer);
      resolve(value);
    }, (error) => {
      clearTimeout(timer);
      reject(error);
    });
  });
}

/** The JSON body that passes of `bytes`, the same bytes where nothing was touched; null: none. */
export function screenedBody(
  bytes: Uint8Array,
  screen: EventRules["screen"],
): Uint8Array | null {
  const read = exactText(bytes);
  let isExact = read !== null;
  let text = read ?? lossy.decode(bytes);
  if (text.startsWith("\ufeff")) {
    isExact = false;
    text = text.slice(1);
  }
  const passed = screen.screen(text);
  if (passed === null) return null;
  return isExact && passed === text ? bytes : encoded(passed);
}

/** Whether `bytes` are a JSON-RPC error, the only body passed on with an upstream's refusal. */
export function isErrorBody(bytes: Uint8Array): boolean {
  try {
    const value = JSON.parse(exactText(bytes) ?? "");
    return member(value, "jsonrpc") === "2.0" && isObject(member(value, "error")) &&
      member(value, "method") === undefined && member(value, "result") === undefined;
  } catch {
    return false;
  }
}

const lossy = new TextDecoder("utf-8", { ignoreBOM: true });
