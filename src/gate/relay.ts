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
import { UpstreamError } from "../upstream/upstream.ts";
import type { UpstreamReply } from "../upstream/upstream.ts";
import type { EventStream } from "./answering.ts";
import { GatheredBytes } from "./body.ts";
import { errorText } from "./denial.ts";
import type { Denial } from "./denial.ts";
import type { ReplyScreen } from "./reply_screen.ts";

/** How a stream came to its end. */
export type StreamEnd = { readonly ok: true } | { readonly ok: false; readonly detail: string };

/** What the events of one exchange are passed on by. */
export interface EventRules {
  readonly screen: Pick<ReplyScreen, "screen">;
  /** The sealed form of an event's id; null: the event goes without. */
  sealEventId(id: string): string | null;
  readonly maxEventBytes: number;
}

/**
 * Passes the events of `reply` to `out` until its end. Throws what `out` throws. `idSeen` tells
 * whether the client was given an event's id, so that it may ask for what follows.
 */
export async function relayEvents(
  reply: UpstreamReply,
  out: Pick<EventStream, "write">,
  rules: EventRules,
): Promise<StreamEnd & { readonly idSeen: boolean }> {
  const reader = new SseReader(rules.maxEventBytes);
  let idSeen = false;
  const pass = (items: readonly SseItem[]): string => {
    let text = "";
    for (const item of items) {
      const id = item.comment || !item.id ? null : rules.sealEventId(item.id);
      const passed = passedItem(item, id, rules.screen);
      idSeen ||= id !== null && passed !== "";
      text += passed;
    }
    return text;
  };
  while (true) {
    let chunk: Uint8Array | null;
    let text: string;
    try {
      chunk = await reply.read();
      text = pass(chunk === null ? reader.end() : reader.push(chunk));
    } catch (error) {
      // Of the reader: an event beyond its bound. Both end the stream for the upstream's fault.
      const detail = error instanceof Error ? error.message : String(error);
      return { ok: false, detail, idSeen };
    }
    await out.write(text);
    if (chunk === null) return { ok: true, idSeen };
  }
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

/**
 * The whole body of `reply`; null where it is larger than `maxBytes`. Throws {@link UpstreamError},
 * also where nothing comes for `silenceMs`: a client that waits for a whole body hears nothing until
 * it is there, so it must not wait for ever (PROTOCOL §3.2, P12).
 */
export async function readWhole(
  reply: UpstreamReply,
  maxBytes: number,
  silenceMs: number,
): Promise<Uint8Array | null> {
  const gathered = new GatheredBytes();
  while (true) {
    const chunk = await inTime(reply.read(), silenceMs);
    if (chunk === null) return gathered.bytes;
    if (gathered.size + chunk.length > maxBytes) {
      reply.cancel();
      return null;
    }
    gathered.add(chunk);
  }
}

function inTime<T>(work: Promise<T>, ms: number): Promise<T> {
  return new Promise((resolve, reject) => {
    const giveUp = () => reject(new UpstreamError("timeout", `nothing came for ${ms} ms`));
    const timer = setTimeout(giveUp, ms);
    work.then(resolve, reject).finally(() => clearTimeout(timer));
  });
}

/** The JSON body that passes of `bytes`, the same bytes where nothing was touched; null: none. */
export function screenedBody(bytes: Uint8Array, screen: ReplyScreen): Uint8Array | null {
  let text: string;
  let isExact = true;
  try {
    text = exact.decode(bytes);
  } catch {
    isExact = false;
    text = lossy.decode(bytes);
  }
  if (text.startsWith("\ufeff")) {
    isExact = false;
    text = text.slice(1);
  }
  const passed = screen.screen(text);
  if (passed === null) return null;
  return isExact && passed === text ? bytes : encoder.encode(passed);
}

/** Whether `bytes` are a JSON-RPC error, the only body passed on with an upstream's refusal. */
export function isErrorBody(bytes: Uint8Array): boolean {
  try {
    const value = JSON.parse(exact.decode(bytes));
    return member(value, "jsonrpc") === "2.0" && isObject(member(value, "error")) &&
      member(value, "method") === undefined && member(value, "result") === undefined;
  } catch {
    return false;
  }
}

const exact = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
const lossy = new TextDecoder("utf-8", { ignoreBOM: true });
const encoder = new TextEncoder();
