/**
 * The clients that are played against the gate: each an implementation that people use, held to one
 * era of the protocol, and its words for a refusal where they are not the gate's.
 */
import { LANGUAGES } from "./language.ts";

/** One client. */
export interface Client {
  readonly name: string;
  /** The language of its program. */
  readonly language: string;
  /** What makes the program this client. */
  readonly args: readonly string[];
  /** What it agrees on with a server that can speak all. */
  readonly revision: string;
  /** Whether it hands on progress. */
  readonly silent?: true;
  /** What its process takes to start on a busy machine, where each step starts one. */
  readonly startMs?: number;
  /** Can be let look for a login, by its environment. */
  readonly logsIn?: true;
  /** Looks for a login whether it has a key or not. */
  readonly discovers?: true;
  /** Opens its stream by GET while it does not know yet whether it will be let in. */
  readonly eager?: true;
  /** Its own words where it does not show the gate's, by the name of the scenario. */
  readonly own?: Readonly<Record<string, RegExp>>;
}

/** The first revision without sessions, and the last with them. */
const MODERN = "2026-07-28";
const LEGACY = "2025-11-25";

/** Its first request is a probe, of whose refusal it tells the status only. */
const PROBE_OWN = {
  "server never up": /the server answered the probe with HTTP 502\b/,
  "wrong key": /the server requires authorization \(HTTP 401\)/,
};

/** It looks a tool up in the list before it calls it. */
const INSPECTOR_OWN = {
  "denied tool": /"Tool 'wipe' not found on server\."/,
};

/** It shows only bodies that carry the id of the request, and never those of 429 and 502. */
const GO_OWN = {
  "rate limit, http": /: Too Many Requests$/,
  "server never up": /: Bad Gateway$/,
  "revoked": /: Unauthorized$/,
  "wrong key": /: Unauthorized$/,
};

/** It takes these statuses for its own business, and shows the challenge of a 401 at most. */
const RUST_OWN = {
  "rate limit, http": /\bHTTP 429\b/,
  "revoked": /\bauthorization required: Bearer realm="mcp", error="invalid_token"/,
  "wrong key": /\bAuth required\b/,
};

/** It wraps what it is told in a code of its own, and ends where it cannot connect: stderr says why. */
const MCP_REMOTE_OWN = {
  "rate limit, http": /Rate limit exceeded; retry in \d+ s/,
  "server down": /Upstream MCP server unavailable/,
  "server never up": /Connection closed/,
  "revoked": /This server uses API keys, not OAuth\. Set the header Authorization: Bearer <key>\./,
  "wrong key": /Connection closed/,
};

/** All of them. */
export const CLIENTS: readonly Client[] = [
  { name: "TypeScript SDK 1.32", language: "typescript", args: ["v1"], revision: LEGACY },
  { name: "TypeScript SDK 2.4", language: "typescript", args: ["v2"], revision: LEGACY },
  {
    name: "TypeScript SDK 2.4, modern",
    language: "typescript",
    args: ["modern"],
    revision: MODERN,
    own: PROBE_OWN,
  },
  {
    name: "AI SDK 2.0",
    language: "typescript",
    args: ["ai"],
    revision: MODERN,
    silent: true,
    eager: true,
  },
  {
    name: "Inspector 2.12",
    language: "inspector",
    args: ["legacy"],
    revision: LEGACY,
    silent: true,
    logsIn: true,
    startMs: 3000,
    own: INSPECTOR_OWN,
  },
  {
    name: "Inspector 2.12, modern",
    language: "inspector",
    args: ["auto"],
    revision: MODERN,
    silent: true,
    logsIn: true,
    startMs: 3000,
    own: {
      ...INSPECTOR_OWN,
      ...PROBE_OWN,
      // It begins anew with each step, so that each of its refusals is one of its probe.
      "server down": PROBE_OWN["server never up"],
      "revoked": PROBE_OWN["wrong key"],
    },
  },
  {
    name: "mcp-remote 0.15",
    language: "mcp_remote",
    args: [],
    revision: LEGACY,
    startMs: 3000,
    discovers: true,
    eager: true,
    own: MCP_REMOTE_OWN,
  },
  { name: "Python mcp 2.3", language: "python", args: ["mcp", "legacy"], revision: LEGACY },
  { name: "Python mcp 2.3, modern", language: "python", args: ["mcp", "auto"], revision: MODERN },
  { name: "FastMCP 4.1", language: "python", args: ["fastmcp", "legacy"], revision: LEGACY },
  { name: "FastMCP 4.1, modern", language: "python", args: ["fastmcp", "auto"], revision: MODERN },
  {
    name: "Go SDK 1.8",
    language: "go",
    args: [LEGACY],
    revision: LEGACY,
    own: { ...GO_OWN, "server down": /: Bad Gateway$/ },
  },
  { name: "Go SDK 1.8, modern", language: "go", args: [MODERN], revision: MODERN, own: GO_OWN },
  { name: "Rust rmcp 3.11", language: "rust", args: [LEGACY], revision: LEGACY, own: RUST_OWN },
  {
    name: "Rust rmcp 3.11, modern",
    language: "rust",
    args: [MODERN],
    revision: MODERN,
    own: RUST_OWN,
  },
  {
    name: "Java SDK 2.1",
    language: "java",
    args: ["http"],
    revision: LEGACY,
    eager: true,
    own: {
      "revoked": /^Authorization error when sending message$/,
      "wrong key": /Authorization error when sending message$/,
    },
  },
];

/** How `client` is started; URL, key and steps follow. */
export function commandOf(client: Pick<Client, "language" | "args">): readonly string[] {
  const language = LANGUAGES.find(({ name }) => name === client.language);
  if (language === undefined) throw new TypeError(`Unknown language: ${client.language}`);
  return [...language.command, ...client.args];
}
