/**
 * Request heads, bytes in and heads out, by PROTOCOL §5.5 to the letter: what a field says of the
 * message's framing is judged here, once for all who read the body. Pure: knows no socket, and of
 * MCP nothing.
 */
import type { Fields, HeadNotes } from "../gate/incoming.ts";
import { fieldName } from "./field_name.ts";
import { HeadScan } from "./head_scan.ts";
import { KnownHead } from "./known_head.ts";
import { latin1 } from "./latin1.ts";

/** A head that was accepted. */
export interface RequestHead {
  /** The token as sent. */
  readonly method: string;
  /** As sent, an absolute one of the same authority reduced to its path; null: it does not fit. */
  readonly target: string | null;
  /** In order; names in lower case. */
  readonly fields: Fields;
  readonly isHttp10: boolean;
  /** Bytes of the body; 0: there is none; {@link CHUNKED}. */
  readonly bodyBytes: number;
  /** Whether the connection may serve another request. */
  readonly keepsAlive: boolean;
  /** Whether the body comes only after a 100. */
  readonly expectsContinue: boolean;
}

/** A length that only the chunks tell. */
export const CHUNKED = -1;

/** Why there is no head. */
export interface HeadRefusal {
  readonly status: 400 | 417 | 431 | 501 | 505;
}

/**
 * Reads the heads of one connection, one after the other. Nearly all that a client sends are like the
 * one before, which is then not read again.
 */
export class RequestHeadReader {
  readonly #scan = new HeadScan("request");
  readonly #known = new KnownHead();
  #scanned = 0;

  /** Whether nothing of the next head has come yet. */
  get isUntouched(): boolean {
    return this.#scanned === 0;
  }

  /** Bytes of the head that was read. */
  get length(): number {
    return this.#scanned;
  }

  /** What is noted beside the head that was read, and any that is like it but for its body's length. */
  get notes(): HeadNotes {
    return this.#known.notes;
  }

  /** Looks out for the next head. */
  reset(): void {
    this.#scan.reset();
    this.#scanned = 0;
  }

  /**
   * The head in `bytes` from `start` to before `end`, the bytes of earlier calls included; null: not
   * all of it is there. Bytes that were there before are not looked at again.
   */
  read(bytes: Uint8Array, start: number, end: number): RequestHead | HeadRefusal | null {
    if (this.#scanned === 0) {
      const known = this.#known.match(bytes, start, end);
      if (known !== null) {
        this.#scanned = this.#known.length;
        return known;
      }
    }
    const scan = this.#scan;
    const stop = scan.push(bytes, start + this.#scanned, end);
    this.#scanned = stop - start;
    if (scan.refusal !== 0) return { status: scan.refusal as HeadRefusal["status"] };
    if (!scan.isComplete) return null;
    const head = headOf(latin1(bytes, start, stop));
    if (!("status" in head)) this.#known.remember(head, bytes, start, stop);
    return head;
  }

  /** Lets go of the last head: none like it is to be expected soon. */
  forget(): void {
    this.#known.forget();
  }
}

/** What a head says, its grammar known to be right. */
function headOf(text: string): RequestHead | HeadRefusal {
  const from = text.startsWith("\r\n") ? 2 : 0;
  const lineEnd = text.indexOf("\r\n", from);
  const methodEnd = text.indexOf(" ", from);
  const method = text.slice(from, methodEnd);
  const rawTarget = text.slice(methodEnd + 1, lineEnd - VERSION_LENGTH);
  const isHttp10 = text.charCodeAt(lineEnd - 1) === ZERO;

  const told = new Told();
  const fields: [string, string][] = [];
  const fieldsEnd = text.length - 2;
  for (let at = lineEnd + 2; at < fieldsEnd;) {
    const colon = text.indexOf(":", at);
    const end = text.indexOf("\r\n", colon);
    const name = fieldName(text, at, colon);
    const value = trimmed(text, colon + 1, end);
    if (!told.take(name, value)) return { status: 400 };
    fields.push([name, value]);
    at = end + 2;
  }

  if (!isHttp10 && told.host === null) return { status: 400 };
  const target = targetOf(rawTarget, method, told.host);
  if (target === undefined) return { status: 400 };
  const bodyBytes = bodyOf(told, method, isHttp10);
  if (typeof bodyBytes !== "number") return bodyBytes;
  const isExpecting = told.expect !== null;
  if (isExpecting && !/^100-continue$/i.test(told.expect ?? "")) return { status: 417 };
  return {
    method,
    target,
    fields,
    isHttp10,
    bodyBytes,
    keepsAlive: !isHttp10 && !told.closes,
    expectsContinue: isExpecting && !isHttp10 && bodyBytes !== 0,
  };
}

/** The fields that concern the connection, as they come by. */
class Told {
  host: string | null = null;
  length: string | null = null;
  coding: string | null = null;
  expect: string | null = null;
  closes = false;

  /** Notes a field; false where it may not stand in this head. */
  take(name: string, value: string): boolean {
    switch (name) {
      case "host":
        if (this.host !== null) return false;
        this.host = value;
        return true;
      case "content-length":
        if (this.length !== null) return false;
        this.length = value;
        return true;
      case "transfer-encoding":
        if (this.coding !== null) return false;
        this.coding = value;
        return true;
      case "expect":
        // Two make one that nobody knows.
        this.expect = this.expect === null ? value : `${this.expect}, ${value}`;
        return true;
      case "connection":
        this.closes ||= CLOSE.test(value);
        return true;
      default:
        return !readsLikeFraming(name);
    }
  }
}

/**
 * Whether `name` (lower-case) is, or to somebody who drops or replaces what is no letter reads like,
 * one of the two fields that say where a body ends: CGI variables, proxies that take `_` for `-`.
 */
export function readsLikeFraming(name: string): boolean {
  if (name.length < "contentlength".length || !LIKE_FRAMING.test(name)) return false;
  const letters = name.replaceAll(/[^a-z]/g, "");
  return letters === "contentlength" || letters === "transferencoding";
}

/** The body's length, or why it cannot be told. */
function bodyOf(told: Told, method: string, isHttp10: boolean): number | HeadRefusal {
  const { length, coding } = told;
  if (coding !== null) {
    if (length !== null || isHttp10) return { status: 400 };
    if (!/^chunked$/i.test(coding)) return { status: OTHER_CODING.test(coding) ? 501 : 400 };
    return BODILESS.has(method) ? { status: 400 } : CHUNKED;
  }
  if (length === null) return 0;
  if (!/^\d{1,15}$/.test(length)) return { status: 400 };
  const bytes = Number(length);
  return bytes > 0 && BODILESS.has(method) ? { status: 400 } : bytes;
}

/** The target for the gate; null where it does not fit the Host, undefined where it is none. */
function targetOf(raw: string, method: string, host: string | null): string | null | undefined {
  // Nobody else takes a path for CONNECT.
  if (method === "CONNECT") return undefined;
  if (raw.startsWith("/")) return host === null || host === "" ? null : raw;
  if (raw === "*" && method === "OPTIONS") return raw;
  if (!/^https?:\/\//i.test(raw)) return undefined;
  const origin = `http://${host}`;
  if (host === null || host === "" || !raw.startsWith(`${origin}/`)) return null;
  return raw.slice(origin.length);
}

/** `text` from `from` to before `to` without spaces and tabs at its ends; NBSP is none of them. */
function trimmed(text: string, from: number, to: number): string {
  let start = from;
  let end = to;
  while (start < end && isBlank(text.charCodeAt(start))) start++;
  while (end > start && isBlank(text.charCodeAt(end - 1))) end--;
  return text.slice(start, end);
}

function isBlank(code: number): boolean {
  return code === 0x20 || code === 0x09;
}

const VERSION_LENGTH = " HTTP/1.1".length;
const ZERO = 48;
const BODILESS: ReadonlySet<string> = new Set(["GET", "HEAD", "DELETE", "OPTIONS"]);
const CLOSE = /(?:^|,)[ \t]*close[ \t]*(?:,|$)/i;
const LIKE_FRAMING = /^[^a-z]*[ct][^a-z]*[or]/;
const OTHER_CODING = /^(?!chunked)[a-z-]{1,20}$/i;
