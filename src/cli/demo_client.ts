/**
 * A small MCP client for the demo: one POST a message, the answer as JSON or as a stream, over real
 * HTTP. Enough to show a gate at work, no more; it knows neither keys nor what is printed.
 */
import type { Members } from "./demo_notes.ts";
import { LEGACY, members } from "./demo_protocol.ts";

/** What came back for one message. */
export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  /** The JSON-RPC result, or null. */
  readonly result: Members | null;
  /** The JSON-RPC error, or null. */
  readonly error: { readonly code: number; readonly message: string } | null;
  /** From sending to the end of the answer. */
  readonly ms: number;
}

/** Told of a message that arrives before the answer, and when, counted from the sending. */
export type OnNotification = (params: Members, ms: number) => void;

/** One client of one endpoint. */
export interface DemoClient {
  /** Sends a request. @throws where there is no HTTP answer */
  request(method: string, params?: Members, onNotification?: OnNotification): Promise<Answer>;
  /** `initialize` and what follows it; later requests carry the session. */
  connect(): Promise<Answer>;
  /** How many messages it has sent. */
  sent(): number;
  close(): void;
}

/** A client of `url`, which names its port, that sends `key`, if any, and gives up when `signal` aborts. */
export function demoClient(url: string, key: string | null, signal: AbortSignal): DemoClient {
  const { hostname, port } = new URL(url);
  // The default client obeys HTTP_PROXY, even on the way to loopback. This one connects directly.
  const client = Deno.createHttpClient({
    proxy: { transport: "tcp", hostname, port: Number(port) },
  });
  let session: string | null = null;
  let lastId = 0;
  let sent = 0;

  const send = (message: Members) => {
    sent += 1;
    const headers = new Headers({
      "content-type": "application/json",
      "accept": "application/json, text/event-stream",
      "mcp-protocol-version": LEGACY[0],
    });
    if (key !== null) headers.set("authorization", `Bearer ${key}`);
    if (session !== null) headers.set("mcp-session-id", session);
    const body = JSON.stringify({ jsonrpc: "2.0", ...message });
    return fetch(url, { method: "POST", headers, body, client, signal, redirect: "error" });
  };

  const request: DemoClient["request"] = async (method, params = {}, onNotification = () => {}) => {
    const id = ++lastId;
    const started = performance.now();
    const elapsed = () => performance.now() - started;
    const response = await send({ id, method, params });
    session = response.headers.get("mcp-session-id") ?? session;
    let answer: Members = {};
    for await (const message of messages(response)) {
      if (Object.hasOwn(message, "id")) answer = message;
      else onNotification(members(message["params"]), elapsed());
    }
    return {
      status: response.status,
      headers: response.headers,
      result: Object.hasOwn(answer, "result") ? members(answer["result"]) : null,
      error: errorOf(answer),
      ms: elapsed(),
    };
  };

  return {
    request,
    async connect() {
      const clientInfo = { name: "mcpgate-demo", version: "1" };
      const asked = { protocolVersion: LEGACY[0], capabilities: {}, clientInfo };
      const answer = await request("initialize", asked);
      if (answer.result === null) return answer;
      const response = await send({ method: "notifications/initialized" });
      await response.body?.cancel();
      return answer;
    },
    sent: () => sent,
    close: () => client.close(),
  };
}

/** The messages of an answer, each as soon as it is in. */
async function* messages(response: Response): AsyncGenerator<Members> {
  const type = response.headers.get("content-type") ?? "";
  if (response.body === null || !type.startsWith("text/event-stream")) {
    yield parsed(await response.text());
    return;
  }
  let rest = "";
  for await (const text of response.body.pipeThrough(new TextDecoderStream())) {
    const events = (rest + text).split("\n\n");
    rest = events.pop() ?? "";
    for (const event of events) {
      const data = event.split("\n").filter((line) => line.startsWith("data:"));
      if (data.length > 0) yield parsed(data.map((line) => line.slice(5).trim()).join("\n"));
    }
  }
}

function parsed(text: string): Members {
  try {
    return members(JSON.parse(text));
  } catch {
    return {};
  }
}

function errorOf(answer: Members): Answer["error"] {
  const { code, message } = members(answer["error"]);
  return typeof code === "number" && typeof message === "string" ? { code, message } : null;
}
