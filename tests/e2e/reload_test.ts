/**
 * SIGHUP under way, seen by the official clients: who keeps a key notices nothing, who loses one
 * loses it within a second, and a bad file changes nothing.
 */
import assert from "node:assert/strict";
import { eventually, inTime } from "../support/eventually.ts";
import { FixtureServer } from "../support/fixture_server.ts";
import {
  type AuditEntry,
  GateProcess,
  type KeySettings,
  type Settings,
  testKey,
} from "../support/gate_process.ts";
import { FIRST, MODERN, SECOND } from "../support/sdk_client.ts";

const kept = testKey("kept", { allow: ["echo", "hold"] });
const other = testKey("other", { allow: ["echo"] });

class Scene implements AsyncDisposable {
  private constructor(readonly server: FixtureServer, readonly gate: GateProcess) {}

  static async start(): Promise<Scene> {
    const server = new FixtureServer();
    return new Scene(server, await GateProcess.start(settings(server, [kept.entry])));
  }

  reload(keys: readonly KeySettings[]): Promise<string> {
    return this.gate.reload(settings(this.server, keys));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.gate[Symbol.asyncDispose]();
    await this.server[Symbol.asyncDispose]();
  }
}

function settings(server: FixtureServer, keys: readonly KeySettings[]): Settings {
  return { upstream: { url: server.url }, keys, grace: "1s" };
}

for (const client of [FIRST, SECOND, MODERN]) {
  const { name } = client;

  Deno.test(`${name}: an open call of a kept key outlives a reload`, async () => {
    await using scene = await Scene.start();
    await using mcp = await client.connect({ url: scene.gate.url, key: kept.key });
    const progress: number[] = [];
    const held = mcp.call("hold", {}, { onProgress: (step) => progress.push(step) });
    await eventually("progress", () => progress.length === 1);
    assert.equal(await scene.reload([kept.entry, other.entry]), "mcpgate: reloaded, generation 2");
    await using newcomer = await client.connect({ url: scene.gate.url, key: other.key });
    assert.equal(await newcomer.call("echo", { text: "new" }), "new");
    assert.equal(scene.server.held, 1);
    scene.server.release();
    assert.equal(await inTime("the held result", held), "held");
  });

  Deno.test(`${name}: an open call of a removed key ends within a second`, async () => {
    await using scene = await Scene.start();
    await using mcp = await client.connect({ url: scene.gate.url, key: kept.key });
    const progress: number[] = [];
    const held = mcp.call("hold", {}, { onProgress: (step) => progress.push(step) });
    const ended = assert.rejects(held, Error);
    await eventually("progress", () => progress.length === 1);
    await scene.reload([other.entry]);
    await inTime("the end of the call", ended, 1000);
    const lines = await scene.gate.auditWhen("its line", (lines) => lines.some(isHold));
    assert.equal(lines.find(isHold)?.end, "revoked");
    await assert.rejects(mcp.call("echo", { text: "again" }), /Missing or unknown API key/);
  });

  Deno.test(`${name}: a narrowed key loses its open call and what was taken from it`, async () => {
    await using scene = await Scene.start();
    await using mcp = await client.connect({ url: scene.gate.url, key: kept.key });
    const progress: number[] = [];
    const held = mcp.call("hold", {}, { onProgress: (step) => progress.push(step) });
    const ended = assert.rejects(held, Error);
    await eventually("progress", () => progress.length === 1);
    await scene.reload([{ ...kept.entry, allow: ["echo"] }]);
    await inTime("the end of the call", ended, 1000);
    await using again = await client.connect({ url: scene.gate.url, key: kept.key });
    assert.deepEqual(await again.tools(), ["echo"]);
    await assert.rejects(again.call("hold"), /Unknown tool: hold/);
  });
}

Deno.test("a widened key keeps its open call and has more at once", async () => {
  await using scene = await Scene.start();
  await using mcp = await FIRST.connect({ url: scene.gate.url, key: kept.key });
  const progress: number[] = [];
  const held = mcp.call("hold", {}, { onProgress: (step) => progress.push(step) });
  await eventually("progress", () => progress.length === 1);
  await scene.reload([{ ...kept.entry, allow: ["echo", "hold", "wipe"] }]);
  assert.equal(await mcp.call("wipe"), "wiped");
  scene.server.release();
  assert.equal(await inTime("the held result", held), "held");
});

const REFUSED = [
  { name: "no YAML at all", text: "keys: [", says: /not reloaded: .*config\.yaml/ },
  { name: "an unknown member", text: "upstream: { url: 'http://x/mcp' }\nkees: []\n", says: /./ },
];

for (const { name, text, says } of REFUSED) {
  Deno.test(`a reload with ${name} changes nothing and says why`, async () => {
    await using scene = await Scene.start();
    await using mcp = await FIRST.connect({ url: scene.gate.url, key: kept.key });
    const line = await scene.gate.reloadText(text);
    assert.match(line, /^mcpgate: not reloaded: /);
    assert.match(line, says);
    assert.equal(await mcp.call("echo", { text: "still here" }), "still here");
    const lines = await scene.gate.audit();
    assert.ok(lines.every((audited) => audited.generation === 1));
  });
}

Deno.test("a reload that changes what is fixed at the start is refused whole", async () => {
  await using scene = await Scene.start();
  const changed = { ...settings(scene.server, [kept.entry, other.entry]), path: "/elsewhere" };
  assert.match(await scene.gate.reload(changed), /^mcpgate: not reloaded: /);
  assert.match(await scene.gate.stderr(), /restart/);
  await assert.rejects(
    FIRST.connect({ url: scene.gate.url, key: other.key }),
    /Missing or unknown API key/,
  );
});

Deno.test("a reload of the same file builds no new generation", async () => {
  await using scene = await Scene.start();
  assert.equal(await scene.reload([kept.entry]), "mcpgate: unchanged, generation 1");
});

Deno.test("reloads under load fail no request", async () => {
  await using scene = await Scene.start();
  const fast = { ...kept.entry, rate_limit: { rps: 100_000, burst: 100_000 } };
  await scene.reload([fast]);
  await using mcp = await SECOND.connect({ url: scene.gate.url, key: kept.key });
  let reloading = true;
  let answered = 0;
  const load = Promise.all([1, 2, 3, 4].map(async () => {
    for (let made = 0; reloading && made < 5000; made++) {
      assert.equal(await mcp.call("echo", { text: "under load" }), "under load");
      answered++;
    }
  }));
  for (let round = 0; round < 10; round++) {
    const before = answered;
    await scene.reload(round % 2 === 0 ? [fast, other.entry] : [fast]);
    await eventually("calls between reloads", () => answered > before + 4);
  }
  reloading = false;
  await load;
  const calls = (lines: AuditEntry[]) => lines.filter((line) => line.tool === "echo");
  const lines = await scene.gate.auditWhen(
    "a line for each call",
    (lines) => calls(lines).length === answered,
  );
  assert.ok(calls(lines).every((line) => line.decision === "allow" && line.status === 200));
});

function isHold(line: { tool: string | null }): boolean {
  return line.tool === "hold";
}
