/**
 * The screen of one exchange: what its ruling and the gate's own rules let pass of the upstream's
 * messages. What it judges by is found here, how is `reply_screen.ts`.
 */
import type { Call, Era, Id } from "../mcp/message.ts";
import type { Denial } from "./denial.ts";
import type { Exchange } from "./exchange.ts";
import type { Bearer } from "./handle_bearer.ts";
import { HandleRules } from "./handle_rules.ts";
import { isListMethod, ListScreen } from "./list_screen.ts";
import { ReplyScreen, wireRules } from "./reply_screen.ts";

/**
 * The screen for what comes down because of `exchange`, judged as answering its first request.
 *
 * @param bearer Whose the handles are that come down
 * @param awaited The ids of the requests that the exchange itself is to answer
 * @param isRefusal Whether what comes is a refusal by its status
 */
export function screenOf(
  exchange: Exchange,
  bearer: Bearer,
  awaited: readonly Id[],
  isRefusal = false,
): ReplyScreen {
  const { ruling, calls, generation, record } = exchange;
  const asked = calls.find(isRequest);
  const wire = wireRules({
    era: bearer.era,
    method: asked?.kind === "request" ? asked.method : null,
    instructions: generation.config.mcp.instructions,
    isRefusal,
  });
  // A session that the reply has just opened is the one that its messages belong to.
  const session = bearer.session === "" ? record.session ?? "" : bearer.session;
  const owner = session === bearer.session ? bearer : { ...bearer, session };
  const rules = new HandleRules(wire, owner, calls);
  return new ReplyScreen(rules, ruling.filters, ruling.filtersTouch, awaited, (error) => {
    const detail = `a reply filter failed: ${error}`;
    record.refused({ ...FILTER_FAILED, detail });
    generation.log.warn(`exchange ${record.exchange}: ${detail}`);
  });
}

/**
 * Where `exchange` asks for a list and nothing else, and no user module wants to see what comes: what
 * judges the answer by what is known of such lists, and by `screen` otherwise. Else `screen` itself.
 */
export function listScreenOf(
  { calls, ruling: { filters, filtersArePure }, generation }: Exchange,
  era: Era,
  screen: ReplyScreen,
): ReplyScreen | ListScreen {
  const [call] = calls;
  if (calls.length !== 1 || call?.kind !== "request" || !isListMethod(call.method)) return screen;
  if (!filtersArePure || filters.length > 1) return screen;
  const view = { era, method: call.method, filter: filters[0] ?? null };
  return new ListScreen(generation.lists, view, call.id, screen);
}

function isRequest({ kind }: Call): boolean {
  return kind === "request";
}

const FILTER_FAILED: Denial = {
  kind: "unavailable",
  stage: "door",
  reason: "A message was withheld",
};
