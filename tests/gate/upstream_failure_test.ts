/** What a caller is told of an upstream that fails, by phase and by how far he is in (D22 to D24). */
import assert from "node:assert/strict";
import { UpstreamError } from "../../src/upstream/upstream.ts";
import { A, bodyOf, call, config, rpc, Scene } from "./support/gate_scene.ts";
import type { Request } from "./support/memory_exchange.ts";
import { eventReply, jsonReply, MemoryReply } from "./support/memory_upstream.ts";

const MODERN = "2026-07-28";
const ANSWER = { jsonrpc: "2.0", id: 1, result: {} };

function modern(method: string): Request {
  const _meta = {
    "io.modelcontextprotocol/protocolVersion": MODERN,
    "io.modelcontextprotocol/clientCapabilities": {},
  };
  return {
    body: bodyOf(rpc(method, { _meta })),
    fields: [["mcp-protocol-version", MODERN], ["mcp-method", method]],
  };
}

/** What fails before anything was said to the client. */
const EARLY: readonly {
  readonly name: string;
  readonly reply: () => Promise<MemoryReply>;
  readonly late?: true;
}[] = [
  {
    name: "is not there",
    reply: () => Promise.reject(new UpstreamError("unreachable", "UPSTREAM-HOST")),
  },
  {
    name: "says nothing in time",
    reply: () => Promise.reject(new UpstreamError("timeout", "x")),
    late: true,
  },
  { name: "hangs up", reply: () => Promise.reject(new UpstreamError("broken", "x")) },
  { name: "redirects", reply: reply(() => new MemoryReply(302, [["location", "/x"]]).end()) },
  {
    name: "wants a key",
    reply: reply(() => new MemoryReply(401, [["www-authenticate", "Bearer"]]).end()),
  },
  { name: "forbids", reply: reply(() => new MemoryReply(403).end()) },
  { name: "fails", reply: reply(() => new MemoryReply(500).end()) },
  { name: "accepts what wants an answer", reply: reply(() => new MemoryReply(202).end()) },
  {
    name: "sends HTML",
    reply: reply(() => new MemoryReply(200, [["content-type", "text/html"]]).end()),
  },
  {
    name: "sends gzip",
    reply: reply(() => jsonReply(ANSWER, 200, [["content-encoding", "gzip"]])),
  },
  { name: "sends no JSON as JSON", reply: reply(() => jsonReply("<html>")) },
  { name: "sends nothing as JSON", reply: reply(() => jsonReply("")) },
  {
    name: "sends an error of nobody's",
    reply: reply(() => jsonReply({ jsonrpc: "2.0", id: null, error: {} })),
  },
];

function reply(make: () => MemoryReply): () => Promise<MemoryReply> {
  return () => Promise.resolve(make());
}

const CALLERS: readonly {
  readonly name: string;
  readonly request: Request;
  readonly inSession?: boolean;
  readonly inBand: boolean;
  readonly id: number | null;
}[] = [
  { name: "a request without a session", request: { body: bodyOf(call()) }, inBand: false, id: 1 },
  {
    name: "a request in a session",
    request: { body: bodyOf(call()) },
    inSession: true,
    inBand: true,
    id: 1,
  },
  {
    name: "initialize",
    request: { body: bodyOf(rpc("initialize")) },
    inSession: true,
    inBand: false,
    id: 1,
  },
  { name: "a modern request", request: modern("tools/list"), inBand: true, id: 1 },
  { name: "server/discover", request: modern("server/discover"), inBand: false, id: 1 },
];

for (const { name, reply, late = false } of EARLY) {
  Deno.test(`an upstream that ${name} is told to each caller as he can take it`, async (t) => {
    for (const { name, request, inSession = false, inBand, id } of CALLERS) {
      await t.step(name, async () => {
        await using scene = await Scene.open();
        scene.upstream.next(jsonReply(ANSWER, 200, [["mcp-session-id", "s1"]]));
        const session = (await scene.post(rpc("initialize"))).field("mcp-session-id") ?? "";
        scene.upstream.next(reply);
        const fields = [
          ...(request.fields ?? []),
          ...(inSession ? [["mcp-session-id", session] as const] : []),
        ];
        const exchange = await scene.ask({ ...request, fields });
        assert.equal(exchange.status, inBand ? 200 : late ? 504 : 502);
        assert.deepEqual(exchange.json, {
          jsonrpc: "2.0",
          id,
          error: { code: -32603, message: "Upstream MCP server unavailable" },
        });
        assert.deepEqual([scene.last.end, scene.last.stage], ["upstream_error", "upstream"]);
      });
    }
  });
}

for (const method of ["GET", "DELETE"]) {
  Deno.test(`an upstream that is not there is a 502 to ${method}`, async () => {
    await using scene = await Scene.open();
    scene.upstream.next(() => Promise.reject(new UpstreamError("unreachable", "x")));
    const exchange = await scene.ask({ method });
    assert.equal(exchange.status, 502);
  });
}

const LOST = {
  jsonrpc: "2.0",
  id: 1,
  error: { code: -32603, message: "Upstream MCP server unavailable" },
};
const PROGRESS = { jsonrpc: "2.0", method: "notifications/progress", params: { progress: 1 } };

const STREAMS: readonly {
  readonly name: string;
  readonly reply: () => MemoryReply;
  readonly events: readonly unknown[];
  readonly end: "complete" | "upstream_error";
}[] = [
  {
    name: "breaks before the answer",
    reply: () => eventReply([PROGRESS]),
    events: [PROGRESS, LOST],
    end: "upstream_error",
  },
  {
    name: "breaks after the answer",
    reply: () => eventReply([ANSWER]),
    events: [ANSWER],
    end: "upstream_error",
  },
  {
    name: "breaks after another's answer",
    reply: () => eventReply([{ ...ANSWER, id: "1" }]),
    events: [{ ...ANSWER, id: "1" }, LOST],
    end: "upstream_error",
  },
  {
    name: "breaks where it may be resumed",
    reply: () => eventReply(["id: 1\ndata:\n\n", PROGRESS]),
    events: [PROGRESS],
    end: "upstream_error",
  },
  {
    name: "breaks inside an event",
    reply: () => eventReply([PROGRESS, 'data: {"jsonrpc":"2.0","id":1,']),
    events: [PROGRESS, LOST],
    end: "upstream_error",
  },
  {
    name: "sends an answer that is no JSON",
    reply: () => eventReply(['data: {"id":1,"result":{"tools":\n\n']),
    events: [LOST],
    end: "upstream_error",
  },
  {
    name: "sends an event beyond the limit",
    reply: () => eventReply([PROGRESS, `data: "${"x".repeat(2000)}"\n\n`]),
    events: [PROGRESS, LOST],
    end: "upstream_error",
  },
];

for (const { name, reply, events, end } of STREAMS) {
  Deno.test(`a stream that ${name} leaves nobody waiting`, async () => {
    const limits = { ...config().limits, replyBytes: 1000 };
    await using scene = await Scene.open({ config: { limits } });
    const made = reply();
    scene.upstream.next(made);
    const exchange = scene.begin({ body: bodyOf(call()) }, A);
    await scene.upstream.request(0);
    made.breakOff();
    await scene.over();
    assert.deepEqual([exchange.status, exchange.state], [200, "complete"]);
    assert.deepEqual(exchange.events, events);
    assert.equal(scene.last.end, end);
    assert.doesNotMatch(exchange.text, /UPSTREAM-HOST/);
  });
}
