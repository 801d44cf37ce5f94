/**
 * What a live server is found to offer, asked over the gate's own client: official servers on both
 * transports and both eras, and servers that misbehave.
 */
import assert from "node:assert/strict";
import type { Config } from "../../src/config/config.ts";
import { SurveyError } from "../../src/survey/channel.ts";
import { Surveyor } from "../../src/survey/surveyor.ts";
import { http1Upstream } from "../../src/upstream/http1_upstream.ts";
import { EverythingServer } from "../support/everything_server.ts";
import { LegacyServer } from "../support/legacy_server.ts";
import { PAGED_TOOLS, PagingServer } from "../support/paging_server.ts";
import {
  answer,
  json,
  RecordingUpstream,
  type Script,
  silence,
} from "../support/recording_upstream.ts";

const surveyor = new Surveyor(
  (config) => http1Upstream({ url: config.upstream.url }),
  "mcpgate/test",
);

function configOf(
  url: string,
  { transport = "http", timeoutMs = 5000, headers = [] }: {
    transport?: "http" | "sse";
    timeoutMs?: number;
    headers?: readonly (readonly [string, string])[];
  } = {},
): Config {
  return {
    upstream: { url, transport, timeoutMs },
    secrets: { seal: null, upstreamHeaders: headers },
  } as unknown as Config;
}

/** Answers each request by its method. */
function server(
  results: Readonly<Record<string, (params: Record<string, unknown>) => unknown>>,
): Script {
  return (request, wire) => {
    const { id, method, params = {} } = JSON.parse(request.text || "{}");
    if (id === undefined) return answer({ status: 202 })(request, wire);
    const result = results[method];
    const body = result === undefined
      ? { jsonrpc: "2.0", id, error: { code: -32601, message: "Method not found" } }
      : { jsonrpc: "2.0", id, result: result(params) };
    return json(body)(request, wire);
  };
}

const INITIALIZED = () => ({
  protocolVersion: "2025-06-18",
  capabilities: { tools: {} },
  serverInfo: { name: "odd", version: "0" },
});

Deno.test("the reference server's whole offer is read over Streamable HTTP", async () => {
  await using everything = await EverythingServer.start();
  const offer = await surveyor.offer(configOf(everything.url));
  assert.equal(offer.revision, "2025-11-25");
  assert.ok(offer.tools.some(({ name }) => name === "echo"));
  assert.ok(offer.prompts.includes("simple-prompt"));
  assert.ok(offer.resources.length > 0);
  assert.ok(offer.templates.some((uri) => uri.includes("{")));
  assert.deepEqual(offer.gaps, []);
});

Deno.test("a server on the HTTP+SSE transport is asked over it", async () => {
  await using legacy = await LegacyServer.start();
  const offer = await surveyor.offer(configOf(legacy.url, { transport: "sse" }));
  assert.deepEqual(offer.tools.map(({ name }) => name), ["echo", "hold", "ask", "wipe"]);
  assert.deepEqual([...legacy.calls], []);
});

Deno.test("all pages of a list are read", async () => {
  await using paging = new PagingServer();
  const offer = await surveyor.offer(configOf(paging.url));
  assert.deepEqual(offer.tools.map(({ name }) => name), PAGED_TOOLS);
});

Deno.test("a server that speaks only the stateless revision is asked in it", async () => {
  await using upstream = await RecordingUpstream.start();
  upstream.otherwise = server({
    "server/discover": () => ({ supportedVersions: ["2026-07-28"], capabilities: { tools: {} } }),
    "tools/list": () => ({ tools: [{ name: "only" }] }),
  });
  const offer = await surveyor.offer(configOf(upstream.url()));
  assert.equal(offer.revision, "2026-07-28");
  assert.deepEqual(offer.tools.map(({ name }) => name), ["only"]);
  const listed = upstream.requests.find(({ text }) => text.includes("tools/list"));
  assert.ok(
    listed?.fields.some(([name, value]) =>
      name.toLowerCase() === "mcp-method" && value === "tools/list"
    ),
  );
});

Deno.test("what the operator sends with every request goes with these, too", async () => {
  await using upstream = await RecordingUpstream.start();
  upstream.otherwise = server({ initialize: INITIALIZED, "tools/list": () => ({ tools: [] }) });
  await surveyor.offer(configOf(upstream.url(), { headers: [["authorization", "Bearer up"]] }));
  assert.ok(upstream.requests.length >= 3);
  for (const { fields } of upstream.requests) {
    assert.ok(
      fields.some(([name, value]) =>
        name.toLowerCase() === "authorization" && value === "Bearer up"
      ),
    );
  }
});

Deno.test("a session that the server opened is used, and ended at the end", async () => {
  await using upstream = await RecordingUpstream.start();
  const rest = server({ initialize: INITIALIZED, "tools/list": () => ({ tools: [] }) });
  upstream.next((request, wire) => {
    const { id } = JSON.parse(request.text);
    const body = { jsonrpc: "2.0", id, result: INITIALIZED() };
    return json(body, [["Mcp-Session-Id", "s-1"]])(request, wire);
  });
  upstream.otherwise = rest;
  await surveyor.offer(configOf(upstream.url()));
  const last = await upstream.request(3);
  assert.equal(last.method, "DELETE");
  for (const { fields } of upstream.requests.slice(1)) {
    assert.ok(
      fields.some(([name, value]) => name.toLowerCase() === "mcp-session-id" && value === "s-1"),
    );
  }
});

Deno.test("a list whose pages go in a circle ends, and is told as a gap", async () => {
  await using upstream = await RecordingUpstream.start();
  upstream.otherwise = server({
    initialize: INITIALIZED,
    "tools/list": () => ({ tools: [{ name: "again" }], nextCursor: "same" }),
  });
  const offer = await surveyor.offer(configOf(upstream.url()));
  assert.deepEqual(offer.tools.map(({ name }) => name), ["again", "again"]);
  assert.equal(offer.gaps.length, 1);
});

Deno.test("a list that is refused is a gap, and the others are read", async () => {
  await using upstream = await RecordingUpstream.start();
  upstream.otherwise = (request, wire) => {
    const { id, method } = JSON.parse(request.text || "{}");
    if (method === "tools/list") {
      const error = { code: -32603, message: "database is down" };
      return json({ jsonrpc: "2.0", id, error })(request, wire);
    }
    return server({
      initialize: () => ({ ...INITIALIZED(), capabilities: { tools: {}, prompts: {} } }),
      "prompts/list": () => ({ prompts: [{ name: "p" }] }),
    })(request, wire);
  };
  const offer = await surveyor.offer(configOf(upstream.url()));
  assert.deepEqual(offer.prompts, ["p"]);
  assert.match(offer.gaps.join(), /database is down/);
});

Deno.test("annotations say how far a tool may be trusted", async () => {
  await using upstream = await RecordingUpstream.start();
  upstream.otherwise = server({
    initialize: INITIALIZED,
    "tools/list": () => ({
      tools: [
        { name: "reads", annotations: { readOnlyHint: true } },
        { name: "adds", annotations: { destructiveHint: false } },
        { name: "deletes", annotations: { destructiveHint: true } },
        { name: "silent" },
        { name: 7 },
      ],
    }),
  });
  const { tools } = await surveyor.offer(configOf(upstream.url()));
  assert.deepEqual(tools.map(({ name, destructive }) => [name, destructive]), [
    ["reads", "no"],
    ["adds", "no"],
    ["deletes", "said"],
    ["silent", "unsaid"],
  ]);
});

Deno.test("the inputs of a tool are told by name, whatever shape its schema has", async () => {
  await using upstream = await RecordingUpstream.start();
  upstream.otherwise = server({
    initialize: INITIALIZED,
    "tools/list": () => ({
      tools: [
        { name: "do", inputSchema: { properties: { tool_name: {}, arguments: true } } },
        { name: "bare", inputSchema: { type: "object" } },
        { name: "odd", inputSchema: { properties: ["command"] } },
        { name: "none" },
      ],
    }),
  });
  const { tools } = await surveyor.offer(configOf(upstream.url()));
  assert.deepEqual(tools.map(({ inputs }) => inputs), [["tool_name", "arguments"], [], [], []]);
});

Deno.test("a server that never answers is given up", async () => {
  await using upstream = await RecordingUpstream.start();
  upstream.otherwise = silence;
  const asked = surveyor.offer(configOf(upstream.url(), { timeoutMs: 50 }));
  await assert.rejects(asked);
});

Deno.test("what is no MCP server is told by its status", async () => {
  await using upstream = await RecordingUpstream.start();
  upstream.otherwise = answer({ status: 404, body: "nothing here" });
  await assert.rejects(surveyor.offer(configOf(upstream.url())), (error) => {
    assert.ok(error instanceof SurveyError);
    assert.equal(error.status, 404);
    return true;
  });
});

const TROUBLES: readonly { name: string; script: Script; trouble: string; location?: string }[] = [
  {
    name: "a redirect",
    script: answer({ status: 307, fields: [["Location", "https://else.example/mcp"]] }),
    trouble: "redirect",
    location: "https://else.example/mcp",
  },
  {
    name: "a server that wants credentials",
    script: answer({ status: 401 }),
    trouble: "credentials",
  },
  { name: "a forbidden place", script: answer({ status: 403 }), trouble: "credentials" },
  { name: "a web site", script: answer({ body: "<html>" }), trouble: "no_mcp" },
  { name: "silence", script: silence, trouble: "timeout" },
  { name: "a connection that ends", script: () => "reset", trouble: "broken" },
];

for (const { name, script, trouble, location } of TROUBLES) {
  Deno.test(`the health of ${name} is ${trouble}`, async () => {
    await using upstream = await RecordingUpstream.start();
    upstream.otherwise = script;
    const health = await surveyor.health(configOf(upstream.url(), { timeoutMs: 200 }));
    assert.ok(!health.ok);
    assert.equal(health.trouble, trouble);
    assert.equal(health.location, location ?? null);
  });
}

Deno.test("the health of a port where nobody listens is unreachable", async () => {
  const upstream = await RecordingUpstream.start();
  const url = upstream.url();
  await upstream.stop();
  const health = await surveyor.health(configOf(url));
  assert.ok(!health.ok);
  assert.equal(health.trouble, "unreachable");
});

Deno.test("a server of the other transport is told from one that is none", async () => {
  await using legacy = await LegacyServer.start();
  const health = await surveyor.health(configOf(legacy.url));
  assert.ok(!health.ok);
  assert.equal(health.trouble, "wrong_transport");
});

Deno.test("a healthy server's revisions and clock are told", async () => {
  await using paging = new PagingServer();
  const health = await surveyor.health(configOf(paging.url));
  assert.ok(health.ok);
  assert.deepEqual(health.revisions, ["2025-11-25", "2026-07-28"]);
  assert.equal(typeof health.dateMs, "number");
});
