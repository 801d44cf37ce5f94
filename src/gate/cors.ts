/**
 * Answers for browsers: what a page of a permitted origin may send and read. Which origins are
 * permitted is the door's affair.
 */
import type { Fields } from "./incoming.ts";

/** Fields on every answer to a permitted origin. */
export function corsFields(origin: string): Fields {
  return [
    ["access-control-allow-origin", origin],
    ["access-control-expose-headers", EXPOSED],
    ["vary", "origin"],
  ];
}

/**
 * Fields of the answer to a preflight request (https://fetch.spec.whatwg.org/#cors-preflight-fetch),
 * beside those of every answer.
 *
 * @param requested The Access-Control-Request-Headers value, or null
 * @param forwarded Further header names the configuration passes on, lower-case
 */
export function preflightFields(
  requested: string | null,
  forwarded: readonly string[],
): Fields {
  const names = (requested ?? "").toLowerCase().split(",").map((name) => name.trim())
    .filter((name) =>
      ACCEPTED.has(name) || forwarded.includes(name) || /^mcp-param-[a-z0-9-]{1,100}$/.test(name)
    );
  return [
    ["access-control-allow-methods", "GET, POST, DELETE"],
    ...(names.length > 0 ? [["access-control-allow-headers", names.join(", ")] as const] : []),
    ["access-control-max-age", "600"],
  ];
}

const EXPOSED = "mcp-session-id, mcpgate-exchange, retry-after, www-authenticate";
const ACCEPTED: ReadonlySet<string> = new Set([
  "accept",
  "authorization",
  "content-type",
  "last-event-id",
  "mcp-method",
  "mcp-name",
  "mcp-protocol-version",
  "mcp-session-id",
  "x-api-key",
]);
