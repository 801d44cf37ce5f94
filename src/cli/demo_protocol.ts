/**
 * What the sample MCP server answers, message by message: the methods of the legacy revisions and of
 * 2026-07-28. Knows no HTTP.
 */
import { type Members, type Notebook, type Progress, type Tool, ToolError } from "./demo_notes.ts";
import { VERSION } from "./version.ts";

/** The stateless revision that the sample server speaks beside the legacy ones. */
export const MODERN = "2026-07-28";

/** The revisions with `initialize`, newest first. */
export const LEGACY = ["2025-11-25", "2025-06-18", "2025-03-26", "2024-11-05"] as const;

const SERVER_INFO = { name: "mcpgate-demo-notes", version: VERSION };
const CAPABILITIES = { tools: {}, prompts: {}, resources: {} };
const INSTRUCTIONS = "A few notes to read, to search and, with the right key, to write.";

/** A JSON-RPC error, as an exception. */
export class RpcError extends Error {
  constructor(readonly code: number, message: string, readonly data?: Members) {
    super(message);
  }
}

/** `value` where it is a JSON object, otherwise an empty one. */
export function members(value: unknown): Members {
  return typeof value === "object" && value !== null && !Array.isArray(value)
    ? value as Members
    : {};
}

/** Whether a request with these `params` is of the stateless revision's kind. */
export function isModern(params: Members): boolean {
  return Object.hasOwn(members(params["_meta"]), "io.modelcontextprotocol/protocolVersion");
}

/** The tool that a request calls, or null. */
export function calledTool(notebook: Notebook, method: string, params: Members): Tool | null {
  if (method !== "tools/call") return null;
  return notebook.tools.find((tool) => tool.name === params["name"]) ?? null;
}

/** The result of one request. @throws {RpcError} */
export async function answer(
  notebook: Notebook,
  method: string,
  params: Members,
  progress: Progress,
): Promise<Members> {
  if (!isModern(params)) return await legacyResult(notebook, method, params, progress);
  const result = await modernResult(notebook, method, params, progress);
  const lasting = method !== "tools/call" && method !== "prompts/get";
  // "public" is what a careless server says: the gate is there to make it "private".
  const caching = lasting ? { ttlMs: 60_000, cacheScope: "public" } : {};
  const meta = { _meta: { "io.modelcontextprotocol/serverInfo": SERVER_INFO } };
  return { resultType: "complete", ...result, ...caching, ...meta };
}

async function legacyResult(
  notebook: Notebook,
  method: string,
  params: Members,
  progress: Progress,
): Promise<Members> {
  if (method === "ping") return {};
  if (method !== "initialize") return await sharedResult(notebook, method, params, progress);
  const asked = params["protocolVersion"];
  return {
    protocolVersion: LEGACY.find((version) => version === asked) ?? LEGACY[0],
    capabilities: CAPABILITIES,
    serverInfo: SERVER_INFO,
    instructions: INSTRUCTIONS,
  };
}

async function modernResult(
  notebook: Notebook,
  method: string,
  params: Members,
  progress: Progress,
): Promise<Members> {
  const requested = members(params["_meta"])["io.modelcontextprotocol/protocolVersion"];
  if (requested !== MODERN) {
    throw new RpcError(-32022, "Unsupported protocol version", { supported: [MODERN], requested });
  }
  if (method !== "server/discover") return await sharedResult(notebook, method, params, progress);
  return {
    supportedVersions: [MODERN],
    capabilities: CAPABILITIES,
    instructions: INSTRUCTIONS,
  };
}

async function sharedResult(
  notebook: Notebook,
  method: string,
  params: Members,
  progress: Progress,
): Promise<Members> {
  switch (method) {
    case "tools/list":
      return { tools: notebook.tools.map(definition) };
    case "tools/call":
      return await call(notebook, params, progress);
    case "prompts/list":
      return { prompts: [SUMMARISE] };
    case "prompts/get":
      return prompt(notebook, params);
    case "resources/list":
      return { resources: [...notebook.notes.keys()].map(resource) };
    case "resources/templates/list":
      return { resourceTemplates: [] };
    case "resources/read":
      return contents(notebook, params);
    default:
      throw new RpcError(-32601, `Method not found: ${method}`);
  }
}

function definition({ name, description, takes, hints }: Tool): Members {
  const properties = Object.fromEntries(
    Object.entries(takes).map(([key, meaning]) => [key, { type: "string", description: meaning }]),
  );
  const inputSchema = { type: "object", properties, required: Object.keys(takes) };
  return { name, description, inputSchema, annotations: hints };
}

async function call(notebook: Notebook, params: Members, progress: Progress): Promise<Members> {
  const tool = calledTool(notebook, "tools/call", params);
  if (tool === null) throw new RpcError(-32602, `Unknown tool: ${String(params["name"])}`);
  try {
    const text = await tool.run(stringsFor(tool, members(params["arguments"])), progress);
    return { content: [{ type: "text", text }] };
  } catch (error) {
    if (!(error instanceof ToolError)) throw error;
    return { content: [{ type: "text", text: error.message }], isError: true };
  }
}

function stringsFor(tool: Tool, given: Members): Record<string, string> {
  const strings: Record<string, string> = {};
  for (const name of Object.keys(tool.takes)) {
    const value = Object.hasOwn(given, name) ? given[name] : undefined;
    if (typeof value !== "string") throw new ToolError(`The argument ${name} must be a string.`);
    strings[name] = value;
  }
  return strings;
}

const SUMMARISE = {
  name: "summarise",
  description: "Asks for a summary of one note.",
  arguments: [{ name: "note", description: "The note's name", required: true }],
};

function prompt({ notes }: Notebook, params: Members): Members {
  if (params["name"] !== SUMMARISE.name) throw new RpcError(-32602, "Unknown prompt");
  const note = notes.get(String(members(params["arguments"])["note"]));
  if (note === undefined) throw new RpcError(-32602, "There is no such note");
  const text = `Summarise this note in one sentence:\n\n${note}`;
  return { messages: [{ role: "user", content: { type: "text", text } }] };
}

function resource(name: string): { readonly uri: string; readonly name: string; mimeType: string } {
  return { uri: `note:///${encodeURIComponent(name)}`, name, mimeType: "text/plain" };
}

function contents({ notes }: Notebook, params: Members): Members {
  for (const [name, text] of notes) {
    const { uri, mimeType } = resource(name);
    if (uri === params["uri"]) return { contents: [{ uri, mimeType, text }] };
  }
  throw new RpcError(-32002, "Resource not found");
}
