/** What a good file becomes, and that no file is too bad to be answered. */
import assert from "node:assert/strict";
import { z } from "zod";
import { formatProblems, loadConfig } from "../../src/config/load.ts";
import { configSchema } from "../../src/config/schema.ts";
import { loaded, memorySources, told } from "./sources.ts";

const HASH = "a".repeat(64);

const KEY = `keys: [{ label: laptop, hash: ${HASH}, allow: [read_file] }]`;

const URL_ = "upstream: { url: http://localhost:9000/mcp }";

/** The file of the README of another gate of this name. */
const SEED = `
upstream:
  url: "http://localhost:9000/mcp"
  timeout: 30s
listen: ":8080"
keys:
  - label: "claude-desktop"
    hash: "${HASH.toUpperCase()}"
    allow: ["read_file", "list_dir", "search_*"]
    rate_limit: { rps: 5, burst: 10 }
  - label: "ci-agent"
    hash: "${"b".repeat(64)}"
    allow: ["*"]
    rate_limit:
      rps: 2
defaults:
  rate_limit: { rps: 20, burst: 50 }
audit:
  output: stdout
`;

Deno.test("loadConfig fills the shortest file with the defaults", () => {
  const { fingerprint: _, ...config } = loaded(`${URL_}\n${KEY}`);
  assert.deepEqual(config, {
    upstream: {
      url: "http://localhost:9000/mcp",
      transport: "http",
      timeoutMs: 60_000,
      forwardHeaders: [],
      identityHeader: null,
      tls: null,
    },
    tls: null,
    listen: { hostname: "0.0.0.0", port: 8080 },
    admin: null,
    workers: 1,
    path: "/mcp",
    hosts: [],
    origins: [],
    trustedProxies: [],
    graceMs: 10_000,
    pidFile: null,
    keys: [{
      label: "laptop",
      hashes: [{ hash: HASH, createdMs: null, expiresMs: null }],
      certificates: [],
      allow: ["read_file"],
      deny: [],
      prompts: [],
      resources: [],
      rateLimit: { rps: 20, burst: 40 },
      expiresMs: null,
    }],
    defaults: { rateLimit: { rps: 20, burst: 40 }, rateLimitReply: "http" },
    authFailures: { rps: 5, burst: 30 },
    audit: { output: "stdout", onError: "refuse", chain: false },
    mcp: { batch: "reject", resume: "on", instructions: "pass", samplingTools: "filter" },
    limits: {
      bodyBytes: 4 * 1024 ** 2,
      heldBytes: 64 * 1024 ** 2,
      connections: 16_384,
      connectionsPerAddress: 512,
      headerDeadlineMs: 10_000,
      bodyDeadlineMs: 10_000,
      writeDeadlineMs: 60_000,
      replyDeadlineMs: 600_000,
      depth: 128,
      members: 250_000,
      params: 64,
      method: 128,
      name: 256,
      id: 256,
      headerValueBytes: 8192,
      mcpParams: 32,
      batch: 32,
      replyBytes: 16 * 1024 ** 2,
      streamsPerKey: 128,
      auditLineBytes: 2048,
    },
    pipeline: ["audit", "auth", "ratelimit", "allowlist"].map((name) => ({
      name,
      use: null,
      options: {},
      timeoutMs: 1000,
    })),
    secrets: { seal: null, upstreamHeaders: [], tls: null, upstreamTls: null },
    moduleTexts: [],
  });
});

const PATHS = [
  { name: "Streamable HTTP", written: {}, path: "/mcp" },
  { name: "the transport of 2024-11-05", written: { transport: "sse" }, path: "/sse" },
  {
    name: "the transport of 2024-11-05 at a path of one's own",
    written: { transport: "sse" },
    own: "/events",
    path: "/events",
  },
];

for (const { name, written, own, path } of PATHS) {
  Deno.test(`loadConfig serves the path of the transport: ${name}`, () => {
    const upstream = { url: "http://localhost:9000/x", ...written };
    const file = { upstream, keys: [], ...(own === undefined ? {} : { path: own }) };
    const config = loaded(JSON.stringify(file));
    assert.deepEqual([config.upstream.transport, config.path], [
      written.transport ?? "http",
      path,
    ]);
  });
}

Deno.test("loadConfig reads the published format as it stands", () => {
  const config = loaded(SEED);
  assert.equal(config.upstream.timeoutMs, 30_000);
  const read = config.keys.map(({ label, hashes, rateLimit }) => ({ label, hashes, rateLimit }));
  const hashed = (hash: string) => [{ hash, createdMs: null, expiresMs: null }];
  assert.deepEqual(read, [
    { label: "claude-desktop", hashes: hashed(HASH), rateLimit: { rps: 5, burst: 10 } },
    { label: "ci-agent", hashes: hashed("b".repeat(64)), rateLimit: { rps: 2, burst: 50 } },
  ]);
});

/** What absence means for prompts and resources. */
const GRANTS = [
  { name: "a lone * names everything", key: 'allow: ["*"]', prompts: ["*"], resources: ["*"] },
  { name: "a * among others names tools", key: 'allow: ["*", a]', prompts: [], resources: [] },
  { name: "a pattern names tools", key: 'allow: ["a*"]', prompts: [], resources: [] },
  {
    name: "what is written counts",
    key: 'allow: ["*"], prompts: [], resources: [a]',
    prompts: [],
    resources: ["a"],
  },
];

for (const { name, key, prompts, resources } of GRANTS) {
  Deno.test(`loadConfig grants prompts and resources: ${name}`, () => {
    const config = loaded(`${URL_}\nkeys: [{ label: a, hash: ${HASH}, ${key} }]`);
    assert.deepEqual([config.keys[0]?.prompts, config.keys[0]?.resources], [prompts, resources]);
  });
}

Deno.test("loadConfig accepts that the last key is gone, so that a reload can take it away", () => {
  assert.deepEqual(loaded(`${URL_}\nkeys: []`).keys, []);
  assert.deepEqual(loaded(`${URL_}\nkeys: # - label: laptop`).keys, []);
});

Deno.test("loadConfig resolves paths from the folder of the file", () => {
  const text = `${URL_}\n${KEY}\naudit: { output: log/audit.jsonl }\npipeline: [audit, auth, ` +
    `{ use: ./stages/office_hours.ts, options: { from: 9 }, timeout: 2s }, allowlist]`;
  const config = loaded(text, { "/etc/mcpgate/stages/office_hours.ts": "" });
  assert.equal(config.audit.output, "/etc/mcpgate/log/audit.jsonl");
  assert.deepEqual({ ...config.pipeline[2], options: { ...Object(config.pipeline[2]?.options) } }, {
    name: "office_hours",
    use: "/etc/mcpgate/stages/office_hours.ts",
    options: { from: 9 },
    timeoutMs: 2000,
  });
});

Deno.test("loadConfig accepts a module of one's own in the place of auth", () => {
  const text = `${URL_}\n${KEY}\npipeline: [audit, { use: ./sso.ts }, allowlist]`;
  assert.equal(loaded(text, { "/etc/mcpgate/sso.ts": "" }).pipeline[1]?.name, "sso");
});

Deno.test("loadConfig writes names in the form in which they are compared", () => {
  const config = loaded(`
upstream: { url: "HTTP://LocalHost:9000", forward_headers: [TraceParent, traceparent], identity_header: X-Who }
hosts: [MCP.Example.com, "[::1]"]
origins: ["https://App.Example.com", "vscode-webview://abc"]
trusted_proxies: [10.0.0.1, "FD00::/8"]
${KEY}`);
  assert.equal(config.upstream.url, "http://localhost:9000/");
  assert.deepEqual(config.upstream.forwardHeaders, ["traceparent"]);
  assert.equal(config.upstream.identityHeader, "x-who");
  assert.deepEqual(config.hosts, ["mcp.example.com", "[::1]"]);
  assert.deepEqual(config.origins, ["https://app.example.com", "vscode-webview://abc"]);
  assert.deepEqual(config.trustedProxies, ["10.0.0.1/32", "fd00::/8"]);
});

Deno.test("loadConfig freezes all of it", () => {
  const thawed: string[] = [];
  const visit = (value: unknown, path: string): void => {
    if (typeof value !== "object" || value === null) return;
    if (!Object.isFrozen(value)) thawed.push(path);
    for (const [name, member] of Object.entries(value)) visit(member, `${path}.${name}`);
  };
  visit(loaded(SEED), "config");
  assert.deepEqual(thawed, []);
});

Deno.test("loadConfig says that a file is not there, and what to do", () => {
  const result = loadConfig("config.yaml", memorySources({}));
  assert.equal(
    told(result),
    `config.yaml
  found: no such file
  expected: a configuration in YAML
  copy config.example.yaml, or name another file with --config`,
  );
});

Deno.test("loadConfig says where a text is not UTF-8, decoded leniently or not at all", () => {
  const bad = `${URL_}\nkeys: [] # caf\ufffd`;
  assert.match(told(loadConfig("c", memorySources({ c: bad }))), /^c:2:15\n[^]*not UTF-8/);
  const strict = {
    ...memorySources({}),
    readText(): string {
      return new TextDecoder("utf-8", { fatal: true }).decode(Uint8Array.of(0xff));
    },
  };
  assert.match(told(loadConfig("c", strict)), /^c\n {2}found: a file that is not UTF-8/);
});

Deno.test("loadConfig reads past a byte order mark", () => {
  assert.equal(loaded(`\ufeff${URL_}\n${KEY}`).keys.length, 1);
});

for (const depth of [40, 5000, 100_000]) {
  Deno.test(`loadConfig answers to ${depth} levels of nesting`, () => {
    const text = `${URL_}\nkeys: []\npipeline: ${"[".repeat(depth)}${"]".repeat(depth)}`;
    assert.match(told(loadConfig("c", memorySources({ c: text }))), /^c:3:\d+/);
  });
}

Deno.test("problemAt points into options for those who know them", () => {
  const text = `${URL_}\n${KEY}\npipeline:\n  - audit\n  - auth\n  - use: m.ts\n` +
    `    options:\n      from: 25 # o'clock\n  - allowlist`;
  const files = { c: text, "/etc/mcpgate/m.ts": "" };
  const result = loadConfig("c", memorySources(files));
  assert.ok(result.ok);
  const path = ["pipeline", 2, "options", "from"];
  assert.equal(
    formatProblems([result.problemAt(path, "the number 25", "an hour", "try 9")]),
    `c:8:13: pipeline[2].options.from
  8 |       from: **
    |             ^^
  found: the number 25
  expected: an hour
  try 9`,
  );
});

Deno.test("configSchema makes a JSON Schema in which every option is described", () => {
  const undescribed: string[] = [];
  const visit = (schema: unknown, path: string): void => {
    if (typeof schema !== "object" || schema === null) return;
    for (const [word, part] of Object.entries(schema)) {
      if (word === "properties") {
        for (const [name, option] of Object.entries(part as Record<string, object>)) {
          if (!("description" in option)) undescribed.push(`${path}.${name}`);
          visit(option, `${path}.${name}`);
        }
      } else visit(part, path);
    }
  };
  visit(z.toJSONSchema(configSchema, { io: "input" }), "");
  assert.deepEqual(undescribed, []);
});
