/**
 * Two workers before a server of the HTTP+SSE transport: what is posted through one of them for a
 * stream of the other is judged and answered by the one that has the stream.
 */
import assert from "node:assert/strict";
import { inTime } from "../support/eventually.ts";
import { testKey } from "../support/gate_process.ts";
import { mcpPost, mcpVerb, toolCall, toolResult } from "../support/mcp_request.ts";
import type { RawClient, RawReply } from "../support/raw_http.ts";
import { answer, RecordingUpstream, type Script } from "../support/recording_upstream.ts";
import { WorkerScene } from "../support/worker_scene.ts";

const owner = testKey("owner", { allow: ["*"] });
const stranger = testKey("stranger", { allow: ["*"] });

/** A server with one stream, on which it answers whatever is posted. */
class OneStream {
  #say: (text: string) => void = () => {};

  readonly serve: Script = async (request, wire) => {
    if (request.method === "GET") {
      await wire.write("HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n");
      this.#say = (text) => wire.write(text);
      await wire.write("event: endpoint\ndata: /message?s=1\n\n");
      await request.gone;
      return "close";
    }
    const { id } = JSON.parse(request.text);
    this.#say(`event: message\ndata: ${JSON.stringify(toolResult(`answer ${id}`, id))}\n\n`);
    return await answer({ status: 202 })(request, wire);
  };
}

async function scene(upstream: RecordingUpstream): Promise<WorkerScene> {
  upstream.otherwise = new OneStream().serve;
  return await WorkerScene.start({
    upstream: { url: upstream.url("/sse"), transport: "sse" },
    path: "/mcp",
    limits: { body: "16KiB" },
    keys: [owner.entry, stranger.entry],
  }, owner);
}

/** Opens a stream; what its messages are posted to. */
async function opened(through: RawClient): Promise<{ stream: RawReply; target: string }> {
  const stream = await through.ask(mcpVerb("GET", owner.key));
  const text = await stream.readUntil("\n\n");
  return { stream, target: /data: (\S+)/.exec(text)?.[1] ?? assert.fail(text) };
}

async function post(
  through: RawClient,
  target: string,
  message: object,
  key = owner.key,
): Promise<{ status: number; text: string }> {
  const reply = await through.ask({ ...mcpPost(key, message), target });
  return { status: reply.status, text: await reply.text() };
}

Deno.test("workers: what is posted through one is answered on the stream of the other", async () => {
  await using upstream = await RecordingUpstream.start();
  await using gate = await scene(upstream);
  const { one, other } = await gate.both();
  const { stream, target } = await opened(one);
  for (const id of [1, 2]) {
    assert.deepEqual(await post(other, target, toolCall("any", {}, id)), { status: 202, text: "" });
    await inTime("the answer", stream.readUntil(`answer ${id}`));
  }
  const lines = await gate.gate.auditWhen(
    "a line for each post",
    (all) => all.filter(({ http }) => http === "POST").length === 2,
  );
  for (const line of lines.filter(({ http }) => http === "POST")) {
    assert.deepEqual([line.label, line.tool, line.status], ["owner", "any", 202]);
    assert.equal(line.remote, "127.0.0.1");
  }
});

Deno.test("workers: a stream of the other is used by its owner alone", async () => {
  await using upstream = await RecordingUpstream.start();
  await using gate = await scene(upstream);
  const { one, other } = await gate.both();
  const { target } = await opened(one);
  const foreign = await post(other, target, toolCall("any"), stranger.key);
  const [, stated = ""] = /gs=w\d-(.*)/.exec(target) ?? assert.fail(target);
  const before = upstream.requests.length;
  for (const named of [`w0-${stated}x`, `w1-x${stated}`, "w7-x.y", "w9999-x", "w1-"]) {
    const never = await post(other, `/mcp?gs=${named}`, toolCall("any"));
    assert.deepEqual(never, foreign, named);
  }
  assert.equal(upstream.requests.length, before);
});

Deno.test("workers: a body that its worker finds too large is refused through the other", async () => {
  await using upstream = await RecordingUpstream.start();
  await using gate = await scene(upstream);
  const { one, other } = await gate.both();
  const { target } = await opened(one);
  const { status } = await post(other, target, toolCall("any", { text: "x".repeat(17_000) }));
  assert.equal(status, 413);
});

Deno.test("workers: a client that leaves in the middle of a body leaves its line", async () => {
  await using upstream = await RecordingUpstream.start();
  await using gate = await scene(upstream);
  const { one, other } = await gate.both();
  const { target } = await opened(one);
  const head =
    `POST ${target} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer ${owner.key}\r\n`;
  await other.send(`${head}Content-Type: application/json\r\nContent-Length: 100\r\n\r\n{`);
  other.close();
  await gate.gate.auditWhen("its line", (all) => all.some(({ end }) => end === "client_gone"));
});
