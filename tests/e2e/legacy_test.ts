/**
 * The HTTP+SSE transport of 2024-11-05 from end to end: the official clients, the gate as a process,
 * and a server on the official SDK's own transport.
 */
import assert from "node:assert/strict";
import { eventually, inTime } from "../support/eventually.ts";
import { GateProcess, type KeySettings, type Settings, testKey } from "../support/gate_process.ts";
import { LEGACY_CLIENTS } from "../support/legacy_client.ts";
import { EverythingServer } from "../support/everything_server.ts";
import { LegacyServer } from "../support/legacy_server.ts";
import { HIDDEN } from "../support/fixture_server.ts";

const worker = testKey("worker", { allow: ["echo", "hold", "ask"] });
const hasty = testKey("hasty", { allow: ["echo"], rate_limit: { rps: 0.001, burst: 3 } });
const other = testKey("other", { allow: ["echo"] });

/** The longest that a client may be left without an answer, in milliseconds. */
const SOON = 2000;

class Scene implements AsyncDisposable {
  private constructor(readonly server: LegacyServer, readonly gate: GateProcess) {}

  static async start(): Promise<Scene> {
    const server = await LegacyServer.start();
    return new Scene(server, await GateProcess.start(settings(server.url, [worker, hasty, other])));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.gate[Symbol.asyncDispose]();
    await this.server[Symbol.asyncDispose]();
  }
}

function settings(url: string, keys: readonly { readonly entry: KeySettings }[]): Settings {
  return {
    upstream: { url, transport: "sse" },
    keys: keys.map(({ entry }) => entry),
    grace: "1s",
  };
}

for (const { name, connect } of LEGACY_CLIENTS) {
  Deno.test(`${name}: lists what its key may use, calls it, and is denied in-band`, async () => {
    await using scene = await Scene.start();
    await using client = await connect(scene.gate.url, worker.key);
    assert.deepEqual(await client.tools(), ["echo", "hold", "ask"]);
    assert.equal(await client.call("echo", { text: "hi" }), "hi");
    const denied = assert.rejects(
      client.call("wipe"),
      /Unknown tool: wipe \(not available to this API key\)/,
    );
    await inTime("the denial", denied, SOON);
    assert.equal(await client.call("echo", { text: "again" }), "again");
    assert.equal(scene.server.calls.get("wipe"), undefined);
    const lines = await scene.gate.auditWhen(
      "the calls",
      (lines) => lines.filter(({ method }) => method === "tools/call").length === 3,
    );
    assert.deepEqual(
      lines.filter(({ method }) => method === "tools/call")
        .map(({ tool, decision, status, label }) => [tool, decision, status, label]),
      [
        ["echo", "allow", 202, "worker"],
        ["wipe", "deny", 202, "worker"],
        ["echo", "allow", 202, "worker"],
      ],
    );
    assert.doesNotMatch(await scene.gate.auditText(), /sessionId|gs=/);
  });

  Deno.test(`${name}: progress comes before the result`, async () => {
    await using scene = await Scene.start();
    await using client = await connect(scene.gate.url, worker.key);
    const progress: number[] = [];
    const held = client.call("hold", {}, (step) => progress.push(step));
    await eventually("progress", () => progress.length === 1 && scene.server.held === 1);
    scene.server.release();
    assert.equal(await inTime("the result", held, SOON), "held");
  });

  Deno.test(`${name}: answers what the server asks`, async () => {
    await using scene = await Scene.start();
    await using client = await connect(scene.gate.url, worker.key);
    assert.equal(await inTime("the result", client.call("ask"), SOON), "sampled");
  });

  Deno.test(`${name}: is told of its rate limit in-band`, async () => {
    await using scene = await Scene.start();
    await using client = await connect(scene.gate.url, hasty.key);
    const limited = assert.rejects(
      async () => {
        for (let i = 0; i < 4; i++) await client.call("echo", { text: "hi" });
      },
      /Rate limit exceeded; retry in \d+ s/,
    );
    await inTime("the limit", limited, SOON);
  });

  Deno.test(`${name}: is told of a key that is wrong`, async () => {
    await using scene = await Scene.start();
    const refused = assert.rejects(connect(scene.gate.url, `${worker.key}x`), /401/);
    await inTime("the refusal", refused, SOON);
  });

  Deno.test(`${name}: loses its call within a second when its key is revoked`, async () => {
    await using scene = await Scene.start();
    await using client = await connect(scene.gate.url, worker.key);
    const held = client.call("hold");
    const ended = assert.rejects(held, /What this API key may use has changed/);
    await eventually("the call", () => scene.server.held === 1);
    await scene.gate.reload(settings(scene.server.url, [other]));
    await inTime("the end of the call", ended, 1000);
    await inTime("the next one", assert.rejects(client.call("echo", { text: "hi" }), /401/), SOON);
    await eventually("the server's stream to end", () => scene.server.streams === 0);
  });

  Deno.test(`${name}: is told in-band when the server goes away under a call`, async () => {
    await using scene = await Scene.start();
    await using client = await connect(scene.gate.url, worker.key);
    const ended = assert.rejects(client.call("hold"), /Upstream MCP server unavailable/);
    await eventually("the call", () => scene.server.held === 1);
    await scene.server.stop();
    await inTime("the end of the call", ended, SOON);
    await inTime("the next one", assert.rejects(client.call("echo", { text: "hi" })), SOON);
  });

  Deno.test(`${name}: is told of a server that is not there`, async () => {
    await using scene = await Scene.start();
    await scene.server.stop();
    const refused = assert.rejects(connect(scene.gate.url, worker.key), /502/);
    await inTime("the refusal", refused, SOON);
  });
}

Deno.test("the reference server's tools are those that the key names", async () => {
  await using server = await EverythingServer.start("sse");
  const reader = testKey("reader", {
    allow: ["echo", "get-s*", "trigger-*"],
    deny: ["trigger-long-running-operation"],
  });
  await using gate = await GateProcess.start(settings(server.url, [reader]));
  for (const { connect } of LEGACY_CLIENTS) {
    await using client = await connect(gate.url, reader.key);
    const tools = await client.tools();
    assert.ok(tools.includes("get-sum") && tools.includes("trigger-sampling-request"));
    assert.ok(!tools.includes("get-env") && !tools.includes("trigger-long-running-operation"));
    assert.equal(
      await client.call("echo", { message: "h\u00e9llo \u2028" }),
      "Echo: h\u00e9llo \u2028",
    );
    await assert.rejects(client.call("get-env"), /Unknown tool: get-env/);
    assert.match(await client.call("trigger-sampling-request", { prompt: "?" }), /sampled/);
  }
});

Deno.test("two keys cannot use each other's streams", async () => {
  await using scene = await Scene.start();
  const mine = await Stream.open(scene.gate.url, worker.key);
  const theirs = await Stream.open(scene.gate.url, other.key);
  const body = JSON.stringify({ jsonrpc: "2.0", id: 1, method: "ping" });
  const posted = async (target: string, key: string) => {
    const response = await fetch(target, {
      method: "POST",
      headers: { authorization: `Bearer ${key}`, "content-type": "application/json" },
      body,
    });
    return [response.status, await response.text()];
  };
  const [status, refusal] = await posted(mine.target, other.key);
  const forged = mine.target.replace(/gs=../, "gs=xx");
  assert.deepEqual([status, await posted(forged, worker.key)], [404, [404, refusal]]);
  assert.deepEqual(scene.server.posted, []);
  assert.equal((await posted(mine.target, worker.key))[0], 202);
  assert.equal((await posted(theirs.target, other.key))[0], 202);
  assert.equal(new Set(scene.server.posted).size, 2);
  for (const stream of [mine, theirs]) await stream.close();
});

Deno.test("no definition that a key may not see is on its stream", async () => {
  await using scene = await Scene.start();
  const stream = await Stream.open(scene.gate.url, other.key);
  const headers = { authorization: `Bearer ${other.key}`, "content-type": "application/json" };
  const initialize = {
    jsonrpc: "2.0",
    id: 1,
    method: "initialize",
    params: {
      protocolVersion: "2024-11-05",
      capabilities: {},
      clientInfo: { name: "t", version: "1" },
    },
  };
  for (const message of [initialize, { jsonrpc: "2.0", id: 2, method: "tools/list" }]) {
    const body = JSON.stringify(message);
    const response = await fetch(stream.target, { method: "POST", headers, body });
    assert.deepEqual([response.status, await response.text()], [202, ""]);
  }
  const text = await stream.until('"id":2');
  assert.match(text, /"echo"/);
  assert.doesNotMatch(text, new RegExp(`${HIDDEN}|sessionId|messages`));
  await stream.close();
});

/** A stream without a client library. */
class Stream {
  readonly #reader: ReadableStreamDefaultReader<Uint8Array>;
  readonly #decoder = new TextDecoder();
  #text = "";
  /** Where its messages go. */
  target = "";

  private constructor(reader: ReadableStreamDefaultReader<Uint8Array>) {
    this.#reader = reader;
  }

  static async open(url: string, key: string): Promise<Stream> {
    const response = await fetch(url, { headers: { authorization: `Bearer ${key}` } });
    assert.ok(response.status === 200 && response.body !== null);
    const stream = new Stream(response.body.getReader());
    const [, target = ""] = /data: (.*)/.exec(await stream.until("\n\n")) ?? [];
    stream.target = String(new URL(target, url));
    return stream;
  }

  /** All that has come, as soon as `mark` is in it. */
  async until(mark: string): Promise<string> {
    while (!this.#text.includes(mark)) {
      const { value } = await inTime(`${mark} on the stream`, this.#reader.read());
      this.#text += this.#decoder.decode(value, { stream: true });
    }
    return this.#text;
  }

  async close(): Promise<void> {
    await this.#reader.cancel();
  }
}
