/**
 * Spells a request out as bytes: request line, `host`, the fields that were given, `content-length`,
 * and a body where it is small enough to go in the same write. Refuses what would not be one request.
 */
import { isTextByte, isTokenByte } from "./http1_grammar.ts";
import type { Fields, UpstreamRequest } from "./upstream.ts";

/** Requests up to this size, body included, are written into a buffer that is used again. */
const SPARE_BYTES = 4 * 1024;

/** Requests up to this size go out in one piece, since a copy costs less than a second write. */
const WHOLE_BYTES = 32 * 1024;

/** Buffers kept for later. */
const MAX_SPARES = 64;

/** What the transport writes itself, so that no caller may. */
const FRAMING: ReadonlySet<string> = new Set([
  "host",
  "connection",
  "content-length",
  "transfer-encoding",
  "upgrade",
  "te",
  "trailer",
  "expect",
  "keep-alive",
]);

/** What was to be sent is no request. Names the part, never its content. */
export class MalformedRequest extends Error {
  override readonly name = "MalformedRequest";
}

/** A request as it goes out. */
export interface RequestBytes {
  readonly first: Uint8Array;
  /** What is left of the body, or null. */
  readonly rest: Uint8Array | null;
  /** Its fields, where requests with the same are to be expected; else null. */
  readonly recurring: Fields | null;
}

/** Spells requests to one host. */
export class RequestSpeller {
  readonly #host: string;
  readonly #target: string;
  readonly #spares: Uint8Array[] = [];
  /** What stands before the length, by fields that recur: found to be sound when it was spelled. */
  readonly #beginnings = new WeakMap<Fields, Uint8Array>();
  /** How long that is of the request that was spelled last. */
  #beginningBytes = 0;

  /** @param url Where every request goes, unless it names a path of its own */
  constructor(url: URL) {
    this.#host = url.host;
    this.#target = url.pathname + url.search;
  }

  /** The bytes of `request`. Throws {@link MalformedRequest}. */
  spell(request: UpstreamRequest): RequestBytes {
    const { method, fields, body, path, recurs = false } = request;
    if (!recurs || path !== undefined || method !== "POST") return this.#spellAll(request, null);
    const known = this.#beginnings.get(fields);
    if (known === undefined) {
      const spelled = this.#spellAll(request, fields);
      this.#beginnings.set(fields, spelled.first.slice(0, this.#beginningBytes));
      return spelled;
    }
    const length = lengthField(body);
    const bytes = this.#buffer(known.length + length.length, body);
    bytes.set(known);
    return ended(bytes, writeText(bytes, known.length, length), body, fields);
  }

  #spellAll(
    { method, fields, body, path = this.#target }: UpstreamRequest,
    recurring: Fields | null,
  ): RequestBytes {
    if (path !== this.#target && !TARGET.test(path)) {
      throw new MalformedRequest("the path is malformed");
    }
    const length = body === null && method !== "POST" ? "\r\n" : lengthField(body);
    let headBytes = method.length + path.length + this.#host.length + EMPTY_BYTES + length.length;
    for (let i = 0; i < fields.length; i++) {
      const field = fields[i] as readonly [string, string];
      headBytes += field[0].length + field[1].length + 4;
    }
    const bytes = this.#buffer(headBytes, body);
    let at = writeText(bytes, 0, `${method} `);
    at = writeText(bytes, at, path);
    at = writeText(bytes, at, " HTTP/1.1\r\nhost: ");
    at = writeText(bytes, at, this.#host);
    at = writeText(bytes, at, "\r\n");
    for (let i = 0; i < fields.length; i++) {
      const field = fields[i] as readonly [string, string];
      at = writeField(bytes, at, field[0], field[1]);
    }
    this.#beginningBytes = at;
    return ended(bytes, writeText(bytes, at, length), body, recurring);
  }

  /** Takes the buffer of `request` back, which nobody reads any more. */
  reuse(request: RequestBytes): void {
    const { buffer } = request.first;
    if (buffer.byteLength === SPARE_BYTES && this.#spares.length < MAX_SPARES) {
      this.#spares.push(new Uint8Array(buffer));
    }
  }

  /** Space for a head, and for the body where both go out in one piece. */
  #buffer(headBytes: number, body: Uint8Array | null): Uint8Array {
    const wholeBytes = headBytes + (body?.length ?? 0);
    const bytes = wholeBytes <= WHOLE_BYTES ? wholeBytes : headBytes;
    if (bytes > SPARE_BYTES) return new Uint8Array(bytes);
    return this.#spares.pop() ?? new Uint8Array(SPARE_BYTES);
  }
}

/** The request whose head stands in the first `at` of `bytes`. */
function ended(
  bytes: Uint8Array,
  at: number,
  body: Uint8Array | null,
  recurring: Fields | null,
): RequestBytes {
  if (body === null) return { first: bytes.subarray(0, at), rest: null, recurring };
  if (at + body.length > WHOLE_BYTES) {
    return { first: bytes.subarray(0, at), rest: body, recurring };
  }
  bytes.set(body, at);
  return { first: bytes.subarray(0, at + body.length), rest: null, recurring };
}

/** What ends the head of a request with content. */
function lengthField(body: Uint8Array | null): string {
  return `content-length: ${body?.length ?? 0}\r\n\r\n`;
}

const TARGET = /^\/[\x21-\x7e]*$/;

const EMPTY_BYTES = "  HTTP/1.1\r\nhost: \r\n".length;

/** Writes text of the transport's own, which is ASCII. */
function writeText(bytes: Uint8Array, start: number, text: string): number {
  let at = start;
  for (let i = 0; i < text.length; i++) bytes[at++] = text.charCodeAt(i);
  return at;
}

/** Writes a field, one byte a character: a line break in it would begin another. */
function writeField(bytes: Uint8Array, start: number, name: string, value: string): number {
  let at = start;
  if (name.length === 0 || FRAMING.has(name)) {
    throw new MalformedRequest("a field is not to be sent");
  }
  for (let i = 0; i < name.length; i++) {
    const code = name.charCodeAt(i);
    if (code > 127 || !isTokenByte(code)) throw new MalformedRequest("a field's name is malformed");
    bytes[at++] = code;
  }
  bytes[at++] = 58;
  bytes[at++] = 32;
  for (let i = 0; i < value.length; i++) {
    const code = value.charCodeAt(i);
    if (code > 255 || !isTextByte(code)) {
      throw new MalformedRequest(`the value of ${name} is malformed`);
    }
    bytes[at++] = code;
  }
  bytes[at++] = 13;
  bytes[at++] = 10;
  return at;
}
