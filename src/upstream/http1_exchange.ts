/**
 * One request and its reply: finds a connection, waits for the head within its time, lets the body
 * be pulled piece by piece, gives up when told, and tells every failure as an UpstreamError. Asks a
 * second time only where the upstream cannot have acted on the first.
 */
import { type Carried, type Http1Connection, type Loss, said } from "./http1_connection.ts";
import type { Deadline } from "./http1_deadlines.ts";
import type { ReplyHead } from "./http1_reply_head.ts";
import { MalformedRequest, type RequestBytes } from "./http1_request.ts";
import {
  type AbandonedListener,
  type Abandonment,
  type Asker,
  type Fields,
  type ReplyWaiter,
  UpstreamError,
  type UpstreamReply,
  type UpstreamRequest,
} from "./upstream.ts";

/** What the exchanges with one upstream share. */
export interface Surroundings {
  /** How errors name the upstream. */
  readonly host: string;
  /** An unused connection for `request`, or null. */
  take(request: RequestBytes): Http1Connection | null;
  /** A new connection; `giveUp` ends the attempt. */
  open(giveUp: AbortController): Promise<Http1Connection>;
  /** The bytes of `request`. Throws {@link MalformedRequest}. */
  spell(request: UpstreamRequest): RequestBytes;
  /** Calls `exchange.onLate()` after `ms`. */
  startClock(exchange: Http1Exchange, ms: number): Deadline;
  /** The exchange has its whole reply, has failed or was given up. */
  onOver(): void;
}

/** An exchange, and its reply once the head is in. */
export class Http1Exchange implements Carried, UpstreamReply, AbandonedListener {
  status = 0;
  fields: Fields = [];
  readonly #around: Surroundings;
  readonly #signal: Abandonment;
  readonly #headTimeoutMs: number;
  readonly #isSafe: boolean;
  /** Null once it has been told. */
  #asker: Asker | null;
  #hasHead = false;
  #request: RequestBytes | null = null;
  #connection: Http1Connection | null = null;
  #dialling: AbortController | null = null;
  #deadline: Deadline | null = null;
  /** What has come of the body and was not asked for yet. */
  #piece: Uint8Array | null = null;
  /** Whether all of the body has come. */
  #isComplete = false;
  #failure: UpstreamError | null = null;
  #reading: PromiseWithResolvers<Uint8Array | null> | null = null;
  #waiter: ReplyWaiter | null = null;

  /** @param asker Told of the reply, which this is then */
  constructor(around: Surroundings, request: UpstreamRequest, asker: Asker) {
    this.#around = around;
    this.#asker = asker;
    this.#signal = request.signal;
    this.#headTimeoutMs = request.headTimeoutMs;
    this.#isSafe = request.method === "GET";
  }

  /** Begins, with the request it was made for. */
  start(request: UpstreamRequest): void {
    if (this.#signal.aborted) return this.cancel();
    try {
      this.#request = this.#around.spell(request);
    } catch (error) {
      if (!(error instanceof MalformedRequest)) throw error;
      return this.#fail("broken", `was not asked: ${error.message}`);
    }
    this.#signal.addEventListener("abort", this);
    this.#deadline = this.#around.startClock(this, this.#headTimeoutMs);
    const connection = this.#around.take(this.#request);
    if (connection === null) this.#dial();
    else this.#carryBy(connection, this.#request);
  }

  take(): Uint8Array | null | undefined {
    const piece = this.#piece;
    this.#piece = null;
    return piece ?? (this.#isComplete ? null : undefined);
  }

  get isAtEnd(): boolean {
    return this.#isComplete && this.#piece === null;
  }

  read(): Promise<Uint8Array | null> {
    const piece = this.#piece;
    if (piece !== null) {
      this.#piece = null;
      return Promise.resolve(piece);
    }
    if (this.#failure !== null) return Promise.reject(this.#failure);
    if (this.#isComplete) return END;
    if (this.#reading === null) {
      this.#reading = Promise.withResolvers();
      this.#connection?.pull();
    }
    return this.#reading.promise;
  }

  wait(waiter: ReplyWaiter): void {
    if (this.#piece !== null || this.#isComplete || this.#failure !== null) return waiter.onMore();
    this.#waiter = waiter;
    this.fields = NO_FIELDS;
    this.#connection?.pull();
  }

  cancel(): void {
    this.#fail("aborted", "was given up");
  }

  /** The signal has been aborted. */
  handleEvent(): void {
    this.cancel();
  }

  /** The head did not come in time. */
  onLate(): void {
    this.#fail("timeout", `did not answer within ${this.#headTimeoutMs} ms`);
  }

  onHead(head: ReplyHead): void {
    this.status = head.status;
    this.fields = head.fields;
    this.#request = null;
    this.#stopClock();
    this.#hasHead = true;
  }

  onBegun(): void {
    const asker = this.#asker;
    this.#asker = null;
    asker?.onReply(this);
  }

  onBody(piece: Uint8Array | null, isLast: boolean): void {
    if (isLast) {
      this.#isComplete = true;
      this.#settle();
    }
    const reading = this.#reading;
    this.#reading = null;
    if (reading === null) this.#piece = piece;
    else reading.resolve(piece);
    this.#wake();
  }

  onLost({ what, wasStale, isUnsent }: Loss): void {
    this.#connection = null;
    // Once at most: a new connection is never stale.
    if (wasStale && (this.#isSafe || isUnsent)) this.#dial();
    else this.#fail("broken", what);
  }

  #carryBy(connection: Http1Connection, request: RequestBytes): void {
    this.#connection = connection;
    connection.carry(this, request);
  }

  #dial(): void {
    const giveUp = this.#dialling = new AbortController();
    this.#around.open(giveUp).then((connection) => {
      this.#dialling = null;
      if (this.#request === null) connection.close();
      else this.#carryBy(connection, this.#request);
    }, (error) => {
      this.#dialling = null;
      this.#fail("unreachable", `cannot be reached: ${said(error)}`);
    });
  }

  #fail(kind: UpstreamError["kind"], what: string): void {
    if (this.#isComplete || this.#failure !== null) return;
    const failure = new UpstreamError(kind, `Upstream ${this.#around.host} ${what}`);
    this.#failure = failure;
    this.#piece = this.#request = null;
    this.#connection?.close();
    this.#dialling?.abort(failure);
    this.#settle();
    if (this.#hasHead) this.onBegun();
    const asker = this.#asker;
    this.#asker = null;
    asker?.onFailure(failure);
    this.#reading?.reject(failure);
    this.#reading = null;
    this.#wake();
  }

  #wake(): void {
    const waiter = this.#waiter;
    this.#waiter = null;
    waiter?.onMore();
  }

  #settle(): void {
    this.#connection = null;
    this.#signal.removeEventListener("abort", this);
    this.#stopClock();
    this.#around.onOver();
  }

  /** A stream stays open for days: nothing is kept for it that only its head needed. */
  #stopClock(): void {
    this.#deadline?.stop();
    this.#deadline = null;
  }
}

const NO_FIELDS: Fields = [];
const END: Promise<null> = Promise.resolve(null);
