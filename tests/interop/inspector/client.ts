/**
 * The command line of the MCP Inspector told what to do: the steps of client_process.ts, each a run
 * of its own, that of connecting being a list. Knows nothing of a gate.
 *
 * Usage: client.ts INSPECTOR legacy|auto URL KEY STEP...
 */
import { fileURLToPath } from "node:url";

const [inspector = "", era = "", url = "", key = "", ...steps] = Deno.args;

/** Where it keeps what it is told of servers; not where its user does, and nothing from before. */
const HOME = fileURLToPath(new URL("../../../.cache/interop/inspector/home", import.meta.url));
await Deno.remove(HOME, { recursive: true }).catch(() => {});
await Deno.mkdir(HOME, { recursive: true });

const TARGET = [
  ...["--cli", url, "--transport", "http", "--protocol-era", era],
  ...["--header", `Authorization: Bearer ${key}`],
];

/** Asked to log in by itself, it needs no terminal for it. */
const LOGIN = Deno.env.has("MCP_AUTO_OPEN_ENABLED") ? [] : ["--stored-auth-only"];

async function run(args: readonly string[]): Promise<{ result: unknown } | { error: string }> {
  const { success, stdout, stderr } = await new Deno.Command(inspector, {
    args: [...TARGET, ...LOGIN, ...args],
    env: { HOME, NO_COLOR: "1" },
    stdin: "null",
  }).output();
  const said = new TextDecoder();
  if (success) return { result: JSON.parse(said.decode(stdout)) };
  return { error: said.decode(stderr).trim() };
}

/** The words of its result: names of tools or the text of a call. */
function wordsOf(result: unknown): string {
  const { tools, content } = result as { tools?: { name: string }[]; content?: { text: string }[] };
  return tools?.map(({ name }) => name).join(" ") ?? content?.[0]?.text ?? "";
}

async function step(name: string, args: readonly string[]): Promise<boolean> {
  const started = performance.now();
  const outcome = await run(args);
  const ms = Math.round(performance.now() - started);
  tell({
    step: name,
    ms,
    ...("error" in outcome ? outcome : { ok: wordsOf(outcome.result) }),
  });
  return !("error" in outcome);
}

function tell(event: object): void {
  console.log(JSON.stringify(event));
}

const LIST = ["--method", "tools/list"];

async function take(name: string): Promise<void> {
  const [verb, tool = "", args = "{}"] = name.split(" ");
  if (verb === "pause") {
    tell({ step: name, ms: 0, ok: "" });
    await Deno.stdin.read(new Uint8Array(64));
  } else if (verb === "list") {
    await step(name, LIST);
  } else {
    const pairs = Object.entries(JSON.parse(args)).map(([member, value]) => `${member}=${value}`);
    await step(name, [
      ...["--method", "tools/call", "--tool-name", tool],
      ...(pairs.length > 0 ? ["--tool-arg", ...pairs] : []),
    ]);
  }
}

if (await step("connect", LIST)) {
  for (const name of steps) await take(name);
}
