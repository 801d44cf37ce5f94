/**
 * The recipe that exchanges a key by GitHub Actions: its script run as it stands, against a gate that
 * serves meanwhile. In the place of `ssh` stands a program that runs the command on this machine, in
 * that of `gh` one that keeps what it is given; all else is real.
 */
import assert from "node:assert/strict";
import { parse } from "yaml";
import { both, program, testNeeding } from "../support/absent.ts";
import { eventually } from "../support/eventually.ts";
import { FixtureServer } from "../support/fixture_server.ts";
import { FROM_SOURCE, GateProcess, testKey } from "../support/gate_process.ts";
import { FIRST } from "../support/sdk_client.ts";

const WORKFLOW = parse(await Deno.readTextFile("deploy/recipes/rotate_key.yml"));
const [STEP] = WORKFLOW.jobs.rotate.steps as { run: string; env: Record<string, string> }[];

/** Drops flags and host, and runs the rest, as sshd's shell would. */
const SSH = `#!/bin/bash
test "$(stat -c %a "$2")" = 600 || exit 255
shift 3
exec bash -c "$*"
`;

const GH = `#!/bin/bash
echo "$*" > "$STAND/asked"
cat > "$STAND/secret"
`;

testNeeding(
  both(program("jq"), program("bash")),
  "the rotation recipe gives jobs a new key, prints none, and breaks nothing that runs",
  async ([, bash]) => {
    const ci = testKey("ci", { allow: ["echo"] });
    await using server = new FixtureServer();
    await using gate = await GateProcess.start({
      upstream: { url: server.url },
      pid_file: "gate.pid",
      keys: [ci.entry],
    });
    await using running = await FIRST.connect({ url: gate.url, key: ci.key });
    const folder = await Deno.makeTempDir({ prefix: "mcpgate_rotation_" });
    try {
      const mcpgate = `#!/bin/bash\nexec ${FROM_SOURCE.join(" ")} "$@"\n`;
      for (const [name, text] of Object.entries({ ssh: SSH, gh: GH, mcpgate })) {
        await Deno.writeTextFile(`${folder}/${name}`, text, { mode: 0o755 });
      }
      const { code, stdout, stderr } = await new Deno.Command(bash, {
        args: ["-c", STEP!.run.replace("/etc/mcpgate/config.yaml", gate.configPath)],
        env: {
          PATH: `${folder}:${Deno.env.get("PATH")}`,
          HOME: folder,
          STAND: folder,
          DENO_DIR: Deno.env.get("DENO_DIR") ?? `${Deno.env.get("HOME")}/.cache/deno`,
          GITHUB_REPOSITORY: "example/tools",
          ...WORKFLOW.jobs.rotate.env,
          ...Object.fromEntries(Object.keys(STEP!.env).map((name) => [name, `the ${name}`])),
        },
        stdin: "null",
      }).output();
      const said = new TextDecoder().decode(stdout) + new TextDecoder().decode(stderr);
      assert.equal(code, 0, said);
      assert.doesNotMatch(said, /mcpg_/);
      const asked = await Deno.readTextFile(`${folder}/asked`);
      assert.equal(asked, "secret set MCP_KEY --repo example/tools\n");
      const key = await Deno.readTextFile(`${folder}/secret`);
      assert.match(key, /^mcpg_[\w-]{49}$/);
      assert.notEqual(key, ci.key);
      await using next = await FIRST.connect({ url: gate.url, key });
      assert.equal(await next.call("echo", { text: "new" }), "new");
      assert.equal(await running.call("echo", { text: "old" }), "old");
      await eventually(
        "the gate tells",
        async () => /reloaded, generation 2/.test(await gate.stderr()),
      );
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  },
);

Deno.test("the rotation recipe has no right on the repository, and no secret in its text", () => {
  assert.deepEqual(WORKFLOW.permissions, {});
  for (const value of Object.values(STEP!.env)) assert.match(value, /^\$\{\{ secrets\.\w+ \}\}$/);
});
