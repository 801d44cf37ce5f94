/**
 * The official MCP clients behind one narrow face, so that a scenario is written once and run with
 * each: `@modelcontextprotocol/sdk` 1.x, and the v2 client in both eras. Nothing of theirs is
 * replaced but `fetch`, which notes what went over the wire and gives its connections back at the
 * end.
 */
import { Client as FirstClient } from "@modelcontextprotocol/sdk/client/index.js";
import { StreamableHTTPClientTransport as FirstTransport } from "@modelcontextprotocol/sdk/client/streamableHttp.js";
import {
  CreateMessageRequestSchema,
  ElicitRequestSchema,
  type LoggingMessageNotification,
  LoggingMessageNotificationSchema,
} from "@modelcontextprotocol/sdk/types.js";
import { Client, StreamableHTTPClientTransport } from "@modelcontextprotocol/client";
import { lists, textOf } from "./sdk_listing.ts";

/** How to connect, and what the client can do for the server. */
export interface Connection {
  readonly url: string;
  /** Sent as `Authorization: Bearer`; none where absent. */
  readonly key?: string;
  /** Over https: whom it trusts beside the usual ones, and what it shows of itself. */
  readonly tls?: { readonly ca: string; readonly cert?: string; readonly key?: string };
  /** Answers `sampling/createMessage`. */
  readonly sample?: () => string;
  /** Fills in the form of `elicitation/create`. */
  readonly elicit?: () => Record<string, string | number | boolean>;
  /** Told when the list of tools has changed; the modern client subscribes for it, others ignore it. */
  readonly onToolsChanged?: () => void;
}

/** One HTTP request the client made. */
export interface WireRequest {
  readonly method: string;
  readonly url: string;
  /** 0 while there is no answer, and where there was none. */
  status: number;
  readonly answer: Headers;
}

/** What may go with a call. */
export interface CallOptions {
  readonly onProgress?: (progress: number) => void;
  readonly signal?: AbortSignal;
}

/** A connected client. Failures are the client's own errors, untouched. */
export interface SdkClient extends AsyncDisposable {
  /** The revision agreed on. */
  readonly protocol: string;
  /** What it asked over HTTP, in order. */
  readonly traffic: readonly WireRequest[];
  /** Texts of `notifications/message`, as they came. */
  readonly logs: readonly string[];
  /** Names of the server's capabilities as the client was told. */
  capabilities(): string[];
  /** The names of all tools, whatever pages they come on. */
  tools(): Promise<string[]>;
  /** The texts of the result's content, joined by line ends. */
  call(tool: string, args?: Record<string, unknown>, options?: CallOptions): Promise<string>;
  resources(): Promise<string[]>;
  resourceTemplates(): Promise<string[]>;
  read(uri: string): Promise<string>;
  prompts(): Promise<string[]>;
  prompt(name: string, args?: Record<string, string>): Promise<string>;
  /** Ends the session by DELETE. */
  endSession(): Promise<void>;
}

/** A client under test. */
export interface Implementation {
  readonly name: string;
  readonly era: "legacy" | "modern";
  connect(connection: Connection): Promise<SdkClient>;
}

/** The client of the first SDK. */
export const FIRST: Implementation = {
  name: "@modelcontextprotocol/sdk 1.x",
  era: "legacy",
  connect: connectFirst,
};

/** The v2 client as it is by default. */
export const SECOND: Implementation = {
  name: "@modelcontextprotocol/client 2.x",
  era: "legacy",
  connect: (connection) => connectSecond(connection, "legacy"),
};

/** The v2 client held to revision 2026-07-28. */
export const MODERN: Implementation = {
  name: "@modelcontextprotocol/client 2.x (2026-07-28)",
  era: "modern",
  connect: (connection) => connectSecond(connection, { pin: "2026-07-28" }),
};

const IDENTITY = { name: "mcpgate-tests", version: "1.0.0" };

/** One more try after 50 ms, so that a test is not kept waiting by good manners. */
const RECONNECTION = {
  initialReconnectionDelay: 50,
  maxReconnectionDelay: 200,
  reconnectionDelayGrowFactor: 1.5,
  maxRetries: 2,
};

async function connectFirst(connection: Connection): Promise<SdkClient> {
  const wire = new NotedFetch(connection);
  const capabilities = {
    ...(connection.sample === undefined ? {} : { sampling: {} }),
    ...(connection.elicit === undefined ? {} : { elicitation: {} }),
  };
  const client = new FirstClient(IDENTITY, { capabilities });
  const { sample, elicit } = connection;
  if (sample !== undefined) {
    client.setRequestHandler(CreateMessageRequestSchema, () => sampled(sample));
  }
  if (elicit !== undefined) {
    client.setRequestHandler(ElicitRequestSchema, () => accepted(elicit));
  }
  const logs: string[] = [];
  client.setNotificationHandler(
    LoggingMessageNotificationSchema,
    (notification: LoggingMessageNotification) => {
      logs.push(String(notification.params.data));
    },
  );
  const transport = new FirstTransport(new URL(connection.url), {
    ...wire.options(connection),
    reconnectionOptions: RECONNECTION,
  });
  try {
    // The SDK's own types do not hold under `exactOptionalPropertyTypes`.
    await client.connect(transport as Parameters<FirstClient["connect"]>[0]);
  } catch (error) {
    await client.close();
    await wire.close();
    throw error;
  }
  return {
    ...lists(client),
    protocol: transport.protocolVersion ?? "",
    traffic: wire.requests,
    logs,
    call: async (name, args = {}, options = {}) =>
      textOf(
        await client.callTool({ name, arguments: args }, undefined, requestOptions(options)),
      ),
    endSession: () => transport.terminateSession(),
    [Symbol.asyncDispose]: async () => {
      await client.close();
      await wire.close();
    },
  };
}

async function connectSecond(
  connection: Connection,
  mode: "legacy" | { pin: string },
): Promise<SdkClient> {
  const wire = new NotedFetch(connection);
  const capabilities = {
    ...(connection.sample === undefined ? {} : { sampling: {} }),
    ...(connection.elicit === undefined ? {} : { elicitation: { form: {} } }),
  };
  const client = new Client(IDENTITY, { capabilities, versionNegotiation: { mode } });
  const { sample, elicit } = connection;
  if (sample !== undefined) {
    client.setRequestHandler("sampling/createMessage", () => sampled(sample));
  }
  if (elicit !== undefined) client.setRequestHandler("elicitation/create", () => accepted(elicit));
  const logs: string[] = [];
  client.setNotificationHandler("notifications/message", (notification) => {
    logs.push(String(notification.params.data));
  });
  const transport = new StreamableHTTPClientTransport(new URL(connection.url), {
    ...wire.options(connection),
    reconnectionOptions: RECONNECTION,
  });
  try {
    await client.connect(transport);
    if (mode !== "legacy" && connection.onToolsChanged !== undefined) {
      client.setNotificationHandler(
        "notifications/tools/list_changed",
        connection.onToolsChanged,
      );
      await client.listen({ toolsListChanged: true });
    }
  } catch (error) {
    await client.close();
    await wire.close();
    throw error;
  }
  return {
    ...lists(client),
    protocol: client.getNegotiatedProtocolVersion() ?? "",
    traffic: wire.requests,
    logs,
    call: async (name, args = {}, options = {}) =>
      textOf(await client.callTool({ name, arguments: args }, requestOptions(options))),
    endSession: () => transport.terminateSession(),
    [Symbol.asyncDispose]: async () => {
      await client.close();
      await wire.close();
    },
  };
}

function requestOptions(options: CallOptions) {
  const { onProgress, signal } = options;
  return {
    timeout: 20_000,
    ...(signal === undefined ? {} : { signal }),
    ...(onProgress === undefined
      ? {}
      : { onprogress: (update: { progress: number }) => onProgress(update.progress) }),
  };
}

function sampled(sample: () => string) {
  return {
    model: "test-model",
    role: "assistant" as const,
    content: { type: "text" as const, text: sample() },
  };
}

function accepted(elicit: NonNullable<Connection["elicit"]>) {
  return { action: "accept" as const, content: elicit() };
}

/** A `fetch` with connections of its own, that notes what it is asked. */
class NotedFetch {
  readonly requests: WireRequest[] = [];
  readonly #client: Deno.HttpClient;
  readonly #responses: Promise<Response | null>[] = [];

  constructor({ tls }: Connection) {
    const { ca, cert, key } = tls ?? {};
    const identity = cert === undefined || key === undefined ? {} : { cert, key };
    this.#client = Deno.createHttpClient(ca === undefined ? {} : { caCerts: [ca], ...identity });
  }

  options(connection: Connection) {
    const headers: Record<string, string> = connection.key === undefined
      ? {}
      : { authorization: `Bearer ${connection.key}` };
    return { requestInit: { headers }, fetch: this.fetch };
  }

  readonly fetch = async (input: string | URL, init: RequestInit = {}): Promise<Response> => {
    const answer = new Headers();
    const note = { method: init.method ?? "GET", url: String(input), status: 0, answer };
    this.requests.push(note);
    const answered = fetch(input, { ...init, client: this.#client });
    this.#responses.push(answered.catch(() => null));
    const response = await answered;
    note.status = response.status;
    for (const [name, value] of response.headers) answer.append(name, value);
    return response;
  };

  /** Gives back what a client that was closed meanwhile never looked at. */
  async close(): Promise<void> {
    for (const answered of this.#responses) {
      const response = await answered;
      if (response?.body?.locked === false) await response.body.cancel().catch(() => {});
    }
    this.#client.close();
  }
}
