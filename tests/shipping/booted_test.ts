/**
 * The unit as systemd runs it: the compiled program under `deploy/mcpgate.service`, installed as that
 * file says, on a booted systemd. Started, asked, reloaded, spoiled, killed and stopped.
 */
import assert from "node:assert/strict";
import { both, testNeeding } from "../support/absent.ts";
import { eventually, inTime } from "../support/eventually.ts";
import { FixtureServer } from "../support/fixture_server.ts";
import { onFreePort } from "../support/free_port.ts";
import { testKey } from "../support/gate_process.ts";
import { FIRST } from "../support/sdk_client.ts";
import { bootable, BootedSystem } from "./booted_system.ts";
import { BASE_RUNTIME, compiled } from "./compiled_program.ts";

const { key, entry } = testKey("booted", { allow: ["echo", "hold"] });
const other = testKey("other", { allow: ["echo"] });

testNeeding(both(BASE_RUNTIME, bootable()), "the unit on a booted systemd", async ([pair], t) => {
  const program = await compiled(pair);
  await using server = new FixtureServer();
  await using stack = new AsyncDisposableStack();
  const folder = await Deno.makeTempDir({ prefix: "mcpgate_etc_" });
  stack.defer(() => Deno.remove(folder, { recursive: true }));
  await Deno.chmod(folder, 0o755);
  const write = (text: string) => Deno.writeTextFile(`${folder}/config.yaml`, text);
  await Deno.writeTextFile(`${folder}/environment`, `SEAL=${"s".repeat(40)}\n`, { mode: 0o600 });
  const port = await onFreePort((free) => Promise.resolve(free));
  const settings = {
    upstream: { url: server.url },
    listen: `127.0.0.1:${port}`,
    secret: "${SEAL}",
    keys: [entry],
  };
  await write(JSON.stringify(settings));
  const system = stack.use(
    await BootedSystem.boot({
      "/usr/local/bin/mcpgate": program,
      "/etc/mcpgate": folder,
      "/srv/recipes": await Deno.realPath("deploy/recipes"),
      "/etc/logrotate.d/mcpgate": await Deno.realPath("deploy/recipes/logrotate.conf"),
      "/etc/systemd/system/mcpgate.service": await Deno.realPath("deploy/mcpgate.service"),
    }),
  );
  const url = `http://127.0.0.1:${port}/mcp`;
  const systemctl = async (...args: string[]) => (await system.run("systemctl", ...args)).code;
  /** Where it does not, the journal knows why. */
  const works = async (...args: string[]) => {
    if (await systemctl(...args) === 0) return;
    assert.fail((await system.run("journalctl", "--unit=mcpgate", "--lines=20")).stdout);
  };
  const property = async (name: string) =>
    (await system.run("systemctl", "show", "--value", `--property=${name}`, "mcpgate")).stdout
      .trim();
  const journal = async () => {
    const { stdout } = await system.run("journalctl", "--unit=mcpgate", "--output=json");
    return stdout.trimEnd().split("\n").map((line): JournalLine => JSON.parse(line));
  };

  await t.step("start returns when the gate listens", async () => {
    await works("enable", "--now", "mcpgate");
    assert.equal(await property("ActiveState"), "active");
    assert.equal(await property("StatusText"), `listening on ${url}, generation 1`);
    const stranger = await fetch(url, { method: "POST", body: "{}" });
    await stranger.body?.cancel();
    assert.equal(stranger.status, 401);
  });

  await t.step("the program has no rights, and a user of its own", async () => {
    const pid = await property("MainPID");
    const { stdout } = await system.run("cat", `/proc/${pid}/status`);
    const [, uid] = /^Uid:\t(\d+)/m.exec(stdout) ?? [];
    assert.ok(Number(uid) >= 61184, `a user of DynamicUser=, not ${uid}`);
    assert.match(stdout, /^CapEff:\t0{16}$/m);
    assert.match(stdout, /^NoNewPrivs:\t1$/m);
    assert.match(stdout, /^Seccomp:\t2$/m);
  });

  await t.step("the gate serves, and finds itself alive", async () => {
    await using mcp = await FIRST.connect({ url, key });
    assert.equal(await mcp.call("echo", { text: "here" }), "here");
    const health = await system.run("/usr/local/bin/mcpgate", "health");
    assert.deepEqual([health.code, health.stdout], [0, `http://127.0.0.1:${port} lives\n`]);
  });

  await t.step("reload takes a new configuration", async () => {
    await write(JSON.stringify({ ...settings, keys: [entry, other.entry] }));
    assert.equal(await systemctl("reload", "mcpgate"), 0);
    await eventually(
      "the second generation",
      async () => await property("StatusText") === `listening on ${url}, generation 2`,
    );
    await using mcp = await FIRST.connect({ url, key: other.key });
    assert.deepEqual(await mcp.tools(), ["echo"]);
  });

  await t.step("reload of a wrong configuration fails, says why and changes nothing", async () => {
    await write("keys: [");
    assert.equal(await systemctl("reload", "mcpgate"), 1);
    assert.equal(await property("ActiveState"), "active");
    assert.equal(await property("StatusText"), `listening on ${url}, generation 2`);
    const lines = (await journal()).filter(({ PRIORITY }) => PRIORITY === "3");
    assert.ok(lines.some(({ MESSAGE }) => /config\.yaml is not valid: 1 problem/.test(MESSAGE)));
  });

  await t.step("so does a bare SIGHUP, and the status says so", async () => {
    assert.equal(await systemctl("kill", "--signal=HUP", "--kill-whom=main", "mcpgate"), 0);
    await eventually(
      "the status",
      async () => /generation 2; the last reload was refused$/.test(await property("StatusText")),
    );
    await using mcp = await FIRST.connect({ url, key });
    assert.equal(await mcp.call("echo", { text: "still" }), "still");
    await write(JSON.stringify(settings));
  });

  await t.step("the journal has plain lines with their urgency, and pure audit lines", async () => {
    const lines = await journal();
    const ours = lines.filter(({ _COMM }) => _COMM === "mcpgate");
    const listening = ours.find(({ MESSAGE }) => MESSAGE === `listening on ${url}`);
    assert.equal(listening?.PRIORITY, "6");
    assert.equal(ours.some(({ MESSAGE }) => /^(<\d>|mcpgate:)/.test(MESSAGE)), false);
    const audit = ours.filter(({ MESSAGE }) => MESSAGE.startsWith("{"))
      .map(({ MESSAGE }) => JSON.parse(MESSAGE));
    assert.ok(audit.some(({ tool, label }) => tool === "echo" && label === "booted"));
  });

  await t.step("logrotate takes the audit log away, and no line is lost", async () => {
    const log = "/var/log/mcpgate/audit.jsonl";
    await write(JSON.stringify({ ...settings, audit: { output: log } }));
    assert.equal(await systemctl("reload", "mcpgate"), 0);
    await eventually("the log", async () => (await system.run("test", "-f", log)).code === 0);
    await using mcp = await FIRST.connect({ url, key });
    await mcp.call("echo", { text: "before" });
    const rotated = await system.run("logrotate", "--force", "/etc/logrotate.d/mcpgate");
    assert.deepEqual(rotated, { code: 0, stdout: "", stderr: "" });
    await eventually("a new log", async () => (await system.run("test", "-f", log)).code === 0);
    await mcp.call("echo", { text: "after" });
    const calls = async (files: string) => {
      const { stdout } = await system.run("sh", "-c", `cat ${files}`);
      const lines = stdout.trim().split("\n").filter(Boolean).map((line) => JSON.parse(line));
      return lines.filter(({ method }) => method === "tools/call").length;
    };
    await eventually("the call in the new log", async () => await calls(log) === 1);
    assert.equal(await calls(`${log}-*`), 1);
  });

  await t.step(
    "it reads what belongs to root and to its group, by the drop-in for that",
    async () => {
      const secret =
        `install -m 640 /dev/stdin /etc/mcpgate/secret && chgrp ssl-cert /etc/mcpgate/secret`;
      const script = `
getent group ssl-cert >/dev/null || groupadd --system ssl-cert
echo ${"s".repeat(40)} | (${secret})`;
      const prepared = await system.run("sh", "-euc", script);
      assert.equal(prepared.code, 0, prepared.stderr);
      await write(JSON.stringify({ ...settings, secret: "file:secret" }));
      assert.equal(await systemctl("restart", "mcpgate"), 1, "without the drop-in");
      const dropIn = "/etc/systemd/system/mcpgate.service.d/tls.conf";
      await system.run("install", "-D", "-m", "644", "/srv/recipes/tls_group.conf", dropIn);
      await works("daemon-reload");
      await works("restart", "mcpgate");
      await write(JSON.stringify(settings));
      await works("restart", "mcpgate");
    },
  );

  await t.step("a gate that dies comes back, with the sessions it had", async () => {
    await using mcp = await FIRST.connect({ url, key });
    const pid = await property("MainPID");
    assert.equal(await systemctl("kill", "--signal=KILL", "--kill-whom=main", "mcpgate"), 0);
    await eventually("another process", async () => {
      return !["0", pid].includes(await property("MainPID")) &&
        await property("SubState") === "running";
    }, 20_000);
    assert.equal(await mcp.call("echo", { text: "again" }), "again");
  });

  await t.step("stop lets an open exchange finish", async () => {
    await using mcp = await FIRST.connect({ url, key });
    const held = mcp.call("hold", {});
    await eventually("the call to be with the server", () => server.held === 1);
    const stopped = systemctl("stop", "mcpgate");
    await eventually(
      "the gate to stop",
      async () => (await journal()).some(({ MESSAGE }) => MESSAGE === "stopping"),
    );
    server.release();
    assert.equal(await inTime("the held result", held), "held");
    assert.equal(await stopped, 0);
    assert.equal(await property("Result"), "success");
  });
});

/** Of a line of the journal, what is looked at. */
interface JournalLine {
  readonly MESSAGE: string;
  readonly PRIORITY: string;
  readonly _COMM: string;
}
