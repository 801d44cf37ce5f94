/**
 * The session that an upstream's reply names, as the client may know it: sealed for its key (PROTOCOL
 * §1.9). Judges nothing else of the reply.
 */
import { fieldValues } from "../upstream/upstream.ts";
import type { UpstreamReply } from "../upstream/upstream.ts";
import type { Exchange } from "./exchange.ts";
import type { Fields } from "./incoming.ts";
import type { Permitted } from "./permitted.ts";
import { sessionDigest } from "./seal.ts";

/** The field that names the session of `reply`, if it has one; null where it cannot be sealed. */
export function sessionFields(
  exchange: Exchange,
  { agreement, handles }: Permitted,
  reply: UpstreamReply,
): Fields | null {
  const { generation, principal, record } = exchange;
  const [session] = fieldValues(reply.fields, "mcp-session-id");
  if (session === undefined || agreement.era === "modern") return [];
  if (session === handles.session) {
    // The one that was presented, and opened: a value has one seal only for its owner.
    const presented = exchange.header("mcp-session-id");
    return presented === null ? [] : [["mcp-session-id", presented]];
  }
  record.session = sessionDigest(session);
  const sealed = generation.sealer.seal("session", principal.label, "", session);
  return sealed === null ? null : [["mcp-session-id", sealed]];
}
