/**
 * The ids that one exchange waits for an answer to. Nearly always there is one, so this is a list
 * that is searched and no table. `1` and `"1"` are two ids.
 */
import type { Json } from "../mcp/json.ts";
import { type Id, spelledId } from "../mcp/message.ts";

/** What of it others may look at; iterating it gives the ids spelled as JSON. */
export type Unanswered = Pick<AwaitedIds, "size" | "has"> & Iterable<string>;

/** The ids, and which of them have been answered. */
export class AwaitedIds {
  readonly #asked: readonly Id[];
  #left: readonly Id[];

  /** @param ids Those of a batch may repeat each other */
  constructor(ids: readonly Id[]) {
    this.#asked = this.#left = ids.length > 1 ? [...new Set(ids)] : ids;
  }

  /** How many have not been answered. */
  get size(): number {
    return this.#left.length;
  }

  /** Whether any was asked. */
  get hasAsked(): boolean {
    return this.#asked.length > 0;
  }

  /** Whether any has been answered. */
  get hasAnswered(): boolean {
    return this.#left.length < this.#asked.length;
  }

  /** Whether `id` has not been answered. */
  has(id: Id): boolean {
    return this.#left.includes(id);
  }

  /** `id` where it was asked, answered or not; else null. */
  asked(id: Json | undefined): Id | null {
    const isOne = typeof id === "string" || typeof id === "number";
    return isOne && this.#asked.includes(id) ? id : null;
  }

  /** The only one, where there is one and it has not been answered; else null. */
  get only(): Id | null {
    return this.#asked.length === 1 ? this.#left[0] ?? null : null;
  }

  /** Notes that `id` has been answered. */
  answered(id: Id): void {
    this.#left = this.#left.filter((left) => left !== id);
  }

  /** Those that have not been answered, spelled as JSON. */
  *[Symbol.iterator](): Generator<string> {
    for (const id of this.#left) yield spelledId(id);
  }
}
