/**
 * What a live MCP server says that it has: the revisions it speaks, its tools, prompts, resources and
 * templates, by their names. Asked without calling any of them. What a key may use is not asked here.
 */
import { isObject, type Json, type JsonObject, member } from "../mcp/json.ts";
import type { Fields, Upstream } from "../upstream/upstream.ts";
import { type Calling, type Channel, StreamableChannel, SurveyError } from "./channel.ts";
import { LegacyChannel } from "./legacy_channel.ts";

/** A tool that the server offers. */
export interface OfferedTool {
  readonly name: string;
  /** `annotations.destructiveHint` is true, or absent while `readOnlyHint` is not true (the default). */
  readonly destructive: "said" | "unsaid" | "no";
  /** Names of its inputs, as far as its schema names them on the first level. */
  readonly inputs: readonly string[];
}

/** What a server offers. */
export interface Offer {
  /** The revision agreed on by `initialize`, or the stateless one. */
  readonly revision: string;
  readonly server: { readonly name: string; readonly version: string };
  readonly tools: readonly OfferedTool[];
  readonly prompts: readonly string[];
  /** URIs. */
  readonly resources: readonly string[];
  /** URI templates. */
  readonly templates: readonly string[];
  /** What could not be read to its end, in words. */
  readonly gaps: readonly string[];
}

/** Where and how a server is asked. */
export interface Asking {
  readonly upstream: Upstream;
  readonly url: string;
  readonly transport: "http" | "sse";
  readonly calling: Calling;
}

/** Pages of one list; a server that has more is taken for one that never ends. */
const MAX_PAGES = 500;

/** Inputs of one tool that are looked at. */
const MAX_INPUTS = 200;

const LEGACY_REVISION = "2025-11-25";
const MODERN_REVISION = "2026-07-28";
const CLIENT_INFO = { name: "mcpgate", version: "1" };

/** Everything the server offers. Throws {@link SurveyError} and `UpstreamError`. */
export async function askOffer(asking: Asking): Promise<Offer> {
  const talk = await greet(asking);
  try {
    const gaps: string[] = [];
    const list = (method: string, member: string, capability: string) =>
      talk.has(capability) ? listAll(talk, method, member, gaps) : Promise.resolve([]);
    const tools = await list("tools/list", "tools", "tools");
    const prompts = await list("prompts/list", "prompts", "prompts");
    const resources = await list("resources/list", "resources", "resources");
    const templates = await list("resources/templates/list", "resourceTemplates", "resources");
    return {
      revision: talk.revision,
      server: talk.server,
      tools: tools.flatMap(offeredTool),
      prompts: texts(prompts, "name"),
      resources: texts(resources, "uri"),
      templates: texts(templates, "uriTemplate"),
      gaps,
    };
  } finally {
    talk.channel.close();
  }
}

/** The revisions that the server speaks, oldest first. Throws what the first failure was where none. */
export async function askRevisions(asking: Asking): Promise<string[]> {
  const found: string[] = [];
  let failure: unknown = null;
  for (const greeting of asking.transport === "sse" ? [greetLegacy] : [greetLegacy, greetModern]) {
    try {
      const talk = await greeting(asking);
      talk.channel.close();
      found.push(talk.revision);
    } catch (error) {
      failure ??= error;
    }
  }
  if (found.length === 0) throw failure;
  return found;
}

/** A conversation that has begun. */
interface Talk {
  readonly channel: Channel;
  readonly revision: string;
  readonly server: Offer["server"];
  has(capability: string): boolean;
  ask(method: string, params: JsonObject): Promise<JsonObject>;
}

async function greet(asking: Asking): Promise<Talk> {
  try {
    return await greetLegacy(asking);
  } catch (error) {
    // A stateless server knows no `initialize`. Any other trouble is told as it came up first.
    if (asking.transport === "sse" || !(error instanceof SurveyError)) throw error;
    return await greetModern(asking).catch(() => {
      throw error;
    });
  }
}

async function greetLegacy(asking: Asking): Promise<Talk> {
  const { upstream, calling, url, transport } = asking;
  const channel = transport === "sse"
    ? await LegacyChannel.open(upstream, calling, url)
    : new StreamableChannel(upstream, calling);
  try {
    const hello = { protocolVersion: LEGACY_REVISION, capabilities: {}, clientInfo: CLIENT_INFO };
    const result = await channel.ask(request(0, "initialize", hello), []);
    const revision = text(result["protocolVersion"]) ?? LEGACY_REVISION;
    const fields: Fields = [["mcp-protocol-version", revision]];
    await channel.tell({ jsonrpc: "2.0", method: "notifications/initialized" }, fields);
    let last = 0;
    return {
      channel,
      revision,
      server: serverOf(result["serverInfo"]),
      has: (capability) => isObject(member(result["capabilities"], capability)),
      ask: (method, params) => channel.ask(request(++last, method, params), fields),
    };
  } catch (error) {
    channel.close();
    throw error;
  }
}

async function greetModern({ upstream, calling }: Asking): Promise<Talk> {
  const channel = new StreamableChannel(upstream, calling);
  let last = 0;
  const ask = (method: string, params: JsonObject) => {
    const fields: Fields = [["mcp-protocol-version", MODERN_REVISION], ["mcp-method", method]];
    return channel.ask(request(++last, method, { ...params, _meta: MODERN_META }), fields);
  };
  const result = await ask("server/discover", {});
  return {
    channel,
    revision: MODERN_REVISION,
    server: serverOf(member(result["_meta"], "io.modelcontextprotocol/serverInfo")),
    has: (capability) => isObject(member(result["capabilities"], capability)),
    ask,
  };
}

const MODERN_META = {
  "io.modelcontextprotocol/protocolVersion": MODERN_REVISION,
  "io.modelcontextprotocol/clientInfo": CLIENT_INFO,
  "io.modelcontextprotocol/clientCapabilities": {},
};

/** All pages of a list. A method that the server does not know is an empty one. */
async function listAll(talk: Talk, method: string, items: string, gaps: string[]): Promise<Json[]> {
  const found: Json[] = [];
  const seen = new Set<string>();
  let cursor: string | null = null;
  try {
    for (let page = 0; page < MAX_PAGES; page++) {
      const result: JsonObject = await talk.ask(method, cursor === null ? {} : { cursor });
      const list = member(result, items);
      if (Array.isArray(list)) { for (const item of list) found.push(item); }
      cursor = text(result["nextCursor"]);
      if (cursor === null) return found;
      if (seen.has(cursor)) break;
      seen.add(cursor);
    }
    gaps.push(`${method} has pages without end; ${found.length} entries were read`);
  } catch (error) {
    if (!(error instanceof SurveyError)) throw error;
    if (error.code !== METHOD_NOT_FOUND) gaps.push(`${method} failed: ${error.message}`);
  }
  return found;
}

const METHOD_NOT_FOUND = -32601;

function offeredTool(item: Json): OfferedTool[] {
  const name = text(member(item, "name"));
  if (name === null) return [];
  const annotations = member(item, "annotations");
  const hint = member(annotations, "destructiveHint");
  const isSafe = member(annotations, "readOnlyHint") === true || hint === false;
  const inputs = member(member(item, "inputSchema"), "properties");
  return [{
    name,
    destructive: isSafe ? "no" : hint === true ? "said" : "unsaid",
    inputs: isObject(inputs) ? Object.keys(inputs).slice(0, MAX_INPUTS) : [],
  }];
}

function texts(items: readonly Json[], name: string): string[] {
  return items.flatMap((item) => text(member(item, name)) ?? []);
}

function serverOf(info: Json | undefined): Offer["server"] {
  return {
    name: text(member(info, "name")) ?? "unnamed",
    version: text(member(info, "version")) ?? "",
  };
}

function request(id: number, method: string, params: JsonObject): JsonObject {
  return { jsonrpc: "2.0", id, method, params };
}

function text(value: Json | undefined): string | null {
  return typeof value === "string" ? value : null;
}
