/**
 * A small MCP server on the official v2 package, for what the reference server lacks: revision
 * 2026-07-28, a tool that waits until the test lets it go, and definitions that must not be seen by
 * a restricted key. It runs inside the test, unaware of any gate.
 */
import {
  acceptedContent,
  createMcpHandler,
  inputRequired,
  McpServer,
} from "@modelcontextprotocol/server";
import type { ServerContext } from "@modelcontextprotocol/server";
import { z } from "zod";

/** Stands in every definition that a restricted key must never see. */
export const HIDDEN = "SECRET-DEF-0451";

/** A running server. */
export class FixtureServer implements AsyncDisposable {
  /** How often each tool was called. */
  readonly calls = new Map<string, number>();
  /** Calls of `hold` that are waiting now. */
  held = 0;
  /** Calls of `hold` that were given up by the caller. */
  abandoned = 0;
  #stopped: Promise<void> | null = null;
  #release = Promise.withResolvers<void>();
  readonly #mcp = createMcpHandler(() => this.#build());
  readonly #server = Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen() {} },
    (request) => this.#mcp.fetch(request),
  );

  /** Where it serves MCP. */
  get url(): string {
    return `http://127.0.0.1:${this.#server.addr.port}/mcp`;
  }

  /** Lets every waiting `hold` finish. */
  release(): void {
    this.#release.resolve();
    this.#release = Promise.withResolvers<void>();
  }

  /** Says that the list of tools has changed. */
  announceTools(): void {
    this.#mcp.notify.toolsChanged();
  }

  /** Ends it before its scope does; the port refuses connections when it settles. */
  stop(): Promise<void> {
    return this.#stopped ??= this.#end();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }

  async #end(): Promise<void> {
    this.release();
    await this.#mcp.close();
    await this.#server.shutdown();
  }

  #build(): McpServer {
    const server = new McpServer({ name: "fixture", version: "1.0.0" });
    server.registerTool("echo", {
      description: "Says it again",
      inputSchema: z.object({ text: z.string() }),
    }, ({ text }) => this.#counted("echo", text));
    server.registerTool("hold", {
      description: "Reports progress once, then waits",
      inputSchema: z.object({}),
    }, async (_args, context) => {
      await this.#wait(context);
      return this.#counted("hold", "held");
    });
    server.registerTool("greet", {
      description: "Asks for a name, then greets",
      inputSchema: z.object({}),
    }, (_args, context) => {
      const form = z.object({ name: z.string() });
      const answer = acceptedContent(context.mcpReq.inputResponses, "name", form);
      if (answer !== undefined) return this.#counted("greet", `Hello, ${answer.name}`);
      const asked = inputRequired.elicit({ message: "Your name?", requestedSchema: form });
      return inputRequired({ inputRequests: { name: asked }, requestState: "round-1" });
    });
    server.registerTool("wipe", {
      description: `Deletes everything. ${HIDDEN}`,
      inputSchema: z.object({}),
    }, () => this.#counted("wipe", "wiped"));
    for (const [name, text] of [["today", "sunny"], ["secret", "hidden"]] as const) {
      const uri = `note://${name}`;
      const description = name === "secret" ? HIDDEN : "A note";
      server.registerResource(name, uri, { description }, () => ({ contents: [{ uri, text }] }));
      server.registerPrompt(`ask_${name}`, { description }, () => ({
        messages: [{ role: "user", content: { type: "text", text } }],
      }));
    }
    return server;
  }

  #counted(tool: string, text: string) {
    this.calls.set(tool, (this.calls.get(tool) ?? 0) + 1);
    return { content: [{ type: "text" as const, text }] };
  }

  async #wait(context: ServerContext): Promise<void> {
    const progressToken = context.mcpReq._meta?.progressToken;
    if (progressToken !== undefined) {
      await context.mcpReq.notify({
        method: "notifications/progress",
        params: { progressToken, progress: 1, total: 2 },
      });
    }
    const { signal } = context.mcpReq;
    const left = Promise.withResolvers<void>();
    signal.addEventListener("abort", () => left.resolve(), { once: true });
    this.held++;
    await Promise.race([this.#release.promise, left.promise]);
    this.held--;
    if (signal.aborted) this.abandoned++;
  }
}
