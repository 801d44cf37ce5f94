/**
 * The answer to one request on its way to the socket: whole in one write, or begun and continued by
 * chunks, to HTTP/1.0 by closing. Every failure to write is a client that has gone.
 */
import type { BodyWriter, Fields, ReplyWriter } from "../gate/incoming.ts";
import type { LateHead, LateHeads } from "./late_heads.ts";
import { pack, replyHead } from "./reply_bytes.ts";
import { clientGone } from "./socket_output.ts";
import type { SocketOutput } from "./socket_output.ts";

/** More content than this goes out on its own, rather than being copied behind the head. */
const COPIED_BYTES = 64 * 1024;

const LAST_CHUNK = "0\r\n\r\n";
const NOTHING = new Uint8Array(0);
const DONE: Promise<void> = Promise.resolve();

/** The connection that is replied on. */
export interface ReplyOwner {
  /** Where heads wait that nothing goes out with yet. */
  readonly lateHeads: LateHeads;
  /** Whether the client may send another request after this reply; asked once, for its head. */
  keepAlive(): boolean;
  /** The reply is complete. */
  onReplied(): void;
  /** The reply has been broken off on purpose: the client must be able to tell. */
  onBrokenOff(): void;
}

/** How the request wants to be replied to. */
export interface ReplyForm {
  readonly method: string;
  readonly isHttp10: boolean;
}

/** Answers one request, once. */
export class Http1Reply implements ReplyWriter, BodyWriter, LateHead {
  readonly #output: SocketOutput;
  readonly #owner: ReplyOwner;
  readonly #form: ReplyForm;
  #stage: "none" | "whole" | "stream" | "over" = "none";
  #isGone = false;
  #isChunked = false;
  #isBodiless = false;
  /** The head of a stream, which its first bytes may still catch up with. */
  #head = "";

  constructor(output: SocketOutput, owner: ReplyOwner, form: ReplyForm) {
    this.#output = output;
    this.#owner = owner;
    this.#form = form;
  }

  /** Whether there is an answer, or the beginning of one. */
  get isBegun(): boolean {
    return this.#stage !== "none";
  }

  /** Whether it is complete or broken off. */
  get isOver(): boolean {
    return this.#stage === "over";
  }

  get isHeadWaiting(): boolean {
    return this.#head !== "";
  }

  sendHead(): void {
    this.#output.write(pack(this.#takeHead(), null)).catch(() => {});
  }

  send(status: number, fields: Fields, body: Uint8Array | null): Promise<void> {
    try {
      return this.#send(status, fields, body);
    } catch (error) {
      return Promise.reject(error);
    }
  }

  #send(status: number, fields: Fields, body: Uint8Array | null): Promise<void> {
    this.#refuseSecond();
    let head = replyHead(status, fields);
    this.#stage = "whole";
    if (this.#isGone) throw clientGone();
    head += status === 204 || status === 304
      ? this.#connection()
      : `content-length: ${body?.length ?? 0}\r\n${this.#connection()}`;
    const content = this.#isWithoutBody(status) ? null : body;
    if (content === null || content.length <= COPIED_BYTES) {
      return this.#output.write(pack(`${head}\r\n`, content), () => this.#complete());
    }
    const first = this.#output.write(pack(`${head}\r\n`, content.subarray(0, COPIED_BYTES)));
    const rest = content.subarray(COPIED_BYTES);
    return first.then(() => this.#output.write(rest, () => this.#complete()));
  }

  start(status: number, fields: Fields): BodyWriter {
    this.#refuseSecond();
    const head = replyHead(status, fields);
    this.#stage = "stream";
    if (this.#isGone) return this;
    this.#isBodiless = this.#isWithoutBody(status);
    this.#isChunked = !this.#form.isHttp10 && !this.#isBodiless;
    const framing = this.#isChunked ? "transfer-encoding: chunked\r\n" : "";
    this.#head = `${head}${framing}${this.#connection()}\r\n`;
    this.#owner.lateHeads.add(this);
    return this;
  }

  write(chunk: Uint8Array): Promise<void> {
    if (this.#isGone) return Promise.reject(clientGone());
    if (this.#stage !== "stream") return Promise.reject(new TypeError("Body has already ended"));
    if (chunk.length === 0 || this.#isBodiless) return DONE;
    return this.#output.write(this.#framed(chunk, "\r\n"));
  }

  end(last: Uint8Array = NOTHING): Promise<void> {
    if (this.#isGone) return Promise.reject(clientGone());
    if (this.#stage !== "stream") return DONE;
    this.#stage = "whole";
    const isEmpty = last.length === 0 || this.#isBodiless;
    const bytes = isEmpty
      ? pack(this.#takeHead() + (this.#isChunked ? LAST_CHUNK : ""), null)
      : this.#framed(last, `\r\n${LAST_CHUNK}`);
    if (bytes.length > 0) return this.#output.write(bytes, () => this.#complete());
    this.#complete();
    return DONE;
  }

  /** A part of the body with what frames it, and with the head where that has not gone out yet. */
  #framed(chunk: Uint8Array, after: string): Uint8Array {
    const head = this.#takeHead();
    return this.#isChunked
      ? pack(`${head}${chunk.length.toString(16)}\r\n`, chunk, after)
      : pack(head, chunk);
  }

  abort(): void {
    if (this.#stage === "over" || this.#isGone) return;
    this.#takeHead();
    this.#stage = "over";
    this.#owner.onBrokenOff();
  }

  /** The client has gone: nothing can be sent any more. */
  leave(): void {
    this.#isGone = true;
    this.#takeHead();
  }

  #refuseSecond(): void {
    if (this.#stage !== "none") throw new TypeError("Exchange is answered twice");
  }

  #isWithoutBody(status: number): boolean {
    return this.#form.method === "HEAD" || status === 204 || status === 304;
  }

  #connection(): string {
    return this.#owner.keepAlive() ? "" : "connection: close\r\n";
  }

  /** The head, if it has not gone out yet. */
  #takeHead(): string {
    const head = this.#head;
    this.#head = "";
    return head;
  }

  #complete(): void {
    if (this.#isGone) throw clientGone();
    this.#stage = "over";
    this.#owner.onReplied();
  }
}
