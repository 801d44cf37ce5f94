/**
 * Which headers an operator may name. The gate writes every upstream head itself (PROTOCOL §1.1), so
 * none that frames a message, carries a handle or proves who somebody is can be passed through.
 */

/** A token of RFC 9110 section 5.6.2. */
export const HEADER_NAME = /^[!#$%&'*+.^_`|~0-9A-Za-z-]{1,128}$/;

/** The gate's own: framing, connection, negotiation and MCP's handles. Never set by anybody else. */
const RESERVED =
  /^(?:accept|accept-.*|connection|content-.*|date|expect|host|http2-settings|keep-alive|last-event-id|mcp-.*|proxy-.*|te|trailer|transfer-encoding|upgrade|user-agent|via)$/;

/** What a client could use to pass for somebody else or to change the request's meaning. */
const CLIENT_ONLY =
  /^(?:authorization|cookie|forwarded|origin|referer|set-cookie|x-api-key|x-forwarded-.*|x-http-method.*|x-method-override|x-original-.*|x-real-ip|x-rewrite-.*)$/;

/** RFC 9110 section 5.5, printable ASCII only; a gate that sends more must know the charset. */
const VALUE = /^[\x21-\x7e](?:[\t\x20-\x7e]*[\x21-\x7e])?$/;

/** The name in lower case where the operator may set this header, credentials included. */
export function parseUpstreamHeader(name: string): string | null {
  const lower = name.toLowerCase();
  return HEADER_NAME.test(name) && !RESERVED.test(lower) ? lower : null;
}

/** The name in lower case where a client's header of this name may pass. */
export function parseForwardedHeader(name: string): string | null {
  const lower = parseUpstreamHeader(name);
  return lower === null || CLIENT_ONLY.test(lower) ? null : lower;
}

/** Whether `value` can be sent as it is. */
export function isHeaderValue(value: string): boolean {
  return VALUE.test(value);
}
