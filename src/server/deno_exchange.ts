/**
 * One request of `Deno.serve` as an exchange. This file alone knows what that server does to a
 * request: how it spells the target, joins fields, tells that a client has left and ends a body.
 */
import { plainAddress } from "../gate/client_address.ts";
import type {
  BodyWriter,
  Fields,
  IncomingBody,
  IncomingExchange,
  ReplyWriter,
} from "../gate/incoming.ts";

/** Bodies announced with at most this many bytes are read in one piece, which costs half. */
const SMALL_BYTES = 64 * 1024;

/** An {@link IncomingExchange}, and the `Response` that becomes of it. */
export class DenoExchange implements IncomingExchange {
  readonly method: string;
  readonly target: string | null;
  readonly fields: Fields;
  readonly peer: string;
  readonly body: RequestBody;
  readonly reply: ReplyWriter;
  readonly #gone = new AbortController();
  readonly #response = Promise.withResolvers<Response>();
  #stream: StreamedBody | null = null;
  #answered = false;

  /** @param peer The other end's address as the server reports it */
  constructor(request: Request, peer: string) {
    this.method = request.method;
    this.fields = [...request.headers];
    this.target = targetOf(request);
    this.peer = plainAddress(peer);
    this.body = new RequestBody(request, () => this.#leave());
    this.reply = {
      send: (status, fields, body) => this.#send(status, fields, body),
      start: (status, fields) => this.#start(status, fields),
    };
    // Older rules abort this signal after every whole answer, too: see #leave.
    request.signal.addEventListener("abort", () => this.#leave(), { once: true });
  }

  get signal(): AbortSignal {
    return this.#gone.signal;
  }

  /** What the server is to send. */
  get response(): Promise<Response> {
    return this.#response.promise;
  }

  /** Whether there is an answer, or the beginning of one. */
  get isAnswered(): boolean {
    return this.#answered;
  }

  /** Leaves no client waiting: an exchange without an answer is a 500, one without an end is cut. */
  conclude(): void {
    this.body.release();
    if (this.#stream !== null) this.#stream.abort();
    else if (!this.#answered) this.#answer(new Response(null, { status: 500 }));
  }

  /** Ends it from this side: the signal aborts, a stream breaks off, no answer becomes a 503. */
  cut(): void {
    if (this.#isComplete) return;
    this.#stream?.abort();
    this.#gone.abort(new Deno.errors.Interrupted("Listener was aborted"));
    if (!this.#answered) this.#answer(new Response(null, { status: 503 }));
  }

  #send(status: number, fields: Fields, body: Uint8Array | null): Promise<void> {
    this.#refuseSecondAnswer();
    // The cast is for the compiler: nothing here shares memory between threads.
    const bytes = body as Uint8Array<ArrayBuffer> | null;
    const response = new Response(bytes, { status, headers: headersOf(fields) });
    const wasGone = this.signal.aborted;
    this.#answer(response);
    return wasGone ? Promise.reject(clientGone()) : Promise.resolve();
  }

  #start(status: number, fields: Fields): BodyWriter {
    this.#refuseSecondAnswer();
    const stream = new StreamedBody(() => this.#leave());
    this.#answer(new Response(stream.readable, { status, headers: headersOf(fields) }));
    this.#stream = stream;
    if (this.signal.aborted) stream.leave();
    return stream;
  }

  #refuseSecondAnswer(): void {
    if (this.#answered) throw new TypeError("Exchange is answered twice");
  }

  #answer(response: Response): void {
    this.#answered = true;
    this.#response.resolve(response);
  }

  get #isComplete(): boolean {
    return this.#answered && (this.#stream === null || this.#stream.isOver);
  }

  /** The client has closed; no matter any more where its answer was complete. */
  #leave(): void {
    if (this.#isComplete) return;
    this.#gone.abort(clientGone());
    this.#stream?.leave();
  }
}

/** A body that is pushed by the gate and pulled by the server. */
class StreamedBody implements BodyWriter {
  readonly readable: ReadableStream<Uint8Array>;
  #controller: ReadableStreamDefaultController<Uint8Array> | null = null;
  #isGone = false;
  #isOver = false;
  #wanted: PromiseWithResolvers<void> | null = null;

  constructor(onCancel: () => void) {
    this.readable = new ReadableStream<Uint8Array>({
      start: (controller) => {
        this.#controller = controller;
      },
      pull: () => {
        this.#wanted?.resolve();
        this.#wanted = null;
      },
      cancel: onCancel,
    }, { highWaterMark: 1 });
  }

  /** Whether it is complete or broken off. */
  get isOver(): boolean {
    return this.#isOver;
  }

  async write(chunk: Uint8Array): Promise<void> {
    if (this.#isGone) throw clientGone();
    if (this.#isOver) throw new TypeError("Body has already ended");
    if (chunk.length === 0) return;
    this.#controller?.enqueue(chunk);
    if ((this.#controller?.desiredSize ?? 0) > 0) return;
    this.#wanted ??= Promise.withResolvers<void>();
    await this.#wanted.promise;
  }

  end(): Promise<void> {
    if (this.#isGone) return Promise.reject(clientGone());
    if (!this.#isOver) this.#controller?.close();
    this.#isOver = true;
    return Promise.resolve();
  }

  abort(): void {
    if (this.#isOver || this.#isGone) return;
    this.#isOver = true;
    this.#wanted?.reject(new TypeError("Body was broken off"));
    this.#controller?.error(new Error("Body was broken off"));
  }

  /** The client has gone. */
  leave(): void {
    if (this.#isGone || this.#isOver) return;
    this.#isGone = true;
    this.#wanted?.reject(clientGone());
  }
}

/**
 * The request's body, not touched before it is asked for. While it has not been read to its end the
 * server does not look whether the client is still there: only reading on tells.
 */
class RequestBody implements IncomingBody {
  readonly #request: Request;
  readonly #onBreak: () => void;
  #reader: ReadableStreamDefaultReader<Uint8Array> | null = null;
  #isRead = false;

  constructor(request: Request, onBreak: () => void) {
    this.#request = request;
    this.#onBreak = onBreak;
  }

  async read(): Promise<Uint8Array | null> {
    try {
      return this.#isRead ? null : await this.#next();
    } catch (error) {
      this.#onBreak();
      throw error;
    }
  }

  /** Gives up what has not been read. */
  release(): void {
    if (!this.#isRead) this.#reader?.cancel().catch(() => {});
  }

  async #next(): Promise<Uint8Array | null> {
    if (this.#reader === null) {
      const announced = this.#request.headers.get("content-length");
      if (announced !== null && Number(announced) <= SMALL_BYTES) return await this.#whole();
      this.#reader = this.#request.body?.getReader() ?? null;
      if (this.#reader === null) return this.#end();
    }
    for (;;) {
      const next = await this.#reader.read();
      if (next.done) return this.#end();
      if (next.value.length > 0) return next.value;
    }
  }

  async #whole(): Promise<Uint8Array | null> {
    const bytes = await this.#request.bytes();
    this.#isRead = true;
    return bytes.length === 0 ? null : bytes;
  }

  #end(): null {
    this.#isRead = true;
    return null;
  }
}

/**
 * The raw target: what `request.url` holds after the scheme and the Host exactly as sent. Null where
 * it does not begin so, that is without a Host and for an absolute target of another authority.
 * `new URL` would resolve dot segments and let a Host such as `h/healthz?` move the path.
 */
function targetOf(request: Request): string | null {
  const host = request.headers.get("host");
  if (host === null || host === "") return null;
  const origin = `http://${host}`;
  if (!request.url.startsWith(origin)) return null;
  const target = request.url.slice(origin.length);
  return target.startsWith("/") ? target : null;
}

function clientGone(): Error {
  return new Deno.errors.ConnectionReset("Client is gone");
}

function headersOf(fields: Fields): [string, string][] {
  return fields.map(([name, value]) => [name, value]);
}
