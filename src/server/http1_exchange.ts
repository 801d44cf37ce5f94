/**
 * One request as the gate sees it: head, body, the way back, and whether the client is still there.
 * Only puts together what others read and write.
 */
import type {
  ClientCertificate,
  ClientWatcher,
  Fields,
  HeadNotes,
  IncomingBody,
  IncomingExchange,
} from "../gate/incoming.ts";
import type { Http1Body } from "./http1_body.ts";
import type { Http1Reply } from "./reply_writer.ts";
import type { RequestHead } from "./request_head.ts";
import { clientGone } from "./socket_output.ts";

/** Who sent the request, as far as the connection knows. */
export interface Client {
  readonly peer: string;
  certificate(): ClientCertificate | null;
}

/** An {@link IncomingExchange} on a connection of ours. */
export class Http1Exchange implements IncomingExchange {
  readonly notes: HeadNotes;
  readonly reply: Http1Reply;
  watcher: ClientWatcher | null = null;
  readonly #head: RequestHead;
  readonly #client: Client;
  readonly #body: Http1Body;
  #isGone = false;

  /** @param notes Those of `head` */
  constructor(
    head: RequestHead,
    notes: HeadNotes,
    client: Client,
    body: Http1Body,
    reply: Http1Reply,
  ) {
    this.#head = head;
    this.notes = notes;
    this.#client = client;
    this.#body = body;
    this.reply = reply;
  }

  get method(): string {
    return this.#head.method;
  }

  get target(): string | null {
    return this.#head.target;
  }

  get fields(): Fields {
    return this.#head.fields;
  }

  get peer(): string {
    return this.#client.peer;
  }

  get certificate(): ClientCertificate | null {
    return this.#client.certificate();
  }

  get body(): IncomingBody {
    return this.#body;
  }

  get isGone(): boolean {
    return this.#isGone;
  }

  /** There are more bytes of the body. */
  onBytes(): void {
    this.#body.onBytes();
  }

  /** Whether all of the body is there. What nobody has read of it is dropped. */
  finishBody(): boolean {
    return this.#body.finish();
  }

  /** The client has left. */
  leave(): void {
    if (this.#isGone) return;
    this.#isGone = true;
    this.#body.fail(clientGone);
    this.reply.leave();
    this.watcher?.onClientGone();
  }

  /** The answer is complete: nothing of the body is given out any more. */
  close(): void {
    this.#body.fail(exchangeEnded);
  }

  /** Leaves no client waiting: an exchange without an answer is a 500, one without an end is cut. */
  conclude(): void {
    if (this.#isGone || this.reply.isOver) return;
    if (!this.reply.isBegun) this.reply.send(500, [], null).catch(() => {});
    else this.reply.abort();
  }
}

function exchangeEnded(): Error {
  return new TypeError("Exchange has ended");
}
