/** Reads client bytes with the default limits, as the gate does. */
import { type ClientMessage, readMessage } from "../../src/mcp/envelope.ts";
import { isRefusal, type Refusal } from "../../src/mcp/refusal.ts";
import { readStrict } from "../../src/mcp/strict_json.ts";

/** The defaults of PROTOCOL's appendix. */
export const LIMITS = {
  depth: 128,
  members: 250_000,
  params: 64,
  method: 128,
  name: 256,
  id: 256,
};

/** The message in `input`, a string standing for its UTF-8. */
export function readClient(input: string | Uint8Array): ClientMessage | Refusal {
  const bytes = typeof input === "string" ? new TextEncoder().encode(input) : input;
  const document = readStrict(bytes, LIMITS);
  return isRefusal(document) ? document : readMessage(document.value, LIMITS);
}
