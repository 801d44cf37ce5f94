/**
 * The files that `docs/` shows, as far as they are not run by tests of their own: read by the programs
 * that will read them.
 */
import assert from "node:assert/strict";
import { loaded } from "../config/sources.ts";
import { program, testNeeding } from "../support/absent.ts";

const FOLDER = "deploy/recipes";

testNeeding(program("promtool"), "Prometheus reads its recipe", async (promtool) => {
  const { code, stdout, stderr } = await new Deno.Command(promtool, {
    args: ["check", "config", `${FOLDER}/prometheus.yml`],
    stdin: "null",
  }).output();
  const decoder = new TextDecoder();
  assert.equal(code, 0, decoder.decode(stdout) + decoder.decode(stderr));
});

testNeeding(program("logrotate"), "logrotate reads its recipe", async (logrotate) => {
  const state = await Deno.makeTempFile();
  try {
    // Debug: says what it would do, and does nothing.
    const { code, stderr } = await new Deno.Command(logrotate, {
      args: ["--debug", "--state", state, `${FOLDER}/logrotate.conf`],
      stdin: "null",
    }).output();
    const said = new TextDecoder().decode(stderr);
    assert.equal(code, 0, said);
    assert.doesNotMatch(said, /^error:/m);
  } finally {
    await Deno.remove(state);
  }
});

Deno.test("the configuration for a front believes it, and answers to its name", async () => {
  const config = loaded(await Deno.readTextFile(`${FOLDER}/behind_a_front.yaml`));
  assert.deepEqual(config.listen, { hostname: "127.0.0.1", port: 8080 });
  assert.deepEqual(config.hosts, ["mcp.example.com"]);
  assert.deepEqual(config.trustedProxies, ["127.0.0.1/32"]);
});
