/**
 * Takes audit lines and sees that each gets out whole and once, in order: in batches, through partial
 * writes, failures and rotation. While the output fails, lines wait in bounded memory and writing is
 * tried again and again. It is the one writer of its output, so that lines are chained here. Knows
 * neither what a line says nor what the output is.
 */
import { clearImmediate, setImmediate } from "node:timers";
import type { Log } from "../src/policy/contract.ts";
import type { LastLine } from "./audit_beside.ts";
import type { AuditChain } from "./audit_chain.ts";
import type { AuditOutput } from "./audit_output.ts";

/** Time between two attempts while the output fails. */
const RETRY_MS = 100;

/** Lines that wait, in bytes; more are lost, and counted. */
const MAX_WAITING_BYTES = 16 * 1024 * 1024;

/** From here on the sink counts as failing: the rest is for exchanges that have begun already. */
const MANY_WAITING_BYTES = MAX_WAITING_BYTES / 2;

/** How long the end waits for a reader that has stopped reading. */
const LAST_WRITE_MS = 2_000;

const LINE_FEED = 10;
const NOTHING = new Uint8Array();
const encoder = new TextEncoder();

/** What takes lines. */
export interface LineSink extends AsyncDisposable {
  /** Whether a line that is taken now may be lost. */
  readonly isFailing: boolean;
  /** Bytes of lines that wait to be written. */
  readonly waitingBytes: number;
  /** Lines lost since it was opened. */
  readonly lostLines: number;
  /** Takes `line`, printable ASCII with its line feed, to be written within a moment. */
  push(line: string): void;
  /**
   * Opens the output anew, as after a rotation.
   *
   * @param chainKey What lines are chained with from now on; null: they are not
   */
  reopen(chainKey: Uint8Array | null): void;
}

/** The chain of lines from now on, after `now`; the same one goes on as long as `key` does. */
export type Chaining = (now: AuditChain | null, key: Uint8Array | null) => AuditChain | null;

/** An audit log that is open. */
export class AuditSink implements LineSink {
  /** Told whenever the output has begun or ceased to fail. */
  whenChanged: () => void = () => {};
  readonly #open: () => AuditOutput;
  readonly #log: Log;
  #output: AuditOutput;
  readonly #chaining: Chaining;
  #chain: AuditChain | null;
  /** Lines that no write has been tried for. */
  #lines: string[] = [];
  #linesBytes = 0;
  /** Lines under way, of which the first `#written` bytes are out. */
  #batch: Uint8Array<ArrayBufferLike> = NOTHING;
  #written = 0;
  /** The last line of the batch, and the last one that is out; null: not chained, or none. */
  #batchLast: LastLine | null = null;
  #lastOut: LastLine | null = null;
  /** The end of this turn of the event loop: no timer, which would wake the program for each batch. */
  #turnEnd: ReturnType<typeof setImmediate> | null = null;
  /** The same, over or not: the engine keeps what it has compiled for a kind of which one is left. */
  readonly #warm: ReturnType<typeof setImmediate>[] = [];
  /** The next attempt, while the output fails. */
  #timer: ReturnType<typeof setTimeout> | null = null;
  /** Settles when a write that is under way has ended. */
  #writing: Promise<void> | null = null;
  #isFailing = false;
  /** Lines lost since the last failure, and before. */
  #lost = 0;
  #lostBefore = 0;

  /**
   * Opens it; throws what `open` throws.
   *
   * @param open Opens the output, now and when it is reopened
   * @param chaining Makes what links each line to the one before; absent: they are not linked
   * @param chainKey What is given to `chaining` first
   */
  constructor(
    open: () => AuditOutput,
    log: Log,
    chaining: Chaining = () => null,
    chainKey: Uint8Array | null = null,
  ) {
    this.#open = open;
    this.#log = log;
    this.#chaining = chaining;
    this.#chain = chaining(null, chainKey);
    try {
      this.#output = open();
    } catch (error) {
      this.#chain?.close(null, false);
      throw error;
    }
  }

  /** Whether the last write failed, or so much waits that lines may soon be lost. */
  get isFailing(): boolean {
    return this.#isFailing || this.waitingBytes >= MANY_WAITING_BYTES;
  }

  get waitingBytes(): number {
    return this.#linesBytes + this.#batch.length - this.#written;
  }

  get lostLines(): number {
    return this.#lostBefore + this.#lost;
  }

  /** Takes `line`, printable ASCII with its line feed, to be written within a moment. */
  push(line: string): void {
    if (this.waitingBytes + line.length > MAX_WAITING_BYTES) return this.lose();
    const linked = this.#chain === null ? line : this.#chain.link(line);
    this.#lines.push(linked);
    this.#linesBytes += linked.length;
    if (this.#writing === null && this.#timer === null) {
      this.#turnEnd ??= this.#warm[0] = setImmediate(() => {
        this.#turnEnd = null;
        if (this.#writing === null) this.#write();
      });
    }
  }

  /** Notes that a line is lost. */
  lose(): void {
    this.#lost++;
    this.#chain?.lose();
  }

  /** Opens the output anew, as after a rotation; keeps the old one where that fails. */
  reopen(chainKey: Uint8Array | null = null): void {
    this.#reopenOutput();
    const now = this.#chain;
    const after = this.#chaining(now, chainKey);
    if (after === now) return;
    this.#chain = after;
    now?.close(this.#lastOut, this.waitingBytes === 0);
    this.#lastOut = this.#batchLast = null;
  }

  #reopenOutput(): void {
    let output: AuditOutput;
    try {
      output = this.#open();
    } catch (error) {
      this.#log.warn(`cannot reopen the audit output, the old one stays: ${messageOf(error)}`);
      return;
    }
    if (this.#writing !== null) {
      // Only standard streams write in the background, and a new one is as good as the old.
      output.close();
      return;
    }
    this.#write();
    const old = this.#output;
    if (output.isSameFile(old)) return output.close();
    this.#output = output;
    // A line torn by a failure begins again in another file.
    this.#written = this.#written === 0
      ? 0
      : this.#batch.lastIndexOf(LINE_FEED, this.#written - 1) + 1;
    old.close();
    if (output.isEmptyFile && this.waitingBytes === 0) this.#chain?.beginFile();
    this.#write();
  }

  /** Writes what waits, as far as that is possible, and closes. */
  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#writing === null) this.#write();
    const isOut = await this.#settledWithin(LAST_WRITE_MS);
    this.#stopWaiting();
    const isWhole = isOut && this.waitingBytes === 0;
    if (!isWhole) this.#log.warn("audit lines could not be written");
    this.#output.close();
    this.#chain?.close(this.#lastOut, isWhole && this.#lost === 0);
  }

  #writeLater(): void {
    this.#timer ??= setTimeout(() => {
      this.#timer = null;
      if (this.#writing === null) this.#write();
    }, RETRY_MS);
  }

  #stopWaiting(): void {
    if (this.#turnEnd !== null) clearImmediate(this.#turnEnd);
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#turnEnd = this.#timer = null;
  }

  /** Writes until nothing waits, the output fails, or it works on in the background. */
  #write(): void {
    this.#stopWaiting();
    try {
      for (let bytes = this.#next(); bytes.length > 0; bytes = this.#next()) {
        const written = this.#output.write(bytes);
        if (typeof written !== "number") {
          this.#writing = this.#continueAfter(written);
          return;
        }
        this.#advance(written);
      }
      this.#recovered();
    } catch (error) {
      this.#failed(error);
    }
  }

  async #continueAfter(writing: Promise<number>): Promise<void> {
    try {
      this.#advance(await writing);
      this.#writing = null;
      this.#write();
    } catch (error) {
      this.#writing = null;
      this.#failed(error);
    }
  }

  #next(): Uint8Array {
    if (this.#written === this.#batch.length) {
      this.#batch = this.#lines.length === 0 ? NOTHING : encoder.encode(this.#lines.join(""));
      this.#written = 0;
      this.#lines = [];
      this.#linesBytes = 0;
      this.#batchLast = this.#chain?.last ?? null;
    }
    return this.#batch.subarray(this.#written);
  }

  #advance(written: number): void {
    if (written <= 0) throw new Error("Nothing could be written");
    this.#written += written;
    if (this.#batchLast === null || this.#written < this.#batch.length) return;
    this.#lastOut = this.#batchLast;
    this.#chain?.written(this.#lastOut);
  }

  #failed(error: unknown): void {
    this.#writeLater();
    // A pipe that is full for a moment is no failure: lines wait until too many do.
    if (error instanceof Deno.errors.WouldBlock) return;
    if (!this.#isFailing) this.#log.warn(`cannot write the audit log: ${messageOf(error)}`);
    this.#isFailing = true;
    this.whenChanged();
  }

  #recovered(): void {
    if (!this.#isFailing && this.#lost === 0) return;
    const loss = this.#lost === 0 ? "" : `; ${this.#lost} lines were lost`;
    this.#log.info(`the audit log is written again${loss}`);
    this.#isFailing = false;
    this.#lostBefore += this.#lost;
    this.#lost = 0;
    this.whenChanged();
  }

  /** Whether all background writing ended in time. */
  async #settledWithin(ms: number): Promise<boolean> {
    const { promise: timeUp, resolve } = Promise.withResolvers<"late">();
    const timer = setTimeout(() => resolve("late"), ms);
    try {
      while (this.#writing !== null) {
        if (await Promise.race([this.#writing, timeUp]) === "late") return false;
      }
      return true;
    } finally {
      clearTimeout(timer);
    }
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
