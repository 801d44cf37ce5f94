/**
 * Writes events in one canonical framing, whatever the framing they came in (PROTOCOL 4.3.5), so that
 * no line of an upstream's ever reaches a client.
 */
import type { SseEvent } from "./sse_item.ts";

/** A comment: keeps a connection alive and says nothing. */
export const COMMENT = ":\n\n";

const EVENT_NAME = /^[A-Za-z0-9_.-]{1,64}$/;
const LINE_END = /\r\n|\r|\n/;
const UNSAFE_ID = /[\0\r\n]/;

/**
 * The text of one event: `event`, `id`, `retry`, then the data lines. An event name or id that does
 * not fit a line is left out; an event without id, retry and data is no text at all.
 */
export function formatEvent(item: SseEvent): string {
  const { event, id, retry, data } = item;
  let text = "";
  if (id !== null && !UNSAFE_ID.test(id)) text += id === "" ? "id:\n" : `id: ${id}\n`;
  if (retry !== null) text += `retry: ${retry}\n`;
  if (data !== null) {
    text += data.includes("\n") || data.includes("\r")
      ? data.split(LINE_END).map((line) => `data: ${line}\n`).join("")
      : `data: ${data}\n`;
  }
  if (text === "") return "";
  return event !== null && EVENT_NAME.test(event) ? `event: ${event}\n${text}\n` : `${text}\n`;
}
