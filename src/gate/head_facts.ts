/**
 * What follows from the head of a request alone by the rules of one generation. A client that keeps
 * its connection sends the same head with each request, but for the length of the body; then all of
 * this follows again, and is not worked out anew. So nothing here may depend on the body or its
 * length, on the time, or on what a certificate proves at the moment.
 */
import { targetPath } from "../mcp/http_grammar.ts";
import { fieldText } from "../upstream/upstream.ts";
import { clientAddress } from "./client_address.ts";
import type { Denial } from "./denial.ts";
import { checkHeaders } from "./door.ts";
import type { Generation } from "./generation.ts";
import type { Fields, IncomingExchange } from "./incoming.ts";
import { openSession } from "./open_handles.ts";
import type { OpenedSession } from "./open_handles.ts";
import { upstreamFields } from "./upstream_request.ts";
import type { UpstreamHead } from "./upstream_request.ts";

/** The facts of the head of `incoming` for `generation`. */
export function headFacts(incoming: IncomingExchange, generation: Generation): HeadFacts {
  const { facts } = incoming.notes;
  if (facts !== null && facts.generation === generation) return facts;
  return incoming.notes.facts = new HeadFacts(incoming, generation);
}

/** The facts of one head. */
export class HeadFacts {
  readonly generation: Generation;
  /** Null where the target does not fit the Host. */
  readonly path: string | null;
  /** Why the Host is not let in; null: it is. */
  readonly hostDenial: Denial | null;
  /** Why nobody is let in who asks like this, whoever he is; null: he is, as far as that goes. */
  readonly outsideDenial: Denial | null;
  /** The Origin, where it is a permitted one; else null. */
  readonly origin: string | null;
  /** The client's address, seen through trusted proxies. */
  readonly remote: string;
  /** By which stages know it again. */
  readonly sameHead: object = Object.freeze({});
  readonly #incoming: Pick<IncomingExchange, "method" | "fields">;
  #headerDenial: Denial | null | undefined;
  #session: OpenedSession | null | undefined;
  /** For whom {@link #session} was opened; null: for nobody yet. */
  #sessionLabel: string | null = null;
  /** What went up last with this head, and what that depended on. */
  #upstream: KnownUpstreamHead | null = null;

  constructor(incoming: IncomingExchange, generation: Generation) {
    const { method, target, fields, peer } = incoming;
    const { door } = generation;
    const forwarded = fieldText(fields, "x-forwarded-for");
    this.generation = generation;
    this.path = target === null ? null : targetPath(target);
    this.hostDenial = door.checkHost(incoming);
    this.outsideDenial = this.hostDenial ?? door.check(incoming);
    this.origin = door.allowedOrigin(incoming);
    this.remote = clientAddress(peer, forwarded || null, generation.isTrustedProxy);
    this.#incoming = { method, fields };
  }

  /** Why the headers that policies and the forwarding rely on are not taken; null: they are. */
  get headerDenial(): Denial | null {
    if (this.#headerDenial === undefined) {
      this.#headerDenial = checkHeaders(this.#incoming, this.generation.config);
    }
    return this.#headerDenial;
  }

  /** The session that the head presents; undefined: none; null: none that belongs to `label`. */
  session(label: string): OpenedSession | null | undefined {
    if (this.#sessionLabel !== label) {
      const { sealer } = this.generation;
      this.#session = openSession(this.#incoming.fields, { sealer, label });
      this.#sessionLabel = label;
    }
    return this.#session;
  }

  /** What goes up with this head: the same object as last time, where it depends on the same. */
  upstreamHead(asked: UpstreamHead): KnownUpstreamHead {
    const last = this.#upstream;
    if (last !== null && isSameUpstream(last.asked, asked)) {
      last.recurs = true;
      return last;
    }
    const { config, credentials } = this.generation;
    const fields = upstreamFields(asked, config, credentials);
    return this.#upstream = { asked, fields, recurs: false };
  }
}

/** Fields that have gone up. */
export interface KnownUpstreamHead {
  readonly asked: UpstreamHead;
  readonly fields: Fields;
  /** Whether they have gone up more than once. */
  recurs: boolean;
}

/** Whether the same goes up for both, which have the same head. */
function isSameUpstream(one: UpstreamHead, other: UpstreamHead): boolean {
  return one.agreement.era === other.agreement.era &&
    one.agreement.protocol === other.agreement.protocol &&
    one.agreement.mcpMethod === other.agreement.mcpMethod &&
    one.agreement.mcpName === other.agreement.mcpName &&
    one.session === other.session && one.lastEventId === other.lastEventId &&
    one.label === other.label && one.traceparent === other.traceparent;
}
