/**
 * The shape of the configuration file: every key, what it takes, what it means and its default, said
 * once. Rules that look at two places are in `key_rules.ts` and `pipeline_rules.ts`.
 */
import { z } from "zod";
import {
  parseHost,
  parseListen,
  parseNetwork,
  parseOrigin,
  parsePath,
  parseUpstreamUrl,
} from "./address.ts";
import { parseExpiry } from "./expiry.ts";
import { parseForwardedHeader, parseUpstreamHeader } from "./header_name.ts";
import { nearest } from "./nearest.ts";
import { choice, count, duration, list, mapping, places, size, written } from "./value.ts";

const MINT = 'run "mcpgate keygen --label NAME" and paste the hash it prints';

const LOOKS_LIKE_KEY = /mcpg_[\w-]{20,}/;

const pattern = written(
  "a name, or a pattern with *, of 1 to 1024 printable characters",
  (text) => /^[^\p{Cc}\p{Zl}\p{Zp}]{1,1024}$/u.test(text) ? text : null,
);

const patterns = list(pattern, 'a list of names, such as ["read_file", "search_*"]');

const label = written(
  "a name of 1 to 128 printable ASCII characters, and not a key",
  (text) =>
    /^[\x21-\x7e](?:[\x20-\x7e]{0,126}[\x21-\x7e])?$/.test(text) && !LOOKS_LIKE_KEY.test(text)
      ? text
      : null,
);

const hash = written(
  "64 hexadecimal digits, the SHA-256 of the key",
  (text) => /^[0-9a-f]{64}$/i.test(text) ? text.toLowerCase() : null,
  { kind: "hidden", describe: describeHash, suggest: suggestHash },
);

const rps = z.number("a number above 0").gt(0, "a number above 0").max(1e6, "at most 1000000");

const burst = count(1, 1_000_000);

const keyRateLimit = mapping({
  rps: rps.optional().describe("Tokens a second. Default: defaults.rate_limit.rps."),
  burst: burst.optional().describe("Tokens held at most. Default: defaults.rate_limit.burst."),
});

const key = mapping({
  label: label.describe("Unique name of the caller in logs and audit lines."),
  hash: hash.describe("SHA-256 of the key, in hexadecimal; printed by mcpgate keygen."),
  allow: patterns.describe(
    'Tools the key may call: exact names or patterns with *. A lone "*" names everything.',
  ),
  deny: patterns.prefault([]).describe("Tools taken out of allow."),
  prompts: patterns.optional().describe(
    'Prompts, likewise. Default: none, or all where allow is ["*"].',
  ),
  resources: patterns.optional().describe(
    'Resource URIs, likewise. Default: none, or all where allow is ["*"].',
  ),
  rate_limit: keyRateLimit.prefault({}).describe("Token bucket of this key."),
  expires: written(
    "a date such as 2027-01-31 (its end, UTC) or an RFC 3339 time",
    parseExpiry,
  ).nullable().prefault(null).describe(
    "When the key ends: a date (its end, UTC) or an RFC 3339 time.",
  ),
});

const upstreamHeader = z.string("the value of a header").register(places, { kind: "reference" });

const upstream = mapping({
  url: written(
    "an absolute http or https URL without credentials, query or fragment",
    parseUpstreamUrl,
  ).describe(
    "The MCP endpoint of the server behind the gate; its stream's where transport is sse.",
  ),
  transport: choice("http", "sse").prefault("http").describe(
    "http: Streamable HTTP. sse: the HTTP+SSE transport of 2024-11-05.",
  ),
  timeout: duration(1).prefault("60s").describe(
    "Time to the head of a reply; streams then have no limit.",
  ),
  headers: z.record(
    written("a header name that the gate does not write itself", parseUpstreamHeader),
    upstreamHeader,
    "a mapping of header names to values",
  ).prefault({}).describe(
    'Sent with every request: ${NAME} from the environment, or "file:/path".',
  ),
  forward_headers: list(
    written(
      "a header name that carries no credential, framing or handle",
      parseForwardedHeader,
    ),
    "a list of header names",
  ).prefault([]).describe("Client headers passed on, by exact name."),
  identity_header: written(
    "a header name that carries no credential, framing or handle",
    parseForwardedHeader,
  ).nullable().prefault(null).describe("Header that tells the upstream the caller's label."),
});

const output = written(
  '"stdout", "stderr" or the path of a file',
  (text) =>
    text === "" || /\p{Cc}/u.test(text) || nearest(text, ["stdout", "stderr"]) !== undefined
      ? null
      : text,
);

const userStage = mapping({
  use: written(
    "the path of a .ts or .js file whose name is letters, digits, _ and -",
    (text) => /^(?:[^\p{Cc}]*\/)?[\w-]{1,64}\.m?[jt]s$/u.test(text) ? text : null,
    {
      suggest: (found) =>
        typeof found === "string" && /^\w+$/.test(found)
          ? "a stage that ships is named without use"
          : undefined,
    },
  ).describe("The module's file, seen from the folder of this file."),
  options: z.unknown().optional().describe("Checked by the module's own schema."),
  timeout: duration(1, 60_000).prefault("1s").describe("Time limit of one decision."),
});

const stageName = z.string();

const limits = mapping({
  body: size(1).prefault("4MiB").describe("A request body."),
  held: size(1, 64 * 1024 ** 3).prefault("64MiB").describe("All request bodies held at once."),
  connections: count(1, 1_000_000).prefault(16_384).describe("Connections at once, in all."),
  connections_per_address: count(1, 1_000_000).prefault(512).describe(
    "Connections at once from one address that is no trusted proxy.",
  ),
  header_deadline: duration(1).prefault("10s").describe(
    "Time for a request's head to arrive, from its first byte.",
  ),
  body_deadline: duration(1).prefault("10s").describe("Time for a request body to arrive."),
  write_deadline: duration(1).prefault("60s").describe(
    "Time without progress of a write to a client.",
  ),
  depth: count(1, 1024).prefault(128).describe("Nesting of a request body."),
  members: count(1, 10_000_000).prefault(250_000).describe(
    "Members and containers of a request body.",
  ),
  params: count(1, 10_000).prefault(64).describe("Members of params."),
  method: count(1, 4096).prefault(128).describe("Length of a method."),
  name: count(1, 65_536).prefault(256).describe("Length of a tool's or prompt's name."),
  id: count(1, 65_536).prefault(256).describe("Length of a request id."),
  header_value: size(1, 64 * 1024).prefault("8KiB").describe("One header value."),
  mcp_params: count(0, 1000).prefault(32).describe("Mcp-Param-* headers of one request."),
  batch: count(1, 1000).prefault(32).describe("Elements of a batch."),
  reply: size(1).prefault("16MiB").describe("One event or JSON body from the upstream."),
  streams_per_key: count(0, 1_000_000).prefault(128).describe("Streams open at once for one key."),
  audit_line: size(1024, 1024 ** 2).prefault("2KiB").describe("One audit line."),
});

/** The file as a whole. Its output is what `assemble.ts` makes a `Config` of. */
export const configSchema = mapping({
  upstream: upstream.describe("The MCP server behind the gate."),
  listen: written('an address and port such as ":8080" or "127.0.0.1:8080"', parseListen, {
    suggest: (found) => typeof found === "number" ? `did you mean ":${found}"?` : undefined,
  }).prefault(":8080").describe('Where to listen; ":8080" is all interfaces. Fixed at start.'),
  path: written(
    "a path such as /mcp, without query, empty or dot segments, and not one of the gate's own",
    parsePath,
  ).optional().describe(
    "The one path served, compared byte for byte. Fixed at start. Default: /mcp, or /sse where upstream.transport is sse.",
  ),
  hosts: list(
    written("a host name without port, such as mcp.example.com", parseHost),
    "a list of host names",
  ).prefault([]).describe(
    "Allowed Host names. Empty: any, or loopback names on a loopback listener.",
  ),
  origins: list(
    written('an origin such as "https://app.example.com", without path', parseOrigin, {
      suggest: suggestOrigin,
    }),
    "a list of origins",
  ).prefault([]).describe("Allowed browser origins, beside loopback ones on a loopback listener."),
  trusted_proxies: list(
    written("an IP address or CIDR such as 10.0.0.0/8", parseNetwork),
    "a list of CIDRs",
  ).prefault([]).describe("Proxies whose X-Forwarded-For is believed."),
  secret: z.string("a text of at least 32 characters").register(places, { kind: "reference" })
    .nullable().prefault(null).describe(
      'Seals handles: ${NAME} or "file:/path". Default: random at each start.',
    ),
  grace: duration(0).prefault("10s").describe("How long SIGTERM lets exchanges finish."),
  keys: list(key, "a list of keys").nullable().describe("Who may use the gate, and for what."),
  defaults: mapping({
    rate_limit: mapping({
      rps: rps.prefault(20).describe("Tokens a second."),
      burst: burst.prefault(40).describe("Tokens held at most."),
      reply: choice("http", "jsonrpc").prefault("http").describe(
        "http: status 429. jsonrpc: an error on status 200, for clients that hang on a 4xx.",
      ),
    }).prefault({}).describe("Token bucket of each key."),
  }).prefault({}).describe("What keys have where they say nothing."),
  auth_failures: mapping({
    rps: rps.prefault(5).describe("Failures a second."),
    burst: burst.prefault(30).describe("Failures at once."),
  }).prefault({}).describe("Failed authentications let through per address."),
  audit: mapping({
    output: output.prefault("stdout").describe("stdout, stderr or a path."),
    on_error: choice("refuse", "continue").prefault("refuse").describe(
      "What happens to exchanges that cannot be recorded.",
    ),
  }).prefault({}).describe("One JSON line for each exchange."),
  mcp: mapping({
    batch: choice("reject", "allow").prefault("reject").describe("JSON-RPC batches of 2025-03-26."),
    resume: choice("on", "off").prefault("on").describe("Resuming of broken streams."),
    instructions: choice("pass", "strip").prefault("pass").describe("The server's instructions."),
    sampling_tools: choice("filter", "deny", "pass").prefault("filter").describe(
      "Tools offered to the client inside sampling.",
    ),
  }).prefault({}).describe("What of the protocol may pass."),
  limits: limits.prefault({}).describe("Upper bounds."),
  pipeline: list(
    z.union([stageName, userStage], 'the name of a stage, or { use: "./module.ts" }'),
    "a list of stages",
  ).prefault(["audit", "auth", "ratelimit", "allowlist"]).describe("The stages, in order."),
});

/** A file that fits the schema, its quantities read and its defaults filled in. */
export type ConfigFile = z.output<typeof configSchema>;

function describeHash(found: unknown): string | undefined {
  if (typeof found !== "string") return undefined;
  if (found === "<paste from keygen>") return `the placeholder "${found}"`;
  if (/^<.*>$/.test(found)) return "a placeholder";
  return LOOKS_LIKE_KEY.test(found) ? "a key, not its hash" : undefined;
}

function suggestHash(found: unknown): string | undefined {
  if (typeof found !== "string" || /^<.*>$/.test(found) || found === "") return MINT;
  if (!LOOKS_LIKE_KEY.test(found)) return undefined;
  return "put the key's SHA-256 here and keep the key out of this file";
}

function suggestOrigin(found: unknown): string | undefined {
  if (typeof found !== "string" || !/^https?:\/\/[^@?#\s]+$/i.test(found) || !URL.canParse(found)) {
    return undefined;
  }
  return `did you mean "${new URL(found).origin}"?`;
}
