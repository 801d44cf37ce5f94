/**
 * The way back to the client: every answer of an exchange goes through here, so that the fixed
 * fields, the byte count, the status on record and the write deadline hold for all of them.
 */
import type { Answer } from "./denial.ts";
import type { BodyWriter, Fields, ReplyWriter } from "./incoming.ts";
import type { ExchangeRecord } from "./record.ts";

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
  readonly #common: Fields;
  readonly #writeDeadlineMs: number;
  #answered = false;
  #isHurried = false;
  #isGone = false;
  #hurryPending: () => void = () => {};

  /** @param common Fields of every answer of this exchange: its id, those for browsers */
  constructor(
    writer: ReplyWriter,
    record: ExchangeRecord,
    common: Fields,
    writeDeadlineMs: number,
  ) {
    this.#writer = writer;
    this.#record = record;
    this.#common = common;
    this.#writeDeadlineMs = writeDeadlineMs;
  }

  /** Whether a status has gone out, so that no other can. */
  get answered(): boolean {
    return this.#answered;
  }

  /** Sends a whole answer. Throws {@link ClientGone}. */
  async send({ status, fields, body }: Answer): Promise<void> {
    this.#begin(status);
    this.#record.bytesOut = body?.length ?? 0;
    await this.#within(this.#writer.send(status, [...fields, ...this.#fixed()], body));
  }

  /** Begins a stream of events; throws, as its `write` does, {@link ClientGone}. */
  stream(fields: Fields): EventStream {
    this.#begin(200);
    const body = this.#writer.start(200, [
      ["content-type", "text/event-stream"],
      ...fields,
      ...this.#fixed(),
      ["x-accel-buffering", "no"],
    ]);
    return new EventStream(body, this.#record, (work) => this.#within(work));
  }

  /** The exchange has been cut: a client that takes nothing must not hold it open. */
  hurry(): void {
    this.#isHurried = true;
    this.#hurryPending();
  }

  /** The client has gone: nothing is sent any more, and no status recorded that was not. */
  leave(): void {
    this.#isGone = true;
    this.hurry();
  }

  #begin(status: number): void {
    if (this.#isGone) throw new ClientGone("Client is gone");
    if (this.#answered) throw new TypeError("Exchange is answered twice");
    this.#answered = true;
    this.#record.status = status;
  }

  #fixed(): Fields {
    return [["cache-control", "no-store, no-transform"], ...this.#common];
  }

  /** A client that takes nothing for the deadline is as good as gone. */
  async #within(work: Promise<void>): Promise<void> {
    const { promise: late, reject } = Promise.withResolvers<never>();
    const giveUp = () => reject(new ClientGone("Client takes nothing"));
    let timer = setTimeout(giveUp, this.#writeDeadlineMs);
    this.#hurryPending = () => {
      clearTimeout(timer);
      timer = setTimeout(giveUp, HURRIED_DEADLINE_MS);
    };
    if (this.#isHurried) this.#hurryPending();
    try {
      await Promise.race([work, late]);
    } catch (error) {
      throw error instanceof ClientGone ? error : new ClientGone("Client is gone");
    } finally {
      clearTimeout(timer);
      this.#hurryPending = () => {};
    }
  }
}

/** An answer that is sent event by event. */
export class EventStream {
  readonly #body: BodyWriter;
  readonly #record: ExchangeRecord;
  readonly #within: (work: Promise<void>) => Promise<void>;

  constructor(
    body: BodyWriter,
    record: ExchangeRecord,
    within: (work: Promise<void>) => Promise<void>,
  ) {
    this.#body = body;
    this.#record = record;
    this.#within = within;
  }

  /** Writes framed events and waits until more may follow. */
  async write(text: string): Promise<void> {
    if (text === "") return;
    const bytes = encoder.encode(text);
    this.#record.bytesOut += bytes.length;
    await this.#within(this.#body.write(bytes));
  }

  /** Completes the stream. */
  async end(): Promise<void> {
    await this.#within(this.#body.end());
  }

  /** Breaks it off. */
  abort(): void {
    this.#body.abort();
  }
}

const encoder = new TextEncoder();
