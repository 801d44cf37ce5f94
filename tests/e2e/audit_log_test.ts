/**
 * The audit log of a running gate, from end to end: rotated by the real logrotate under load, followed
 * across a rotation, verified, tampered with and explained by the program's own commands.
 */
import assert from "node:assert/strict";
import { gunzipSync } from "node:zlib";
import { program, testNeeding } from "../support/absent.ts";
import { ChildProgram } from "../support/child_program.ts";
import { eventually } from "../support/eventually.ts";
import { FROM_SOURCE, GateProcess, testKey } from "../support/gate_process.ts";
import { mcpPost, toolCall } from "../support/mcp_request.ts";
import { RawClient } from "../support/raw_http.ts";
import { runCommand } from "../support/program_run.ts";

const UNLIMITED = { rps: 100_000, burst: 100_000 };
const KEY = testKey("ci", { allow: ["read_file"], rate_limit: UNLIMITED });

/** A gate whose log is in a folder of the test's. Its server is never asked: the calls are denied. */
class LoggingGate implements AsyncDisposable {
  readonly log: string;
  readonly config: string;
  /** The ids of all answers, as clients saw them. */
  readonly ids: string[] = [];
  readonly gate: GateProcess;
  readonly #folder: string;

  private constructor(folder: string, gate: GateProcess) {
    this.#folder = folder;
    this.log = `${folder}/audit.log`;
    this.config = `${folder}/config.yaml`;
    this.gate = gate;
  }

  static async start(more: Readonly<Record<string, unknown>> = {}): Promise<LoggingGate> {
    const folder = await Deno.makeTempDir({ prefix: "mcpgate_log_" });
    const settings = {
      upstream: { url: "http://127.0.0.1:1/mcp" },
      keys: [KEY.entry],
      audit: { output: `${folder}/audit.log`, chain: true },
      ...more,
    };
    await Deno.writeTextFile(`${folder}/config.yaml`, JSON.stringify(settings, null, 2));
    return new LoggingGate(folder, await GateProcess.start(settings));
  }

  /** Denied calls, one after the other on one connection, until `isDone`. */
  async call(isDone: (count: number) => boolean): Promise<void> {
    using client = await RawClient.connect(this.gate.port);
    for (let count = 0; !isDone(count); count++) {
      const reply = await client.ask(mcpPost(KEY.key, toolCall("delete_file")));
      this.ids.push(reply.field("mcpgate-exchange") ?? "");
      await reply.text();
    }
  }

  /** The ids in the log and in what it was rotated to, oldest first. */
  logged(): string[] {
    const names = [...Deno.readDirSync(this.#folder)].map(({ name }) => name);
    const age = (name: string) => Number(/\.(\d+)/.exec(name)?.[1] ?? 0);
    return names.filter((name) => /^audit\.log(\.\d+(\.gz)?)?$/.test(name))
      .sort((a, b) => age(b) - age(a))
      .flatMap((name) => {
        const bytes = Deno.readFileSync(`${this.#folder}/${name}`);
        const text = new TextDecoder().decode(name.endsWith(".gz") ? gunzipSync(bytes) : bytes);
        return text.split("\n").slice(0, -1).map((line) => JSON.parse(line).exchange);
      });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.gate[Symbol.asyncDispose]();
    await Deno.remove(this.#folder, { recursive: true });
  }
}

/**
 * The recipe for the log of `scene`, its signal sent to that gate; numbers in the place of dates, since
 * there is one rotation a day with those.
 */
function rotation(scene: LoggingGate): string {
  const url = new URL("../../deploy/recipes/logrotate.conf", import.meta.url);
  let recipe = Deno.readTextFileSync(url);
  const replace = (part: string | RegExp, by: string) => {
    const changed = recipe.replace(part, by);
    assert.notEqual(changed, recipe, `no ${part} in the recipe`);
    recipe = changed;
  };
  replace(/^\/var\S+ \{/m, `${scene.log} {`);
  replace("dateext", "");
  replace(/systemctl kill --signal=HUP .*/, `kill -HUP ${scene.gate.pid}`);
  return recipe;
}

for (
  const { name, more } of [{ name: "", more: {} }, {
    name: ", written by workers",
    more: { workers: 2 },
  }]
) {
  testNeeding(
    program("logrotate"),
    `logrotate under load: no line is lost, none is there twice, and the chain is one${name}`,
    async (logrotate) => {
      await using scene = await LoggingGate.start(more);
      const folder = scene.log.slice(0, scene.log.lastIndexOf("/"));
      await Deno.writeTextFile(`${folder}/logrotate.conf`, rotation(scene), { mode: 0o600 });
      let isDone = false;
      const load = Promise.all([1, 2, 3].map(() => scene.call(() => isDone)));
      try {
        for (let round = 1; round <= 4; round++) {
          const size = scene.ids.length;
          await eventually("more calls", () => scene.ids.length > size + 50, 20_000);
          // An empty file is not rotated.
          await eventually("their lines", () => Deno.statSync(scene.log).size > 0, 20_000);
          const { success, stderr } = await new Deno.Command(logrotate, {
            args: ["--force", "--state", `${folder}/state`, `${folder}/logrotate.conf`],
          }).output();
          assert.ok(success, new TextDecoder().decode(stderr));
          await eventually("the next file", () => exists(scene.log), 20_000);
        }
      } finally {
        isDone = true;
        await load;
      }
      assert.equal(await scene.gate.stop(), 0);
      assert.ok(exists(`${scene.log}.1`) && exists(`${scene.log}.2.gz`));
      assert.deepEqual(scene.logged().toSorted(), scene.ids.toSorted());
      const verified = await runCommand(["audit", "verify", "-c", scene.config]);
      assert.equal(verified.code, 0, verified.stdout + verified.stderr);
      assert.equal(
        verified.stdout,
        `intact: ${scene.ids.length} lines of 1 run follow each other\n`,
      );
      const [oldest = ""] = scene.logged();
      const explained = await runCommand(["explain", oldest, "-c", scene.config]);
      assert.match(explained.stdout, /audit\.log\.4\.gz:1\)\n.*delete_file/);
    },
  );
}

Deno.test("what is done to the log of a gate that has ended is found", async () => {
  await using scene = await LoggingGate.start();
  await scene.call((count) => count === 5);
  assert.equal(await scene.gate.stop(), 0);
  const verify = () => runCommand(["audit", "verify", "-c", scene.config, "--json"]);
  assert.equal(JSON.parse((await verify()).stdout).intact, true);
  const text = Deno.readTextFileSync(scene.log);
  const lines = text.split("\n");
  Deno.writeTextFileSync(
    scene.log,
    lines.with(2, lines[2]?.replace('"deny"', '"allow"') ?? "").join("\n"),
  );
  const altered = await verify();
  assert.equal(altered.code, 1);
  assert.match(JSON.parse(altered.stdout).finding.place, /audit\.log:3$/);
  Deno.writeTextFileSync(scene.log, lines.slice(0, 4).join("\n") + "\n");
  const cut = JSON.parse((await verify()).stdout);
  assert.equal(cut.finding.what, "missing");
  assert.equal((Deno.statSync(`${scene.log}.key`).mode ?? 0) & 0o777, 0o600);
});

Deno.test("a gate that is killed leaves a log that verifies, and the next run says so", async () => {
  await using scene = await LoggingGate.start();
  await scene.call((count) => count === 3);
  await eventually("its lines", () => scene.logged().length === 3);
  Deno.kill(scene.gate.pid, "SIGKILL");
  await scene.gate.exited();
  Deno.writeTextFileSync(scene.log, '{"time":"2026-', { append: true });
  const settings = JSON.parse(Deno.readTextFileSync(scene.config));
  {
    await using next = await GateProcess.start(settings);
    using client = await RawClient.connect(next.port);
    await (await client.ask(mcpPost(KEY.key, toolCall("delete_file")))).text();
    assert.equal(await next.stop(), 0);
  }
  const { code, stdout } = await runCommand(["audit", "verify", "-c", scene.config]);
  assert.match(
    stdout,
    /^intact: 4 lines of 2 runs follow each other\nnote: .*:5 begins a run after one that was ended from outside/,
  );
  assert.equal(code, 0);
});

Deno.test("tail -f goes on in the next file after a rotation", async () => {
  await using scene = await LoggingGate.start();
  await scene.call((count) => count === 2);
  await eventually("their lines", () => scene.logged().length === 2);
  const [executable = "", ...args] = FROM_SOURCE;
  await using tail = await ChildProgram.start({
    command: executable,
    args: [...args, "audit", "tail", "-f", "--json", "--file", scene.log],
  });
  const shown = async () =>
    (await tail.stdout()).split("\n").slice(0, -1).map((line) => JSON.parse(line).exchange);
  await eventually("the lines that were there", async () => (await shown()).length === 2, 20_000);
  await scene.call((count) => count === 2);
  await eventually("those that came", async () => (await shown()).length === 4, 20_000);
  Deno.renameSync(scene.log, `${scene.log}.1`);
  await scene.call((count) => count === 2);
  await scene.gate.reloadText(JSON.stringify({
    ...JSON.parse(Deno.readTextFileSync(scene.config)),
    listen: "127.0.0.1:0",
  }));
  await scene.call((count) => count === 2);
  await eventually(
    "those before and after the rotation",
    async () => (await shown()).length === 8,
    20_000,
  );
  assert.deepEqual(await shown(), scene.ids);
});

Deno.test("the log is begun anew where it was moved away, although the configuration has a mistake", async () => {
  await using scene = await LoggingGate.start();
  await scene.call((count) => count === 2);
  await eventually("their lines", () => scene.logged().length === 2);
  Deno.renameSync(scene.log, `${scene.log}.1`);
  assert.match(await scene.gate.reloadText("keys: [mistaken"), /^mcpgate: not reloaded/);
  await scene.call((count) => count === 1);
  await eventually("the next file", () => exists(scene.log) && scene.logged().length === 3);
  assert.deepEqual(scene.logged(), scene.ids);
});

Deno.test("a denied client's id leads to the rule, its line and what to change", async () => {
  await using scene = await LoggingGate.start();
  await scene.call((count) => count === 1);
  const [id = ""] = scene.ids;
  await eventually("its line", () => scene.logged().length === 1);
  const { code, stdout } = await runCommand(["explain", id, "-c", scene.config]);
  assert.equal(code, 0);
  assert.match(stdout, /decision +deny, by allowlist: Unknown tool: delete_file/);
  assert.match(
    stdout,
    /advice +to allow it, add "delete_file" to keys\[0\]\.allow at .*config\.yaml:\d+/,
  );
  const tried = await runCommand([
    "try",
    "--key-label",
    "ci",
    "--tool",
    "delete_file",
    "-c",
    scene.config,
  ]);
  assert.equal(tried.code, 3);
  assert.match(await scene.gate.stderr(), /mcpgate-exchange.*mcpgate explain ID/);
});

Deno.test("try asks a policy module of one's own, and its file is where the rule is", async () => {
  const folder = await Deno.makeTempDir({ prefix: "mcpgate_try_" });
  try {
    await Deno.writeTextFile(
      `${folder}/closed.ts`,
      `export default {
         name: "closed",
         options: (z: any) => z.object({}),
         create: () => ({ call }: { call: { params: { arguments: { day?: string } } } }) =>
           call.params.arguments.day === "sunday"
             ? { verdict: "deny", kind: "forbidden", reason: "Closed" }
             : { verdict: "allow" },
       };`,
    );
    const config = `${folder}/config.yaml`;
    const pipeline = ["audit", "auth", "allowlist", { use: "./closed.ts" }];
    const upstream = { url: "http://127.0.0.1:1/mcp" };
    await Deno.writeTextFile(config, JSON.stringify({ upstream, keys: [KEY.entry], pipeline }));
    const tried = (day: string) =>
      runCommand(
        [
          "try",
          "--key-label",
          "ci",
          "--tool",
          "read_file",
          "--args",
          `{"day":"${day}"}`,
          "-c",
          config,
        ],
      );
    assert.equal((await tried("monday")).code, 0);
    const { code, stdout } = await tried("sunday");
    assert.equal(code, 3);
    assert.match(
      stdout,
      /deny, by closed: Closed\nrule +the policy module \S+closed\.ts\n +\S+:1:\d+/,
    );
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

function exists(path: string): boolean {
  try {
    Deno.statSync(path);
    return true;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}
