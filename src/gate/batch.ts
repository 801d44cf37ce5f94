/**
 * Answers to denied messages that are no lone request: a batch is all or nothing, and a reply that
 * the gate refuses is replaced, so that the upstream does not wait for it (PROTOCOL §1.7, §1.8).
 */
import * as CODE from "../mcp/error_code.ts";
import type { Call, Id } from "../mcp/message.ts";
import type { GateConfig } from "../policy/contract.ts";
import { errorText } from "./denial.ts";
import type { Answer, Denial } from "./denial.ts";

/** The answer to a batch of `calls` because `denied` was. Nothing of it has gone up. */
export function batchRefusal(
  denial: Denial,
  denied: Call,
  calls: readonly Call[],
  config: GateConfig,
): Answer {
  const errors = calls.flatMap((call) =>
    call.kind === "request" ? [errorText(call === denied ? denial : REST, call.id, "legacy")] : []
  );
  if (errors.length === 0) return { status: 202, fields: [], body: null };
  const isLimit = denial.kind === "rate_limited" && config.defaults.rateLimitReply === "http";
  const seconds = Math.max(1, Math.ceil((denial.retryAfterMs ?? 0) / 1000));
  return {
    status: isLimit ? 429 : 200,
    fields: [
      ["content-type", "application/json"],
      ...(isLimit ? [["retry-after", String(seconds)] as const] : []),
    ],
    body: encoder.encode(`[${errors.join(",")}]`),
  };
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
