/**
 * One worker as the supervisor sees it: somebody who is asked and answers, and who now and then tells
 * something. Knows not what for.
 */
import { errorOf } from "./failure.ts";
import type { AskMessage, AskName, Asks, WorkerMessage } from "./messages.ts";

/** What a worker tells unasked. */
export type Told = Extract<WorkerMessage, { readonly tell: string }>;

/** A thread, as `Worker` is one. */
export interface Thread {
  postMessage(message: unknown, transfer?: Transferable[]): void;
  terminate(): void;
  onmessage: ((event: MessageEvent) => void) | null;
  onerror: ((event: ErrorEvent) => void) | null;
}

/** The link to one. */
export class WorkerLink {
  readonly #thread: Thread;
  readonly #asked = new Map<number, PromiseWithResolvers<unknown>>();
  #number = 0;
  #why: string | null = null;

  /**
   * @param hear Told what it tells
   * @param died Told when there is no thread any more, and why
   */
  constructor(thread: Thread, hear: (told: Told) => void, died: (why: string) => void) {
    this.#thread = thread;
    thread.onmessage = ({ data }: MessageEvent<WorkerMessage>) => {
      if ("tell" in data) return hear(data);
      const asked = this.#asked.get(data.answer);
      this.#asked.delete(data.answer);
      if ("failure" in data) asked?.reject(errorOf(data.failure));
      else asked?.resolve(data.answered);
    };
    thread.onerror = (event) => {
      // It would end the program on the spot, with the lines of the others unwritten.
      event.preventDefault();
      this.end(event.message);
      died(event.message);
    };
  }

  /** Asks; rejects where the worker could not do it, or is dead. */
  ask<Name extends AskName>(
    ask: Name,
    asked: Asks[Name]["asked"],
    transfer: Transferable[] = [],
  ): Promise<Asks[Name]["answered"]> {
    if (this.#why !== null) return Promise.reject(new Error(`Worker is dead: ${this.#why}`));
    const number = this.#number++;
    const answering = Promise.withResolvers<unknown>();
    this.#asked.set(number, answering);
    const message: AskMessage<Name> = { ask, number, asked };
    this.#thread.postMessage(message, transfer);
    return answering.promise as Promise<Asks[Name]["answered"]>;
  }

  /** Ends the thread; who waits for it waits no longer, and is told `why`. */
  end(why: string): void {
    if (this.#why !== null) return;
    this.#why = why;
    this.#thread.terminate();
    for (const { reject } of this.#asked.values()) reject(new Error(`Worker is dead: ${why}`));
    this.#asked.clear();
  }
}
