/**
 * Two workers as one program: they begin, reload and stop together, and what ends one of them ends the
 * program, with a line for each exchange that it had.
 */
import assert from "node:assert/strict";
import { eventually, inTime } from "../support/eventually.ts";
import { testKey } from "../support/gate_process.ts";
import { mcpPost, mcpVerb, toolCall, toolResult } from "../support/mcp_request.ts";
import { RawClient, type RawReply } from "../support/raw_http.ts";
import {
  chunk,
  events,
  json,
  RecordingUpstream,
  type Script,
} from "../support/recording_upstream.ts";
import { WorkerScene } from "../support/worker_scene.ts";

const anybody = testKey("anybody", {
  allow: ["*"],
  rate_limit: { rps: 100_000, burst: 100_000 },
});
const newcomer = testKey("newcomer", { allow: ["*"] });

function eventOf(data: string): string {
  const message = {
    jsonrpc: "2.0",
    method: "notifications/message",
    params: { level: "info", data },
  };
  return `data: ${JSON.stringify(message)}\n\n`;
}

const BEGUN = eventOf("begun");

/** Tools that answer, and one that does not before it is let go. */
class Server {
  readonly #gone = Promise.withResolvers<void>();
  readonly #said = Promise.withResolvers<string>();

  readonly serve: Script = async (request, wire) => {
    if (request.method === "GET") {
      await events([BEGUN, this.#said.promise], { unfinished: true })(request, wire);
      await wire.write(chunk(await this.#said.promise));
      await request.gone;
      return "close";
    }
    const { id, params } = JSON.parse(request.text);
    const result = `data: ${JSON.stringify(toolResult("let go", id))}\n\n`;
    return params.name === "hold"
      ? await events([BEGUN, this.#gone.promise, result])(request, wire)
      : await json(toolResult("done", id))(request, wire);
  };

  /** Lets what is held go. */
  release(): void {
    this.#gone.resolve();
  }

  /** Says something on the stream. */
  say(): void {
    this.#said.resolve(eventOf("still here"));
  }
}

async function scene(
  upstream: RecordingUpstream,
  more: Record<string, unknown> = {},
): Promise<{ scene: WorkerScene; server: Server }> {
  const server = new Server();
  upstream.otherwise = server.serve;
  const settings = { upstream: { url: upstream.url() }, keys: [anybody.entry], ...more };
  return { scene: await WorkerScene.start(settings, anybody), server };
}

async function held(client: RawClient): Promise<RawReply> {
  const reply = await client.ask(mcpPost(anybody.key, toolCall("hold")));
  await inTime("the call to begin", reply.readUntil("begun"));
  return reply;
}

/** The status of a call through `client`. */
async function called(client: RawClient, key = anybody.key): Promise<number> {
  const reply = await client.ask(mcpPost(key, toolCall("any")));
  await reply.text();
  return reply.status;
}

for (const does of ["crash", "exit"] as const) {
  Deno.test(`workers: one that ends by itself (${does}) ends the program, with all lines`, async () => {
    await using upstream = await RecordingUpstream.start();
    const { scene: gate } = await scene(upstream);
    await using _ = gate;
    const { one, other, asked } = await gate.both();
    const third = gate.clients.use(await RawClient.connect(gate.gate.port));
    const fourth = gate.clients.use(await RawClient.connect(gate.gate.port));
    for (const client of [one, other, third]) await held(client);
    await fourth.ask(mcpVerb("GET", anybody.key, [["X-Do", does]])).catch(() => {});
    assert.equal(await inTime("the exit", gate.gate.exited(), 10_000), 1);
    assert.match(await gate.gate.stderr(), /^mcpgate: .*worker \d cannot go on: Error/m);
    const lines = await gate.gate.audit();
    assert.equal(lines.length, asked + 4);
    const ends = lines.filter(({ tool }) => tool === "hold").map(({ end }) => end);
    assert.deepEqual(ends, ["shutdown", "shutdown", "shutdown"]);
  });
}

Deno.test("workers: a reload that one of them objects to changes nothing in any", async () => {
  await using upstream = await RecordingUpstream.start();
  const { scene: gate } = await scene(upstream);
  await using _ = gate;
  const { one, other } = await gate.both();
  // Whoever comes second finds the file, so that one is ready to follow and the other is not.
  const path = `${gate.folder}/first_come.js`;
  await Deno.writeTextFile(
    path,
    `export default {
      name: "first_come",
      options: (z) => z.object({}),
      create: () => {
        Deno.writeTextFileSync(${JSON.stringify(`${path}.taken`)}, "", { createNew: true });
        return () => ({ verdict: "allow" });
      },
    };`,
  );
  const pipeline = gate.settings["pipeline"] as readonly unknown[];
  const keys = [anybody.entry, newcomer.entry];
  const refused = await gate.gate.reload({
    ...gate.settings,
    keys,
    pipeline: [...pipeline, { use: path }],
  });
  assert.match(refused, /^mcpgate: not reloaded/);
  await eventually("the reason", async () => {
    return /first_come cannot start/.test(await gate.gate.stderr());
  });
  for (const client of [one, other]) {
    assert.equal(await called(client), 200);
    assert.equal(
      await called(gate.clients.use(await RawClient.connect(gate.gate.port)), newcomer.key),
      401,
    );
  }
  const taken = await gate.gate.reload({ ...gate.settings, keys });
  assert.equal(taken, "mcpgate: reloaded, generation 2");
  for (const client of [one, other]) assert.equal(await called(client, newcomer.key), 200);
  const lines = await gate.gate.auditWhen(
    "both lines",
    (all) => all.filter(({ label }) => label === "newcomer").length === 2,
  );
  const generations = lines.filter(({ label }) => label === "newcomer");
  assert.deepEqual(generations.map(({ generation }) => generation), [2, 2]);
});

Deno.test("workers: reloads under load fail no request, and lines follow to another file", async () => {
  await using upstream = await RecordingUpstream.start();
  const { scene: gate } = await scene(upstream);
  await using _ = gate;
  const { one, other, asked } = await gate.both();
  const rest = `${gate.folder}/rest.jsonl`;
  let isReloading = true;
  let made = 0;
  const load = Promise.all([one, other].map(async (client) => {
    while (isReloading) {
      assert.equal(await called(client), 200);
      made++;
    }
  }));
  for (let round = 0; round < 8; round++) {
    const before = made;
    const audit = round % 2 === 0 ? { output: rest } : {};
    const line = await gate.gate.reload({ ...gate.settings, audit, grace: `${round + 1}s` });
    assert.equal(line, `mcpgate: reloaded, generation ${round + 2}`);
    await eventually("calls between reloads", () => made > before + 10);
  }
  isReloading = false;
  await load;
  await eventually("a line for each call", async () => {
    const there = (await gate.gate.audit()).length;
    const elsewhere = (await Deno.readTextFile(rest)).split("\n").length - 1;
    return there + elsewhere === made + asked;
  });
});

Deno.test("workers: a reload that changes how many there are is refused", async () => {
  await using upstream = await RecordingUpstream.start();
  const { scene: gate } = await scene(upstream);
  await using _ = gate;
  assert.match(await gate.gate.reload({ ...gate.settings, workers: 3 }), /^mcpgate: not reloaded/);
  await eventually("the reason", async () => /restart/.test(await gate.gate.stderr()));
});

Deno.test("workers: a stream of one stays as long as a call of the other is under way", async () => {
  await using upstream = await RecordingUpstream.start();
  const { scene: gate, server } = await scene(upstream, { grace: "20s" });
  await using _ = gate;
  const { one, other } = await gate.both();
  const stream = await one.ask(mcpVerb("GET", anybody.key));
  await inTime("the stream to begin", stream.readUntil("begun"));
  const call = await held(other);
  gate.gate.terminate();
  await eventually("it to stop", async () => /stopping$/m.test(await gate.gate.stderr()));
  server.say();
  await inTime("what the server says", stream.readUntil("still here"));
  const ended = stream.text().then(() => "ended", () => "ended");
  server.release();
  assert.match(await inTime("the result", call.text()), /let go/);
  assert.equal(await inTime("the stream's end", ended), "ended");
  assert.equal(await inTime("the exit", gate.gate.exited()), 0);
});

Deno.test("workers: lines that are chained are one chain", async () => {
  await using upstream = await RecordingUpstream.start();
  const { scene: gate } = await scene(upstream, { audit: { chain: true } });
  await using _ = gate;
  const { one, other } = await gate.both();
  for (const client of [one, other, one, other]) assert.equal(await called(client), 200);
  assert.equal(await gate.gate.stop(), 0);
  const { success, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "--quiet", "src/main.ts", "audit", "verify", "-c", gate.gate.configPath],
  }).output();
  const said = new TextDecoder().decode(stdout) + new TextDecoder().decode(stderr);
  assert.ok(success, said);
});
