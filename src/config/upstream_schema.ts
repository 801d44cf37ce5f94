/** The shape of `upstream` in the configuration file. What two headers must not share is `header_rules.ts`'s. */
import { z } from "zod";
import { parseUpstreamUrl } from "./address.ts";
import { HEADER_NAME, parseForwardedHeader, parseUpstreamHeader } from "./header_name.ts";
import { upstreamTls } from "./tls_schema.ts";
import { choice, duration, list, mapping, places, written } from "./value.ts";

const upstreamHeader = z.string("the value of a header").register(places, {
  kind: "reference",
  expected: "the value of a header",
  examples: ["Bearer ${UPSTREAM_TOKEN}"],
});

/** The MCP server behind the gate, and how it is asked. */
export const upstream = mapping({
  url: written(
    "an absolute http or https URL without credentials, query or fragment",
    parseUpstreamUrl,
    {
      pattern: String.raw`^[Hh][Tt][Tt][Pp][Ss]?:\/\/[^\s?#@\\]+$`,
      examples: ["http://localhost:9000/mcp"],
    },
  ).describe(
    "The MCP endpoint of the server behind the gate; its stream's where transport is sse.",
  ),
  transport: choice("http", "sse").prefault("http").describe(
    "http: Streamable HTTP. sse: the HTTP+SSE transport of 2024-11-05.",
  ),
  timeout: duration(1).prefault("60s").describe(
    "Time to the head of a reply; streams then have no limit.",
  ),
  tls: upstreamTls.nullable().prefault(null).describe(
    "How an https upstream is trusted and shown who asks; a reload takes renewed files. Default: the system's authorities.",
  ),
  headers: z.record(
    written("a header name that the gate does not write itself", parseUpstreamHeader, {
      pattern: HEADER_NAME.source,
    }),
    upstreamHeader,
    "a mapping of header names to values",
  ).prefault({}).describe(
    'Sent with every request: ${NAME} from the environment, or "file:/path".',
  ),
  forward_headers: list(
    written(
      "a header name that carries no credential, framing or handle",
      parseForwardedHeader,
      { pattern: HEADER_NAME.source, examples: ["traceparent"] },
    ),
    "a list of header names",
  ).prefault([]).describe("Client headers passed on, by exact name."),
  identity_header: written(
    "a header name that carries no credential, framing or handle",
    parseForwardedHeader,
    { pattern: HEADER_NAME.source, examples: ["X-Mcp-Client"] },
  ).nullable().prefault(null).describe("Header that tells the upstream the caller's label."),
});
