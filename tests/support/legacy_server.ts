/**
 * A small MCP server on the HTTP+SSE transport of 2024-11-05, as the official first SDK has it:
 * `SSEServerTransport` on `node:http`. It runs inside the test, unaware of any gate.
 */
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { McpServer } from "@modelcontextprotocol/sdk/server/mcp.js";
import { SSEServerTransport } from "@modelcontextprotocol/sdk/server/sse.js";
import { z } from "zod";
import { HIDDEN } from "./fixture_server.ts";

/** What of a tool's context is used; the SDK's own types are lost on the way here. */
interface ToolContext {
  readonly _meta?: { readonly progressToken?: string | number };
  sendNotification(notification: object): Promise<void>;
}

/** A running server. */
export class LegacyServer implements AsyncDisposable {
  /** How often each tool was called. */
  readonly calls = new Map<string, number>();
  /** Every message URL that was posted to, in order. */
  readonly posted: string[] = [];
  /** Calls of `hold` that are waiting now. */
  held = 0;
  readonly #sessions = new Map<string, SSEServerTransport>();
  readonly #responses = new Set<ServerResponse>();
  readonly #server = createServer((request, response) => {
    this.#answer(request, response).catch((error: unknown) => {
      response.writeHead(500).end(String(error));
    });
  });
  #release = Promise.withResolvers<void>();
  #stopped: Promise<void> | null = null;

  private constructor() {}

  /** Starts on loopback, on a `port` the system chooses unless told. */
  static async start(port = 0): Promise<LegacyServer> {
    const server = new LegacyServer();
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    server.#server.once("error", reject);
    server.#server.listen(port, "127.0.0.1", resolve);
    await promise;
    return server;
  }

  /** The port it listens on. */
  get port(): number {
    const address = this.#server.address();
    if (address === null || typeof address === "string") throw new Error("Server is not running");
    return address.port;
  }

  /** Where its streams are opened. */
  get url(): string {
    return `http://127.0.0.1:${this.port}/sse`;
  }

  /** How many streams are open. */
  get streams(): number {
    return this.#sessions.size;
  }

  /** Lets every waiting `hold` finish. */
  release(): void {
    this.#release.resolve();
    this.#release = Promise.withResolvers<void>();
  }

  /** Breaks every stream off and stops listening; the port is free when it settles. */
  stop(): Promise<void> {
    return this.#stopped ??= this.#end();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }

  async #end(): Promise<void> {
    this.release();
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#server.close(() => resolve());
    for (const transport of this.#sessions.values()) await transport.close();
    for (const response of this.#responses) response.destroy();
    this.#server.closeAllConnections();
    await promise;
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? "/", "http://localhost");
    if (request.method === "GET" && url.pathname === "/sse") return await this.#open(response);
    const transport = this.#sessions.get(url.searchParams.get("sessionId") ?? "");
    if (request.method !== "POST" || url.pathname !== "/messages" || transport === undefined) {
      response.writeHead(404).end("Session not found");
      return;
    }
    this.posted.push(request.url ?? "");
    await transport.handlePostMessage(request, response);
  }

  async #open(response: ServerResponse): Promise<void> {
    const transport = new SSEServerTransport("/messages", response);
    this.#sessions.set(transport.sessionId, transport);
    this.#responses.add(response);
    response.on("close", () => {
      this.#sessions.delete(transport.sessionId);
      this.#responses.delete(response);
    });
    // The SDK's own types do not hold under `exactOptionalPropertyTypes`.
    await this.#build().connect(transport as Parameters<McpServer["connect"]>[0]);
  }

  #build(): McpServer {
    const server = new McpServer({ name: "legacy-fixture", version: "1.0.0" });
    server.registerTool("echo", {
      description: "Says it again",
      inputSchema: { text: z.string() },
    }, ({ text }: { text: string }) => this.#counted("echo", text));
    server.registerTool("hold", {
      description: "Reports progress once, then waits",
      inputSchema: {},
    }, async (_args: unknown, { _meta, sendNotification }: ToolContext) => {
      const progressToken = _meta?.progressToken;
      if (progressToken !== undefined) {
        await sendNotification({
          method: "notifications/progress",
          params: { progressToken, progress: 1, total: 2 },
        });
      }
      this.held++;
      await this.#release.promise;
      this.held--;
      return this.#counted("hold", "held");
    });
    server.registerTool("ask", {
      description: "Asks for a sample, then tells it",
      inputSchema: {},
    }, async () => {
      const { content } = await server.server.createMessage({
        messages: [{ role: "user", content: { type: "text", text: "Say something" } }],
        maxTokens: 10,
      });
      return this.#counted("ask", content.type === "text" ? content.text : "nothing");
    });
    server.registerTool("wipe", {
      description: `Deletes everything. ${HIDDEN}`,
      inputSchema: {},
    }, () => this.#counted("wipe", "wiped"));
    return server;
  }

  #counted(tool: string, text: string) {
    this.calls.set(tool, (this.calls.get(tool) ?? 0) + 1);
    return { content: [{ type: "text" as const, text }] };
  }
}
