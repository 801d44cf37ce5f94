/**
 * The first day of an operator, as it goes: one gate, installed, looked at, locked, served, used,
 * changed, explained, verified and upgraded, with a client that stays connected all day.
 */
import assert from "node:assert/strict";
import { EverythingServer } from "../support/everything_server.ts";
import { eventually } from "../support/eventually.ts";
import { freePort } from "../support/free_port.ts";
import { FIRST, type SdkClient } from "../support/sdk_client.ts";
import { BASE_RUNTIME, compiled } from "./compiled_program.ts";
import { Operator } from "./operator.ts";

const { version } = JSON.parse(await Deno.readTextFile("deno.json"));

// With the compiled program where it can be made, as its users have it.
Deno.test("the first day: from nothing to an upgrade, while a client works", async (t) => {
  await firstDay(t, BASE_RUNTIME.found === null ? null : await compiled(BASE_RUNTIME.found));
});

async function firstDay(t: Deno.TestContext, program: string | null): Promise<void> {
  await using server = await EverythingServer.start();
  await using operator = await Operator.arrive(program);
  await using clients = new AsyncDisposableStack();
  const port = freePort();
  const url = `http://127.0.0.1:${port}/mcp`;
  const connect = async (key: string) => clients.use(await FIRST.connect({ url, key }));
  const keys = { laptop: "", rotated: "", guest: "" };
  let laptop: SdkClient;

  await t.step("morning: install it, and ask what it is", async () => {
    await operator.install();
    assert.match(await operator.mcpgate("version"), new RegExp(`^mcpgate ${version} `));
    assert.match(await operator.mcpgate("help"), /^ {2}serve /m);
  });

  await t.step("write down where the server is; there is no key yet, and it says so", async () => {
    await operator.write("secret", "s".repeat(40));
    await operator.write(
      "config.yaml",
      `# The gate of our team.
upstream:
  url: "${server.url}"
listen: "127.0.0.1:${port}"
secret: "file:secret" # sessions outlive a restart
pid_file: gate.pid
audit: { output: audit.jsonl, chain: true }
keys: []
`,
    );
    const { code, stderr } = await operator.run("validate");
    assert.equal(code, 0);
    assert.match(stderr, /there is no key, so nobody gets in/);
  });

  await t.step("let the editor help: the schema", async () => {
    const schema = JSON.parse(await operator.mcpgate("schema"));
    assert.ok("upstream" in schema.properties);
  });

  await t.step("mint the first key; the comments stay", async () => {
    const minted = await operator.mcpgate("keygen --label laptop --allow echo,get-sum --add");
    keys.laptop = minted.trim();
    assert.match(keys.laptop, /^mcpg_[\w-]{49}$/);
    const config = await operator.read("config.yaml");
    assert.match(config, /^# The gate of our team\.$/m);
    assert.doesNotMatch(config, /mcpg_/);
    assert.match(await operator.mcpgate("keys check", keys.laptop), /laptop/);
    assert.match(await operator.mcpgate("validate"), /is valid/);
  });

  await t.step("look before locking: the machine, the server, who may use what", async () => {
    await operator.mcpgate("doctor");
    const offer = JSON.parse(await operator.mcpgate("tools --json"));
    const tools: { name: string; keys: string[] }[] = offer.tools;
    const usable = tools.filter((row) => row.keys.includes("laptop"));
    assert.deepEqual(usable.map((row) => row.name).toSorted(), ["echo", "get-sum"]);
    assert.ok(tools.some((row) => row.name === "get-env"), "the server has more");
    assert.equal((await operator.run("try --key-label laptop --tool echo")).code, 0);
    assert.equal((await operator.run("try --key-label laptop --tool get-env")).code, 3);
  });

  await t.step("serve, and ask whether it lives", async () => {
    await operator.serve();
    assert.equal(await operator.mcpgate("health"), `http://127.0.0.1:${port} lives\n`);
  });

  await t.step(
    "a client connects: it sees and uses what its key names, and nothing else",
    async () => {
      laptop = await connect(keys.laptop);
      assert.deepEqual((await laptop.tools()).toSorted(), ["echo", "get-sum"]);
      assert.equal(await laptop.call("echo", { message: "hello" }), "Echo: hello");
      await assert.rejects(laptop.call("get-env"), /Unknown tool: get-env/);
    },
  );

  await t.step("somebody asks why: the answer's id explains it", async () => {
    const id = laptop.traffic.at(-1)?.answer.get("mcpgate-exchange") ?? "";
    assert.notEqual(id, "");
    const told = await eventuallyExplained(operator, id);
    assert.match(told, /get-env/);
    assert.match(told, /allowlist/);
    assert.match(told, /config\.yaml/);
  });

  await t.step("noon: a colleague gets a key, without a restart", async () => {
    keys.guest = (await operator.mcpgate("keygen --label guest --allow echo --add --reload"))
      .trim();
    const guest = await connect(keys.guest);
    assert.equal(await guest.call("echo", { message: "me too" }), "Echo: me too");
    assert.match(await operator.mcpgate("keys list"), /guest[\s\S]*laptop|laptop[\s\S]*guest/);
  });

  await t.step("the laptop's key is exchanged; both are good for a while", async () => {
    const rotated = await operator.mcpgate("keygen --rotate laptop --overlap 2d --reload");
    keys.rotated = rotated.split("\n")[0]!;
    assert.equal(await laptop.call("echo", { message: "old" }), "Echo: old");
    const other = await connect(keys.rotated);
    assert.equal(await other.call("echo", { message: "new" }), "Echo: new");
  });

  await t.step("the colleague leaves: the key is revoked, at once", async () => {
    await operator.mcpgate("keys revoke guest --reload");
    const { status, body } = await fetch(url, {
      method: "POST",
      headers: { authorization: `Bearer ${keys.guest}` },
      body: "{}",
    });
    await body?.cancel();
    assert.equal(status, 401);
    assert.doesNotMatch(await operator.read("config.yaml"), /guest/);
  });

  await t.step("a slip of the finger changes nothing", async () => {
    const config = await operator.read("config.yaml");
    await operator.write("config.yaml", config.replace("listen:", "lisen:"));
    const { code, stderr } = await operator.run("validate");
    assert.equal(code, 1);
    assert.match(stderr, /did you mean "listen"\?/);
    assert.equal(await operator.mcpgate("health --url " + url), `http://127.0.0.1:${port} lives\n`);
    assert.equal(await laptop.call("echo", { message: "still" }), "Echo: still");
    await operator.write("config.yaml", config);
  });

  await t.step("evening: the log says who did what, and is whole", async () => {
    assert.match(await operator.mcpgate("audit tail --tool get-env"), /get-env/);
    assert.match(await operator.mcpgate("audit top --by label"), /laptop/);
    await operator.mcpgate("audit stats");
    await operator.mcpgate("audit verify");
  });

  await t.step("an upgrade: a new program, a restart, and the client goes on", async () => {
    await operator.install();
    assert.equal(await operator.stop(), 0);
    await operator.serve();
    assert.equal(await laptop.call("get-sum", { a: 1, b: 2 }), "The sum of 1 and 2 is 3.");
    await operator.mcpgate("audit verify");
  });

  await t.step("and if somebody touches the log, it shows", async () => {
    const log = await operator.read("audit.jsonl");
    await operator.write("audit.jsonl", log.replace('"tool":"get-env"', '"tool":"get-sum"'));
    const { code, stdout, stderr } = await operator.run("audit verify");
    assert.equal(code, 1, stdout + stderr);
    await operator.write("audit.jsonl", log);
  });

  await t.step("night: it stops", async () => {
    assert.equal(await operator.stop(), 0);
    assert.equal((await operator.run("health")).code, 1);
  });
}

/** The explanation, as soon as the line is in the log. */
async function eventuallyExplained(operator: Operator, id: string): Promise<string> {
  let told = "";
  await eventually("the explanation", async () => {
    const { code, stdout } = await operator.run(`explain ${id}`);
    told = stdout;
    return code === 0;
  }, 20_000);
  return told;
}
