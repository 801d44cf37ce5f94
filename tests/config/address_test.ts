/** Addresses of every kind that the configuration writes. */
import assert from "node:assert/strict";
import {
  parseHost,
  parseListen,
  parseNetwork,
  parseOrigin,
  parsePath,
  parseUpstreamUrl,
} from "../../src/config/address.ts";

const LISTENS = [
  { text: ":8080", read: { hostname: "0.0.0.0", port: 8080 } },
  { text: ":0", read: { hostname: "0.0.0.0", port: 0 } },
  { text: "127.0.0.1:8080", read: { hostname: "127.0.0.1", port: 8080 } },
  { text: "[::1]:8080", read: { hostname: "::1", port: 8080 } },
  { text: "[::]:65535", read: { hostname: "::", port: 65535 } },
  { text: "localhost:1", read: { hostname: "localhost", port: 1 } },
  { text: "8080", read: null },
  { text: "127.0.0.1", read: null },
  { text: "127.0.0.1:", read: null },
  { text: ":65536", read: null },
  { text: ":-1", read: null },
  { text: "::1:8080", read: null },
  { text: "[127.0.0.1]:80", read: null },
  { text: "[fe80::1%eth0]:80", read: null },
  { text: "256.0.0.1:80", read: null },
  { text: "http://localhost:80", read: null },
  { text: "*:80", read: null },
  { text: "local host:80", read: null },
  { text: ":80\n", read: null },
];

for (const { text, read } of LISTENS) {
  Deno.test(`parseListen reads ${JSON.stringify(text)} as ${JSON.stringify(read)}`, () => {
    assert.deepEqual(parseListen(text), read);
  });
}

/** `read` where it differs from `text`; null: refused. */
const TEXTS = [
  { parse: parseHost, text: "MCP.example.com", read: "mcp.example.com" },
  { parse: parseHost, text: "10.0.0.1" },
  { parse: parseHost, text: "[FD00::1]", read: "[fd00::1]" },
  { parse: parseHost, text: "", read: null },
  { parse: parseHost, text: "example.com.", read: null },
  { parse: parseHost, text: "-example.com", read: null },
  { parse: parseHost, text: "example.com:80", read: null },
  { parse: parseHost, text: "*.example.com", read: null },
  { parse: parseHost, text: "fd00::1", read: null },
  { parse: parseHost, text: "exämple.com", read: null },
  { parse: parseHost, text: "a".repeat(254), read: null },
  { parse: parseOrigin, text: "https://app.example.com" },
  { parse: parseOrigin, text: "HTTP://LocalHost:3000", read: "http://localhost:3000" },
  { parse: parseOrigin, text: "http://[::1]:3000" },
  { parse: parseOrigin, text: "chrome-extension://abcdef" },
  { parse: parseOrigin, text: "null", read: null },
  { parse: parseOrigin, text: "*", read: null },
  { parse: parseOrigin, text: "app.example.com", read: null },
  { parse: parseOrigin, text: "https://app.example.com/", read: null },
  { parse: parseOrigin, text: "https://app.example.com:443", read: null },
  { parse: parseOrigin, text: "https://*.example.com", read: null },
  { parse: parseOrigin, text: "https://me@app.example.com", read: null },
  { parse: parseOrigin, text: "https://app.example.com https://b", read: null },
  { parse: parseNetwork, text: "10.0.0.0/8" },
  { parse: parseNetwork, text: "0.0.0.0/0" },
  { parse: parseNetwork, text: "10.0.0.1", read: "10.0.0.1/32" },
  { parse: parseNetwork, text: "FD00::/8", read: "fd00::/8" },
  { parse: parseNetwork, text: "::1", read: "::1/128" },
  { parse: parseNetwork, text: "10.0.0.0/33", read: null },
  { parse: parseNetwork, text: "10.0.0/8", read: null },
  { parse: parseNetwork, text: "10.0.0.0/", read: null },
  { parse: parseNetwork, text: "::1/129", read: null },
  { parse: parseNetwork, text: "fe80::1%eth0/64", read: null },
  { parse: parseNetwork, text: "localhost", read: null },
  { parse: parseUpstreamUrl, text: "http://localhost:9000/mcp" },
  { parse: parseUpstreamUrl, text: "https://example.com", read: "https://example.com/" },
  { parse: parseUpstreamUrl, text: "http://[::1]:9000/mcp" },
  { parse: parseUpstreamUrl, text: "/mcp", read: null },
  { parse: parseUpstreamUrl, text: "localhost:9000", read: null },
  { parse: parseUpstreamUrl, text: "ftp://localhost/mcp", read: null },
  { parse: parseUpstreamUrl, text: "file:///mcp", read: null },
  { parse: parseUpstreamUrl, text: "http://me:pw@localhost/mcp", read: null },
  { parse: parseUpstreamUrl, text: "http://localhost/mcp?key=1", read: null },
  { parse: parseUpstreamUrl, text: "http://localhost/mcp#a", read: null },
  { parse: parseUpstreamUrl, text: "http:\\\\localhost\\mcp", read: null },
  { parse: parseUpstreamUrl, text: "http://local host/mcp", read: null },
  { parse: parseUpstreamUrl, text: "http://localhost:99999/mcp", read: null },
  { parse: parsePath, text: "/mcp" },
  { parse: parsePath, text: "/" },
  { parse: parsePath, text: "/team-a/mcp.v1" },
  { parse: parsePath, text: "", read: null },
  { parse: parsePath, text: "mcp", read: null },
  { parse: parsePath, text: "/mcp/", read: null },
  { parse: parsePath, text: "//mcp", read: null },
  { parse: parsePath, text: "/a/./b", read: null },
  { parse: parsePath, text: "/a/..", read: null },
  { parse: parsePath, text: "/%6dcp", read: null },
  { parse: parsePath, text: "/mcp?a", read: null },
  { parse: parsePath, text: "/mcp;a", read: null },
  { parse: parsePath, text: "/m\\cp", read: null },
  { parse: parsePath, text: "/healthz", read: null },
  { parse: parsePath, text: "/register", read: null },
  { parse: parsePath, text: "/token", read: null },
  { parse: parsePath, text: "/authorize", read: null },
  { parse: parsePath, text: "/.well-known/x", read: null },
  { parse: parsePath, text: "/mcp\n", read: null },
];

for (const { parse, text, read } of TEXTS) {
  const said = read === null ? "refuses" : "reads";
  Deno.test(`${parse.name} ${said} ${JSON.stringify(text.slice(0, 40))}`, () => {
    assert.equal(parse(text), read === undefined ? text : read);
  });
}
