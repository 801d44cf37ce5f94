/**
 * The compiled program needs nothing but the C library: alone in a root of its own, without rights and
 * as process 1, as the container runs it, it serves, checks itself, reloads and stops.
 */
import assert from "node:assert/strict";
import { both, program, testNeeding } from "../support/absent.ts";
import { eventually } from "../support/eventually.ts";
import { FixtureServer } from "../support/fixture_server.ts";
import { freePort } from "../support/free_port.ts";
import { testKey } from "../support/gate_process.ts";
import { FIRST } from "../support/sdk_client.ts";
import { BareRoot, insideOf } from "./bare_root.ts";
import { BASE_RUNTIME, compiled } from "./compiled_program.ts";

const { key, entry } = testKey("contained", { allow: ["echo", "hold"] });
const NEEDS = both(BASE_RUNTIME, program("bwrap"));

/** Plays `test` with a root whose gate serves a sample server. */
function withRoot(
  name: string,
  test: (root: BareRoot, port: number, rewrite: (more: object) => Promise<void>) => Promise<void>,
): void {
  testNeeding(NEEDS, `alone in a bare root, ${name}`, async ([pair, bwrap]) => {
    await using server = new FixtureServer();
    const folder = await Deno.makeTempDir({ prefix: "mcpgate_root_" });
    try {
      const config = `${folder}/config.yaml`;
      const listen = `127.0.0.1:${freePort()}`;
      const rewrite = (more: object) =>
        Deno.writeTextFile(
          config,
          JSON.stringify({ upstream: { url: server.url }, listen, keys: [entry], ...more }),
        );
      await rewrite({});
      const root = await BareRoot.of(bwrap, await compiled(pair), config);
      await test(root, Number(listen.slice(listen.indexOf(":") + 1)), rewrite);
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  });
}

/** Runs the program with `args` to its end. */
async function run(root: BareRoot, ...args: string[]) {
  await using child = await root.start(...args);
  const { code } = await child.status;
  return { code, stdout: await child.stdout(), stderr: await child.stderr() };
}

withRoot("the program serves, checks itself and stops by SIGTERM", async (root, port) => {
  const url = `http://127.0.0.1:${port}`;
  await using gate = await root.start("serve");
  await gate.said(/^mcpgate: listening on/m);
  await using mcp = await FIRST.connect({ url: `${url}/mcp`, key });
  assert.equal(await mcp.call("echo", { text: "here" }), "here");
  assert.deepEqual(await run(root, "health"), { code: 0, stdout: `${url} lives\n`, stderr: "" });
  Deno.kill(insideOf(gate), "SIGTERM");
  assert.equal((await gate.status).code, 0);
  assert.match(await gate.stderr(), /^mcpgate: stopping$/m);
  const { code, stderr } = await run(root, "health");
  assert.equal(code, 1);
  assert.match(stderr, /does not answer/);
});

withRoot(
  "the program reloads by SIGHUP, and lives on with a wrong file",
  async (root, _, rewrite) => {
    await using gate = await root.start("serve");
    await gate.said(/^mcpgate: listening on/m);
    await rewrite({ grace: "1s" });
    Deno.kill(insideOf(gate), "SIGHUP");
    await gate.said(/^mcpgate: reloaded, generation 2$/m);
    await rewrite({ keys: 1 });
    Deno.kill(insideOf(gate), "SIGHUP");
    await gate.said(/^mcpgate: not reloaded/m);
    assert.equal((await run(root, "health")).code, 0);
  },
);

withRoot("the other commands do what they do elsewhere", async (root) => {
  const minted = await run(root, "keygen", "--label", "new", "--allow", "echo");
  assert.equal(minted.code, 0);
  assert.match(minted.stdout, /^mcpg_[\w-]{49}\n/);
  assert.equal((await run(root, "validate")).code, 0);
  const tools = await run(root, "tools");
  assert.equal(tools.code, 0, tools.stderr);
  assert.match(tools.stdout, /echo/);
  assert.match((await run(root, "schema")).stdout, /"\$schema"/);
  assert.equal((await run(root, "demo", "--once", "--port", "0")).code, 0);
});

withRoot("the program has no rights", async (root) => {
  await using gate = await root.start("serve");
  await gate.said(/^mcpgate: listening on/m);
  await eventually("the program", () => insideOf(gate) > 0);
  const status = await Deno.readTextFile(`/proc/${insideOf(gate)}/status`);
  assert.match(status, /^CapEff:\t0{16}$/m);
  assert.match(status, /^NSpid:\t\d+\t1$/m);
});
