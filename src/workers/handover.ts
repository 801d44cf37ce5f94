/**
 * Exchanges that belong to another worker, given to it whole: what is posted for a stream of the
 * HTTP+SSE transport is judged and answered where that stream is open, so everything that is known
 * of it stays in one place. Bytes go back and forth one piece at a time, as fast as they are taken.
 * Judges nothing: whose the stream is, its worker finds out.
 */
import type {
  BodyWriter,
  ClientCertificate,
  ClientWatcher,
  Fields,
  HeadNotes,
  IncomingExchange,
} from "../gate/incoming.ts";

/** To the worker that an exchange is given to. */
export type ToOwner =
  | {
    readonly say: "open";
    readonly exchange: number;
    readonly head: Pick<IncomingExchange, "method" | "target" | "fields" | "peer" | "certificate">;
  }
  | { readonly say: "chunk"; readonly exchange: number; readonly bytes: Uint8Array | null }
  | { readonly say: "broken" | "gone" | "done" | "failed"; readonly exchange: number };

/** Back to the worker that has the client. */
export type ToHolder =
  | { readonly do: "read" | "abort" | "conclude"; readonly exchange: number }
  | { readonly do: "end"; readonly exchange: number; readonly last: Uint8Array | undefined }
  | { readonly do: "send" | "start"; readonly exchange: number; readonly answer: Answer }
  | { readonly do: "write"; readonly exchange: number; readonly bytes: Uint8Array };

interface Answer {
  readonly status: number;
  readonly fields: Fields;
  readonly body: Uint8Array | null;
}

/** What two workers have between them. */
export interface HandoverPort {
  postMessage(message: ToOwner | ToHolder): void;
}

/** The exchanges that this worker has given away through one port. */
export class GivenExchanges {
  readonly #port: HandoverPort;
  readonly #given = new Map<number, Given>();
  #next = 0;

  constructor(port: HandoverPort) {
    this.#port = port;
  }

  /** Gives `incoming` away; settles when it has been answered. */
  give(incoming: IncomingExchange): Promise<void> {
    const exchange = this.#next++;
    const { method, target, fields, peer, certificate } = incoming;
    const { promise, resolve } = Promise.withResolvers<void>();
    const given: Given = { incoming, body: null, conclude: resolve };
    this.#given.set(exchange, given);
    incoming.watcher = { onClientGone: () => this.#say("gone", exchange) };
    this.#port.postMessage({
      say: "open",
      exchange,
      head: { method, target, fields, peer, certificate },
    });
    if (incoming.isGone) this.#say("gone", exchange);
    return promise.finally(() => {
      incoming.watcher = null;
      this.#given.delete(exchange);
    });
  }

  /** Does what the other worker says. */
  async take(message: ToHolder): Promise<void> {
    const given = this.#given.get(message.exchange);
    if (given === undefined) return;
    switch (message.do) {
      case "read":
        return await this.#read(given, message.exchange);
      case "conclude":
        return given.conclude();
      case "abort":
        return given.body?.abort();
      default:
        try {
          await done(given, message);
          this.#say("done", message.exchange);
        } catch {
          this.#say("failed", message.exchange);
        }
    }
  }

  async #read({ incoming }: Given, exchange: number): Promise<void> {
    try {
      const bytes = await incoming.body.read();
      // Sending a part of a buffer would send all of it.
      this.#port.postMessage({ say: "chunk", exchange, bytes: bytes?.slice() ?? null });
    } catch {
      this.#say("broken", exchange);
    }
  }

  #say(say: "broken" | "gone" | "done" | "failed", exchange: number): void {
    this.#port.postMessage({ say, exchange });
  }
}

interface Given {
  readonly incoming: IncomingExchange;
  body: BodyWriter | null;
  readonly conclude: () => void;
}

async function done(
  given: Given,
  message: Extract<ToHolder, { do: "send" | "start" | "write" | "end" }>,
): Promise<void> {
  const { reply } = given.incoming;
  switch (message.do) {
    case "send":
      return await reply.send(message.answer.status, message.answer.fields, message.answer.body);
    case "start":
      given.body = reply.start(message.answer.status, message.answer.fields);
      return;
    case "write":
      return await given.body?.write(message.bytes);
    case "end":
      return await given.body?.end(message.last);
  }
}

/** The exchanges that this worker was given through one port. */
export class TakenExchanges {
  readonly #port: HandoverPort;
  readonly #handle: (incoming: IncomingExchange) => void | Promise<void>;
  readonly #taken = new Map<number, TakenExchange>();

  /** @param handle Runs one to its end */
  constructor(
    port: HandoverPort,
    handle: (incoming: IncomingExchange) => void | Promise<void>,
  ) {
    this.#port = port;
    this.#handle = handle;
  }

  /** Hears what the other worker says. */
  async hear(message: ToOwner): Promise<void> {
    if (message.say !== "open") return this.#taken.get(message.exchange)?.hear(message);
    const { exchange, head } = message;
    const taken = new TakenExchange(head, (back) => this.#port.postMessage(back), exchange);
    this.#taken.set(exchange, taken);
    try {
      await this.#handle(taken);
    } finally {
      this.#taken.delete(exchange);
      this.#port.postMessage({ do: "conclude", exchange });
    }
  }
}

/** One exchange whose client is with another worker. */
class TakenExchange implements IncomingExchange {
  readonly method: string;
  readonly target: string | null;
  readonly fields: Fields;
  readonly notes: HeadNotes = { facts: null };
  readonly peer: string;
  /** As it counted when the request came in: it is answered at once. */
  readonly certificate: ClientCertificate | null;
  watcher: ClientWatcher | null = null;
  isGone = false;
  readonly #post: (message: ToHolder) => void;
  readonly #exchange: number;
  /** What is waited for: bytes of the body, and that something has been done. */
  #reading: PromiseWithResolvers<Uint8Array | null> | null = null;
  readonly #doing: PromiseWithResolvers<void>[] = [];

  constructor(
    head: Pick<IncomingExchange, "method" | "target" | "fields" | "peer" | "certificate">,
    post: (message: ToHolder) => void,
    exchange: number,
  ) {
    this.method = head.method;
    this.target = head.target;
    this.fields = head.fields;
    this.peer = head.peer;
    this.certificate = head.certificate;
    this.#post = post;
    this.#exchange = exchange;
  }

  readonly body = {
    take: (): undefined => undefined,
    read: (): Promise<Uint8Array | null> => {
      if (this.isGone) return Promise.reject(new Error("Client is gone"));
      this.#reading = Promise.withResolvers();
      this.#post({ do: "read", exchange: this.#exchange });
      return this.#reading.promise;
    },
  };

  readonly reply = {
    send: (status: number, fields: Fields, body: Uint8Array | null): Promise<void> =>
      this.#do({ do: "send", exchange: this.#exchange, answer: { status, fields, body } }),
    start: (status: number, fields: Fields): BodyWriter => {
      const started = this.#do({
        do: "start",
        exchange: this.#exchange,
        answer: { status, fields, body: null },
      });
      // What does not begin cannot be written to, which is where it is told.
      started.catch(() => {});
      return {
        write: (bytes) => this.#do({ do: "write", exchange: this.#exchange, bytes }),
        end: (last) => this.#do({ do: "end", exchange: this.#exchange, last }),
        abort: () => this.#post({ do: "abort", exchange: this.#exchange }),
      };
    },
  };

  hear(message: Exclude<ToOwner, { say: "open" }>): void {
    switch (message.say) {
      case "chunk":
        return this.#reading?.resolve(message.bytes);
      case "broken":
        return this.#reading?.reject(new Error("Request body broke off"));
      case "done":
        return this.#doing.shift()?.resolve();
      case "failed":
        return this.#doing.shift()?.reject(new Error("Client is gone"));
      case "gone":
        this.isGone = true;
        this.#reading?.reject(new Error("Client is gone"));
        this.watcher?.onClientGone();
    }
  }

  #do(message: ToHolder): Promise<void> {
    const doing = Promise.withResolvers<void>();
    this.#doing.push(doing);
    this.#post(message);
    return doing.promise;
  }
}
