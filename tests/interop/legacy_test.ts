/**
 * The Python clients on the HTTP+SSE transport of 2024-11-05, which take every status of 400 and more
 * for its end: what they may not have they are told on the stream, at once, and go on.
 */
import assert from "node:assert/strict";
import { testNeeding } from "../support/absent.ts";
import { eventually } from "../support/eventually.ts";
import { GateProcess, type KeySettings, type Settings, testKey } from "../support/gate_process.ts";
import { LegacyServer } from "../support/legacy_server.ts";
import { ClientProcess, type Outcome } from "./client_process.ts";
import { LANGUAGES } from "./language.ts";

const guest = testKey("guest", { allow: ["echo", "hold"] });
const hasty = testKey("hasty", { allow: ["echo"], rate_limit: { rps: 0.001, burst: 6 } });

/** Beyond this somebody who waits thinks that it hangs. */
const AT_ONCE_MS = 2000;

const ECHO = 'call echo {"text":"hi"}';

const CLIENTS = ["mcp-sse legacy", "mcp-sse auto", "fastmcp-sse legacy"];

const PYTHON = {
  what: "its program; deno task interop python builds it",
  found: (Deno.env.get("MCPGATE_INTEROP") ?? "").split(/\s+/).includes("python") ? "python" : null,
};

class Scene implements AsyncDisposable {
  readonly #parts: AsyncDisposableStack;

  private constructor(
    readonly server: LegacyServer,
    readonly gate: GateProcess,
    parts: AsyncDisposableStack,
  ) {
    this.#parts = parts;
  }

  static async start(): Promise<Scene> {
    await using parts = new AsyncDisposableStack();
    const server = parts.use(await LegacyServer.start());
    const keys = [guest.entry, hasty.entry];
    const gate = parts.use(await GateProcess.start(settings(server.url, keys)));
    return new Scene(server, gate, parts.move());
  }

  async play(client: string, key: string, steps: readonly string[]): Promise<ClientProcess> {
    const [python] = LANGUAGES.filter(({ name }) => name === "python");
    const command = [...(python?.command ?? []), ...client.split(" ")];
    return this.#parts.use(await ClientProcess.start(command, { url: this.gate.url, key, steps }));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#parts.disposeAsync();
  }
}

function settings(url: string, keys: readonly KeySettings[]): Settings {
  return { upstream: { url, transport: "sse" }, keys };
}

function refused({ error = "", ms }: Outcome, says: RegExp): void {
  assert.match(error, says);
  assert.ok(ms < AT_ONCE_MS, `${ms} ms`);
}

for (const client of CLIENTS) {
  testNeeding(PYTHON, `${client}: lists, calls, is denied in-band and goes on`, async () => {
    await using scene = await Scene.start();
    const played = await scene.play(client, guest.key, ["list", ECHO, "call wipe {}", ECHO]);
    assert.equal((await played.outcome(1)).ok, "echo hold");
    assert.equal((await played.outcome(2)).ok, "hi");
    refused(await played.outcome(3), /Unknown tool: wipe \(not available to this API key\)/);
    assert.equal((await played.outcome(4)).ok, "hi");
    assert.equal(scene.server.calls.get("wipe"), undefined);
  });

  testNeeding(PYTHON, `${client}: is told of progress before the result`, async () => {
    await using scene = await Scene.start();
    const played = await scene.play(client, guest.key, ["call hold {}"]);
    await played.progressed();
    assert.equal(scene.server.calls.get("hold"), undefined, "the result must not exist yet");
    await eventually("the call to wait", () => scene.server.held === 1);
    scene.server.release();
    assert.equal((await played.outcome(1)).ok, "held");
  });

  testNeeding(PYTHON, `${client}: is told of its rate limit in-band`, async () => {
    await using scene = await Scene.start();
    const played = await scene.play(client, hasty.key, Array(7).fill(ECHO));
    refused(await played.outcome(7), /Rate limit exceeded; retry in \d+ s/);
  });

  testNeeding(PYTHON, `${client}: is told that its key has gone`, async () => {
    await using scene = await Scene.start();
    const played = await scene.play(client, guest.key, ["call hold {}"]);
    await eventually("the call to wait", () => scene.server.held === 1, 30_000);
    await scene.gate.reload(settings(scene.server.url, [hasty.entry]));
    assert.match((await played.outcome(1)).error ?? "", /What this API key may use has changed/);
  });

  testNeeding(PYTHON, `${client}: is told that the server has gone`, async () => {
    await using scene = await Scene.start();
    const played = await scene.play(client, guest.key, ["call hold {}"]);
    await eventually("the call to wait", () => scene.server.held === 1, 30_000);
    await scene.server.stop();
    assert.match((await played.outcome(1)).error ?? "", /Upstream MCP server unavailable/);
  });

  testNeeding(PYTHON, `${client}: is told at once of a server that is not there`, async () => {
    await using scene = await Scene.start();
    await scene.server.stop();
    const played = await scene.play(client, guest.key, []);
    refused(await played.outcome(0), /502/);
  });

  testNeeding(PYTHON, `${client}: is told at once of a key that is wrong`, async () => {
    await using scene = await Scene.start();
    const played = await scene.play(client, `${guest.key}x`, []);
    refused(await played.outcome(0), /401/);
  });
}
