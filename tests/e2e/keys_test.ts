/**
 * Keys of a gate at work: exchanged and revoked in its file by the commands, which ask it to read the
 * file by its pid file and say what came of it.
 */
import assert from "node:assert/strict";
import { program, testNeeding } from "../support/absent.ts";
import { ChildProgram } from "../support/child_program.ts";
import { eventually, inTime } from "../support/eventually.ts";
import { FixtureServer } from "../support/fixture_server.ts";
import { FROM_SOURCE, GateProcess, type KeySettings, testKey } from "../support/gate_process.ts";
import { runCommand } from "../support/program_run.ts";
import { FIRST } from "../support/sdk_client.ts";

const FAST = { rate_limit: { rps: 100_000, burst: 100_000 } };
const ci = testKey("ci", { allow: ["echo", "hold"], ...FAST });
const other = testKey("other", { allow: ["echo"], ...FAST });

class Scene implements AsyncDisposable {
  private constructor(readonly server: FixtureServer, readonly gate: GateProcess) {}

  static async start(more: Readonly<Record<string, unknown>> = {}): Promise<Scene> {
    const server = new FixtureServer();
    const keys: KeySettings[] = [ci.entry, other.entry];
    const gate = await GateProcess.start({
      upstream: { url: server.url },
      pid_file: "gate.pid",
      grace: "1s",
      ...more,
      keys,
    });
    return new Scene(server, gate);
  }

  run(...args: string[]) {
    return runCommand([...args, "-c", this.gate.configPath]);
  }

  get pidFile(): string {
    return this.gate.configPath.replace("config.yaml", "gate.pid");
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.gate[Symbol.asyncDispose]();
    await this.server[Symbol.asyncDispose]();
  }
}

Deno.test("a key is exchanged under load: both work, then the old one ends and its call with it", async () => {
  await using scene = await Scene.start();
  const { url } = scene.gate;
  await using old = await FIRST.connect({ url, key: ci.key });
  await using bystander = await FIRST.connect({ url, key: other.key });
  let running = true;
  let answered = 0;
  const load = Promise.all([old, bystander].map(async (mcp) => {
    for (let made = 0; running && made < 20_000; made++) {
      assert.equal(await mcp.call("echo", { text: "under load" }), "under load");
      answered++;
    }
  }));
  const { code, stdout, stderr } = await scene.run(
    ...["keygen", "--rotate", "ci", "--overlap", "8s", "--reload", "--json"],
  );
  const told = JSON.parse(stdout);
  assert.deepEqual([code, told.reload.outcome], [0, "reloaded"], stderr);
  assert.match(stderr, new RegExp(`process ${scene.gate.pid}: reloaded, generation 2`));
  await using young = await FIRST.connect({ url, key: told.key });
  const before = answered;
  await eventually("calls of the old key beside the new one's", () => answered > before + 20);
  assert.equal(await young.call("echo", { text: "new" }), "new");
  running = false;
  await load;

  const held = [old, young].map((mcp, index) => {
    const progress: number[] = [];
    const result = mcp.call("hold", {}, { onProgress: (step) => progress.push(step) });
    return { index, progress, ended: result.then(String, () => "ended") };
  });
  await eventually("both calls to be held", () => held.every((each) => each.progress.length > 0));
  const [oldCall, youngCall] = held;
  const end = Date.parse(told.old_until);
  assert.equal(
    await inTime("the old key's call to end", oldCall?.ended ?? Promise.reject(), 15_000),
    "ended",
  );
  assert.ok(Date.now() - end >= 0, "it ended before the key did");
  assert.ok(Date.now() - end < 1000, `it ended ${Date.now() - end} ms after the key`);
  await assert.rejects(old.call("echo", { text: "late" }), /Missing or unknown API key/);
  scene.server.release();
  assert.equal(await inTime("the new key's call", youngCall?.ended ?? Promise.reject()), "held");
  const lines = await scene.gate.auditWhen(
    "the line of the old key's call",
    (lines) => lines.some(({ tool, end }) => tool === "hold" && end === "revoked"),
  );
  assert.ok(lines.filter(({ tool }) => tool === "hold").every(({ label }) => label === "ci"));
  assert.ok(lines.some(({ detail }) => detail === "expired key: ci"));
});

Deno.test("a revoked key loses its open call, and keys list forgets it", async () => {
  await using scene = await Scene.start();
  await using mcp = await FIRST.connect({ url: scene.gate.url, key: ci.key });
  const progress: number[] = [];
  const ended = assert.rejects(
    mcp.call("hold", {}, { onProgress: (step) => progress.push(step) }),
    Error,
  );
  await eventually("progress", () => progress.length === 1);
  const listed = JSON.parse((await scene.run("keys", "list", "--json")).stdout);
  const [first, second] = listed.keys;
  assert.ok(Date.now() - Date.parse(first.last_used) < 60_000);
  assert.deepEqual([first.label, second.label, second.last_used], ["ci", "other", null]);
  const { code, stderr } = await scene.run("keys", "revoke", "ci", "--reload");
  assert.equal(code, 0, stderr);
  await inTime("the end of the call", ended, 1000);
  const { stdout } = await scene.run("keys", "list");
  assert.doesNotMatch(stdout, /^ci /m);
  assert.match(stdout, /^other /m);
});

Deno.test("a gate that refuses the file is reported to who asked, and the exit code tells", async () => {
  await using scene = await Scene.start();
  const text = await Deno.readTextFile(scene.gate.configPath);
  await Deno.writeTextFile(scene.gate.configPath, text.replace("{", '{ "path": "/elsewhere",'));
  const { code, stdout, stderr } = await scene.run(
    ...["keygen", "--label", "new", "--allow", "echo", "--add", "--reload"],
  );
  assert.equal(code, 1);
  assert.match(stdout, /^mcpg_/);
  assert.match(stderr, /process \d+: not reloaded: .*config\.yaml is not valid/);
  assert.match(stderr, /restart to change it/);
});

Deno.test("several workers take a new key together, and who asked is told once", async () => {
  if (Deno.build.os !== "linux") return;
  await using scene = await Scene.start({ workers: 2 });
  const { code, stdout, stderr } = await scene.run(
    ...["keygen", "--label", "new", "--allow", "echo", "--add", "--reload"],
  );
  assert.equal(code, 0, stderr);
  assert.equal(stderr.match(/reloaded, generation 2/g)?.length, 1);
  for (let connection = 0; connection < 6; connection++) {
    await using mcp = await FIRST.connect({ url: scene.gate.url, key: stdout.trim() });
    assert.equal(await mcp.call("echo", { text: "new" }), "new");
  }
});

Deno.test("keys check tells whose a key is, from stdin", async () => {
  await using scene = await Scene.start();
  const check = (input: string) =>
    runCommand(["keys", "check", "-c", scene.gate.configPath], { input });
  const [right, wrong] = [await check(ci.key), await check(ci.key.slice(0, -1) + "!")];
  assert.deepEqual([right.code, right.stdout], [0, 'a key of "ci", which never expires\n']);
  assert.equal(wrong.code, 1);
  assert.match(wrong.stdout, /^mistyped/);
  assert.ok(![right, wrong].some(({ stdout, stderr }) => (stdout + stderr).includes(ci.key)));
});

Deno.test("the pid file says which process it is while it runs, to everybody", async () => {
  await using scene = await Scene.start();
  assert.equal(await Deno.readTextFile(scene.pidFile), `${scene.gate.pid}\n`);
  const { mode } = await Deno.stat(scene.pidFile);
  const { mode: ofStatus } = await Deno.stat(`${scene.pidFile}.json`);
  assert.deepEqual([(mode ?? 0) & 0o777, (ofStatus ?? 0) & 0o777], [0o644, 0o600]);
  await scene.gate.stop();
  for (const path of [scene.pidFile, `${scene.pidFile}.json`]) {
    await assert.rejects(Deno.stat(path), Deno.errors.NotFound);
  }
});

Deno.test("two gates never share a pid file", async () => {
  await using scene = await Scene.start();
  const { code, stderr } = await scene.run("serve");
  assert.equal(code, 1);
  assert.match(stderr, /another gate that runs has the pid file/);
  assert.equal(await Deno.readTextFile(scene.pidFile), `${scene.gate.pid}\n`);
});

Deno.test("a gate that was killed leaves a number that is nobody's, and the next one takes it over", async () => {
  await using scene = await Scene.start();
  Deno.kill(scene.gate.pid, "SIGKILL");
  await scene.gate.exited();
  // By now the number may be somebody else's.
  await Deno.writeTextFile(scene.pidFile, `${Deno.pid}\n`);
  const survived = await scene.run("keygen", "--rotate", "ci", "--reload");
  assert.equal(survived.code, 1);
  assert.match(survived.stderr, /not reloaded: no gate that runs has .*gate\.pid/);
  await using again = await GateProcess.start({
    upstream: { url: scene.server.url },
    pid_file: scene.pidFile,
    keys: [ci.entry],
  });
  assert.equal(await Deno.readTextFile(scene.pidFile), `${again.pid}\n`);
});

Deno.test("a process that is no gate is never signalled, whatever the file says", async () => {
  await using scene = await Scene.start();
  await scene.gate.stop();
  // The lock of a gate, the number of this test: a SIGHUP would end it.
  using file = await Deno.open(scene.pidFile, { write: true, create: true });
  await file.lock(true);
  await Deno.writeTextFile(scene.pidFile, `${Deno.pid}\n`);
  const status = { pid: Deno.pid, generation: 1, reloads: 0, reload: null };
  await Deno.writeTextFile(`${scene.pidFile}.json`, JSON.stringify(status));
  const { code, stderr } = await scene.run("keys", "revoke", "ci", "--reload");
  assert.equal(code, 1);
  assert.match(stderr, /process \d+ of .* is no gate, so no signal was sent/);
});

Deno.test("without a pid file the unit is asked, where it is active", async () => {
  const folder = await Deno.makeTempDir();
  try {
    const systemctl = `${folder}/systemctl`;
    await Deno.writeTextFile(systemctl, `#!/bin/sh\necho "$*" >> "${folder}/asked"\n`);
    await Deno.chmod(systemctl, 0o755);
    const config = { upstream: { url: "http://127.0.0.1:9/mcp" }, keys: [ci.entry, other.entry] };
    await Deno.writeTextFile(`${folder}/config.yaml`, JSON.stringify(config));
    const { code, stderr } = await runCommand(
      ["keys", "revoke", "ci", "--reload", "-c", `${folder}/config.yaml`],
      { env: { PATH: `${folder}:${Deno.env.get("PATH")}` } },
    );
    assert.equal(code, 0, stderr);
    assert.match(stderr, /systemctl reload mcpgate is done/);
    assert.equal(
      await Deno.readTextFile(`${folder}/asked`),
      "is-active --quiet mcpgate\nreload mcpgate\n",
    );
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

testNeeding(program("script"), "a key that is typed on a terminal is not shown", async () => {
  await using scene = await Scene.start();
  const command = [...FROM_SOURCE, "keys", "check", "-c", scene.gate.configPath].join(" ");
  await using child = await ChildProgram.start({
    command: "script",
    args: ["-qec", command, "/dev/null"],
    env: { NO_COLOR: "1" },
    listens: true,
  });
  await eventually("the question", async () => /paste the key/.test(await child.stdout()), 20_000);
  // One character too many, and taken back.
  await child.tell(`${ci.key}x\x7f`);
  assert.equal((await child.status).code, 0);
  const shown = await child.stdout();
  assert.match(shown, /a key of "ci", which never expires/);
  assert.ok(!shown.includes(ci.key.slice(5, 20)), shown);
});

Deno.test("what serves has given up the right to run programs, before any module of the user's runs", async () => {
  await using server = new FixtureServer();
  const folder = await Deno.makeTempDir();
  try {
    const module = `${folder}/runs.ts`;
    await Deno.writeTextFile(
      module,
      `export default {
        name: "runs",
        options: (z) => z.object({}),
        create() {
          new Deno.Command("true").outputSync();
          return () => ({ verdict: "allow" });
        },
      };`,
    );
    const config = {
      upstream: { url: server.url },
      listen: "127.0.0.1:0",
      keys: [ci.entry],
      pipeline: ["audit", "auth", "allowlist", { use: module }],
    };
    await Deno.writeTextFile(`${folder}/config.yaml`, JSON.stringify(config));
    for (const command of ["serve", "validate"]) {
      const { code, stderr } = await runCommand([command, "-c", `${folder}/config.yaml`]);
      assert.equal(code, 1);
      assert.match(stderr, /Requires run access/);
    }
    await Deno.writeTextFile(`${folder}/config.yaml`, JSON.stringify({ ...config, workers: 2 }));
    const { code, stderr } = await runCommand(["serve", "-c", `${folder}/config.yaml`]);
    assert.equal(code, 1);
    assert.match(stderr, /Requires run access/);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
