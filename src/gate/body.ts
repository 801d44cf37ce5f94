/**
 * A request's body, read whole within its bounds: size, time, and the sum of all bodies held at
 * once, counted as received and not as announced. Judges none of its content.
 */
import { fieldValues } from "../upstream/upstream.ts";
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

/**
 * Reads the body of `incoming`, or says which bound it broke (PROTOCOL §4.4, steps 9 and 10). Bytes
 * are counted in `record` as they come.
 *
 * @param signal Ends the reading early, as a body that broke off
 */
export async function readBody(
  incoming: IncomingExchange,
  limits: BodyLimits,
  held: HeldBytes,
  record: { bytesIn: number },
  signal: AbortSignal,
): Promise<HeldBody | Denial> {
  const announced = Number(fieldValues(incoming.fields, "content-length")[0] ?? 0);
  if (announced > limits.bodyBytes) return tooLarge();

  const gathered = new GatheredBytes();
  let taken = 0;
  let kept = false;
  using patience = new Patience(limits.bodyDeadlineMs, signal);
  try {
    while (true) {
      const chunk = await patience.wait(incoming.body.read());
      if (chunk === LATE) return refuse("body_timeout", "Request body did not arrive in time");
      if (chunk === null) break;
      record.bytesIn += chunk.length;
      if (gathered.size + chunk.length > limits.bodyBytes) return tooLarge();
      if (!held.take(chunk.length, limits.heldBytes)) {
        return refuse("overloaded", "Too many requests in memory; try again");
      }
      taken += chunk.length;
      gathered.add(chunk);
    }
    kept = true;
  } catch {
    return refuse("body_broken", "Request body broke off");
  } finally {
    if (!kept) held.release(taken);
  }
  return {
    bytes: gathered.bytes,
    [Symbol.dispose]: () => {
      held.release(taken);
      taken = 0;
    },
  };
}

function tooLarge(): Denial {
  return refuse("body_too_large", "Request body too large");
}

/**
 * Bytes that arrive in pieces, as one. A single piece is not copied; more go into a buffer that
 * grows, since a list of pieces would take a hundred times its bytes where they come one by one.
 */
export class GatheredBytes {
  #buffer: Uint8Array = new Uint8Array(0);
  #size = 0;

  /** How many there are. */
  get size(): number {
    return this.#size;
  }

  /** All of them. */
  get bytes(): Uint8Array {
    return this.#buffer.subarray(0, this.#size);
  }

  /** Adds a piece, which the caller does not change any more. */
  add(piece: Uint8Array): void {
    if (this.#size === 0) {
      this.#buffer = piece;
      this.#size = piece.length;
      return;
    }
    const needed = this.#size + piece.length;
    // The first piece fills its buffer, so it is copied here before anything is written behind it.
    if (needed > this.#buffer.length) {
      const grown = new Uint8Array(Math.max(needed, this.#buffer.length * 2));
      grown.set(this.bytes);
      this.#buffer = grown;
    }
    this.#buffer.set(piece, this.#size);
    this.#size = needed;
  }
}

const LATE = Symbol("late");

/** One timer and one signal for all reads of a body, without a trace left by any single read. */
class Patience implements Disposable {
  readonly #timer: ReturnType<typeof setTimeout>;
  readonly #signal: AbortSignal;
  #isLate = false;
  #giveUp = (): void => {};

  constructor(ms: number, signal: AbortSignal) {
    this.#signal = signal;
    this.#timer = setTimeout(() => {
      this.#isLate = true;
      this.#giveUp();
    }, ms);
    signal.addEventListener("abort", this.#onAbort);
  }

  /** What `work` gives, or `LATE`. Rejects when `work` does, and when the signal fires. */
  wait<T>(work: Promise<T>): Promise<T | typeof LATE> {
    return new Promise((resolve, reject) => {
      this.#giveUp = () => this.#isLate ? resolve(LATE) : reject(this.#signal.reason);
      work.then(resolve, reject);
      if (this.#isLate || this.#signal.aborted) this.#giveUp();
    });
  }

  readonly #onAbort = (): void => this.#giveUp();

  [Symbol.dispose](): void {
    clearTimeout(this.#timer);
    this.#signal.removeEventListener("abort", this.#onAbort);
  }
}
