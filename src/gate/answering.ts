/**
 * The way back to the client: every answer of an exchange goes through here, so that the fixed
 * fields, the byte count, the status on record and the write deadline hold for all of them.
 */
import type { Answer } from "./denial.ts";
import type { BodyWriter, Fields, ReplyWriter } from "./incoming.ts";
import type { ExchangeRecord } from "./record.ts";
import { encoded } from "./slab.ts";

/** How long a client may still take over a write once its exchange has been cut, in milliseconds. */
const HURRIED_DEADLINE_MS = 500;

/** The client is gone, or takes nothing any more. */
export class ClientGone extends Error {
  override readonly name = "ClientGone";
}

/** Answers one exchange, once. */
export class Answering {
  readonly #writer: ReplyWriter;
  readonly #record: ExchangeRecord;
  /** Fields of every answer; gone with the one that is given. */
  #fixed: Fields;
  readonly #writeDeadlineMs: number;
  #answered = false;
  #isHurried = false;
  #isGone = false;
  /** Gives the write up that is under way; null: none is. */
  #giveUp: GiveUp | null = null;
  #waitsSinceMs: number | null = null;
  #hurryTimer: ReturnType<typeof setTimeout> | undefined;

  /** @param common Fields of every answer of this exchange: its id, those for browsers */
  constructor(
    writer: ReplyWriter,
    record: ExchangeRecord,
    common: Fields,
    writeDeadlineMs: number,
  ) {
    this.#writer = writer;
    this.#record = record;
    this.#fixed = [NOT_STORED, ...common];
    this.#writeDeadlineMs = writeDeadlineMs;
  }

  /** Whether a status has gone out, so that no other can. */
  get answered(): boolean {
    return this.#answered;
  }

  /** Sends a whole answer. Throws {@link ClientGone}. */
  send({ status, fields, body }: Answer): Promise<void> {
    let fixed: Fields;
    try {
      fixed = this.#begin(status);
    } catch (error) {
      return Promise.reject(error);
    }
    this.#record.bytesOut = body?.length ?? 0;
    return this.within(this.#writer.send(status, [...fields, ...fixed], body));
  }

  /** Begins a stream of events; throws, as its `write` does, {@link ClientGone}. */
  stream(fields: Fields): EventStream {
    const fixed = this.#begin(200);
    const body = this.#writer.start(200, [
      ["content-type", "text/event-stream"],
      ...fields,
      ...fixed,
      ["x-accel-buffering", "no"],
    ]);
    return new EventStream(body, this.#record, this);
  }

  /** The exchange has been cut: a client that takes nothing must not hold it open. */
  hurry(): void {
    this.#isHurried = true;
    if (this.#giveUp !== null) this.#hurryPending();
  }

  /** The client has gone: nothing is sent any more, and no status recorded that was not. */
  leave(): void {
    this.#isGone = true;
    this.hurry();
  }

  /** The fields of every answer, for the one that is given now. */
  #begin(status: number): Fields {
    if (this.#isGone) throw new ClientGone("Client is gone");
    if (this.#answered) throw new TypeError("Exchange is answered twice");
    this.#answered = true;
    this.#record.status = status;
    const fixed = this.#fixed;
    this.#fixed = NO_FIELDS;
    return fixed;
  }

  /**
   * Gives a client up that has taken nothing for the deadline. To be called now and then: a timer
   * for each write would cost more than the write.
   */
  check(nowMs: number): void {
    if (this.#giveUp === null) return;
    // When it began nobody has looked at a clock for: it is waited for since the first check.
    if (this.#waitsSinceMs === null) this.#waitsSinceMs = nowMs;
    else if (nowMs - this.#waitsSinceMs >= this.#writeDeadlineMs) this.#giveUpNow();
  }

  /** Waits for `work`, one write at a time. A client that takes nothing in time is as good as gone. */
  within(work: Promise<void>): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#giveUp = reject;
      this.#waitsSinceMs = null;
      if (this.#isHurried) this.#hurryPending();
      work.then(() => {
        this.#over(reject);
        resolve();
      }, () => {
        this.#over(reject);
        reject(new ClientGone("Client is gone"));
      });
    });
  }

  /** The write that `giveUp` belongs to has ended; another may have begun where it was given up. */
  #over(giveUp: GiveUp | null): void {
    if (this.#giveUp !== giveUp) return;
    this.#giveUp = null;
    clearTimeout(this.#hurryTimer);
  }

  #hurryPending(): void {
    clearTimeout(this.#hurryTimer);
    this.#hurryTimer = setTimeout(() => this.#giveUpNow(), HURRIED_DEADLINE_MS);
  }

  #giveUpNow(): void {
    const giveUp = this.#giveUp;
    this.#over(giveUp);
    giveUp?.(new ClientGone("Client takes nothing"));
  }
}

/** An answer that is sent event by event. */
export class EventStream {
  readonly #body: BodyWriter;
  readonly #record: ExchangeRecord;
  readonly #answering: Answering;

  constructor(body: BodyWriter, record: ExchangeRecord, answering: Answering) {
    this.#body = body;
    this.#record = record;
    this.#answering = answering;
  }

  /** Writes framed events and waits until more may follow. */
  write(text: string): Promise<void> {
    return text === "" ? DONE : this.#answering.within(this.#body.write(this.#counted(text)));
  }

  /** Completes the stream, with `text` as the last of it. */
  end(text = ""): Promise<void> {
    const last = text === "" ? undefined : this.#counted(text);
    return this.#answering.within(this.#body.end(last));
  }

  /** Breaks it off. */
  abort(): void {
    this.#body.abort();
  }

  #counted(text: string): Uint8Array {
    const bytes = encoded(text);
    this.#record.bytesOut += bytes.length;
    return bytes;
  }
}

type GiveUp = (error: ClientGone) => void;

const NO_FIELDS: Fields = [];
const DONE: Promise<void> = Promise.resolve();
const NOT_STORED = ["cache-control", "no-store, no-transform"] as const;
