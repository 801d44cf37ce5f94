/**
 * Handles with real peers: the official clients turn pages whose cursors they cannot read, and a
 * stream that broke off is resumed by the key that had it, and by no other.
 */
import assert from "node:assert/strict";
import { eventually, inTime } from "../support/eventually.ts";
import { EverythingServer } from "../support/everything_server.ts";
import { GateProcess, testKey } from "../support/gate_process.ts";
import { mcpPost, mcpVerb, toolCall } from "../support/mcp_request.ts";
import { cursorAfter, PagingServer } from "../support/paging_server.ts";
import { askOnce, RawClient, type RawRequest } from "../support/raw_http.ts";
import { FIRST, MODERN, SECOND } from "../support/sdk_client.ts";

const reader = testKey("reader", { allow: ["alpha", "delta", "echo"] });
const worker = testKey("worker", { allow: ["trigger-long-running-operation"] });
const other = testKey("other", { allow: ["trigger-long-running-operation"] });

for (const client of [FIRST, SECOND, MODERN]) {
  Deno.test(`${client.name}: turns all pages of a list, of which the key sees a part`, async () => {
    await using server = new PagingServer();
    await using gate = await GateProcess.start({
      upstream: { url: server.url },
      keys: [reader.entry],
    });
    await using mcp = await client.connect({ url: gate.url, key: reader.key });
    assert.deepEqual(await mcp.tools(), ["alpha", "delta", "echo"]);
    assert.deepEqual(server.cursors, [cursorAfter("hidden_b"), cursorAfter("delta")]);
  });
}

const INITIALIZE = {
  jsonrpc: "2.0",
  id: 0,
  method: "initialize",
  params: {
    protocolVersion: "2025-11-25",
    capabilities: {},
    clientInfo: { name: "raw", version: "1.0.0" },
  },
};

/** A session of `key`, ready for calls. */
async function openSession(port: number, key: string): Promise<[string, string]> {
  const { fields } = await askOnce(port, mcpPost(key, INITIALIZE));
  const [, id = ""] = fields.find(([name]) => name.toLowerCase() === "mcp-session-id") ?? [];
  const session: [string, string] = ["Mcp-Session-Id", id];
  const ready = { jsonrpc: "2.0", method: "notifications/initialized" };
  assert.equal((await askOnce(port, mcpPost(key, ready, [session]))).status, 202);
  return session;
}

/** What a stream that does not end has at once. */
async function begunStream(port: number, request: RawRequest): Promise<string> {
  const client = await RawClient.connect(port);
  const reply = await client.ask(request);
  assert.equal(reply.status, 200);
  const decoder = new TextDecoder();
  let text = "";
  const reading = (async () => {
    for (let piece = await reply.read(); piece !== null; piece = await reply.read()) {
      text += decoder.decode(piece, { stream: true });
    }
  })().catch(() => {});
  await inTime("more of the stream", reading, 300).catch(() => {});
  client.close();
  await reading;
  return text;
}

function lastId(text: string): string {
  return [...text.matchAll(/^id: (\S+)$/gm)].at(-1)?.[1] ?? assert.fail(`no event id: ${text}`);
}

Deno.test("a stream that broke off goes on where it was, for the key that had it alone", async () => {
  await using server = await EverythingServer.start();
  await using gate = await GateProcess.start({
    upstream: { url: server.url },
    keys: [worker.entry, other.entry],
  });
  const session = await openSession(gate.port, worker.key);
  const long = toolCall("trigger-long-running-operation", { duration: 1, steps: 4 }, 7);
  const call = { ...long, params: { ...long.params, _meta: { progressToken: "p" } } };

  let seen: string;
  {
    using client = await RawClient.connect(gate.port);
    const reply = await client.ask(mcpPost(worker.key, call, [session]));
    seen = await reply.readUntil('"progress":1');
  }
  const resume: [string, string] = ["Last-Event-ID", lastId(seen)];
  const foreign = await openSession(gate.port, other.key);
  for (const fields of [[foreign, resume], [session, resume], [resume]]) {
    const { status } = await askOnce(gate.port, mcpVerb("GET", other.key, fields));
    assert.ok(status === 400 || status === 404, String(status));
  }

  // The server gives a resumed stream what it has kept by then, and nothing after.
  let rest = "";
  await eventually("the rest of the stream", async () => {
    rest = await begunStream(gate.port, mcpVerb("GET", worker.key, [session, resume]));
    return rest.includes("Long running operation completed");
  });
  assert.match(rest, /"progress":4/);
  assert.doesNotMatch(rest, /"progress":1,/);
  assert.match(rest, /"id":7[,}]/);
});
