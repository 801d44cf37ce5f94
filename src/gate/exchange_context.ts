/**
 * What the stages are shown of one exchange: one object, filled in as the exchange becomes known. The
 * signal, which hardly any stage wants, is made when it is asked for. Decides nothing.
 */
import type { Call, Era } from "../mcp/message.ts";
import { ANONYMOUS } from "../policy/contract.ts";
import type { Principal } from "../policy/contract.ts";
import type { Asked } from "../policy/pipeline.ts";
import { fieldText } from "../upstream/upstream.ts";
import type { IncomingExchange } from "./incoming.ts";

/** The one object of one exchange. */
export class ExchangeContext implements Asked {
  readonly exchange: string;
  readonly http: RequestFacts;
  principal: Principal = ANONYMOUS;
  call: Call = NOT_READ;
  era: Era = "legacy";
  bodyBytes = 0;
  readonly #cuttable: { readonly signal: AbortSignal };

  /**
   * @param exchange Its id
   * @param cuttable The exchange, whose signal is looked at only where a stage wants it
   */
  constructor(
    exchange: string,
    http: RequestFacts,
    cuttable: { readonly signal: AbortSignal },
  ) {
    this.exchange = exchange;
    this.http = http;
    this.#cuttable = cuttable;
  }

  /** Aborted when the exchange is cut. */
  get signal(): AbortSignal {
    return this.#cuttable.signal;
  }
}

/** What the head of the request says. */
export class RequestFacts {
  readonly method: string;
  readonly remote: string;
  readonly sameHead: object;
  readonly #incoming: IncomingExchange;

  /**
   * @param remote The client's address, seen through trusted proxies
   * @param sameHead What all requests with this head have in common
   */
  constructor(incoming: IncomingExchange, remote: string, sameHead: object) {
    this.method = incoming.method;
    this.remote = remote;
    this.sameHead = sameHead;
    this.#incoming = incoming;
  }

  /** The client's certificate, where it counts at this moment. */
  get certificate(): string | null {
    const certificate = this.#incoming.certificate;
    return certificate?.fault === null ? certificate.fingerprint : null;
  }

  /** Why it does not. */
  get certificateFault(): string | null {
    return this.#incoming.certificate?.fault ?? null;
  }

  /** The client's field `name` (lower-case), repetitions joined by a comma, or null. */
  header(name: string): string | null {
    return fieldText(this.#incoming.fields, name);
  }
}

/** What a stage at the head would find as the call: it is typed not to look. */
const NOT_READ: Call = Object.freeze({ kind: "listen" });
