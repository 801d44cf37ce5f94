/**
 * A server on the official TypeScript packages that takes whatever it is asked to do and prints it, a
 * line of JSON each, so that a test sees what a message was taken for. Knows nothing of a gate.
 *
 * Usage: server.ts v1|v2; the line "listening on URL" on stderr says where.
 */
import { McpServer as McpServerV1 } from "@modelcontextprotocol/sdk/server/mcp.js";
import { WebStandardStreamableHTTPServerTransport } from "@modelcontextprotocol/sdk/server/webStandardStreamableHttp.js";
import { createMcpHandler, McpServer as McpServerV2 } from "@modelcontextprotocol/server";

const SERVER = { name: "acting", version: "1" };

function did(act: string, name: string): void {
  console.log(JSON.stringify({ act, name }));
}

function callTool(name: string) {
  did("call", name);
  return { content: [] };
}

/** What both generations of the package take alike. */
function equip(server: McpServerV1 | McpServerV2): void {
  for (const name of ["read_file", "SECRET"]) {
    (server as McpServerV2).registerTool(name, {}, () => callTool(name));
  }
  (server as McpServerV2).registerResource("secret", "file:///SECRET", {}, (uri) => {
    did("read", uri.href);
    return { contents: [] };
  });
  (server as McpServerV2).registerPrompt("SECRET", {}, () => {
    did("prompt", "SECRET");
    return { messages: [] };
  });
}

const v2 = createMcpHandler(() => {
  const server = new McpServerV2(SERVER);
  equip(server);
  return server;
});

/** Stateless: each request has a server of its own. */
async function fetchV1(request: Request): Promise<Response> {
  const transport = new WebStandardStreamableHTTPServerTransport({ enableJsonResponse: true });
  const server = new McpServerV1(SERVER);
  equip(server);
  await server.connect(transport);
  return await transport.handleRequest(request);
}

const serving = Deno.serve(
  { hostname: "127.0.0.1", port: 0, onListen() {} },
  Deno.args[0] === "v1" ? fetchV1 : (request) => v2.fetch(request),
);
console.error(`listening on http://127.0.0.1:${serving.addr.port}/mcp`);
