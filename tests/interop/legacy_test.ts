/**
 * Clients on the HTTP+SSE transport of 2024-11-05: what they may not have they are told on the
 * stream, at once, and go on. The Python ones take every status of 400 and more for the end of it,
 * and the Go one does of a POST. Rust has none: rmcp has dropped this transport.
 */
import assert from "node:assert/strict";
import { testNeeding } from "../support/absent.ts";
import { eventually } from "../support/eventually.ts";
import { GateProcess, type KeySettings, type Settings, testKey } from "../support/gate_process.ts";
import { LegacyServer } from "../support/legacy_server.ts";
import { ClientProcess, type Outcome } from "./client_process.ts";
import { commandOf } from "./client.ts";

const guest = testKey("guest", { allow: ["echo", "hold"] });
const hasty = testKey("hasty", { allow: ["echo"], rate_limit: { rps: 0.001, burst: 6 } });

/** Beyond this somebody who waits thinks that it hangs. */
const AT_ONCE_MS = 2000;

const ECHO = 'call echo {"text":"hi"}';

/** A client, and its words where a status is all it has been told. */
interface Client {
  readonly name: string;
  readonly language: string;
  readonly args: readonly string[];
  /** Null: it waits for its own 20 seconds whatever refuses its GET, a server of any kind too. */
  readonly absentServer: RegExp | null;
  readonly wrongKey: RegExp | null;
  /** What it says where it sees the end of its stream before the last event on it. */
  readonly overtaken?: string;
}

const BY_NUMBER = { absentServer: /\b502\b/, wrongKey: /\b401\b/ };

const CLIENTS: readonly Client[] = [
  { name: "Python mcp", language: "python", args: ["mcp-sse", "legacy"], ...BY_NUMBER },
  { name: "Python mcp, auto", language: "python", args: ["mcp-sse", "auto"], ...BY_NUMBER },
  { name: "FastMCP", language: "python", args: ["fastmcp-sse", "legacy"], ...BY_NUMBER },
  {
    name: "Go SDK",
    language: "go",
    args: ["2024-11-05"],
    absentServer: /: Bad Gateway$/,
    wrongKey: /: Unauthorized$/,
    overtaken: 'calling "tools/call": EOF',
  },
  { name: "Java SDK", language: "java", args: ["sse"], absentServer: null, wrongKey: null },
];

const BUILT = (Deno.env.get("MCPGATE_INTEROP") ?? "").split(/\s+/);

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

  async play(client: Client, key: string, steps: readonly string[]): Promise<ClientProcess> {
    const command = commandOf(client);
    return this.#parts.use(await ClientProcess.start(command, { url: this.gate.url, key, steps }));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#parts.disposeAsync();
  }
}

function settings(url: string, keys: readonly KeySettings[]): Settings {
  return { upstream: { url, transport: "sse" }, keys };
}

/** That a call ended with `says`, or with the stream that it waited for. */
function told({ overtaken }: Client, { error = "" }: Outcome, says: RegExp): void {
  if (error !== overtaken) assert.match(error, says);
}

function refused({ error = "", ms }: Outcome, says: RegExp): void {
  assert.match(error, says);
  assert.ok(ms < AT_ONCE_MS, `${ms} ms`);
}

for (const client of CLIENTS) {
  const { name, language } = client;
  const need = {
    what: `its program; deno task interop ${language} builds it`,
    found: BUILT.includes(language) ? language : null,
  };

  testNeeding(need, `${name}: lists, calls, is denied in-band and goes on`, async () => {
    await using scene = await Scene.start();
    const played = await scene.play(client, guest.key, ["list", ECHO, "call wipe {}", ECHO]);
    assert.equal((await played.outcome(1)).ok, "echo hold");
    assert.equal((await played.outcome(2)).ok, "hi");
    refused(await played.outcome(3), /Unknown tool: wipe \(not available to this API key\)/);
    assert.equal((await played.outcome(4)).ok, "hi");
    assert.equal(scene.server.calls.get("wipe"), undefined);
  });

  testNeeding(need, `${name}: is told of progress before the result`, async () => {
    await using scene = await Scene.start();
    const played = await scene.play(client, guest.key, ["call hold {}"]);
    await played.progressed();
    assert.equal(scene.server.calls.get("hold"), undefined, "the result must not exist yet");
    await eventually("the call to wait", () => scene.server.held === 1);
    scene.server.release();
    assert.equal((await played.outcome(1)).ok, "held");
  });

  testNeeding(need, `${name}: is told of its rate limit in-band`, async () => {
    await using scene = await Scene.start();
    const played = await scene.play(client, hasty.key, Array(7).fill(ECHO));
    refused(await played.outcome(7), /Rate limit exceeded; retry in \d+ s/);
  });

  testNeeding(need, `${name}: is told that its key has gone`, async () => {
    await using scene = await Scene.start();
    const played = await scene.play(client, guest.key, ["call hold {}"]);
    await eventually("the call to wait", () => scene.server.held === 1, 30_000);
    await scene.gate.reload(settings(scene.server.url, [hasty.entry]));
    told(client, await played.outcome(1), /What this API key may use has changed/);
  });

  testNeeding(need, `${name}: is told that the server has gone`, async () => {
    await using scene = await Scene.start();
    const played = await scene.play(client, guest.key, ["call hold {}"]);
    await eventually("the call to wait", () => scene.server.held === 1, 30_000);
    await scene.server.stop();
    told(client, await played.outcome(1), /Upstream MCP server unavailable/);
  });

  const { absentServer, wrongKey } = client;
  if (absentServer === null || wrongKey === null) continue;

  testNeeding(need, `${name}: is told at once of a server that is not there`, async () => {
    await using scene = await Scene.start();
    await scene.server.stop();
    const played = await scene.play(client, guest.key, []);
    refused(await played.outcome(0), absentServer);
  });

  testNeeding(need, `${name}: is told at once of a key that is wrong`, async () => {
    await using scene = await Scene.start();
    const played = await scene.play(client, `${guest.key}x`, []);
    refused(await played.outcome(0), wrongKey);
  });
}
