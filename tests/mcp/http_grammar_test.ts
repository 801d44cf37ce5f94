/** The grammars of the headers and targets the gate reads: what fits and what does not. */
import assert from "node:assert/strict";
import {
  isAccept,
  isEventStreamContentType,
  isHandle,
  isJsonContentType,
  isMethodList,
  isParamName,
  isPlainEncoding,
  isProtocolVersion,
  parseHost,
  parseOrigin,
  targetPath,
} from "../../src/mcp/http_grammar.ts";

/** Each check with values it takes and values it refuses. */
const CHECKS: readonly {
  name: string;
  check: (value: string) => boolean;
  takes: readonly string[];
  refuses: readonly string[];
}[] = [
  {
    name: "isJsonContentType",
    check: isJsonContentType,
    takes: [
      "application/json",
      "Application/JSON",
      "application/json; charset=utf-8",
      "application/json;charset=UTF-8",
      'application/json ; charset="utf-8"',
    ],
    refuses: [
      "",
      "text/json",
      "application/json;",
      "application/json; charset=utf-7",
      "application/json; charset=utf8",
      "application/json; charset=utf-8; charset=utf-7",
      "application/json; boundary=x",
      "application/json, text/plain",
      "application/jsonp",
      " application/json",
      "application/json\n",
      "application/vnd.api+json",
    ],
  },
  {
    name: "isEventStreamContentType",
    check: isEventStreamContentType,
    takes: ["text/event-stream", "text/event-stream;charset=utf-8"],
    refuses: ["text/event-stream; charset=latin1", "text/plain", "text/event-stream2"],
  },
  {
    name: "isPlainEncoding",
    check: isPlainEncoding,
    takes: ["identity", "Identity"],
    refuses: ["", "gzip", "identity, gzip", "br"],
  },
  {
    name: "isAccept",
    check: isAccept,
    takes: ["application/json, text/event-stream", "*/*", "x".repeat(256)],
    refuses: ["", "x".repeat(257), "é", "a\tb"],
  },
  {
    name: "isProtocolVersion",
    check: isProtocolVersion,
    takes: ["2025-06-18", "draft", "x".repeat(64)],
    refuses: ["", "2025-06-18, 2025-06-18", "x".repeat(65), "2025 06", "é"],
  },
  {
    name: "isHandle",
    check: isHandle,
    takes: ["abc.DEF-1,x", "x".repeat(1024)],
    refuses: ["", "a b", "a, b", "x".repeat(1025), "é", "a\tb"],
  },
  {
    name: "isParamName",
    check: isParamName,
    takes: ["mcp-param-region", "mcp-param-x_1.y"],
    refuses: [
      "mcp-param-",
      "mcp-param",
      "Mcp-Param-Region",
      "mcp-param-a b",
      "mcp-param-a:b",
      "x-mcp-param-a",
    ],
  },
  {
    name: "isMethodList",
    check: isMethodList,
    takes: ["GET", "GET, POST,DELETE", "M-SEARCH"],
    refuses: [
      "",
      "GET,",
      "GET POST",
      "GET\r\nSet-Cookie: a",
      "<script>",
      `GET${", GET".repeat(99)}`,
    ],
  },
];

for (const { name, check, takes, refuses } of CHECKS) {
  for (const value of takes) {
    Deno.test(`${name} takes ${JSON.stringify(value.slice(0, 60))}`, () =>
      assert.equal(check(value), true));
  }
  for (const value of refuses) {
    Deno.test(`${name} refuses ${JSON.stringify(value.slice(0, 60))}`, () =>
      assert.equal(check(value), false));
  }
}

Deno.test("isPlainEncoding takes an absent header", () =>
  assert.equal(isPlainEncoding(null), true));

const HOSTS = [
  { value: "localhost", host: { host: "localhost", port: null } },
  { value: "LocalHost:8080", host: { host: "localhost", port: 8080 } },
  { value: "127.0.0.1:1", host: { host: "127.0.0.1", port: 1 } },
  { value: "[::1]:80", host: { host: "[::1]", port: 80 } },
  { value: "[FE80::1]", host: { host: "[fe80::1]", port: null } },
  { value: "example.com.", host: { host: "example.com.", port: null } },
  ...[
    "",
    "h/healthz?",
    "h?",
    "h#",
    "u@h",
    "h:",
    "h:999999",
    "h:70000",
    "h:8x",
    "h, h",
    "h h",
    "::1",
    "[::1",
    "[::1]x",
    "[x]",
    "é.example",
    "a_b",
    "h\\x",
    "h\n",
  ].map((value) => ({ value, host: null })),
];

for (const { value, host } of HOSTS) {
  Deno.test(`parseHost ${host ? "reads" : "refuses"} ${JSON.stringify(value)}`, () => {
    assert.deepEqual(parseHost(value), host);
  });
}

const ORIGINS = [
  { value: "http://localhost:5173", origin: { scheme: "http", host: "localhost", port: 5173 } },
  { value: "https://Example.com", origin: { scheme: "https", host: "example.com", port: null } },
  { value: "http://[::1]:6274", origin: { scheme: "http", host: "[::1]", port: 6274 } },
  {
    value: "chrome-extension://abcdef",
    origin: { scheme: "chrome-extension", host: "abcdef", port: null },
  },
  ...[
    "",
    "null",
    "http://",
    "http:/h",
    "//h",
    "h",
    "http://h/",
    "http://h/x",
    "http://u@h",
    "http://h http://h",
    "http://h, http://h",
    "HTTP://h",
    "javascript:alert(1)",
  ].map((value) => ({ value, origin: null })),
];

for (const { value, origin } of ORIGINS) {
  Deno.test(`parseOrigin ${origin ? "reads" : "refuses"} ${JSON.stringify(value)}`, () => {
    assert.deepEqual(parseOrigin(value), origin);
  });
}

const TARGETS = [
  { target: "/mcp", path: "/mcp" },
  { target: "/mcp?a=/x?b", path: "/mcp" },
  { target: "/mcp/", path: "/mcp/" },
  { target: "/%6dcp", path: "/%6dcp" },
  { target: "/./mcp", path: "/./mcp" },
  { target: "/mcp#?", path: "/mcp#" },
  { target: "?/mcp", path: "" },
];

for (const { target, path } of TARGETS) {
  Deno.test(`targetPath of ${target} is ${path}, nothing decoded`, () => {
    assert.equal(targetPath(target), path);
  });
}
