/**
 * The body of one request as the gate reads it: pulled out of what the connection has read, and
 * waited for where nothing has. Which bytes are content is the decoder's business.
 */
import type { IncomingBody } from "../gate/incoming.ts";
import { portion } from "../gate/slab.ts";
import type { BodyDecoder } from "./request_body.ts";
import type { SocketInput } from "./socket_input.ts";

/** Content up to this length is copied, so that the connection can go on with the memory it has. */
const COPIED_BYTES = 2 * 1024;

/** Reads a body, once. */
export class Http1Body implements IncomingBody {
  readonly #input: SocketInput;
  readonly #decoder: BodyDecoder;
  #askForRest: (() => void) | null;
  #waiting: PromiseWithResolvers<Uint8Array | null> | null = null;
  /** Makes the error: most bodies are done with before anybody wants it. */
  #failure: (() => Error) | null = null;

  /** @param askForRest Called before the body is first waited for; null: the client needs no word */
  constructor(input: SocketInput, decoder: BodyDecoder, askForRest: (() => void) | null) {
    this.#input = input;
    this.#decoder = decoder;
    this.#askForRest = askForRest;
  }

  take(): Uint8Array | null | undefined {
    return this.#waiting === null ? this.#next() : undefined;
  }

  /** One read at a time. */
  read(): Promise<Uint8Array | null> {
    if (this.#waiting !== null) {
      return Promise.reject(new TypeError("Body is being read already"));
    }
    const piece = this.#next();
    if (this.#failure !== null) return Promise.reject(this.#failure());
    if (piece !== undefined) return Promise.resolve(piece);
    this.#askForRest?.();
    this.#askForRest = null;
    this.#waiting = Promise.withResolvers();
    this.#input.watch();
    return this.#waiting.promise;
  }

  /** The connection has more bytes. */
  onBytes(): void {
    if (this.#waiting === null) return;
    const piece = this.#next();
    if (piece !== undefined || this.#failure !== null) this.#settle(piece ?? null);
  }

  /** There is no more to be had; no effect after the end. */
  fail(failure: () => Error): void {
    this.#failure ??= failure;
    this.#settle(null);
  }

  /** Whether all of the body is there. What nobody has read of it is dropped, and missed for good. */
  finish(): boolean {
    const decoder = this.#decoder;
    if (!decoder.isDone && !decoder.isBroken) {
      this.#takeOut();
      this.#failure ??= givenUp;
    }
    return decoder.isDone;
  }

  /** Content, null at the end, undefined where there is none yet. */
  #next(): Uint8Array | null | undefined {
    if (this.#failure !== null) return undefined;
    if (this.#decoder.isDone) return null;
    const piece = this.#input.available > 0 ? this.#takeOut() : NONE;
    this.#input.want(this.#decoder.expected);
    if (this.#decoder.isBroken) {
      this.#failure = malformed;
      return undefined;
    }
    if (piece.length > 0) return piece;
    return this.#decoder.isDone ? null : undefined;
  }

  #takeOut(): Uint8Array {
    const { bytes, start, end } = this.#input;
    const piece = this.#decoder.take(bytes, start, end);
    this.#input.take(this.#decoder.position);
    if (piece.length === 0) return piece;
    if (piece.length > COPIED_BYTES) {
      this.#input.giveOut();
      return piece;
    }
    const copy = portion(piece.length);
    copy.set(piece);
    return copy;
  }

  #settle(piece: Uint8Array | null): void {
    const waiting = this.#waiting;
    this.#waiting = null;
    if (this.#failure !== null) waiting?.reject(this.#failure());
    else waiting?.resolve(piece);
  }
}

const NONE = new Uint8Array(0);

function givenUp(): Error {
  return new Error("Request body was given up");
}

function malformed(): Error {
  return new Error("Request body is malformed");
}
