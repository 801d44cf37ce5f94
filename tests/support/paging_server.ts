/**
 * A small MCP server on the official v2 package that gives its tools two at a time, and tells in its
 * cursors what came last, as servers do (mcp-go: the name of the last tool in base64).
 */
import { Buffer } from "node:buffer";
import { createMcpHandler, McpServer } from "@modelcontextprotocol/server";

/** Its tools, in the order of its pages. */
export const PAGED_TOOLS: readonly string[] = ["alpha", "hidden_b", "hidden_c", "delta", "echo"];

const PAGE = 2;

/** A running server. */
export class PagingServer implements AsyncDisposable {
  /** The cursors that it was asked with, in order. */
  readonly cursors: string[] = [];
  readonly #mcp = createMcpHandler(() => this.#build());
  readonly #server = Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen() {} },
    (request) => this.#mcp.fetch(request),
  );

  /** Where it serves MCP. */
  get url(): string {
    return `http://127.0.0.1:${this.#server.addr.port}/mcp`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#mcp.close();
    await this.#server.shutdown();
  }

  #build(): McpServer {
    const server = new McpServer({ name: "paging", version: "1.0.0" });
    server.server.registerCapabilities({ tools: {} });
    server.server.setRequestHandler("tools/list", (request) => this.#page(request.params?.cursor));
    return server;
  }

  #page(cursor: string | undefined) {
    if (cursor !== undefined) this.cursors.push(cursor);
    const last = cursor === undefined ? "" : Buffer.from(cursor, "base64").toString("utf8");
    const from = PAGED_TOOLS.indexOf(last) + 1;
    const names = PAGED_TOOLS.slice(from, from + PAGE);
    const isLast = from + PAGE >= PAGED_TOOLS.length;
    const tools = names.map((name) => ({ name, inputSchema: { type: "object" as const } }));
    const nextCursor = cursorAfter(names.at(-1) ?? "");
    return isLast ? { tools } : { tools, nextCursor };
  }
}

/** The cursor to what comes after `name`. */
export function cursorAfter(name: string): string {
  return Buffer.from(name).toString("base64");
}
