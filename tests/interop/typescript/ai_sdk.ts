/**
 * The client of the AI SDK (npm `@ai-sdk/mcp`), which has transports of its own. Knows nothing of a
 * gate.
 */
import { createMCPClient } from "@ai-sdk/mcp";
import type { SteppingClient } from "./steps.ts";

/** Connects with `key`; the client reports no progress. */
export async function connectAiSdk(url: string, key: string): Promise<SteppingClient> {
  const headers = { Authorization: `Bearer ${key}` };
  const client = await createMCPClient({ transport: { type: "http", url, headers } });
  return {
    protocol: "",
    tools: async () => (await client.listTools()).tools.map(({ name }) => name),
    call: async (name, args) => {
      const inputSchema = { type: "object" as const };
      const tools = client.toolsFromDefinitions({ tools: [{ name, inputSchema }] });
      const result = await tools[name]?.execute(args, {
        messages: [],
        toolCallId: "1",
        context: {},
      });
      return JSON.parse(JSON.stringify(result)).content[0].text;
    },
    [Symbol.asyncDispose]: () => client.close(),
  };
}
