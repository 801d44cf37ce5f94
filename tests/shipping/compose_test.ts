/**
 * The example of a gate and a server in containers: accepted by Compose where it is there, in step
 * with the image and the program, and played without containers: the gate alone in a bare root, the
 * server a process of its own, both as the files say.
 */
import assert from "node:assert/strict";
import { parse } from "yaml";
import { loaded } from "../config/sources.ts";
import { both, program, testNeeding } from "../support/absent.ts";
import { EverythingServer } from "../support/everything_server.ts";
import { freePort } from "../support/free_port.ts";
import { testKey } from "../support/gate_process.ts";
import { FIRST } from "../support/sdk_client.ts";
import { BareRoot } from "./bare_root.ts";
import { BASE_RUNTIME, compiled } from "./compiled_program.ts";

const FOLDER = "deploy/compose";
const COMPOSE = parse(await Deno.readTextFile(`${FOLDER}/compose.yaml`)) as {
  readonly services: Readonly<Record<"mcpgate" | "server", Service>>;
};
const CONFIG = await Deno.readTextFile(`${FOLDER}/mcpgate/config.yaml`);

interface Service {
  readonly ports?: readonly string[];
  readonly volumes?: readonly string[];
  readonly command?: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
  readonly user?: string;
  readonly cap_drop?: readonly string[];
  readonly security_opt?: readonly string[];
}

testNeeding(program("docker-compose"), "Compose accepts the example", async (compose) => {
  const { code, stderr } = await new Deno.Command(compose, {
    args: ["--file", `${FOLDER}/compose.yaml`, "config", "--quiet"],
    stdin: "null",
  }).output();
  assert.deepEqual([code, new TextDecoder().decode(stderr)], [0, ""]);
});

Deno.test("the example's gate serves what the example's server is", () => {
  const { mcpgate, server } = COMPOSE.services;
  const config = loaded(CONFIG);
  assert.equal(config.upstream.url, `http://server:${server.environment?.["PORT"]}/mcp`);
  assert.deepEqual(mcpgate.ports, [`${config.listen.port}:${config.listen.port}`]);
  assert.deepEqual(mcpgate.volumes, ["./mcpgate:/etc/mcpgate:ro"]);
});

Deno.test("only the gate of the example is reached from outside", () => {
  assert.equal(COMPOSE.services.server.ports, undefined);
});

Deno.test("nothing in the example has rights", () => {
  for (const service of Object.values(COMPOSE.services)) {
    assert.deepEqual(service.cap_drop, ["ALL"]);
    assert.deepEqual(service.security_opt, ["no-new-privileges:true"]);
  }
  assert.equal(COMPOSE.services.server.user, "node");
});

Deno.test("the example's server is the one that the tests run", async () => {
  const { imports }: { imports: Record<string, string> } = JSON.parse(
    await Deno.readTextFile("deno.json"),
  );
  const name = "@modelcontextprotocol/server-everything";
  const locked = imports[name]?.replace("npm:", "");
  assert.deepEqual(COMPOSE.services.server.command, ["npx", "--yes", locked, "streamableHttp"]);
});

testNeeding(
  both(BASE_RUNTIME, program("bwrap")),
  "the example's gate reaches the server by its name, and lets in whom it names",
  async ([pair, bwrap]) => {
    await using server = await EverythingServer.start();
    const { key, entry } = testKey("nobody", { allow: [] });
    const port = freePort();
    const config = CONFIG.replace("server:9000", `server:${server.port}`)
      .replace("0".repeat(64), entry.hash)
      .replace(/^hosts:/m, `listen: "127.0.0.1:${port}"\nhosts:`);
    const folder = await Deno.makeTempDir({ prefix: "mcpgate_compose_" });
    try {
      await Deno.writeTextFile(`${folder}/config.yaml`, config);
      // What Compose's own name service does for the containers of a project.
      await Deno.writeTextFile(`${folder}/hosts`, "127.0.0.1 localhost server\n");
      const root = await BareRoot.of(bwrap, await compiled(pair), `${folder}/config.yaml`, {
        "/etc/hosts": `${folder}/hosts`,
      });
      await using gate = await root.start("serve");
      await gate.said(/^mcpgate: listening on/m);
      await using mcp = await FIRST.connect({ url: `http://localhost:${port}/mcp`, key });
      assert.deepEqual((await mcp.tools()).toSorted(), ["echo", "get-sum"]);
      assert.equal(await mcp.call("echo", { message: "here" }), "Echo: here");
      await using check = await root.start("health");
      assert.equal((await check.status).code, 0, await check.stderr());
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  },
);
