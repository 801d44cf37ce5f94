/**
 * Answers to denied messages that are no lone request: a batch is all or nothing, and a reply that
 * the gate refuses is replaced, so that the upstream does not wait for it (PROTOCOL §1.7, §1.8).
 */
import * as CODE from "../mcp/error_code.ts";
import type { Call, Id } from "../mcp/message.ts";
import type { GateConfig } from "../policy/contract.ts";
import { errorText, render } from "./denial.ts";
import type { Answer, Asked, Denial } from "./denial.ts";

/**
 * The answer to a batch of `calls`, none of which is answered otherwise: one error for each request,
 * under the status that the first would get alone.
 *
 * @param denied The call that `denial` is about; null: all of them
 */
export function batchRefusal(
  denial: Denial,
  denied: Call | null,
  calls: readonly Call[],
  asked: Omit<Asked, "call">,
  config: GateConfig,
): Answer {
  const requests = calls.filter((call) => call.kind === "request");
  const alone = render(
    denial,
    { ...asked, call: requests[0] ?? denied ?? calls[0] ?? null },
    config,
  );
  if (requests.length === 0) return alone;
  const errors = requests.map((call) => {
    const isMeant = denied === null || call === denied;
    return errorText(isMeant ? denial : REST, call.id, asked.era);
  });
  return { ...alone, body: encoder.encode(`[${errors.join(",")}]`) };
}

/** What goes up in place of a client's reply that `denial` refuses. */
export function refusedReply(id: Id, denial: Denial): Uint8Array {
  return encoder.encode(JSON.stringify({
    jsonrpc: "2.0",
    id,
    error: { code: CODE.INVALID_PARAMS, message: denial.reason },
  }));
}

const REST: Denial = { kind: "invalid", stage: "door", reason: "Batch rejected" };
const encoder = new TextEncoder();
