/**
 * For whom handles are opened and sealed, and by what: the one who bears them in an exchange. What
 * is asked of it, and what is sealed in which context, is the affair of `body_handles.ts` on the way
 * up and of `handle_rules.ts` on the way down, which must agree on it.
 */
import { type JsonObject, member } from "../mcp/json.ts";
import type { Era } from "../mcp/message.ts";
import { subjectOf } from "../mcp/revision.ts";
import type { CursorSeal } from "./cursor_seal.ts";
import type { Exchange } from "./exchange.ts";
import type { HandleMemory } from "./handle_memory.ts";
import type { Peer } from "./request_ledger.ts";
import type { Sealer } from "./seal.ts";

/** The caller of one exchange, as handles belong to him. */
export interface Bearer extends Peer {
  readonly era: Era;
  readonly sealer: Sealer;
  readonly cursors: CursorSeal;
  readonly memory: HandleMemory;
}

/** The caller of `exchange`, which is read by the rules of `era`. */
export function bearerOf({ principal, record, generation, gate }: Exchange, era: Era): Bearer {
  return {
    label: principal.label,
    session: record.session ?? "",
    era,
    sealer: generation.sealer,
    cursors: generation.cursors,
    memory: gate.handles,
  };
}

/**
 * What must be the same when the state of a request comes back: its method, and what it is about.
 * A retry names both again.
 */
export function stateContext(method: string, params: JsonObject): string {
  const task = member(params, "taskId");
  return `${method}\0${subjectOf(method, params) ?? (typeof task === "string" ? task : "")}`;
}
