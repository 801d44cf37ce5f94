/**
 * The audit log as a worker sees it: lines go to the supervisor, the one writer, in batches and in
 * their order. What has been posted and not been taken counts as waiting, here and there, so that a
 * writer that stands still is noticed by every worker before anything is lost.
 */
import type { LineSink } from "../../policies/audit_sink.ts";
import type { Log } from "../policy/contract.ts";
import type { AuditPlace, WorkerMessage } from "./messages.ts";
import type { Place } from "./shared_memory.ts";

/** Bytes of lines of all workers that wait for the supervisor; more are lost, and counted. */
const MAX_WAITING_BYTES = 16 * 1024 * 1024;

/**
 * How long lines are gathered, in milliseconds: a message costs both threads as much as a quarter of a
 * small call, so that one for each line would be felt.
 */
const GATHER_MS = 5;

/** The word that says whether the output fails; those of the workers follow. */
export const FAILING = 0;

/** The word of the worker `index`: its bytes that wait. */
export function waitingWord(index: number): number {
  return 1 + index;
}

/** Takes the lines of one worker. */
export class PostedLines implements LineSink {
  readonly #output: string;
  readonly #state: Int32Array;
  readonly #waitingWord: number;
  readonly #maxBytes: number;
  readonly #post: (message: WorkerMessage) => void;
  readonly #log: Log;
  #text = "";
  #timer: ReturnType<typeof setTimeout> | null = null;
  /** Lines lost that the supervisor has not been told of, and those before. */
  #lost = 0;
  #lostBefore = 0;

  constructor(
    { output, state }: AuditPlace,
    { index, count }: Place,
    post: (message: WorkerMessage) => void,
    log: Log,
  ) {
    this.#output = output;
    this.#state = new Int32Array(state);
    this.#waitingWord = waitingWord(index);
    this.#maxBytes = Math.floor(MAX_WAITING_BYTES / count);
    this.#post = post;
    this.#log = log;
  }

  get isFailing(): boolean {
    // From half of it on, the rest is for exchanges that have begun already.
    return Atomics.load(this.#state, FAILING) !== 0 || this.waitingBytes >= this.#maxBytes / 2;
  }

  get waitingBytes(): number {
    return Atomics.load(this.#state, this.#waitingWord);
  }

  get lostLines(): number {
    return this.#lostBefore + this.#lost;
  }

  push(line: string): void {
    if (this.waitingBytes + line.length > this.#maxBytes) {
      if (this.#lost++ === 0) {
        this.#log.warn("the audit log is not written in time; lines are lost");
      }
      return;
    }
    Atomics.add(this.#state, this.#waitingWord, line.length);
    this.#text += line;
    this.#timer ??= setTimeout(() => this.flush(), GATHER_MS);
  }

  /** Posts what has come. */
  flush(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    if (this.#text === "" && this.#lost === 0) return;
    this.#post({ tell: "lines", output: this.#output, text: this.#text, lost: this.#lost });
    this.#text = "";
    this.#lostBefore += this.#lost;
    this.#lost = 0;
  }

  /** The supervisor reopens its output. */
  reopen(): void {}

  /** Posts the last. */
  [Symbol.asyncDispose](): Promise<void> {
    this.flush();
    return Promise.resolve();
  }
}
