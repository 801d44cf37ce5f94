/**
 * `mcp-remote`, by which clients that know stdio only reach a server, told on the command line what to
 * do: the steps of tests/interop/client_process.ts. Knows nothing of a gate.
 *
 * Usage: client.ts MCP_REMOTE URL KEY STEP...
 */
import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { StdioClientTransport } from "@modelcontextprotocol/sdk/client/stdio.js";
import { lists, textOf } from "../../support/sdk_listing.ts";
import { play, type SteppingClient } from "../typescript/steps.ts";

const [bridge = "", url = "", key = "", ...steps] = Deno.args;

async function connect(): Promise<SteppingClient> {
  const home = await Deno.makeTempDir({ prefix: "mcpgate_remote_" });
  // As its users write it down: the key in the environment, since some shells split at blanks.
  const transport = new StdioClientTransport({
    command: bridge,
    args: [url, "--allow-http", "--header", "Authorization:${AUTH_HEADER}"],
    env: {
      PATH: Deno.env.get("PATH") ?? "",
      HOME: home,
      MCP_REMOTE_CONFIG_DIR: home,
      AUTH_HEADER: `Bearer ${key}`,
    },
    stderr: "ignore",
  });
  const client = new Client({ name: "mcpgate-tests", version: "1.0.0" });
  const close = async () => {
    await client.close();
    await Deno.remove(home, { recursive: true });
  };
  try {
    await client.connect(transport);
  } catch (error) {
    await close();
    throw error;
  }
  return {
    ...lists(client),
    protocol: "",
    call: async (name, args, { onProgress }) =>
      textOf(
        await client.callTool({ name, arguments: args }, undefined, {
          onprogress: ({ progress }: { progress: number }) => onProgress(progress),
        }),
      ),
    [Symbol.asyncDispose]: close,
  };
}

await play(connect, steps);
