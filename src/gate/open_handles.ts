/**
 * Handles that a client presents in its head, opened: only what this gate sealed for this caller
 * goes on (PROTOCOL §1.9). A foreign handle is answered exactly like one never issued.
 */
import type { Agreement } from "../mcp/era.ts";
import type { Call } from "../mcp/message.ts";
import { fieldValues } from "../upstream/upstream.ts";
import { refuse } from "./door.ts";
import type { Denial } from "./denial.ts";
import type { Fields } from "./incoming.ts";
import { sessionDigest } from "./seal.ts";
import type { Sealer } from "./seal.ts";

/** The upstream's own values, or null where nothing is to go up. */
export interface OpenHandles {
  readonly session: string | null;
  readonly lastEventId: string | null;
}

/** By whom and how handles are opened. */
export interface HandleRules {
  readonly sealer: Sealer;
  readonly label: string;
  readonly resume: "on" | "off";
  /** The session in the head; undefined: there is none; null: it is none of the caller's. */
  readonly session: OpenedSession | null | undefined;
}

/** A session that was opened for its owner. */
export interface OpenedSession {
  /** As the upstream calls it. */
  readonly id: string;
  /** As logs call it. */
  readonly digest: string;
}

/** The session in `fields`, as {@link HandleRules.session} has it. */
export function openSession(
  fields: Fields,
  { sealer, label }: Pick<HandleRules, "sealer" | "label">,
): OpenedSession | null | undefined {
  const presented = fieldValues(fields, "mcp-session-id")[0];
  if (presented === undefined) return undefined;
  const id = sealer.open("session", label, "", presented);
  return id === null ? null : { id, digest: sessionDigest(id) };
}

/** The handles in `fields` that go up, or which is not the caller's. */
export function openHandles(
  fields: Fields,
  calls: readonly Call[],
  agreement: Agreement,
  { sealer, label, resume, session: presented }: HandleRules,
): OpenHandles | Denial {
  const [first] = calls;
  // A session begins with initialize; a modern request has none.
  const isOutside = agreement.era === "modern" ||
    (first?.kind === "request" && first.method === "initialize");
  const opened = isOutside ? undefined : presented;
  if (opened === null) return refuse("session", "Session not found");
  const session = opened?.id ?? null;

  const eventId = first?.kind === "listen" ? fieldValues(fields, "last-event-id")[0] : undefined;
  const lastEventId = eventId === undefined || resume === "off"
    ? null
    : sealer.open("event", label, session ?? "", eventId);
  return eventId !== undefined && lastEventId === null
    ? refuse("event_id", "Unknown event id")
    : { session, lastEventId };
}
