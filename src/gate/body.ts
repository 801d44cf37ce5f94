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

/** A body in memory; `release` it when it is no longer needed. */
export interface HeldBody extends Disposable {
  readonly bytes: Uint8Array;
}

/** Bounds of one body. */
export interface BodyLimits {
  readonly bodyBytes: number;
  readonly heldBytes: number;
  readonly bodyDeadlineMs: number;
}

/** Reads the body of `incoming`, or says which bound it broke (PROTOCOL §4.4, steps 9 and 10). */
export async function readBody(
  incoming: IncomingExchange,
  limits: BodyLimits,
  held: HeldBytes,
): Promise<HeldBody | Denial> {
  const announced = Number(fieldValues(incoming.fields, "content-length")[0] ?? 0);
  if (announced > limits.bodyBytes) return tooLarge();

  const chunks: Uint8Array[] = [];
  let size = 0;
  let kept = false;
  const deadline = new Deadline(limits.bodyDeadlineMs);
  try {
    while (true) {
      const chunk = await deadline.race(incoming.body.read());
      if (chunk === LATE) return refuse("body_timeout", "Request body did not arrive in time");
      if (chunk === null) break;
      if (size + chunk.length > limits.bodyBytes) return tooLarge();
      if (!held.take(chunk.length, limits.heldBytes)) {
        return refuse("overloaded", "Too many requests in memory; try again");
      }
      size += chunk.length;
      chunks.push(chunk);
    }
    kept = true;
  } catch {
    return refuse("body_broken", "Request body broke off");
  } finally {
    deadline.clear();
    if (!kept) held.release(size);
  }
  return { bytes: joinBytes(chunks, size), [Symbol.dispose]: () => held.release(size) };
}

function tooLarge(): Denial {
  return refuse("body_too_large", "Request body too large");
}

/** `chunks` as one, without a copy where there is only one. */
export function joinBytes(chunks: readonly Uint8Array[], size: number): Uint8Array {
  if (chunks.length === 1 && chunks[0] !== undefined) return chunks[0];
  const whole = new Uint8Array(size);
  let at = 0;
  for (const chunk of chunks) {
    whole.set(chunk, at);
    at += chunk.length;
  }
  return whole;
}

const LATE = Symbol("late");

/** One timer for all reads of a body. */
class Deadline {
  #timer: ReturnType<typeof setTimeout> | undefined;
  readonly #late: Promise<typeof LATE>;

  constructor(afterMs: number) {
    this.#late = new Promise((resolve) => {
      this.#timer = setTimeout(() => resolve(LATE), afterMs);
    });
  }

  race<T>(work: Promise<T>): Promise<T | typeof LATE> {
    work.catch(() => {}); // abandoned when late
    return Promise.race([work, this.#late]);
  }

  clear(): void {
    clearTimeout(this.#timer);
  }
}
