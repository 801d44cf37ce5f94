/**
 * The sample MCP server of `mcpgate demo`: Streamable HTTP on a loopback port, with sessions for the
 * legacy revisions. It knows of no gate and asks for no key, like the servers mcpgate is made for.
 */
import { type Members, type Notebook, sampleNotebook } from "./demo_notes.ts";
import { answer, calledTool, isModern, members, RpcError } from "./demo_protocol.ts";

/** A message that has reached the server. */
export interface Arrival {
  readonly method: string;
  /** What is called, where the method is `tools/call`. */
  readonly tool: string | null;
  /** The names of the request's headers, in lower case. */
  readonly headers: readonly string[];
}

/** The sample server at work. */
export interface DemoServer {
  readonly url: string;
  readonly notebook: Notebook;
  stop(): Promise<void>;
}

const MAX_SESSIONS = 1000;
const MAX_BODY_BYTES = 1024 * 1024;

/**
 * Starts the sample server on a port of the system's choice.
 *
 * @param onArrival Told of every message before it is answered
 * @param stepMs Time between two steps of the slow tool. Default 250
 */
export function startDemoServer(
  onArrival: (arrival: Arrival) => void = () => {},
  stepMs = 250,
): DemoServer {
  const sessions = new Set<string>();
  const stopped = new AbortController();
  const notebook = sampleNotebook(() => pause(stepMs, stopped.signal));
  const server = Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen: () => {}, onError: () => status(500) },
    (request) => {
      // A web page must not reach a server without a key through a name that points at loopback.
      if (request.headers.get("host") !== `127.0.0.1:${server.addr.port}`) return status(403);
      if (new URL(request.url).pathname !== "/mcp") return status(404);
      if (request.method === "POST") return post(request, notebook, sessions, onArrival);
      if (request.method === "DELETE") return endSession(request, sessions);
      return new Response(null, { status: 405, headers: { allow: "POST, DELETE" } });
    },
  );
  return {
    url: `http://127.0.0.1:${server.addr.port}/mcp`,
    notebook,
    async stop() {
      stopped.abort();
      await server.shutdown();
    },
  };
}

/** Waits; when the server stops, no longer. */
function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) return resolve();
    const done = () => {
      clearTimeout(timer);
      signal.removeEventListener("abort", done);
      resolve();
    };
    const timer = setTimeout(done, ms);
    signal.addEventListener("abort", done);
  });
}

async function post(
  request: Request,
  notebook: Notebook,
  sessions: Set<string>,
  onArrival: (arrival: Arrival) => void,
): Promise<Response> {
  if (Number(request.headers.get("content-length")) > MAX_BODY_BYTES) return status(413);
  const message = parsed(await request.text());
  if (message === null) return rpcError(400, null, new RpcError(-32700, "Parse error"));
  const { id, method } = message;
  const params = members(message["params"]);
  if (typeof method !== "string") return status(202);
  onArrival({
    method,
    tool: method === "tools/call" ? String(params["name"]) : null,
    headers: [...request.headers.keys()],
  });
  if (typeof id !== "string" && typeof id !== "number") return status(202);
  const modern = isModern(params);
  const head = new Headers({ "content-type": "application/json" });
  if (!modern && method === "initialize") {
    head.set("mcp-session-id", newSession(sessions));
  } else if (!modern && !sessions.has(request.headers.get("mcp-session-id") ?? "")) {
    return rpcError(404, id, new RpcError(-32600, "Session not found"));
  }
  if (calledTool(notebook, method, params)?.streams) return stream(notebook, id, method, params);
  try {
    const result = await answer(notebook, method, params, () => {});
    return new Response(JSON.stringify({ jsonrpc: "2.0", id, result }), { headers: head });
  } catch (error) {
    if (!(error instanceof RpcError)) throw error;
    return rpcError(modern ? modernStatus(error.code) : 200, id, error);
  }
}

/** The answer as server-sent events: progress while the tool works, then the result. */
function stream(
  notebook: Notebook,
  id: string | number,
  method: string,
  params: Members,
): Response {
  const progressToken = members(params["_meta"])["progressToken"];
  const encoder = new TextEncoder();
  let open = true;
  const body = new ReadableStream<Uint8Array>({
    async start(controller) {
      const send = (message: Members) => {
        const event = `event: message\ndata: ${JSON.stringify({ jsonrpc: "2.0", ...message })}\n\n`;
        if (open) controller.enqueue(encoder.encode(event));
      };
      try {
        const result = await answer(notebook, method, params, (progress, total, message) => {
          if (progressToken === undefined) return;
          const step = { progressToken, progress, total, message };
          send({ method: "notifications/progress", params: step });
        });
        send({ id, result });
      } catch (error) {
        if (!(error instanceof RpcError)) throw error;
        send({ id, error: errorObject(error) });
      }
      if (open) controller.close();
    },
    cancel() {
      open = false;
    },
  });
  return new Response(body, {
    headers: { "content-type": "text/event-stream", "cache-control": "no-cache" },
  });
}

function newSession(sessions: Set<string>): string {
  const [oldest] = sessions;
  if (sessions.size >= MAX_SESSIONS && oldest !== undefined) sessions.delete(oldest);
  const session = crypto.randomUUID();
  sessions.add(session);
  return session;
}

function endSession(request: Request, sessions: Set<string>): Response {
  return status(sessions.delete(request.headers.get("mcp-session-id") ?? "") ? 200 : 404);
}

function modernStatus(code: number): number {
  if (code === -32601) return 404;
  return code === -32022 ? 400 : 200;
}

function rpcError(status: number, id: string | number | null, error: RpcError): Response {
  return Response.json({ jsonrpc: "2.0", id, error: errorObject(error) }, { status });
}

function errorObject({ code, message, data }: RpcError): Members {
  return { code, message, ...(data && { data }) };
}

function status(code: number): Response {
  return new Response(null, { status: code });
}

function parsed(text: string): Members | null {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null && !Array.isArray(value)
      ? value as Members
      : null;
  } catch {
    return null;
  }
}
