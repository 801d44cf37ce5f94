/**
 * An exchange without a listener: a request whose body arrives when the test says so, and an answer
 * that is written down as the gate gives it. The client can leave, or stop taking, at any moment.
 */
import { Buffer } from "node:buffer";
import type {
  BodyWriter,
  ClientCertificate,
  ClientWatcher,
  Fields,
  HeadNotes,
  IncomingBody,
  IncomingExchange,
  ReplyWriter,
} from "../../../src/gate/incoming.ts";
import { eventually } from "../../support/eventually.ts";

/** What a client sends; everything has a default that passes the door. */
export interface Request {
  /** Default `POST`. */
  readonly method?: string;
  /** Default `/mcp`. */
  readonly target?: string | null;
  /** Added to `host`, and to `content-type` and `accept` of a POST; the same name takes their place. */
  readonly fields?: Fields;
  /** The whole body, or null: it arrives by {@link MemoryExchange.send}. Default empty. */
  readonly body?: string | Uint8Array | null;
  readonly peer?: string;
  /** Of the head; those of a request before where it has the same. Default: none are known. */
  readonly notes?: HeadNotes;
}

/** How the answer stands. */
export type AnswerState = "none" | "open" | "complete" | "broken";

/** One request and its answer. */
export class MemoryExchange implements IncomingExchange {
  readonly method: string;
  readonly target: string | null;
  readonly fields: Fields;
  readonly notes: HeadNotes;
  readonly peer: string;
  /** What a listener with TLS knows of the client; to be set as the test goes on. */
  certificate: ClientCertificate | null = null;
  readonly body: IncomingBody;
  readonly reply: ReplyWriter;
  /** How often an answer was begun. */
  answers = 0;
  status = 0;
  answerFields: Fields = [];
  state: AnswerState = "none";
  isGone = false;
  watcher: ClientWatcher | null = null;
  readonly #body = new Inbox();
  readonly #written: Uint8Array[] = [];
  #stalled: PromiseWithResolvers<void> | null = null;

  constructor(request: Request = {}) {
    const { method = "POST", target = "/mcp", fields = [], body = "", peer = "192.0.2.7" } =
      request;
    this.method = method;
    this.target = target;
    this.peer = peer;
    this.notes = request.notes ?? { facts: null };
    const own: Fields = method === "POST"
      ? [
        ["host", "gate.example"],
        ["content-type", "application/json"],
        ["accept", "application/json, text/event-stream"],
      ]
      : [["host", "gate.example"]];
    const taken = new Set(fields.map(([name]) => name));
    this.fields = [...own.filter(([name]) => !taken.has(name)), ...fields];
    this.body = { take: () => this.#body.take(), read: () => this.#body.next() };
    this.reply = {
      send: (status, answerFields, bytes) => this.#send(status, answerFields, bytes),
      start: (status, answerFields) => this.#start(status, answerFields),
    };
    if (body === null) return;
    if (body.length > 0) this.send(body);
    this.endBody();
  }

  /** The body of the answer so far. */
  get bytes(): Uint8Array {
    return Buffer.concat(this.#written);
  }

  /** {@link bytes} as text. */
  get text(): string {
    return new TextDecoder("utf-8", { ignoreBOM: true }).decode(this.bytes);
  }

  /** The body of the answer as JSON. */
  get json(): unknown {
    return JSON.parse(this.text);
  }

  /** The data of the events in the answer, each as JSON; empty data is left out. */
  get events(): unknown[] {
    const data = [...this.text.matchAll(/^data: (.+)$/gm)].map(([, text]) => text ?? "");
    return data.map((text) => JSON.parse(text));
  }

  /** The value of the answer's field `name`; null where absent. Throws where it is there twice. */
  field(name: string): string | null {
    const values = this.answerFields.filter(([other]) => other === name);
    if (values.length > 1) throw new Error(`Sent ${values.length} times: ${name}`);
    return values[0]?.[1] ?? null;
  }

  /** Resolves when the answer contains `text`. */
  async has(text: string): Promise<void> {
    await eventually(`the answer to contain ${text}`, () => this.text.includes(text));
  }

  /** The next bytes of the request's body. */
  send(data: string | Uint8Array): void {
    this.#body.put(typeof data === "string" ? new TextEncoder().encode(data) : data);
  }

  /** The request's body is complete. */
  endBody(): void {
    this.#body.put(null);
  }

  /** The client goes away. */
  leave(): void {
    this.isGone = true;
    this.watcher?.onClientGone();
    this.#body.fail(new Error("client is gone"));
    this.#stalled?.reject(new Error("client is gone"));
  }

  /** The client takes nothing any more; what is written then waits for {@link resume}. */
  stall(): void {
    this.#stalled ??= Promise.withResolvers();
    this.#stalled.promise.catch(() => {});
  }

  /** It takes again. */
  resume(): void {
    this.#stalled?.resolve();
    this.#stalled = null;
  }

  async #take(bytes: Uint8Array | null): Promise<void> {
    await this.#stalled?.promise;
    if (this.isGone) throw new Error("client is gone");
    if (bytes !== null) this.#written.push(bytes);
  }

  #begin(status: number, fields: Fields): void {
    if (++this.answers > 1) throw new TypeError("Answered twice");
    this.status = status;
    this.answerFields = fields;
    this.state = "open";
  }

  async #send(status: number, fields: Fields, body: Uint8Array | null): Promise<void> {
    this.#begin(status, fields);
    await this.#take(body);
    this.state = "complete";
  }

  #start(status: number, fields: Fields): BodyWriter {
    this.#begin(status, fields);
    return {
      write: (chunk) => {
        if (this.state !== "open") throw new TypeError(`Written to when ${this.state}`);
        return this.#take(chunk);
      },
      end: async (last) => {
        await this.#take(last ?? null);
        this.state = "complete";
      },
      abort: () => {
        this.state = "broken";
      },
    };
  }
}

/** Pieces that are put in and taken out one by one, in whatever order of calls. */
export class Inbox {
  readonly #pieces: (Uint8Array | null | Error)[] = [];
  #waiting: PromiseWithResolvers<Uint8Array | null> | null = null;
  #onMore: (() => void) | null = null;

  put(piece: Uint8Array | null | Error): void {
    this.#pieces.push(piece);
    this.#deliver();
  }

  /** Whoever waits, and whoever asks from now on, is told of `error`. */
  fail(error: Error): void {
    this.#pieces.length = 0;
    this.#pieces.push(error);
    this.#deliver();
  }

  /** Whether the end is what comes next. */
  get isAtEnd(): boolean {
    return this.#pieces[0] === null;
  }

  /** The next piece where there is one. */
  take(): Uint8Array | null | undefined {
    const [piece] = this.#pieces;
    if (piece instanceof Error) return undefined;
    if (piece !== null) this.#pieces.shift();
    return piece;
  }

  /** Calls `onMore` once, as soon as there is anything. */
  wait(onMore: () => void): void {
    this.#onMore = onMore;
    this.#tell();
  }

  next(): Promise<Uint8Array | null> {
    this.#waiting = Promise.withResolvers();
    const { promise } = this.#waiting;
    this.#deliver();
    return promise;
  }

  #tell(): void {
    if (this.#pieces.length === 0) return;
    const onMore = this.#onMore;
    this.#onMore = null;
    onMore?.();
  }

  #deliver(): void {
    this.#tell();
    const [piece] = this.#pieces;
    if (this.#waiting === null || piece === undefined) return;
    const { resolve, reject } = this.#waiting;
    this.#waiting = null;
    if (piece instanceof Error) return reject(piece);
    // The end stays: it may be asked for again.
    if (piece !== null) this.#pieces.shift();
    resolve(piece);
  }
}
