/**
 * The compiled program, run as its users run it.
 */
import assert from "node:assert/strict";
import { ChildProgram } from "../support/child_program.ts";
import { eventually, inTime } from "../support/eventually.ts";
import { FixtureServer } from "../support/fixture_server.ts";
import { GateProcess, type Settings, testKey } from "../support/gate_process.ts";
import { runCommand } from "../support/program_run.ts";
import { FIRST } from "../support/sdk_client.ts";
import { both, testNeeding } from "../support/absent.ts";
import { Authority, OPENSSL } from "../support/certificates.ts";
import { BASE_RUNTIME, compiled } from "./compiled_program.ts";

const { key, entry } = testKey("compiled", { allow: ["echo", "hold"] });

async function run(program: string, ...args: string[]): Promise<{ code: number; stdout: string }> {
  await using child = await ChildProgram.start({ command: program, args });
  const { code } = await child.status;
  return { code, stdout: await child.stdout() };
}

testNeeding(BASE_RUNTIME, "the compiled program tells the project's version", async (folder) => {
  const { version } = JSON.parse(await Deno.readTextFile("deno.json"));
  const { code, stdout } = await run(await compiled(folder), "version");
  assert.equal(code, 0);
  assert.ok(stdout.startsWith(`mcpgate ${version} `), stdout);
});

testNeeding(BASE_RUNTIME, "the compiled program prints the policy contract", async (folder) => {
  const { code, stdout } = await run(await compiled(folder), "types");
  assert.equal(code, 0);
  assert.match(stdout, /^export interface PolicyModule</m);
});

testNeeding(BASE_RUNTIME, "the compiled program shows the demo", async (folder) => {
  const { code, stdout } = await run(await compiled(folder), "demo", "--once", "--port", "0");
  assert.equal(code, 0, stdout);
});

testNeeding(
  BASE_RUNTIME,
  "the compiled program refuses who has no key and serves who has",
  async (folder) => {
    await using server = new FixtureServer();
    await using gate = await GateProcess.start(settings(server), [await compiled(folder)]);
    const stranger = await fetch(gate.url, { method: "POST", body: "{}" });
    await stranger.body?.cancel();
    assert.equal(stranger.status, 401);
    await using mcp = await FIRST.connect({ url: gate.url, key });
    assert.equal(await mcp.call("echo", { text: "here" }), "here");
  },
);

testNeeding(
  BASE_RUNTIME,
  "the compiled program reloads on SIGHUP, a whole file or none",
  async (folder) => {
    await using server = new FixtureServer();
    await using gate = await GateProcess.start(settings(server), [await compiled(folder)]);
    assert.match(await gate.reloadText("keys: ["), /^mcpgate: not reloaded/);
    const narrowed = { ...settings(server), keys: [{ ...entry, allow: ["hold"] }] };
    assert.equal(await gate.reload(narrowed), "mcpgate: reloaded, generation 2");
    await using mcp = await FIRST.connect({ url: gate.url, key });
    await assert.rejects(mcp.call("echo", { text: "here" }), /Unknown tool: echo/);
  },
);

testNeeding(
  BASE_RUNTIME,
  "the compiled program lets an exchange finish on SIGTERM",
  async (folder) => {
    await using server = new FixtureServer();
    await using gate = await GateProcess.start(settings(server), [await compiled(folder)]);
    await using mcp = await FIRST.connect({ url: gate.url, key });
    const held = mcp.call("hold", {});
    await eventually("the call to be with the server", () => server.held === 1);
    gate.terminate();
    await eventually(
      "the gate to stop",
      async () => /^mcpgate: stopping$/m.test(await gate.stderr()),
    );
    server.release();
    assert.equal(await inTime("the held result", held), "held");
    assert.equal(await inTime("the exit", gate.exited()), 0);
  },
);

testNeeding(
  both(BASE_RUNTIME, OPENSSL),
  "the compiled program speaks TLS, knows callers by certificates and takes renewed files",
  async ([folder, openssl]) => {
    await using authority = await Authority.found(openssl);
    const own = await authority.issue({ name: "gate" });
    const caller = await authority.issue({ name: "caller", use: "clientAuth" });
    await using server = new FixtureServer();
    const secure: Settings = {
      ...settings(server),
      keys: [{ ...entry, certificates: [caller.fingerprint] }],
      tls: { cert: own.certPath, key: own.keyPath, client_ca: authority.path },
    };
    const program = await compiled(folder);
    const [, minor = 0] = /Deno 2\.(\d+)/.exec((await run(program, "version")).stdout) ?? [];
    if (Number(minor) < 9) {
      // Made with an older base runtime it serves no TLS at all, and says why.
      const start = GateProcess.start(secure, [program]);
      return await assert.rejects(start, /Deno 2\.\d+\.\d+ cannot: it takes 2\.9 or newer/);
    }
    await using gate = await GateProcess.start(secure, [program]);
    const tls = { ca: authority.pem, cert: caller.cert, key: caller.key };
    await using mcp = await FIRST.connect({ url: gate.url, tls });
    assert.equal(await mcp.call("echo", { text: "by certificate" }), "by certificate");
    const renewed = await authority.issue({ name: "gate" });
    await Deno.writeTextFile(own.certPath, renewed.cert);
    await Deno.writeTextFile(own.keyPath, renewed.key);
    assert.equal(await gate.reload(secure), "mcpgate: reloaded, generation 2");
    await using again = await FIRST.connect({ url: gate.url, key, tls: { ca: authority.pem } });
    assert.equal(await again.call("echo", { text: "by key" }), "by key");
  },
);

testNeeding(BASE_RUNTIME, "the compiled program shares its work among workers", async (folder) => {
  await using server = new FixtureServer();
  const shared = { ...settings(server), workers: 2 };
  await using gate = await GateProcess.start(shared, [await compiled(folder)]);
  for (const text of ["one", "two", "three", "four"]) {
    await using mcp = await FIRST.connect({ url: gate.url, key });
    assert.equal(await mcp.call("echo", { text }), text);
  }
  const narrowed = { ...shared, keys: [{ ...entry, allow: ["hold"] }] };
  assert.equal(await gate.reload(narrowed), "mcpgate: reloaded, generation 2");
  await using mcp = await FIRST.connect({ url: gate.url, key });
  await assert.rejects(mcp.call("echo", { text: "here" }), /Unknown tool: echo/);
  assert.equal(await inTime("the exit", gate.stop()), 0);
});

testNeeding(
  BASE_RUNTIME,
  "the compiled program runs a policy module in TypeScript",
  async (folder) => {
    const program = await compiled(folder);
    const path = await Deno.makeTempFile({ suffix: ".ts" });
    await Deno.writeTextFile(path, MODULE);
    try {
      await using server = new FixtureServer();
      const pipeline = ["audit", "auth", "allowlist", {
        use: path,
        options: { word: "abracadabra" },
      }];
      for (const workers of [1, 2]) {
        const given = { ...settings(server), pipeline, workers };
        await using gate = await GateProcess.start(given, [program]);
        await using mcp = await FIRST.connect({ url: gate.url, key });
        await assert.rejects(mcp.call("echo", { text: "here" }), /the word is abracadabra/);
      }
    } finally {
      await Deno.remove(path);
    }
  },
);

function settings(server: FixtureServer): Settings {
  return { upstream: { url: server.url }, keys: [entry], grace: "5s" };
}

const MODULE = `
import type { PolicyModule } from "./mcpgate.d.ts";
interface Options { readonly word: string }
export default {
  name: "word",
  options: (z) => z.object({ word: z.string() }),
  create: ({ word }: Options) => (asked) =>
    asked.call.kind === "request" && asked.call.method === "tools/call"
      ? { verdict: "deny", kind: "forbidden", reason: \`the word is \${word}\` }
      : { verdict: "allow" },
} satisfies PolicyModule<Options>;
`;

testNeeding(
  BASE_RUNTIME,
  "the compiled program exchanges a key of the gate it runs",
  async (folder) => {
    await using server = new FixtureServer();
    const program = await compiled(folder);
    const command = [program];
    await using gate = await GateProcess.start(
      { ...settings(server), pid_file: "gate.pid" },
      command,
    );
    const told = await runCommand(
      ["keygen", "--rotate", entry.label, "--reload", "--json", "-c", gate.configPath],
      { command },
    );
    assert.equal(told.code, 0, told.stderr);
    const { key: young, reload } = JSON.parse(told.stdout);
    assert.deepEqual([reload.by, reload.outcome], ["pid_file", "reloaded"]);
    for (const each of [key, young]) {
      await using mcp = await FIRST.connect({ url: gate.url, key: each });
      assert.equal(await mcp.call("echo", { text: "both" }), "both");
    }
    const checked = await runCommand(["keys", "check", "-c", gate.configPath], {
      command,
      input: young,
    });
    assert.deepEqual([checked.code, checked.stdout.includes(entry.label)], [0, true]);
    const looked = await runCommand(["doctor", "--json", "-c", gate.configPath], { command });
    const checks: { about: string; text: string }[] = JSON.parse(looked.stdout);
    const limits = checks.find(({ about }) => about === "process");
    if (Deno.build.os === "linux") assert.match(limits?.text ?? "", /^\d+ descriptors may be open/);
  },
);
