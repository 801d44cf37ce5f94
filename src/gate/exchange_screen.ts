/**
 * The screen of one exchange: what its ruling and the gate's own rules let pass of the upstream's
 * messages. What it judges by is found here, how is `reply_screen.ts`.
 */
import type { Era, Id } from "../mcp/message.ts";
import type { Denial } from "./denial.ts";
import type { Exchange } from "./exchange.ts";
import { ReplyScreen, wireRules } from "./reply_screen.ts";

/**
 * The screen for what comes down because of `exchange`, judged as answering its first request.
 *
 * @param awaited The ids of the requests that the exchange itself is to answer
 */
export function screenOf(exchange: Exchange, era: Era, awaited: readonly Id[]): ReplyScreen {
  const { ruling, calls, generation, record } = exchange;
  const asked = calls.find((call) => call.kind === "request");
  const rules = wireRules({
    era,
    method: asked === undefined ? null : asked.method,
    instructions: generation.config.mcp.instructions,
  });
  return new ReplyScreen(rules, ruling.filters, ruling.filtersTouch, awaited, (error) => {
    const detail = `a reply filter failed: ${error}`;
    record.refused({ ...FILTER_FAILED, detail });
    generation.log.warn(`exchange ${record.exchange}: ${detail}`);
  });
}

const FILTER_FAILED: Denial = {
  kind: "unavailable",
  stage: "door",
  reason: "A message was withheld",
};
