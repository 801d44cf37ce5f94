/** `mcpgate tools` and `mcpgate doctor` as an operator runs them, against a live server. */
import assert from "node:assert/strict";
import { EverythingServer } from "../support/everything_server.ts";
import { FROM_SOURCE } from "../support/gate_process.ts";

const HASHES = ["a".repeat(64), "b".repeat(64)];

async function run(args: readonly string[], config: object) {
  const folder = await Deno.makeTempDir({ prefix: "mcpgate_look_" });
  try {
    await Deno.writeTextFile(`${folder}/config.yaml`, JSON.stringify(config));
    const [command = "", ...first] = FROM_SOURCE;
    const { code, stdout, stderr } = await new Deno.Command(command, {
      args: [...first, ...args, "-c", `${folder}/config.yaml`],
      stdin: "null",
    }).output();
    const text = (bytes: Uint8Array) =>
      new TextDecoder().decode(bytes).replaceAll(folder, "FOLDER");
    return { code, out: text(stdout), err: text(stderr) };
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

function settings(url: string) {
  return {
    upstream: { url, timeout: "5s" },
    listen: "127.0.0.1:0",
    audit: { output: "stderr" },
    keys: [
      { label: "few", hash: HASHES[0], allow: ["echo", "delete_file"] },
      { label: "all", hash: HASHES[1], allow: ["*"] },
    ],
  };
}

Deno.test("tools shows who may use what of a real server, and what it lacks", async () => {
  await using everything = await EverythingServer.start();
  const { code, out, err } = await run(["tools"], settings(everything.url));
  assert.equal(code, 0, err);
  assert.match(out, /^tools +few +all$/m);
  assert.match(out, /^ {2}echo +yes +yes$/m);
  assert.match(out, /^ {2}get-env +- +yes$/m);
  assert.match(out, /the key "few" names tools that the server does not offer: delete_file/);
});

Deno.test("tools --json is one document, and --key-label narrows it", async () => {
  await using everything = await EverythingServer.start();
  const asked = await run(["tools", "--json", "--key-label", "few"], settings(everything.url));
  const document = JSON.parse(asked.out);
  assert.deepEqual(document.keys, ["few"]);
  const held = document.tools.filter(({ keys }: { keys: string[] }) => keys.length > 0);
  assert.deepEqual(held.map(({ name }: { name: string }) => name), ["echo"]);
  const unknown = await run(["tools", "--key-label", "fwe"], settings(everything.url));
  assert.equal(unknown.code, 1);
  assert.match(unknown.err, /did you mean few\?/);
});

Deno.test("doctor passes where all is well, and fails where the upstream is away", async () => {
  const url = await (async () => {
    await using everything = await EverythingServer.start();
    const { code, out } = await run(["doctor"], settings(everything.url));
    assert.equal(code, 0, out);
    assert.match(out, /^ok +upstream .*2025-11-25$/m);
    return everything.url;
  })();
  const { code, out } = await run(["doctor", "--json"], settings(url));
  assert.equal(code, 1);
  const failures = JSON.parse(out).filter(({ level }: { level: string }) => level === "failed");
  assert.deepEqual(failures.map(({ about }: { about: string }) => about), ["upstream"]);
  assert.match(failures[0].advice, /start the server/);
});

Deno.test("doctor takes a file with mistakes for what it is, and says so to programs, too", async () => {
  const config = { ...settings("http://127.0.0.1:9/mcp"), pipelin: [] };
  const { code, out, err } = await run(["doctor", "--json"], config);
  assert.deepEqual([code, err], [1, ""]);
  const [check, ...more] = JSON.parse(out);
  assert.deepEqual([check.about, check.level, more.length], ["configuration", "failed", 0]);
  assert.match(check.text, /^FOLDER\/config\.yaml:1:\d+ pipelin: found unknown key "pipelin"$/);
  assert.match(check.advice, /did you mean "pipeline"\?/);
});

Deno.test("doctor tells how many descriptors the process may have, wherever Linux tells it", async () => {
  if (Deno.build.os !== "linux") return;
  await using everything = await EverythingServer.start();
  const { out } = await run(["doctor"], settings(everything.url));
  assert.match(out, /^(ok|think) +process +\d+ descriptors may be open/m);
});

Deno.test("version --json is one document", async () => {
  const [command = "", ...first] = FROM_SOURCE;
  const { stdout } = await new Deno.Command(command, { args: [...first, "version", "--json"] })
    .output();
  const { version, deno, target } = JSON.parse(new TextDecoder().decode(stdout));
  assert.deepEqual([deno, target], [Deno.version.deno, Deno.build.target]);
  assert.equal(version, JSON.parse(await Deno.readTextFile("deno.json")).version);
});
