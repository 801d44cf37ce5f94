/**
 * Replies as bytes: status line, date, fields, framing, content. Checks that what it is given can be
 * said in HTTP at all; what a reply says is the gate's affair.
 */
import type { Fields } from "../gate/incoming.ts";
import { portion } from "../gate/slab.ts";

/**
 * The head of a reply, without the empty line that ends it.
 *
 * @throws TypeError Where status or a field cannot be sent
 */
export function replyHead(status: number, fields: Fields): string {
  if (!Number.isInteger(status) || status < 200 || status > 999) {
    throw new TypeError(`Not the status of a reply: ${status}`);
  }
  let text = `HTTP/1.1 ${status} ${REASONS[status] ?? ""}\r\n${dateLine()}`;
  for (const [name, value] of fields) {
    // A line break in a field would let its author write the rest of the reply.
    if (!isName(name) || !isValue(value)) {
      throw new TypeError(`Field cannot be sent: ${JSON.stringify(name)}`);
    }
    text += `${name}: ${value}\r\n`;
  }
  return text;
}

/** Bytes of `before` (ASCII), `content` and `after` (ASCII) as one piece, for one write. */
export function pack(before: string, content: Uint8Array | null, after = ""): Uint8Array {
  const contentEnd = before.length + (content?.length ?? 0);
  const packed = portion(contentEnd + after.length);
  encoder.encodeInto(before, packed);
  if (content !== null) packed.set(content, before.length);
  if (after !== "") encoder.encodeInto(after, packed.subarray(contentEnd));
  return packed;
}

let dateSecond = -1;
let date = "";

/** The field `date`, worked out once a second. */
function dateLine(): string {
  const now = Date.now();
  const second = Math.floor(now / 1000);
  if (second !== dateSecond) {
    dateSecond = second;
    date = `date: ${new Date(now).toUTCString()}\r\n`;
  }
  return date;
}

/** Names that were found to be sound: there are few. */
const soundNames = new Set<string>();
const MOST_NAMES = 64;
const NAME = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;

function isName(name: string): boolean {
  if (soundNames.has(name)) return true;
  if (!NAME.test(name)) return false;
  if (soundNames.size < MOST_NAMES) soundNames.add(name);
  return true;
}

/** Printable ASCII and tabs: most values are short, for which a pattern costs more than the look. */
function isValue(value: string): boolean {
  for (let at = 0; at < value.length; at++) {
    const code = value.charCodeAt(at);
    if ((code < 0x20 && code !== TAB) || code > 0x7e) return false;
  }
  return true;
}

const TAB = 9;
const encoder = new TextEncoder();

/** What the gate and its listener send; a reason may be empty. */
const REASONS: Readonly<Record<number, string>> = {
  200: "OK",
  202: "Accepted",
  204: "No Content",
  400: "Bad Request",
  401: "Unauthorized",
  403: "Forbidden",
  404: "Not Found",
  405: "Method Not Allowed",
  406: "Not Acceptable",
  408: "Request Timeout",
  409: "Conflict",
  413: "Content Too Large",
  415: "Unsupported Media Type",
  417: "Expectation Failed",
  429: "Too Many Requests",
  431: "Request Header Fields Too Large",
  500: "Internal Server Error",
  501: "Not Implemented",
  502: "Bad Gateway",
  503: "Service Unavailable",
  504: "Gateway Timeout",
  505: "HTTP Version Not Supported",
};
