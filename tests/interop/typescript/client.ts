/**
 * Clients in TypeScript told on the command line what to do: the steps of
 * tests/interop/client_process.ts. Knows nothing of a gate.
 *
 * Usage: client.ts v1|v2|modern|ai URL KEY STEP...
 */
import { FIRST, type Implementation, MODERN, SECOND } from "../../support/sdk_client.ts";
import { connectAiSdk } from "./ai_sdk.ts";
import { play, type SteppingClient } from "./steps.ts";

type Connect = (url: string, key: string) => Promise<SteppingClient>;

const CLIENTS: ReadonlyMap<string, Connect> = new Map<string, Connect>([
  ["v1", sdk(FIRST)],
  ["v2", sdk(SECOND)],
  ["modern", sdk(MODERN)],
  ["ai", connectAiSdk],
]);

function sdk({ connect }: Implementation): Connect {
  return (url, key) => connect({ url, key });
}

const [which = "", url = "", key = "", ...steps] = Deno.args;
const connect = CLIENTS.get(which);
if (connect === undefined) throw new Error(`Unknown client: ${which}`);
await play(() => connect(url, key), steps);
