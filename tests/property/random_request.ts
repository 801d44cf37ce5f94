/**
 * Generates what clients ask: messages of every method of every revision about names that are
 * granted, denied or unheard of, with the headers that belong to them or with others (PROTOCOL §3.3,
 * headers). What is made of it is for the properties.
 */
import type { Fields } from "../../src/gate/incoming.ts";
import type { Request } from "../gate/support/memory_exchange.ts";
import {
  enveloped,
  LEGACY_REQUESTS,
  MODERN_REQUESTS,
  NOTIFICATIONS,
  REPLIES,
} from "../mcp/ordinary_messages.ts";
import type { Random } from "../support/random.ts";
import { A, B, D } from "../gate/support/gate_scene.ts";
import { C, E } from "./property_scene.ts";

/** What a client of `key` sends. */
export interface Sent {
  /** Null: nobody's. */
  readonly key: string | null;
  readonly request: Request;
}

/** One message, and the fields that belong to it. */
export interface SentMessage {
  readonly message: { readonly method?: string; readonly params?: Readonly<Params> };
  readonly fields: Fields;
}

interface Params {
  readonly [name: string]: unknown;
}

/** Names of tools and prompts: granted to some, to nobody, or to nobody but by a careless look. */
export const NAMES: readonly string[] = [
  "read_file",
  "read_file",
  "search_web",
  "search_secrets",
  "search_é",
  "search_a b",
  "greet",
  "rm",
  "READ_FILE",
  "read_file ",
  "read_file\0",
  "constructor",
  "12345",
  "",
  "réad",
  "é".repeat(256),
];

/** URIs of the same kinds. */
export const URIS: readonly string[] = [
  "file:///docs/a",
  "file:///docs/../etc/passwd",
  "file:///docs/%2e%2e/etc/passwd",
  "file:///etc/passwd",
  "FILE:///docs/a",
  "ui://card",
  "",
];

const MODERN_META = {
  "io.modelcontextprotocol/protocolVersion": "2026-07-28",
  "io.modelcontextprotocol/clientCapabilities": {
    extensions: { "io.modelcontextprotocol/tasks": {} },
  },
};

const VERSIONS = ["2024-11-05", "2025-03-26", "2025-06-18", "2025-11-25"];

/** A message of any kind and era. */
export function randomMessage(random: Random): SentMessage {
  const kind = random.below(10);
  if (kind < 4) return legacy(random, about(random, random.pick(LEGACY_REQUESTS)), idOf(random));
  if (kind < 8) return modern(about(random, random.pick(MODERN_REQUESTS)), idOf(random));
  if (kind < 9) return legacy(random, random.pick(NOTIFICATIONS));
  return legacy(random, random.pick(REPLIES), idOf(random));
}

/** A legacy message; the header of its revision is there or not. */
export function legacy(
  random: Random,
  message: SentMessage["message"] | object,
  id?: string | number,
): SentMessage {
  const version: Fields = random.chance(0.5)
    ? [["mcp-protocol-version", random.pick(VERSIONS)]]
    : [];
  return { message: enveloped(message, id), fields: version };
}

/** A message of 2026-07-28 with the headers that its body asks for. */
export function modern(
  message: { readonly method: string; readonly params?: object },
  id?: string | number,
): SentMessage {
  const { name, uri, taskId } = (message.params ?? {}) as Record<string, unknown>;
  const named = /^(?:tools\/call|prompts\/get)$/.test(message.method)
    ? name
    : message.method === "resources/read"
    ? uri
    : /^tasks\//.test(message.method)
    ? taskId
    : undefined;
  return {
    message: enveloped(message, id),
    fields: [
      ["mcp-protocol-version", "2026-07-28"],
      ["mcp-method", message.method],
      ...typeof named === "string" ? [["mcp-name", headerOf(named)] as const] : [],
    ],
  };
}

/** The legacy request that is `message`. */
export function legacyAsk(message: object): Request {
  return { body: JSON.stringify(message), fields: [["mcp-protocol-version", "2025-11-25"]] };
}

/** The request 1 of 2026-07-28 for `method`. */
export function modernAsk(method: string, params: object = {}, id: string | number = 1): Request {
  const { message, fields } = modern({ method, params: { ...params, _meta: MODERN_META } }, id);
  return { body: JSON.stringify(message), fields };
}

/** A request as a client sends it, mostly well, now and then with something wrong in it. */
export function randomRequest(random: Random): Sent {
  const key = random.pick([A, A, B, B, B, C, D, E, E, null, `${B}x`]);
  if (random.chance(0.15)) {
    return { key, request: { method: random.pick(["GET", "DELETE"]), fields: noise(random) } };
  }
  const { message, fields } = randomMessage(random);
  const body = JSON.stringify(message);
  const spoilt = random.chance(0.1) ? body.slice(0, random.below(body.length)) : body;
  const request: Request = { body: spoilt, fields: [...fields, ...noise(random)] };
  return random.chance(0.1)
    ? { key, request: { ...request, ...wrongHead(random) } }
    : { key, request };
}

function wrongHead(random: Random): Request {
  const { refusedBy: _, ...head } = random.pick(WRONG_HEADS);
  return head;
}

/** Heads that the door refuses, whatever else is right, and the status it says it by. */
export const WRONG_HEADS: readonly (Request & { readonly refusedBy: number })[] = [
  { method: "PUT", refusedBy: 405 },
  { method: "OPTIONS", refusedBy: 405 },
  { target: null, refusedBy: 400 },
  { target: "/mcp/", refusedBy: 404 },
  { target: "/mcp;x", refusedBy: 404 },
  { target: "//mcp", refusedBy: 404 },
  { target: "/%6dcp", refusedBy: 404 },
  { target: "/MCP", refusedBy: 404 },
  { fields: [["host", "evil.example/mcp?"]], refusedBy: 403 },
  { fields: [["host", "a"], ["host", "a"]], refusedBy: 403 },
  { fields: [["origin", "null"]], refusedBy: 403 },
  { fields: [["origin", "https://evil.example"]], refusedBy: 403 },
  { fields: [["content-type", "text/plain"]], refusedBy: 415 },
  { fields: [["content-type", "application/json; charset=utf-7"]], refusedBy: 415 },
  { fields: [["content-type", "application/json"], ["content-type", "x/y"]], refusedBy: 415 },
  { fields: [["content-encoding", "gzip"]], refusedBy: 415 },
  { fields: [["content-length", "999999999999"]], refusedBy: 413 },
  { fields: [["mcp-session-id", "stolen.0123456789012345678901"]], refusedBy: 404 },
  { fields: [["mcp-session-id", "a, b"]], refusedBy: 400 },
  { fields: [["last-event-id", "x"], ["last-event-id", "y"]], refusedBy: 400 },
];

/** Values for policy headers that are not, or not plainly, right. */
const ODD_FIELDS: Fields = [
  ["mcp-protocol-version", "2026-07-28"],
  ["mcp-protocol-version", "2027-01-01"],
  ["mcp-protocol-version", "1.0"],
  ["mcp-protocol-version", "2025-11-25, 2025-11-25"],
  ["mcp-protocol-version", ""],
  ["mcp-method", "tools/list"],
  ["mcp-method", "Tools/Call"],
  ["mcp-name", "read_file"],
  ["mcp-name", "=?base64?cmVhZF9maWxl?="],
  ["mcp-name", "=?BASE64?cmVhZF9maWxl?="],
  ["mcp-name", "=?base64?cmVhZF9maWxl==?="],
  ["mcp-name", "=?base64?/w==?="],
  ["mcp-name", "read_file "],
  ["mcp-param-region", "eu"],
  ["mcp-param-region", "=?base64?_w?="],
  ["mcp-session-id", "é"],
  ["last-event-id", "1"],
  ["accept", "é"],
  ["x-api-key", "KEY-D-0123456789abcdef"],
];

function noise(random: Random): Fields {
  return random.chance(0.8) ? [] : [random.pick(ODD_FIELDS)];
}

/** `message` about a name or URI of the pools, where it is about one. */
function about<M extends { readonly method: string; readonly params?: object }>(
  random: Random,
  message: M,
): M {
  const params = { ...message.params } as Record<string, unknown>;
  if (typeof params["name"] === "string") params["name"] = random.pick(NAMES);
  if (typeof params["uri"] === "string") params["uri"] = random.pick(URIS);
  if (params["ref"] !== undefined) {
    params["ref"] = random.chance(0.5)
      ? { type: "ref/prompt", name: random.pick(NAMES) }
      : { type: "ref/resource", uri: random.pick(URIS) };
  }
  if (params["notifications"] !== undefined) {
    const list = Array.from({ length: random.below(3) }, () => random.pick(URIS));
    params["notifications"] = { toolsListChanged: true, resourceSubscriptions: list };
  }
  if (random.chance(0.1)) {
    for (const name of ["name", "uri", "ref", "taskId"]) {
      delete params[name];
    }
  }
  // Cursors and states are handles: what nobody was given goes nowhere.
  if (random.chance(0.8)) {
    delete params["cursor"];
    delete params["requestState"];
  }
  return message.params === undefined ? message : { ...message, params };
}

function idOf(random: Random): string | number {
  return random.pick<string | number>([1, "1", 0, -7, "", "a b", 9007199254740991]);
}

/** As the specification writes a name into a header. */
function headerOf(name: string): string {
  if (/^[\x21-\x7e](?:[\x20-\x7e]*[\x21-\x7e])?$/.test(name) && !name.startsWith("=?")) return name;
  return `=?base64?${new TextEncoder().encode(name).toBase64()}?=`;
}
