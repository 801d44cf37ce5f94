/**
 * The answers that one stream of the HTTP+SSE transport owes its client: there a request is accepted
 * on one exchange and answered on another (PROTOCOL §1.2), so what the first was ruled has to be
 * remembered for the second. An answer that nobody waits for is another's, or a second one.
 */
import type { Id } from "../mcp/message.ts";
import type { ReplyScreen } from "./reply_screen.ts";

/** One request that has gone up. */
export interface Awaited {
  /** What the ruling of the request lets pass of its answer. */
  readonly screen: Pick<ReplyScreen, "screen">;
  /** Gives back what the ruling needs to stay alive. Called once. */
  release(): void;
}

/** How many requests of one stream are remembered; beyond, the oldest is given up. */
const MAX_AWAITED = 1024;

/** Requests by id. */
export class AwaitedAnswers {
  readonly #awaited = new Map<string, Awaited>();
  readonly #onFewer: () => void;

  /** @param onFewer Told whenever one is not awaited any more */
  constructor(onFewer: () => void) {
    this.#onFewer = onFewer;
  }

  /** How many there are. */
  get size(): number {
    return this.#awaited.size;
  }

  /** Whether the answer to `id` is awaited. */
  has(id: Id): boolean {
    return this.#awaited.has(keyOf(id));
  }

  /** Awaits the answer to `id`; the id that was given up for it, or null. */
  add(id: Id, awaited: Awaited): Id | null {
    this.#awaited.set(keyOf(id), awaited);
    if (this.#awaited.size <= MAX_AWAITED) return null;
    const [oldest = id] = this.ids();
    this.take(oldest)?.release();
    return oldest;
  }

  /** What was remembered of `id`, which is not awaited any more; the caller releases it. */
  take(id: unknown): Awaited | null {
    const key = keyOf(id);
    const awaited = this.#awaited.get(key);
    if (awaited === undefined) return null;
    this.#awaited.delete(key);
    this.#onFewer();
    return awaited;
  }

  /** All that are awaited, the oldest first. */
  *ids(): Generator<Id> {
    for (const key of this.#awaited.keys()) yield JSON.parse(key.slice(1));
  }

  /** Forgets them all; their ids. */
  clear(): Id[] {
    const ids = [...this.ids()];
    for (const id of ids) this.take(id)?.release();
    return ids;
  }
}

/** Typed, since `1` and `"1"` are two ids; the prefix, since digits alone would collide in V8. */
function keyOf(id: unknown): string {
  return `=${JSON.stringify(id)}`;
}
