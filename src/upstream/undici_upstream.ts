/**
 * The way to the upstream over undici's connection pools: HTTP/1.1, one request at a time on a
 * connection, as many connections as there are open requests. It follows no redirect, decodes no
 * content, asks no proxy and repeats no request. It adds `host`, `connection` and `content-length`
 * and knows nothing else of what it carries.
 */
import { type Dispatcher, Pool } from "undici";
import { connector } from "./connector.ts";
import {
  type Fields,
  type Upstream,
  UpstreamError,
  type UpstreamReply,
  type UpstreamRequest,
} from "./upstream.ts";

/** Bytes of one reply held for a reader that lags behind; more stay in the socket. */
const HELD_BYTES = 64 * 1024;

/** Where the upstream is, and how its connections are kept. */
export interface UndiciOptions {
  /** Absolute http or https URL; a request goes to its path and query unless it names others. */
  readonly url: string;
  /** Bound of one connection attempt. Default 10 s; the head's time limit holds in any case. */
  readonly connectTimeoutMs?: number;
  /**
   * An unused connection is closed after this time, or sooner where the upstream's `Keep-Alive`
   * says so. Default 4 s: less than the 5 s after which Node.js and uvicorn close, so that a request
   * does not meet a connection that is just being closed.
   */
  readonly idleTimeoutMs?: number;
  /** Bytes of a reply's head; more is `broken`. Default 64 KiB. */
  readonly headBytes?: number;
}

/** The {@link Upstream} at `options.url`. Connects when there is something to send. */
export function undiciUpstream(options: UndiciOptions): Upstream {
  const url = new URL(options.url);
  const open = () =>
    new Pool(url.origin, {
      connections: null,
      pipelining: 1,
      connect: connector(options.connectTimeoutMs ?? 10_000),
      keepAliveTimeout: options.idleTimeoutMs ?? 4_000,
      maxHeaderSize: options.headBytes ?? 64 * 1024,
      // Times are the exchange's own business: undici's clock is a coarse one.
      headersTimeout: 0,
      bodyTimeout: 0,
    });
  // A pool looks for a free connection one by one: thousands of idle streams must not stand in the
  // way of every call.
  const calls = open();
  const streams = open();
  return {
    send(request) {
      const exchange = new UndiciExchange(request, url.host);
      (request.method === "GET" ? streams : calls).dispatch({
        method: request.method,
        path: request.path ?? url.pathname + url.search,
        headers: request.fields.flat(),
        body: request.body,
      }, exchange);
      return exchange.head.promise;
    },
    async close() {
      await Promise.all([calls.close(), streams.close()]);
    },
  };
}

/** One request and its reply: takes what undici pushes, lets the caller pull it. */
class UndiciExchange implements Dispatcher.DispatchHandler, UpstreamReply {
  readonly head = Promise.withResolvers<UpstreamReply>();
  status = 0;
  fields: Fields = [];
  readonly #host: string;
  readonly #signal: AbortSignal;
  readonly #timer: ReturnType<typeof setTimeout>;
  readonly #onAbort = () => this.#giveUp(this.#error("aborted", "was given up"));
  #controller: Dispatcher.DispatchController | null = null;
  #held: Uint8Array[] = [];
  #heldBytes = 0;
  #ended = false;
  #failure: UpstreamError | null = null;
  #wake: (() => void) | null = null;

  constructor(request: UpstreamRequest, host: string) {
    this.#host = host;
    this.#signal = request.signal;
    const limit = request.headTimeoutMs;
    this.#timer = setTimeout(
      () => this.#giveUp(this.#error("timeout", `did not answer within ${limit} ms`)),
      limit,
    );
    if (this.#signal.aborted) this.#onAbort();
    else this.#signal.addEventListener("abort", this.#onAbort);
  }

  async read(): Promise<Uint8Array | null> {
    for (;;) {
      const chunk = this.#held.shift();
      if (chunk !== undefined) {
        this.#heldBytes -= chunk.length;
        return chunk;
      }
      if (this.#failure !== null) throw this.#failure;
      if (this.#ended) return null;
      const more = new Promise<void>((resolve) => this.#wake = resolve);
      this.#controller?.resume();
      await more;
    }
  }

  cancel(): void {
    this.#onAbort();
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#controller = controller;
    // Given up while the connection was being made: nothing has been sent yet, and nothing will be.
    if (this.#failure !== null) controller.abort(this.#failure);
  }

  onResponseStart(controller: Dispatcher.DispatchController, status: number): void {
    if (status === 101) {
      this.#giveUp(this.#error("broken", "switched protocols unasked"));
      return;
    }
    if (status < 200) return;
    clearTimeout(this.#timer);
    this.status = status;
    this.fields = fieldsOf(controller.rawHeaders);
    this.head.resolve(this);
  }

  onResponseData(controller: Dispatcher.DispatchController, chunk: Uint8Array): void {
    // A plain view: `slice` of a Buffer would not copy.
    this.#held.push(new Uint8Array(chunk.buffer, chunk.byteOffset, chunk.byteLength));
    this.#heldBytes += chunk.byteLength;
    if (this.#heldBytes >= HELD_BYTES) controller.pause();
    this.#rouse();
  }

  onResponseEnd(): void {
    this.#ended = true;
    this.#settle();
  }

  onResponseError(_controller: Dispatcher.DispatchController, error: Error): void {
    const cause = describe(error);
    this.#fail(
      this.#controller === null
        ? this.#error("unreachable", `cannot be reached: ${cause}`)
        : this.#error("broken", `broke off: ${cause}`),
    );
  }

  #giveUp(reason: UpstreamError): void {
    if (this.#ended || this.#failure !== null) return;
    this.#held = [];
    this.#fail(reason);
    this.#controller?.abort(reason);
  }

  #fail(failure: UpstreamError): void {
    if (this.#ended || this.#failure !== null) return;
    this.#failure = failure;
    this.head.reject(failure);
    this.#settle();
  }

  #settle(): void {
    clearTimeout(this.#timer);
    this.#signal.removeEventListener("abort", this.#onAbort);
    this.#rouse();
  }

  #rouse(): void {
    this.#wake?.();
    this.#wake = null;
  }

  #error(kind: UpstreamError["kind"], what: string): UpstreamError {
    return new UpstreamError(kind, `Upstream ${this.#host} ${what}`);
  }
}

/** Names and values from undici's flat list of bytes. */
function fieldsOf(raw: Dispatcher.DispatchController["rawHeaders"]): Fields {
  const fields: [string, string][] = [];
  if (!Array.isArray(raw)) return fields;
  for (let i = 0; i + 1 < raw.length; i += 2) {
    fields.push([latin1(raw[i]).toLowerCase(), latin1(raw[i + 1]).trim()]);
  }
  return fields;
}

function latin1(bytes: Uint8Array | string | undefined): string {
  if (bytes === undefined || typeof bytes === "string") return bytes ?? "";
  let text = "";
  for (const byte of bytes) text += String.fromCharCode(byte);
  return text;
}

/** What happened, without what was sent: undici's own texts, and the system's codes. */
function describe(error: Error & { code?: unknown; errors?: readonly Error[] }): string {
  const first = error.errors?.[0];
  if (error.message === "" && first !== undefined) return describe(first);
  return error.message || String(error.code ?? error.name);
}
