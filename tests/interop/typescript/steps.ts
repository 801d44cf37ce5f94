/**
 * The steps of tests/interop/client_process.ts, taken with a client of TypeScript's, whichever it is.
 * Knows nothing of a gate.
 */

/** What a client is asked to do. */
export interface SteppingClient extends AsyncDisposable {
  /** The revision agreed on. */
  readonly protocol: string;
  /** The names of all tools. */
  tools(): Promise<string[]>;
  /** The text of the result. */
  call(
    tool: string,
    args: Record<string, unknown>,
    options: { readonly onProgress: (progress: number) => void },
  ): Promise<string>;
}

/** Connects, takes `steps` and tells what became of each, on stdout. */
export async function play(
  connect: () => Promise<SteppingClient>,
  steps: readonly string[],
): Promise<void> {
  const client = await step("connect", connect, ({ protocol }) => protocol);
  if (client === null) return;
  for (const name of steps) await take(client, name);
  await client[Symbol.asyncDispose]();
}

async function take(client: SteppingClient, name: string): Promise<void> {
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

function tell(event: object): void {
  console.log(JSON.stringify(event));
}
