/** Which headers an operator may name. */
import assert from "node:assert/strict";
import {
  isHeaderValue,
  parseForwardedHeader,
  parseUpstreamHeader,
} from "../../src/config/header_name.ts";

/** Headers that frame a message or are the gate's to write. */
const RESERVED = [
  "Content-Type",
  "content-length",
  "Content-Encoding",
  "Transfer-Encoding",
  "Connection",
  "Keep-Alive",
  "Upgrade",
  "TE",
  "Trailer",
  "Expect",
  "Host",
  "Accept",
  "Accept-Encoding",
  "Proxy-Authorization",
  "Mcp-Session-Id",
  "MCP-Protocol-Version",
  "Mcp-Param-X",
  "Last-Event-ID",
  "User-Agent",
  "",
  "a b",
  "a:b",
  "a\r\nb",
  "é",
  "a".repeat(129),
];

/** Headers that an operator may set and no client. */
const CREDENTIALS = [
  "Authorization",
  "Cookie",
  "X-Api-Key",
  "X-Forwarded-For",
  "Forwarded",
  "Origin",
  "X-HTTP-Method-Override",
  "X-Original-URL",
];

for (const name of RESERVED) {
  Deno.test(`nobody may set the header ${JSON.stringify(name.slice(0, 30))}`, () => {
    assert.deepEqual([parseUpstreamHeader(name), parseForwardedHeader(name)], [null, null]);
  });
}

for (const name of CREDENTIALS) {
  Deno.test(`the operator may set ${name}, and no client may`, () => {
    assert.equal(parseUpstreamHeader(name), name.toLowerCase());
    assert.equal(parseForwardedHeader(name), null);
  });
}

for (const name of ["traceparent", "X-Request-Id", "X-Mcp-Client", "Baggage"]) {
  Deno.test(`a client's ${name} may be forwarded`, () => {
    assert.equal(parseForwardedHeader(name), name.toLowerCase());
  });
}

const VALUES = [
  { value: "Bearer abc", isValid: true },
  { value: "a\tb", isValid: true },
  { value: "~", isValid: true },
  { value: "", isValid: false },
  { value: " a", isValid: false },
  { value: "a ", isValid: false },
  { value: "a\nb", isValid: false },
  { value: "a\r\nHost: b", isValid: false },
  { value: "a\0", isValid: false },
  { value: "é", isValid: false },
];

for (const { value, isValid } of VALUES) {
  Deno.test(`isHeaderValue says ${isValid} to ${JSON.stringify(value)}`, () => {
    assert.equal(isHeaderValue(value), isValid);
  });
}
