/**
 * What JSON-RPC 2.0 messages look like once parsed (https://www.jsonrpc.org/specification), and the
 * two eras of MCP that give them their meaning. Knows no transport and no policy.
 */
import type { JsonObject } from "./json.ts";

/** Every member that the envelope of a message may have. */
export const ENVELOPE_MEMBERS: ReadonlySet<string> = new Set([
  "jsonrpc",
  "id",
  "method",
  "params",
  "result",
  "error",
]);

/** A request id. MCP forbids null; numbers are safe integers. `1` and `"1"` differ. */
export type Id = string | number;

/** `id` as JSON spells it. Numbers are by far the most frequent, and need no serializer. */
export function spelledId(id: Id): string {
  return typeof id === "number" ? String(id) : JSON.stringify(id);
}

/** A parsed JSON-RPC message on its way to the client. */
export type Message = JsonObject;

/** Which rules a message is read by: `modern` is revision 2026-07-28, `legacy` all before it. */
export type Era = "legacy" | "modern";

/**
 * What a client asks, parsed once at the edge.
 *
 * `params` is `{}` where the message has none. A `reply` answers a request of the upstream's;
 * `toolUses` are the tools that it names (sampling with tools, 2025-11-25). `taskTools` are the tools
 * that run in the tasks a request names, as far as these are the caller's; absent where it names none.
 */
export type Call =
  | {
    readonly kind: "request";
    readonly id: Id;
    readonly method: string;
    readonly params: JsonObject;
    readonly taskTools?: readonly string[];
  }
  | { readonly kind: "notification"; readonly method: string; readonly params: JsonObject }
  | { readonly kind: "reply"; readonly id: Id; readonly toolUses: readonly string[] }
  | { readonly kind: "listen" }
  | { readonly kind: "end" };
