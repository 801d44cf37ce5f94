/**
 * The official clients on the HTTP+SSE transport of 2024-11-05 behind one narrow face: that of
 * `@modelcontextprotocol/sdk` 1.x and that of the v2 package. Nothing of theirs is replaced but
 * `fetch`, whose connections are given back at the end.
 */
import { Client as FirstClient } from "@modelcontextprotocol/sdk/client/index.js";
import { SSEClientTransport as FirstTransport } from "@modelcontextprotocol/sdk/client/sse.js";
import { CreateMessageRequestSchema } from "@modelcontextprotocol/sdk/types.js";
import { Client, SSEClientTransport } from "@modelcontextprotocol/client";

/** A client, connected. Failures are its own errors, untouched. */
export interface LegacyClient extends AsyncDisposable {
  tools(): Promise<string[]>;
  /** The texts of the result's content, joined by line ends. */
  call(
    tool: string,
    args?: Record<string, unknown>,
    onProgress?: (progress: number) => void,
  ): Promise<string>;
}

/** A client under test. It answers sampling with the text "sampled". */
export interface LegacyImplementation {
  readonly name: string;
  connect(url: string, key: string): Promise<LegacyClient>;
}

const IDENTITY = { name: "mcpgate-tests", version: "1.0.0" };
const OPTIONS = { capabilities: { sampling: {} } };
const SAMPLE = {
  model: "test-model",
  role: "assistant" as const,
  content: { type: "text" as const, text: "sampled" },
};

/** All of them. */
export const LEGACY_CLIENTS: readonly LegacyImplementation[] = [
  { name: "@modelcontextprotocol/sdk 1.x over SSE", connect: connectFirst },
  { name: "@modelcontextprotocol/client 2.x over SSE", connect: connectSecond },
];

async function connectFirst(url: string, key: string): Promise<LegacyClient> {
  const client = new FirstClient(IDENTITY, OPTIONS);
  client.setRequestHandler(CreateMessageRequestSchema, () => SAMPLE);
  return await faced(client, url, key, async (at, options) => {
    // The SDK's own types do not hold under `exactOptionalPropertyTypes`.
    const transport = new FirstTransport(at, options) as Parameters<FirstClient["connect"]>[0];
    await client.connect(transport);
    return (tool, args, request) =>
      client.callTool({ name: tool, arguments: args }, undefined, request);
  });
}

async function connectSecond(url: string, key: string): Promise<LegacyClient> {
  const client = new Client(IDENTITY, { ...OPTIONS, versionNegotiation: { mode: "legacy" } });
  client.setRequestHandler("sampling/createMessage", () => SAMPLE);
  return await faced(client, url, key, async (at, options) => {
    await client.connect(new SSEClientTransport(at, options));
    return (tool, args, request) => client.callTool({ name: tool, arguments: args }, request);
  });
}

/** How a transport is made. */
interface TransportOptions {
  readonly requestInit: RequestInit;
  readonly fetch: (input: string | URL, init?: RequestInit) => Promise<Response>;
}

/** What goes with a call. */
interface CallRequest {
  readonly timeout: number;
  readonly onprogress: (update: { progress: number }) => void;
}

/** What both clients offer under the same names. */
interface Both {
  listTools(): Promise<{ tools: { name: string }[] }>;
  close(): Promise<void>;
}

async function faced(
  client: Both,
  url: string,
  key: string,
  connect: (at: URL, options: TransportOptions) => Promise<
    (tool: string, args: Record<string, unknown>, request: CallRequest) => Promise<object>
  >,
): Promise<LegacyClient> {
  const http = Deno.createHttpClient({});
  const responses: Promise<Response | null>[] = [];
  const close = async () => {
    await client.close();
    for (const answered of responses) {
      const response = await answered;
      // What a client that gave up never looked at.
      if (response?.body?.locked === false) await response.body.cancel().catch(() => {});
    }
    http.close();
  };
  try {
    const call = await connect(new URL(url), {
      requestInit: { headers: { authorization: `Bearer ${key}` } },
      fetch: (input, init) => {
        const answered = fetch(input, { ...init, client: http });
        responses.push(answered.catch(() => null));
        return answered;
      },
    });
    return {
      tools: async () => (await client.listTools()).tools.map(({ name }) => name),
      call: async (tool, args = {}, onProgress = () => {}) => {
        const onprogress = ({ progress }: { progress: number }) => onProgress(progress);
        return textOf(await call(tool, args, { timeout: 20_000, onprogress }));
      },
      [Symbol.asyncDispose]: close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}

function textOf(result: object): string {
  const content = "content" in result && Array.isArray(result.content) ? result.content : [];
  return content.map((item: { text?: unknown }) => String(item.text)).join("\n");
}
