/**
 * The TypeScript SDKs told on the command line what to do: the steps of tests/interop/client_process.ts.
 * Knows nothing of a gate.
 *
 * Usage: client.ts v1|v2|modern URL KEY STEP...
 */
import { FIRST, MODERN, SECOND } from "../../support/sdk_client.ts";
import { play } from "./steps.ts";

const IMPLEMENTATIONS = new Map([["v1", FIRST], ["v2", SECOND], ["modern", MODERN]]);

const [which = "", url = "", key = "", ...steps] = Deno.args;
const implementation = IMPLEMENTATIONS.get(which);
if (implementation === undefined) throw new Error(`Unknown client: ${which}`);
await play(() => implementation.connect({ url, key }), steps);
