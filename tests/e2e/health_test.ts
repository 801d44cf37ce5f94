/** `mcpgate health` as supervisors call it: a program beside the gate, which may speak TLS. */
import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { ChildProgram } from "../support/child_program.ts";
import { FixtureServer } from "../support/fixture_server.ts";
import { FROM_SOURCE, GateProcess, testKey } from "../support/gate_process.ts";

const TLS = new URL("../testdata/tls/", import.meta.url);
const { entry } = testKey("one", { allow: ["echo"] });

/** Asks with the words `args`. */
async function health(
  ...args: string[]
): Promise<{ code: number; stdout: string; stderr: string }> {
  const [command = "", ...words] = FROM_SOURCE;
  await using child = await ChildProgram.start({ command, args: [...words, "health", ...args] });
  const { code } = await child.status;
  return { code, stdout: await child.stdout(), stderr: await child.stderr() };
}

for (
  const { name, more } of [
    { name: "plain HTTP", more: {} },
    {
      name: "TLS, with a certificate of another name",
      more: {
        hosts: ["mcp.example.com"],
        tls: {
          cert: fileURLToPath(new URL("localhost.pem", TLS)),
          key: fileURLToPath(new URL("localhost.key.pem", TLS)),
        },
      },
    },
  ]
) {
  Deno.test(`health finds a gate alive over ${name}, a wrong file or not, until it is gone`, async () => {
    await using server = new FixtureServer();
    const settings = { upstream: { url: server.url }, keys: [entry], ...more };
    await using gate = await GateProcess.start(settings);
    const { origin } = new URL(gate.url);
    const listen = `127.0.0.1:${gate.port}`;
    // The gate took a port of the system's choice; its own file would name it.
    await Deno.writeTextFile(gate.configPath, JSON.stringify({ ...settings, listen }));
    const alive = {
      code: 0,
      stdout: `${origin.replace("localhost", "127.0.0.1")} lives\n`,
      stderr: "",
    };
    assert.deepEqual(await health("-c", gate.configPath), alive);
    await Deno.writeTextFile(gate.configPath, JSON.stringify({ ...settings, listen, keys: 7 }));
    assert.deepEqual(await health("-c", gate.configPath), alive);
    assert.equal(await gate.stop(), 0);
    const { code, stderr } = await health("-c", gate.configPath);
    assert.equal(code, 1);
    assert.match(stderr, /does not answer/);
  });
}
