/**
 * Two workers and one client: what one of them has given or taken, the other knows. Each exchange goes
 * over a connection of which it is known which worker has it.
 */
import assert from "node:assert/strict";
import { inTime } from "../support/eventually.ts";
import { testKey } from "../support/gate_process.ts";
import { mcpPost, mcpVerb, toolCall } from "../support/mcp_request.ts";
import type { RawClient } from "../support/raw_http.ts";
import {
  answer,
  events,
  json,
  RecordingUpstream,
  type Script,
} from "../support/recording_upstream.ts";
import { WorkerScene } from "../support/worker_scene.ts";

const anybody = testKey("anybody", { allow: ["*"] });

const FOREVER = new Promise<never>(() => {});

const ASKED = {
  jsonrpc: "2.0",
  id: "q1",
  method: "sampling/createMessage",
  params: { messages: [], maxTokens: 1, _meta: { progressToken: "p1" } },
};

const BEGUN = {
  jsonrpc: "2.0",
  method: "notifications/message",
  params: { level: "info", data: "begun" },
};

const INITIALIZE = {
  jsonrpc: "2.0",
  id: 0,
  method: "initialize",
  params: {
    protocolVersion: "2025-11-25",
    capabilities: { sampling: {} },
    clientInfo: { name: "raw", version: "1.0.0" },
  },
};

function event(message: unknown): string {
  return `data: ${JSON.stringify(message)}\n\n`;
}

/** A server with sessions, which asks its clients something and keeps their calls waiting. */
const serve: Script = (request, wire) => {
  if (request.method === "GET") return events([event(ASKED), FOREVER])(request, wire);
  if (request.method === "DELETE") return answer({})(request, wire);
  const message = JSON.parse(request.text);
  const result = (value: unknown) => ({ jsonrpc: "2.0", id: message.id, result: value });
  switch (message.method) {
    case "initialize": {
      const serverInfo = { name: "s", version: "1" };
      const told = { protocolVersion: "2025-11-25", capabilities: {}, serverInfo };
      return json(result(told), [["Mcp-Session-Id", "s1"]])(request, wire);
    }
    case "tools/call":
      return message.params.task === undefined
        ? events([event(BEGUN), FOREVER])(request, wire)
        : json(result({ task: { taskId: "t1", status: "working", ttl: 60_000 } }))(request, wire);
    case "tasks/get":
      return json(result({ taskId: "t1", status: "working", ttl: 60_000 }))(request, wire);
    default:
      return answer({ status: 202 })(request, wire);
  }
};

/** One client with a session, before a gate with two workers. */
class Session implements AsyncDisposable {
  private constructor(
    readonly upstream: RecordingUpstream,
    readonly scene: WorkerScene,
    readonly one: RawClient,
    readonly other: RawClient,
    readonly fields: [string, string],
  ) {}

  static async open(): Promise<Session> {
    const upstream = await RecordingUpstream.start();
    upstream.otherwise = serve;
    const settings = { upstream: { url: upstream.url() }, keys: [anybody.entry] };
    const scene = await WorkerScene.start(settings, anybody);
    const { one, other } = await scene.both();
    const reply = await one.ask(mcpPost(anybody.key, INITIALIZE));
    await reply.text();
    const session = reply.field("mcp-session-id") ?? assert.fail("no session");
    return new Session(upstream, scene, one, other, ["Mcp-Session-Id", session]);
  }

  /** Begins what stays open: a stream, or a call. */
  async begin(through: RawClient, call: object | null, until: string): Promise<void> {
    const request = call === null
      ? mcpVerb("GET", anybody.key, [this.fields])
      : mcpPost(anybody.key, call, [this.fields]);
    await inTime(until, (await through.ask(request)).readUntil(until));
  }

  /** Posts `message`; its status, and whether it went up. */
  async post(through: RawClient, message: object): Promise<{ status: number; wentUp: boolean }> {
    const before = this.upstream.requests.length;
    const reply = await through.ask(mcpPost(anybody.key, message, [this.fields]));
    await reply.text();
    return { status: reply.status, wentUp: this.upstream.requests.length > before };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.scene[Symbol.asyncDispose]();
    await this.upstream[Symbol.asyncDispose]();
  }
}

const ANSWER = {
  jsonrpc: "2.0",
  id: "q1",
  result: { role: "assistant", content: { type: "text", text: "hi" }, model: "m" },
};

function told(method: string, params: object) {
  return { jsonrpc: "2.0", method: `notifications/${method}`, params };
}

Deno.test("workers: what one has delivered is answered through the other, and once", async () => {
  await using session = await Session.open();
  const { one, other } = session;
  assert.equal((await session.post(other, ANSWER)).wentUp, false, "nobody has asked yet");
  await session.begin(one, null, "q1");
  const progress = told("progress", { progressToken: "p1", progress: 1 });
  assert.deepEqual(await session.post(other, progress), { status: 202, wentUp: true });
  assert.deepEqual(await session.post(other, ANSWER), { status: 202, wentUp: true });
  assert.equal((await session.post(other, ANSWER)).wentUp, false);
  assert.equal((await session.post(other, progress)).wentUp, false);
});

Deno.test("workers: a call of one is cancelled through the other, and no other call", async () => {
  await using session = await Session.open();
  const { one, other } = session;
  await session.begin(one, toolCall("hold", {}, 7), "begun");
  const cancel = (requestId: number | string) => told("cancelled", { requestId });
  assert.equal((await session.post(other, cancel(8))).wentUp, false);
  assert.equal((await session.post(other, cancel("7"))).wentUp, false);
  assert.deepEqual(await session.post(other, cancel(7)), { status: 202, wentUp: true });
});

Deno.test("workers: a task that one was given is known to the other, for its key alone", async () => {
  await using session = await Session.open();
  const { one, other } = session;
  const get = { jsonrpc: "2.0", id: 9, method: "tasks/get", params: { taskId: "t1" } };
  assert.equal((await session.post(other, get)).wentUp, false);
  const { params, ...call } = toolCall("build", {}, 8);
  await session.post(one, { ...call, params: { ...params, task: { ttl: 60_000 } } });
  assert.deepEqual(await session.post(other, get), { status: 200, wentUp: true });
});

Deno.test("workers: a session that one ends leaves nothing with the other", async () => {
  await using session = await Session.open();
  const { one, other } = session;
  await session.begin(one, null, "q1");
  const reply = await other.ask(mcpVerb("DELETE", anybody.key, [session.fields]));
  await reply.text();
  assert.equal(reply.status, 200);
  assert.equal((await session.post(other, ANSWER)).wentUp, false);
});
