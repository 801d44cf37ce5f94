/**
 * The recipe for clients that only start programs: `mcp-remote`, started as `docs/clients.md` says,
 * asked over its standard input as such a client asks.
 */
import assert from "node:assert/strict";
import { ChildProgram } from "../support/child_program.ts";
import { eventually } from "../support/eventually.ts";
import { FixtureServer } from "../support/fixture_server.ts";
import { GateProcess, testKey } from "../support/gate_process.ts";

/** The package as it is locked. */
const PACKAGE = "npm:mcp-remote@0.15.1";

/** What the page says to put into the client's settings. */
async function recipe(): Promise<{ command: string; args: string[]; env: Record<string, string> }> {
  const page = await Deno.readTextFile("docs/clients.md");
  const [, after = ""] = page.split("mcp-remote\n");
  const [, text = ""] = /^```json\n([\s\S]*?)^```$/m.exec(after) ?? [];
  return JSON.parse(text).mcpServers.files;
}

Deno.test("mcp-remote, told what the page says, reaches the gate with its key", async () => {
  const { key, entry } = testKey("desktop", { allow: ["echo"] });
  await using server = new FixtureServer();
  await using gate = await GateProcess.start({ upstream: { url: server.url }, keys: [entry] });
  const { command, args, env } = await recipe();
  assert.equal(command, "npx");
  const folder = await Deno.makeTempDir({ prefix: "mcpgate_remote_" });
  const [name, ...rest] = args.map((arg) => arg.replace("https://mcp.example.com/mcp", gate.url));
  assert.equal(name, "mcp-remote");
  try {
    await using remote = await ChildProgram.start({
      command: Deno.execPath(),
      // `npx` would take the newest, and this one is held.
      args: ["run", "--allow-all", "--quiet", PACKAGE, ...rest],
      env: {
        AUTH_HEADER: env["AUTH_HEADER"]!.replace("mcpg_YOUR_KEY", key),
        MCP_REMOTE_CONFIG_DIR: folder,
      },
      listens: true,
    });
    const { result } = await ask(remote, 1, "initialize", {
      protocolVersion: "2025-11-25",
      capabilities: {},
      clientInfo: { name: "desktop", version: "1" },
    });
    assert.equal(result.protocolVersion, "2025-11-25");
    await remote.tell(JSON.stringify({ jsonrpc: "2.0", method: "notifications/initialized" }));
    const listed = await ask(remote, 2, "tools/list", {});
    assert.deepEqual(listed.result.tools.map(({ name }: { name: string }) => name), ["echo"]);
    const call = { name: "echo", arguments: { text: "here" } };
    assert.equal((await ask(remote, 3, "tools/call", call)).result.content[0].text, "here");
    const denied = await ask(remote, 4, "tools/call", { name: "wipe", arguments: {} });
    assert.match(denied.error.message, /Unknown tool: wipe/);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
  const lines = await gate.auditWhen(
    "the calls",
    (all) => all.filter(({ method }) => method === "tools/call").length === 2,
  );
  // It also looks for a way to log in, which there is none of.
  const messages = lines.filter(({ method }) => method !== null);
  assert.ok(messages.every(({ label }) => label === "desktop"), "every message has the key");
});

/** The answer to one request, a line each. */
async function ask(remote: ChildProgram, id: number, method: string, params: object) {
  await remote.tell(JSON.stringify({ jsonrpc: "2.0", id, method, params }));
  let line: string | undefined;
  await eventually(`the answer to ${method}`, async () => {
    if (remote.ended) throw new Error(await remote.stderr());
    const lines = (await remote.stdout()).split("\n").slice(0, -1);
    line = lines.find((text) => JSON.parse(text).id === id);
    return line !== undefined;
  }, 20_000);
  return JSON.parse(line ?? "");
}
