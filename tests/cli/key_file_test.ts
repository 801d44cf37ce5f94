/** A change of the file, where somebody else changes it at the same time. */
import assert from "node:assert/strict";
import { changeFile, keySources } from "../../src/cli/key_file.ts";
import { memoryWorld } from "./memory_world.ts";

const TEXT = 'upstream: { url: "http://localhost:9000/mcp" }\nkeys: []\n';

Deno.test("changeFile leaves alone what somebody else has changed meanwhile", () => {
  const world = memoryWorld([]);
  world.disk.write("config.yaml", TEXT);
  const change = (text: string) => {
    world.disk.write("config.yaml", `${text}# theirs\n`);
    return `${text}# ours\n`;
  };
  const sources = keySources(world, new Set(["audit", "auth", "ratelimit", "allowlist"]));
  assert.throws(() => changeFile(world, "config.yaml", sources, change), /run this again/);
  assert.equal(world.disk.readText("config.yaml"), `${TEXT}# theirs\n`);
});

Deno.test("changeFile answers with what the file says now", () => {
  const world = memoryWorld([]);
  world.disk.write("config.yaml", TEXT);
  const sources = keySources(world, new Set(["audit", "auth", "ratelimit", "allowlist"]));
  const { config } = changeFile(world, "config.yaml", sources, (text) => `${text}grace: 3s\n`);
  assert.equal(config.graceMs, 3000);
  assert.equal(world.disk.readText("config.yaml"), `${TEXT}grace: 3s\n`);
});
