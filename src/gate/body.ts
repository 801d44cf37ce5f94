/**
 * A request's body, read whole within its bounds: size, time, and the sum of all bodies held at
 * once, counted as received and not as announced. Judges none of its content.
 */
import { fieldValues } from "../upstream/upstream.ts";
import type { AbandonedListener, Abandonment } from "../upstream/upstream.ts";
import { refuse } from "./door.ts";
import type { Denial } from "./denial.ts";
import type { IncomingExchange } from "./incoming.ts";

/** Counts the bytes of bodies in memory, over all exchanges. */
export class HeldBytes {
  #held = 0;

  /** How many are held. */
  get bytes(): number {
    return this.#held;
  }

  /** Takes `bytes` into account, or answers false where that would pass `limit`. */
  take(bytes: number, limit: number): boolean {
    if (this.#held + bytes > limit) return false;
    this.#held += bytes;
    return true;
  }

  /** Gives back what was taken. */
  release(bytes: number): void {
    this.#held -= bytes;
  }
}

/** What a body in memory is counted in. */
type BodyBudget = Pick<HeldBytes, "take" | "release">;

/** A body in memory; disposing of it gives its bytes back, once. */
export interface HeldBody extends Disposable {
  readonly bytes: Uint8Array;
}

/** Bounds of one body. */
export interface BodyLimits {
  readonly bodyBytes: number;
  readonly heldBytes: number;
  readonly bodyDeadlineMs: number;
}

/** The exchange that a body belongs to. Looked at only where something has to be waited for. */
export interface Waiting {
  /** Told when it is cut. */
  readonly cutSignal: Abandonment;
  /** What its time is limited for; looked at now and then. Null: nothing. */
  patience: Patience | null;
}

/**
 * Reads the body of `incoming`, or says which bound it broke (PROTOCOL §4.4, steps 9 and 10). Bytes
 * are counted in `record` as they come. A promise only where there is something to wait for.
 *
 * @param exchange When it is cut the reading ends, as that of a body that broke off
 */
export function readBody(
  incoming: IncomingExchange,
  limits: BodyLimits,
  held: BodyBudget,
  record: { bytesIn: number },
  exchange: Waiting,
): HeldBody | Denial | Promise<HeldBody | Denial> {
  const announced = Number(fieldValues(incoming.fields, "content-length")[0] ?? 0);
  if (announced > limits.bodyBytes) return tooLarge();
  const body = new GrowingBody(limits, held, record);
  for (;;) {
    const chunk = incoming.body.take();
    if (chunk === null) return body;
    if (chunk === undefined) return readRest(incoming, limits, body, exchange);
    const fault = body.add(chunk);
    if (fault !== null) return fault;
  }
}

async function readRest(
  incoming: IncomingExchange,
  limits: BodyLimits,
  body: GrowingBody,
  exchange: Waiting,
): Promise<HeldBody | Denial> {
  using patience = new Patience(limits.bodyDeadlineMs, exchange);
  try {
    for (;;) {
      const chunk = await patience.wait(incoming.body.read());
      if (chunk === null) return body;
      const fault = chunk === LATE
        ? refuse("body_timeout", "Request body did not arrive in time")
        : body.add(chunk);
      if (fault === null) continue;
      body[Symbol.dispose]();
      return fault;
    }
  } catch {
    body[Symbol.dispose]();
    return refuse("body_broken", "Request body broke off");
  }
}

/** A body while it comes, and when it is there. */
class GrowingBody implements HeldBody {
  readonly #limits: BodyLimits;
  readonly #held: BodyBudget;
  readonly #record: { bytesIn: number };
  #gathered = new GatheredBytes();
  #taken = 0;

  constructor(limits: BodyLimits, held: BodyBudget, record: { bytesIn: number }) {
    this.#limits = limits;
    this.#held = held;
    this.#record = record;
  }

  get bytes(): Uint8Array {
    return this.#gathered.bytes;
  }

  /** Takes `chunk` in, or says which bound it breaks; what was held is given back then. */
  add(chunk: Uint8Array): Denial | null {
    const { bodyBytes, heldBytes } = this.#limits;
    this.#record.bytesIn += chunk.length;
    if (this.#taken + chunk.length > bodyBytes) {
      this[Symbol.dispose]();
      return tooLarge();
    }
    if (!this.#held.take(chunk.length, heldBytes)) {
      this[Symbol.dispose]();
      return refuse("overloaded", "Too many requests in memory; try again");
    }
    this.#taken += chunk.length;
    this.#gathered.add(chunk);
    return null;
  }

  [Symbol.dispose](): void {
    this.#held.release(this.#taken);
    this.#taken = 0;
    // A stream that stays open for days must not hold what it was asked with.
    this.#gathered = NO_BYTES;
  }
}

function tooLarge(): Denial {
  return refuse("body_too_large", "Request body too large");
}

const NOTHING = new Uint8Array(0);

/** Memory that is made at once for what is only announced. */
const MOST_ANNOUNCED = 256 * 1024;

/**
 * Bytes that arrive in pieces, as one. A single piece is not copied, nor are pieces that lie one
 * behind the other in memory; others go into a buffer that grows, since a list of pieces would take a
 * hundred times its bytes where they come one by one.
 */
export class GatheredBytes {
  readonly #announced: number;
  #buffer: Uint8Array = NOTHING;
  #size = 0;

  /** @param announced How many are to come, where that is known; it need not be true */
  constructor(announced = 0) {
    this.#announced = Math.min(announced, MOST_ANNOUNCED);
  }

  /** How many there are. */
  get size(): number {
    return this.#size;
  }

  /** All of them. */
  get bytes(): Uint8Array {
    return this.#size === this.#buffer.length ? this.#buffer : this.#buffer.subarray(0, this.#size);
  }

  /** Adds a piece, which the caller does not change any more. */
  add(piece: Uint8Array): void {
    if (this.#size === 0) {
      this.#buffer = piece;
      this.#size = piece.length;
      return;
    }
    const { buffer, byteOffset } = this.#buffer;
    const needed = this.#size + piece.length;
    if (piece.buffer === buffer && piece.byteOffset === byteOffset + this.#size) {
      this.#buffer = new Uint8Array(buffer, byteOffset, needed);
      this.#size = needed;
      return;
    }
    // The first piece fills its buffer, so it is copied here before anything is written behind it.
    if (needed > this.#buffer.length) {
      const isAnnounced = needed <= this.#announced;
      const grown = new Uint8Array(
        isAnnounced ? this.#announced : Math.max(needed, this.#buffer.length * 2),
      );
      grown.set(this.bytes);
      this.#buffer = grown;
    }
    this.#buffer.set(piece, this.#size);
    this.#size = needed;
  }
}

const NO_BYTES = new GatheredBytes();
const LATE = Symbol("late");

/**
 * For how long a body is waited for, all its reads together. Without a timer, since many a client
 * sends head and body one after the other: its exchange looks at the clock for it.
 */
export class Patience implements Disposable, AbandonedListener {
  readonly #ms: number;
  readonly #exchange: Waiting;
  #sinceMs: number | null = null;
  #isLate = false;
  #giveUp: (() => void) | null = null;

  /** @param ms At most, from the first {@link check} on */
  constructor(ms: number, exchange: Waiting) {
    this.#ms = ms;
    this.#exchange = exchange;
    exchange.patience = this;
    exchange.cutSignal.addEventListener("abort", this);
  }

  /** To be called now and then. */
  check(nowMs: number): void {
    this.#sinceMs ??= nowMs;
    if (nowMs - this.#sinceMs < this.#ms) return;
    this.#isLate = true;
    this.#giveUp?.();
  }

  /** The exchange has been cut. */
  handleEvent(): void {
    this.#giveUp?.();
  }

  /** What `work` gives, or `LATE`. Rejects when `work` does, and when the exchange is cut. */
  wait<T>(work: Promise<T>): Promise<T | typeof LATE> {
    return new Promise((resolve, reject) => {
      this.#giveUp = () => this.#isLate ? resolve(LATE) : reject(new Error("Exchange was cut"));
      work.then(resolve, reject);
      if (this.#isLate || this.#exchange.cutSignal.aborted) this.#giveUp();
    });
  }

  [Symbol.dispose](): void {
    this.#giveUp = null;
    this.#exchange.patience = null;
    this.#exchange.cutSignal.removeEventListener("abort", this);
  }
}
