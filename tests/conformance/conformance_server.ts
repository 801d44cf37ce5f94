/**
 * The server that the conformance suite is run against: everything the suite asks for, on the
 * official v2 package, for clients of 2026-07-28 and for those with sessions at the same address. It
 * runs inside the test, unaware of any gate.
 */
import { randomBytes } from "node:crypto";
import {
  createMcpHandler,
  createRequestStateCodec,
  hostHeaderValidationResponse,
  isLegacyRequest,
  localhostAllowedHostnames,
  localhostAllowedOrigins,
  McpServer,
  originValidationResponse,
  WebStandardStreamableHTTPServerTransport,
} from "@modelcontextprotocol/server";
import type { EventStore, JSONRPCMessage, McpRequestContext } from "@modelcontextprotocol/server";
import { addAskingTools } from "./asking_tools.ts";
import { addOfferedTexts } from "./offered_texts.ts";
import { addPlainTools } from "./plain_tools.ts";
import { Tasks } from "./task_tools.ts";

/** A running server. */
export class ConformanceServer implements AsyncDisposable {
  readonly #tasks = new Tasks();
  readonly #rounds = createRequestStateCodec<number>({ key: randomBytes(32) });
  readonly #sessions = new Map<string, WebStandardStreamableHTTPServerTransport>();
  readonly #modern = createMcpHandler(({ era }) => this.#build(era), { legacy: "reject" });
  readonly #server = Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen() {} },
    (request) => this.#serve(request),
  );

  /** Where it serves MCP. */
  get url(): string {
    return `http://127.0.0.1:${this.#server.addr.port}/mcp`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const session of [...this.#sessions.values()]) await session.close();
    await this.#modern.close();
    await this.#server.shutdown();
  }

  async #serve(request: Request): Promise<Response> {
    const refusal = hostHeaderValidationResponse(request, localhostAllowedHostnames()) ??
      originValidationResponse(request, localhostAllowedOrigins());
    if (refusal !== undefined) return refusal;
    if (!await isLegacyRequest(request)) {
      return await this.#tasks.refusal(request) ?? this.#modern.fetch(request);
    }
    const id = request.headers.get("mcp-session-id");
    if (id === null) return (await this.#openSession()).handleRequest(request);
    return this.#sessions.get(id)?.handleRequest(request) ?? unknownSession();
  }

  async #openSession(): Promise<WebStandardStreamableHTTPServerTransport> {
    const session: WebStandardStreamableHTTPServerTransport =
      new WebStandardStreamableHTTPServerTransport({
        sessionIdGenerator: () => crypto.randomUUID(),
        onsessioninitialized: (id) => void this.#sessions.set(id, session),
        onsessionclosed: (id) => void this.#sessions.delete(id),
        eventStore: new KeptEvents(),
        retryInterval: 10,
      });
    await this.#build("legacy").connect(session);
    return session;
  }

  #build(era: McpRequestContext["era"]): McpServer {
    const server = new McpServer({ name: "conformance", version: "1.0.0" }, {
      capabilities: {
        tools: { listChanged: true },
        prompts: { listChanged: true },
        resources: { subscribe: true, listChanged: true },
        logging: {},
        completions: {},
      },
      requestState: { verify: this.#rounds.verify },
    });
    addPlainTools(server, this.#modern.notify);
    addAskingTools(server, this.#rounds);
    addOfferedTexts(server);
    this.#tasks.addTools(server);
    if (era === "modern") this.#tasks.addMethods(server);
    return server;
  }
}

/** What was sent in one session, for those who resume a stream. */
class KeptEvents implements EventStore {
  readonly #events: { readonly stream: string; readonly message: JSONRPCMessage }[] = [];

  storeEvent(stream: string, message: JSONRPCMessage): Promise<string> {
    return Promise.resolve(String(this.#events.push({ stream, message })));
  }

  getStreamIdForEventId(id: string): Promise<string | undefined> {
    return Promise.resolve(this.#events[Number(id) - 1]?.stream);
  }

  async replayEventsAfter(
    id: string,
    { send }: { send: (id: string, message: JSONRPCMessage) => Promise<void> },
  ): Promise<string> {
    const stream = await this.getStreamIdForEventId(id) ?? "";
    for (const [at, event] of this.#events.entries()) {
      // What primes a stream is stored as an empty message and never sent again.
      const told = "jsonrpc" in event.message;
      if (at >= Number(id) && event.stream === stream && told) {
        await send(String(at + 1), event.message);
      }
    }
    return stream;
  }
}

function unknownSession(): Response {
  const error = { code: -32001, message: "Session not found" };
  return Response.json({ jsonrpc: "2.0", id: null, error }, { status: 404 });
}
