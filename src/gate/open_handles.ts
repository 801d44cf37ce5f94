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
}

/** Opens the session and the event id in `fields`, or says which is not the caller's. */
export function openHandles(
  fields: Fields,
  calls: readonly Call[],
  agreement: Agreement,
  { sealer, label, resume }: HandleRules,
): OpenHandles | Denial {
  const [first] = calls;
  // A session begins with initialize; a modern request has none.
  const isOutside = agreement.era === "modern" ||
    (first?.kind === "request" && first.method === "initialize");
  const presented = isOutside ? undefined : fieldValues(fields, "mcp-session-id")[0];
  const session = presented === undefined ? null : sealer.open("session", label, "", presented);
  if (presented !== undefined && session === null) return refuse("session", "Session not found");

  const eventId = first?.kind === "listen" ? fieldValues(fields, "last-event-id")[0] : undefined;
  const lastEventId = eventId === undefined || resume === "off"
    ? null
    : sealer.open("event", label, session ?? "", eventId);
  return eventId !== undefined && lastEventId === null
    ? refuse("event_id", "Unknown event id")
    : { session, lastEventId };
}
