/** What no script can show: output that breaks, bugs, versions. */
import assert from "node:assert/strict";
import { runProgram } from "../../src/cli/program.ts";
import { Failure } from "../../src/cli/usage.ts";
import { VERSION, versionCommand } from "../../src/cli/version.ts";
import type { Command } from "../../src/cli/world.ts";
import { memoryWorld } from "./memory_world.ts";

function commandThat(run: Command["run"]): Command {
  return { name: "try", summary: "tries", help: "Usage: mcpgate try\n", run };
}

Deno.test("VERSION is the version in deno.json", () => {
  const text = Deno.readTextFileSync(new URL("../../deno.json", import.meta.url));
  assert.equal(JSON.parse(text).version, VERSION);
});

for (const word of ["version", "--version", "-V"]) {
  Deno.test(`mcpgate ${word} prints one line that names the runtime`, async () => {
    const world = memoryWorld([word]);
    assert.equal(await runProgram(world, [versionCommand]), 0);
    const line = `mcpgate ${VERSION} (deno ${Deno.version.deno}, ${Deno.build.target})\n`;
    assert.equal(world.out(), line);
  });
}

Deno.test("runProgram says a Failure with the prefix on each line", async () => {
  const world = memoryWorld(["try"]);
  const fails = commandThat(() => Promise.reject(new Failure("first\n\nthird")));
  assert.equal(await runProgram(world, [fails]), 1);
  assert.equal(world.err(), "mcpgate: first\nmcpgate:\nmcpgate: third\n");
});

Deno.test("runProgram calls anything else that is thrown a bug, and shows where it is", async () => {
  const world = memoryWorld(["try"]);
  const fails = commandThat(() => Promise.reject(new RangeError("out of cheese")));
  assert.equal(await runProgram(world, [fails]), 1);
  assert.match(
    world.err(),
    /please report it:\nmcpgate: RangeError: out of cheese\n.*program_test/,
  );
});

Deno.test("runProgram is silent where nobody reads on", async () => {
  const world = memoryWorld(["try"]);
  const fails = commandThat(() => Promise.reject(new Deno.errors.BrokenPipe("gone")));
  assert.equal(await runProgram(world, [fails]), 1);
  assert.equal(world.err(), "");
});
