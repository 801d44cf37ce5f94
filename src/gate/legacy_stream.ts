/**
 * The open streams of the HTTP+SSE transport of 2024-11-05: to whom each belongs, where its messages
 * go, and the one way in for whoever has something to say on it. A stream is known from before its
 * first event until before its last (PROTOCOL §1.2, §1.9). Knows nothing of what is said.
 */
import type { Id } from "../mcp/message.ts";
import { formatEvent } from "../mcp/sse_writer.ts";
import { ClientGone } from "./answering.ts";
import type { EventStream } from "./answering.ts";
import { errorText } from "./denial.ts";
import type { Denial } from "./denial.ts";
import type { Generation } from "./generation.ts";
import { AwaitedAnswers } from "./legacy_answers.ts";

/** What a stream is opened with. */
export interface LegacyOpening {
  /** Unguessable, and the gate's own. */
  readonly id: string;
  /** The label of the principal whose it is. */
  readonly label: string;
  /** The generation whose upstream it comes from. */
  readonly generation: Generation;
  /** Path and query of the message URL. */
  readonly path: string;
  readonly out: Pick<EventStream, "write">;
  /** Told when the client has been found to take nothing any more. */
  readonly onBroken: () => void;
}

/** One stream. */
export class LegacyStream {
  readonly id: string;
  readonly label: string;
  readonly generation: Generation;
  readonly path: string;
  readonly awaited: AwaitedAnswers;
  readonly #out: Pick<EventStream, "write">;
  readonly #onBroken: () => void;
  #turn: Promise<void> = Promise.resolve();
  #isClosed = false;

  /** @param onFewer Told whenever an answer is not awaited any more */
  constructor(opening: LegacyOpening, onFewer: () => void) {
    this.id = opening.id;
    this.label = opening.label;
    this.generation = opening.generation;
    this.path = opening.path;
    this.#out = opening.out;
    this.#onBroken = opening.onBroken;
    this.awaited = new AwaitedAnswers(onFewer);
  }

  /**
   * Writes whole events when those before are written: the relay and every refusal share the stream.
   * Rejects where the client is gone, and once the stream is closed.
   */
  write(text: string): Promise<void> {
    return this.#isClosed ? Promise.reject(new ClientGone("Stream has ended")) : this.#push(text);
  }

  /** Tells `denial` as the answer to request `id`. */
  refuse(id: Id, denial: Denial): Promise<void> {
    return this.write(messageEvent(errorText(denial, id, "legacy")));
  }

  /** Lets nobody write any more; the requests that are left without an answer. */
  close(): Id[] {
    this.#isClosed = true;
    return this.awaited.clear();
  }

  /** The last that is written, on a stream that is closed. */
  writeLast(text: string): Promise<void> {
    return this.#push(text);
  }

  #push(text: string): Promise<void> {
    const written = this.#turn.then(() => this.#out.write(text));
    this.#turn = written.catch(() => this.#onBroken());
    return written;
  }
}

/** The streams of one gate. */
export class LegacyStreams {
  readonly #open = new Map<string, LegacyStream>();
  readonly #onFewer: () => void;

  /** @param onFewer Told whenever an answer is not awaited any more */
  constructor(onFewer: () => void) {
    this.#onFewer = onFewer;
  }

  /** Whether a client waits for an answer on any of them. */
  get isAwaiting(): boolean {
    for (const stream of this.#open.values()) if (stream.awaited.size > 0) return true;
    return false;
  }

  /** Opens one; it is found from now on. */
  open(opening: LegacyOpening): LegacyStream {
    const stream = new LegacyStream(opening, this.#onFewer);
    this.#open.set(stream.id, stream);
    return stream;
  }

  /** The open stream `id`, if it is `label`'s. */
  find(id: string, label: string): LegacyStream | null {
    const stream = this.#open.get(id);
    return stream?.label === label ? stream : null;
  }

  /** Lets nobody in any more; the requests that are left without an answer. */
  close(stream: LegacyStream): Id[] {
    this.#open.delete(stream.id);
    return stream.close();
  }
}

/** A message as an event of this transport. */
export function messageEvent(data: string): string {
  return formatEvent({ event: "message", id: null, retry: null, data });
}
