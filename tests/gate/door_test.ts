/** The door's checks of a head, each alone: Host, path, method, Origin, then the policy headers. */
import assert from "node:assert/strict";
import { checkHeaders, Door, isLoopback } from "../../src/gate/door.ts";
import type { Fields } from "../../src/gate/incoming.ts";
import type { GateConfig } from "../../src/policy/contract.ts";
import { gateConfig } from "../policies/lent_host.ts";
import { MemoryExchange, type Request } from "./support/memory_exchange.ts";

const PUBLIC = gateConfig();
const LOOPBACK = gateConfig({ listen: { hostname: "127.0.0.1", port: 8080 } });
const NAMED = gateConfig({ hosts: ["mcp.example", "other.example:8443", "[2001:db8::1]"] });

function host(config: GateConfig, fields: Fields) {
  const incoming = new MemoryExchange({ method: "GET" });
  const others = incoming.fields.filter(([name]) => name !== "host");
  const asked = { ...incoming, fields: [...others, ...fields], isGone: incoming.isGone };
  return new Door(config).checkHost(asked);
}

const HOSTS: readonly {
  readonly name: string;
  readonly config: GateConfig;
  readonly pass: readonly string[];
  readonly fail: readonly string[];
}[] = [
  {
    name: "any well-formed name on a public listener",
    config: PUBLIC,
    pass: ["a", "a.example", "a.example:1", "10.0.0.1", "[::1]", "[::1]:80", "a.example.", "A.b"],
    fail: [
      "",
      " ",
      "a b",
      "a/x?",
      "u@a",
      "a:",
      "a:x",
      "a:65536",
      "a:123456",
      "::1",
      "[::1",
      "[a]",
      "a,b",
      "a%2f",
      "é",
      "a_b",
      "h/healthz?",
    ],
  },
  {
    name: "names of this machine on a loopback listener",
    config: LOOPBACK,
    pass: ["localhost", "LOCALHOST:1", "127.0.0.1", "127.0.0.1:99", "[::1]", "[::1]:99"],
    fail: ["a.example", "localhost.", "localhost.a.example", "127.0.0.1.a.example", "10.0.0.1"],
  },
  {
    name: "names that the configuration lists, with their port where it gives one",
    config: NAMED,
    pass: ["mcp.example", "MCP.example:1", "other.example:8443", "[2001:db8::1]:9"],
    fail: ["localhost", "other.example", "other.example:8444", "mcp.example.", "xmcp.example"],
  },
];

for (const { name, config, pass, fail } of HOSTS) {
  Deno.test(`Door lets in ${name}`, () => {
    for (const value of pass) assert.equal(host(config, [["host", value]]), null, value);
  });
  Deno.test(`Door refuses other than ${name}`, () => {
    for (const value of fail) assert.equal(host(config, [["host", value]])?.kind, "host", value);
  });
}

Deno.test("Door refuses no Host and two", () => {
  assert.equal(host(PUBLIC, [])?.kind, "host");
  assert.equal(host(PUBLIC, [["host", "a"], ["host", "a"]])?.kind, "host");
});

const PATHS = [
  { target: "/mcp", kind: undefined },
  { target: "/mcp?x=1", kind: undefined },
  { target: "/mcp?", kind: undefined },
  ...[
    "/mcp/",
    "//mcp",
    "/./mcp",
    "/%6dcp",
    "/x/../mcp",
    "/mcp;a",
    "/mcp#",
    "/MCP",
    "/mc",
    "/mcpx",
    "/",
    "",
    "*",
    "?/mcp",
    "\\mcp",
    "/mcp%3f",
    "/mcp\0",
    "/mcp%00",
    "http://gate.example/mcp",
  ].map((target) => ({ target, kind: "not_found" })),
  { target: null, kind: "bad_target" },
];

for (const { target, kind } of PATHS) {
  Deno.test(`Door compares the path byte for byte: ${JSON.stringify(target)}`, () => {
    assert.equal(new Door(PUBLIC).check(new MemoryExchange({ target }))?.kind, kind);
  });
}

const METHODS = [
  ...["GET", "POST", "DELETE"].map((method) => ({ method, kind: undefined })),
  ...[
    "PUT",
    "PATCH",
    "HEAD",
    "TRACE",
    "CONNECT",
    "OPTIONS",
    "get",
    "post",
    "FOO",
    "",
    "constructor",
  ]
    .map((method) => ({ method, kind: "http_method" })),
];

for (const { method, kind } of METHODS) {
  Deno.test(`Door ${kind ? "refuses" : "lets in"} the HTTP method ${method || "of no name"}`, () => {
    assert.equal(new Door(PUBLIC).check(new MemoryExchange({ method }))?.kind, kind);
  });
}

const ORIGINS: readonly {
  readonly name: string;
  readonly config: GateConfig;
  readonly pass: readonly string[];
  readonly fail: readonly string[];
}[] = [
  {
    name: "configured origins",
    config: gateConfig({ origins: ["https://app.example", "http://a:1"] }),
    pass: ["https://app.example", "http://a:1"],
    fail: [
      "http://app.example",
      "https://app.example:443",
      "https://app.example/",
      "HTTPS://app.example",
      "https://app.example.evil.example",
      "http://a",
      "http://localhost",
      "null",
      "",
      "https://app.example, https://app.example",
    ],
  },
  {
    name: "origins of this machine on a loopback listener",
    config: LOOPBACK,
    pass: ["http://localhost", "http://localhost:6274", "http://127.0.0.1:1", "http://[::1]:1"],
    fail: [
      "https://localhost",
      "http://localhost.evil.example",
      "http://127.0.0.1.evil.example",
      "http://127.0.0.2",
      "http://localhost:",
      "http://localhost:1/",
      "null",
    ],
  },
];

for (const { name, config, pass, fail } of ORIGINS) {
  const door = new Door(config);
  const asked = (origin: string, method: string) =>
    new MemoryExchange({ method, fields: [["origin", origin]] });
  for (const method of ["POST", "OPTIONS"]) {
    Deno.test(`Door lets in ${name}: ${method}`, () => {
      for (const origin of pass) {
        assert.equal(door.check(asked(origin, method)), null, origin);
        assert.equal(door.allowedOrigin(asked(origin, method)), origin);
      }
    });
    Deno.test(`Door refuses other than ${name}: ${method}`, () => {
      for (const origin of fail) {
        assert.equal(door.check(asked(origin, method))?.kind, "origin", origin);
        assert.equal(door.allowedOrigin(asked(origin, method)), null);
      }
    });
  }
}

Deno.test("Door refuses an Origin that is there twice, even where both are allowed", () => {
  const door = new Door(gateConfig({ origins: ["https://app.example"] }));
  const origin = ["origin", "https://app.example"] as const;
  assert.equal(door.check(new MemoryExchange({ fields: [origin, origin] }))?.kind, "origin");
});

const param = (index: number) => [`mcp-param-p${index}`, "v"] as const;

const HEADERS: readonly {
  readonly name: string;
  readonly request: Request;
  readonly kind?: string;
}[] = [
  { name: "what every client sends", request: {} },
  { name: "a session", request: { fields: [["mcp-session-id", "s.AAAA"]] } },
  {
    name: "a charset of UTF-8",
    request: { fields: [["content-type", "application/json; charset=utf-8"]] },
  },
  { name: "the identity encoding", request: { fields: [["content-encoding", "identity"]] } },
  {
    name: "32 parameters",
    request: { fields: Array.from({ length: 32 }, (_, index) => param(index)) },
  },
  { name: "a GET without Content-Type", request: { method: "GET" } },
  { name: "other headers twice", request: { fields: [["x-a", "1"], ["x-a", "2"]] } },
  ...["mcp-session-id", "mcp-protocol-version", "last-event-id", "mcp-method", "mcp-name"]
    .map((header) => ({
      name: `${header} twice`,
      request: { fields: [[header, "a"], [header, "a"]] as const },
      kind: "bad_header",
    })),
  ...["mcp-session-id", "mcp-protocol-version", "last-event-id"].flatMap((header) =>
    ["", "a b", "a, b", "é", "a\tb", "x".repeat(2000)].map((value) => ({
      name: `${header} of ${JSON.stringify(value.slice(0, 5))}`,
      request: { fields: [[header, value]] as const },
      kind: "bad_header",
    }))
  ),
  {
    name: "a session of two values on a GET",
    request: { method: "GET", fields: [["mcp-session-id", "a,b"]] },
    kind: "bad_header",
  },
  {
    name: "33 parameters",
    request: { fields: Array.from({ length: 33 }, (_, index) => param(index)) },
    kind: "bad_header",
  },
  {
    name: "a parameter over 8 KiB",
    request: { fields: [["mcp-param-a", "x".repeat(8193)]] },
    kind: "bad_header",
  },
  ...[
    "",
    "text/plain",
    "application/json; charset=utf-7",
    "application/json; charset=utf-8; x=1",
    "application/json, text/plain",
    "application/jsonp",
    "application/json;",
    "text/event-stream",
    "application/x-www-form-urlencoded",
  ].map((value) => ({
    name: `Content-Type ${JSON.stringify(value)}`,
    request: { fields: [["content-type", value]] as const },
    kind: "content_type",
  })),
  {
    name: "Content-Type twice",
    request: { fields: [["content-type", "application/json"], ["content-type", "text/plain"]] },
    kind: "content_type",
  },
  ...["gzip", "identity, gzip", "br", ""].map((value) => ({
    name: `Content-Encoding ${JSON.stringify(value)}`,
    request: { fields: [["content-encoding", value]] as const },
    kind: "content_type",
  })),
];

for (const { name, request, kind } of HEADERS) {
  Deno.test(`checkHeaders ${kind === undefined ? "lets pass" : "refuses"} ${name}`, () => {
    assert.equal(checkHeaders(new MemoryExchange(request), PUBLIC)?.kind, kind);
  });
}

Deno.test("isLoopback knows the names of this machine and no others", () => {
  for (const name of ["localhost", "127.0.0.1", "127.1.2.3", "::1", "[::1]"]) {
    assert.ok(isLoopback(name), name);
  }
  for (const name of ["0.0.0.0", "::", "localhost.example", "127.0.0.1.example", "10.0.0.1", ""]) {
    assert.ok(!isLoopback(name), name);
  }
});
