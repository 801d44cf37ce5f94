/**
 * Requests under way between a client and the upstream, in both directions, by key and session. Ids
 * are the peers' own and upstreams share them across clients, so whoever names one that is not his
 * would cancel, answer or report on another's request (PROTOCOL §1.9).
 */
import { type Id, spelledId } from "../mcp/message.ts";
import type { Entries, EntriesMaker, EntryBounds, EntryForm } from "./entries.ts";
import { ownEntries } from "./owned_entries.ts";

/** A client as ids belong to it: the principal's label, and its session, short; `""` for none. */
export interface Peer {
  readonly label: string;
  readonly session: string;
}

/** A request of a client's. */
export interface Sent {
  readonly id: Id;
  readonly method: string;
  /** The tool, where it calls one. */
  readonly tool: string | null;
}

/** One that has not been answered. */
export interface Flight extends Sent {
  /** Tells it from a later one of the same id. */
  readonly serial: number;
}

/** The numbers that one ledger of several gives to flights: `first`, and on by `step`. */
export interface Serials {
  readonly first: number;
  readonly step: number;
}

/** How many requests are remembered, in each direction. */
export interface RequestBounds extends EntryBounds {
  /** Characters of an id; requests with longer ones are not remembered. */
  readonly longestId: number;
}

/** The requests of all clients. */
export class RequestLedger {
  readonly #longestId: number;
  readonly #flights: Entries<Flight>;
  /** The progress token that goes with a request of the upstream's, or null. */
  readonly #delivered: Entries<Id | null>;
  /** The request that goes with a progress token. */
  readonly #tokens: Entries<Id>;
  readonly #step: number;
  #serial: number;

  /** @param make Where they are kept; default: here */
  constructor(bounds: RequestBounds, make: EntriesMaker = ownEntries, serials = ALL_SERIALS) {
    this.#longestId = bounds.longestId;
    this.#flights = make("flights", bounds, FLIGHT_FORM);
    this.#delivered = make("delivered", bounds, ID_FORM);
    this.#tokens = make("tokens", bounds, ID_FORM as EntryForm<Id>);
    this.#serial = serials.first;
    this.#step = serials.step;
  }

  /** How many entries are held. */
  get size(): number {
    return this.#flights.size + this.#delivered.size + this.#tokens.size;
  }

  /** Notes that a request of `peer` goes up. */
  sent(peer: Peer, { id, method, tool }: Sent): Flight {
    const flight = { id, method, tool, serial: this.#serial };
    this.#serial += this.#step;
    if (this.#fits(id)) this.#flights.set(peer.label, keyOf(peer, id), flight);
    return flight;
  }

  /** The request `id` of `peer`, where it has gone up and not been answered. */
  flight(peer: Peer, id: Id): Flight | null {
    return this.#flights.get(peer.label, keyOf(peer, id)) ?? null;
  }

  /** Whether any request of the peer's key is under way. */
  hasFlights({ label }: Peer): boolean {
    return this.#flights.hasAny(label);
  }

  /** Notes that `flight` has been answered; a later request of the same id stays. */
  answered(peer: Peer, flight: Flight): void {
    this.#flights.take(peer.label, keyOf(peer, flight.id), flight);
  }

  /** Notes that request `id` of the upstream's has reached `peer`, with its progress token. */
  delivered(peer: Peer, id: Id, token: Id | null): void {
    if (!this.#fits(id)) return;
    this.settle(peer, id);
    const kept = token !== null && this.#fits(token) ? token : null;
    this.#delivered.set(peer.label, keyOf(peer, id), kept);
    if (kept !== null) this.#tokens.set(peer.label, keyOf(peer, kept), id);
  }

  /** Whether `peer` owes an answer to request `id` of the upstream's. */
  owes(peer: Peer, id: Id): boolean {
    return this.#delivered.get(peer.label, keyOf(peer, id)) !== undefined;
  }

  /** Takes the answer of `peer` to request `id`: once, so that no second one follows it. */
  settle(peer: Peer, id: Id): boolean {
    const token = this.#delivered.pull(peer.label, keyOf(peer, id));
    if (token === undefined) return false;
    if (token !== null) {
      this.#tokens.take(peer.label, keyOf(peer, token), id);
    }
    return true;
  }

  /** Whether `peer` may report progress under `token`: on a request that it has not answered. */
  reports(peer: Peer, token: Id): boolean {
    return this.#tokens.get(peer.label, keyOf(peer, token)) !== undefined;
  }

  /** Forgets what belongs to a session that has ended. */
  forget(peer: Peer): void {
    for (const entries of [this.#flights, this.#delivered, this.#tokens]) {
      entries.forget(peer.label, startOf(peer));
    }
  }

  #fits(id: Id): boolean {
    return typeof id === "number" || id.length <= this.#longestId;
  }
}

/** Typed, since `1` and `"1"` are two ids; sessions are digests, so the parts cannot be shifted. */
function keyOf(peer: Peer, id: Id): string {
  return startOf(peer) + spelledId(id);
}

function startOf({ session }: Peer): string {
  return `=${session}:`;
}

const ALL_SERIALS: Serials = { first: 0, step: 1 };

/** Written and compared for each call: JSON would cost several times as much. */
const FLIGHT_FORM: EntryForm<Flight> = {
  write: ({ id, method, tool, serial }) =>
    `${serial},${method.length},${method}${typeof id === "number" ? "#" : "$"}${
      tool === null ? `0,${id}` : `${tool.length + 1},${tool}${id}`
    }`,
  read(text) {
    const serialEnd = text.indexOf(",");
    const lengthEnd = text.indexOf(",", serialEnd + 1);
    const methodEnd = lengthEnd + 1 + Number(text.slice(serialEnd + 1, lengthEnd));
    const toolAt = text.indexOf(",", methodEnd + 1) + 1;
    const toolLength = Number(text.slice(methodEnd + 1, toolAt - 1)) - 1;
    const id = text.slice(toolAt + Math.max(0, toolLength));
    return {
      id: text[methodEnd] === "#" ? Number(id) : id,
      method: text.slice(lengthEnd + 1, methodEnd),
      tool: toolLength < 0 ? null : text.slice(toolAt, toolAt + toolLength),
      serial: Number(text.slice(0, serialEnd)),
    };
  },
};

const ID_FORM: EntryForm<Id | null> = { write: JSON.stringify, read: JSON.parse };
