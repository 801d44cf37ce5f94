/** What an exchange that may pass is given on its way. Decides nothing. */
import type { Agreement } from "../mcp/era.ts";
import type { UpstreamReply } from "../upstream/upstream.ts";
import type { HeldBody } from "./body.ts";
import type { Denial } from "./denial.ts";
import type { Bearer } from "./handle_bearer.ts";
import type { OpenHandles } from "./open_handles.ts";
import type { Flight } from "./request_ledger.ts";

/** What the judgement found out on the way. */
export interface Permitted {
  readonly agreement: Agreement;
  readonly handles: OpenHandles;
  /** Whose the handles are that flow up and down. */
  readonly bearer: Bearer;
  /** The requests that are noted as under way. */
  readonly flights: readonly Flight[];
  readonly body: HeldBody;
  readonly refuse: (denial: Denial) => Promise<void>;
  /** Passes a stream of events on in the passage's place. */
  readonly relayStream?: (reply: UpstreamReply) => Promise<void>;
}
