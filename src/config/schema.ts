/**
 * The shape of the configuration file: every key, what it takes, what it means and its default, said
 * once. Larger parts have files of their own; rules that look at two places are in `*_rules.ts`.
 */
import { z } from "zod";
import {
  LISTEN,
  parseHost,
  parseListen,
  parseNetwork,
  parseOrigin,
  parsePath,
  PATH,
} from "./address.ts";
import { admin } from "./admin_schema.ts";
import { audit } from "./audit_schema.ts";
import { key } from "./key_schema.ts";
import { limits } from "./limit_schema.ts";
import { pipeline } from "./pipeline_schema.ts";
import { burst, rps } from "./rate_schema.ts";
import { tls } from "./tls_schema.ts";
import { upstream } from "./upstream_schema.ts";
import { workers } from "./workers_schema.ts";
import { choice, duration, list, mapping, places, written } from "./value.ts";

/** The file as a whole. Its output is what `assemble.ts` makes a `Config` of. */
export const configSchema = mapping({
  upstream: upstream.describe("The MCP server behind the gate."),
  listen: written('an address and port such as ":8080" or "127.0.0.1:8080"', parseListen, {
    suggest: (found) => typeof found === "number" ? `did you mean ":${found}"?` : undefined,
    pattern: LISTEN.source,
    examples: [":8080", "127.0.0.1:8080"],
  }).prefault(":8080").describe('Where to listen; ":8080" is all interfaces. Fixed at start.'),
  workers: workers.prefault(1).describe(
    "Threads that share the work: a number, or auto for one on each core. Fixed at start.",
  ),
  tls: tls.nullable().prefault(null).describe(
    "Speak TLS; a reload takes renewed files. Whether there is TLS at all is fixed at start. Default: plain HTTP.",
  ),
  path: written(
    "a path such as /mcp, without query, empty or dot segments, and not one of the gate's own",
    parsePath,
    { pattern: PATH.source, examples: ["/mcp"] },
  ).optional().describe(
    "The one path served, compared byte for byte. Fixed at start. Default: /mcp, or /sse where upstream.transport is sse.",
  ),
  admin: admin.nullable().prefault(null).describe(
    "A listener of its own for the operator: /healthz, /readyz, /metrics and a live page. Fixed at start. Default: none.",
  ),
  hosts: list(
    written("a host name without port, such as mcp.example.com", parseHost, {
      pattern: String.raw`^[^/:]+$|^\[.+\]$`,
      examples: ["mcp.example.com"],
    }),
    "a list of host names",
  ).prefault([]).describe(
    "Allowed Host names. Empty: any, or loopback names on a loopback listener.",
  ),
  origins: list(
    written('an origin such as "https://app.example.com", without path', parseOrigin, {
      suggest: suggestOrigin,
      pattern: String.raw`^[A-Za-z][A-Za-z0-9+.-]*:\/\/[^/?#@*]+$`,
      examples: ["https://app.example.com"],
    }),
    "a list of origins",
  ).prefault([]).describe("Allowed browser origins, beside loopback ones on a loopback listener."),
  trusted_proxies: list(
    written("an IP address or CIDR such as 10.0.0.0/8", parseNetwork, {
      pattern: String.raw`^[^/]+(?:\/\d{1,3})?$`,
      examples: ["10.0.0.0/8", "127.0.0.1"],
    }),
    "a list of CIDRs",
  ).prefault([]).describe("Proxies whose X-Forwarded-For is believed."),
  secret: z.string("a text of at least 32 characters").register(places, {
    kind: "reference",
    expected: 'a text of at least 32 characters, "${NAME}" or "file:/path"',
    examples: ["${MCPGATE_SECRET}", "file:/etc/mcpgate/secret"],
  })
    .nullable().prefault(null).describe(
      'Seals handles: ${NAME} or "file:/path". Default: random at each start.',
    ),
  grace: duration(0).prefault("10s").describe("How long SIGTERM lets exchanges finish."),
  pid_file: written(
    "a path such as /run/mcpgate/mcpgate.pid",
    (text) => /^[^\p{Cc}]{1,1024}$/u.test(text) ? text : null,
    { pattern: String.raw`^[^\x00-\x1f\x7f]+$`, examples: ["/run/mcpgate/mcpgate.pid"] },
  ).nullable().prefault(null).describe(
    "Where the number of the gate's process stands while it runs, so that --reload finds it. Fixed at start. Default: nowhere.",
  ),
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
  audit: audit.prefault({}).describe("One JSON line for each exchange."),
  mcp: mapping({
    batch: choice("reject", "allow").prefault("reject").describe("JSON-RPC batches of 2025-03-26."),
    resume: choice("on", "off").prefault("on").describe("Resuming of broken streams."),
    instructions: choice("pass", "strip").prefault("pass").describe("The server's instructions."),
    sampling_tools: choice("filter", "deny", "pass").prefault("filter").describe(
      "Tools offered to the client inside sampling.",
    ),
  }).prefault({}).describe("What of the protocol may pass."),
  limits: limits.prefault({}).describe("Upper bounds."),
  pipeline: pipeline.prefault(["audit", "auth", "ratelimit", "allowlist"]).describe(
    "The stages, in order.",
  ),
});

/** A file that fits the schema, its quantities read and its defaults filled in. */
export type ConfigFile = z.output<typeof configSchema>;

function suggestOrigin(found: unknown): string | undefined {
  if (typeof found !== "string" || !/^https?:\/\/[^@?#\s]+$/i.test(found) || !URL.canParse(found)) {
    return undefined;
  }
  return `did you mean "${new URL(found).origin}"?`;
}
