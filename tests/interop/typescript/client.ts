/**
 * The TypeScript SDKs told on the command line what to do: the steps of tests/interop/client_process.ts.
 * Knows nothing of a gate.
 *
 * Usage: client.ts v1|v2|modern URL KEY STEP...
 */
import { FIRST, MODERN, type SdkClient, SECOND } from "../../support/sdk_client.ts";

const IMPLEMENTATIONS = new Map([["v1", FIRST], ["v2", SECOND], ["modern", MODERN]]);

function tell(event: object): void {
  console.log(JSON.stringify(event));
}

/** Tells what became of `work` and how long it took; null where it failed. */
async function step<T>(name: string, work: () => Promise<T>, ok: (value: T) => string) {
  const started = performance.now();
  const ms = () => Math.round(performance.now() - started);
  try {
    const value = await work();
    tell({ step: name, ms: ms(), ok: ok(value) });
    return value;
  } catch (error) {
    const code = error instanceof Error && "code" in error ? error.code : null;
    tell({
      step: name,
      ms: ms(),
      error: String(error),
      code: typeof code === "number" ? code : null,
    });
    return null;
  }
}

async function take(client: SdkClient, name: string): Promise<void> {
  const [verb, tool = "", args = "{}"] = name.split(" ");
  if (verb === "pause") {
    tell({ step: "pause", ms: 0, ok: "" });
    await Deno.stdin.read(new Uint8Array(64));
  } else if (verb === "list") {
    await step(name, () => client.tools(), (tools) => tools.join(" "));
  } else {
    const onProgress = (progress: number) => tell({ progress });
    await step(name, () => client.call(tool, JSON.parse(args), { onProgress }), String);
  }
}

const [which = "", url = "", key = "", ...steps] = Deno.args;
const implementation = IMPLEMENTATIONS.get(which);
if (implementation === undefined) throw new Error(`Unknown client: ${which}`);
const client = await step(
  "connect",
  () => implementation.connect({ url, key }),
  ({ protocol }) => protocol,
);
if (client !== null) {
  for (const name of steps) await take(client, name);
  await client[Symbol.asyncDispose]();
}
