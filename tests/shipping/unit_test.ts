/**
 * The systemd unit: accepted by systemd's own checks, and in step with what the program does. It is
 * started, reloaded and stopped in `booted_test.ts`.
 */
import assert from "node:assert/strict";
import { program, testNeeding } from "../support/absent.ts";

const UNIT = await Deno.readTextFile("deploy/mcpgate.service");
const analyze = program("systemd-analyze");

testNeeding(analyze, "systemd-analyze verify has nothing to say about the unit", async (path) => {
  const folder = await Deno.makeTempDir();
  try {
    // It insists that the program is there: one that is takes the place of the one to be installed.
    const unit = UNIT.replaceAll("/usr/local/bin/mcpgate", Deno.execPath());
    await Deno.writeTextFile(`${folder}/mcpgate.service`, unit);
    const { code, text } = await output(path, "verify", `${folder}/mcpgate.service`);
    assert.deepEqual({ code, text }, { code: 0, text: "" });
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

testNeeding(
  analyze,
  "systemd-analyze security finds the unit's exposure at most 1.5 of 10",
  async (path) => {
    const args = ["security", "--offline=true", "--threshold=15", "deploy/mcpgate.service"];
    const { code, text } = await output(path, ...args);
    assert.equal(code, 0, text);
  },
);

Deno.test("the unit reloads by SIGHUP and stops by SIGTERM, as the program does", () => {
  assert.equal(settings("ExecReload").at(-1), "/bin/kill -HUP $MAINPID");
  assert.equal(setting("KillSignal"), "SIGTERM");
});

Deno.test("the unit gives a stop more time than the default grace of 10 s", () => {
  const [, seconds] = /^(\d+)s$/.exec(setting("TimeoutStopSec")) ?? [];
  assert.ok(Number(seconds) > 10);
});

Deno.test("the unit lets V8 compile", () => {
  assert.doesNotMatch(UNIT, /^MemoryDenyWriteExecute=/m);
});

function setting(name: string): string {
  const values = settings(name);
  assert.equal(values.length, 1, name);
  return values[0] ?? "";
}

function settings(name: string): string[] {
  return [...UNIT.matchAll(new RegExp(`^${name}=(.*)$`, "gm"))].map(([, value = ""]) => value);
}

async function output(path: string, ...args: string[]): Promise<{ code: number; text: string }> {
  const env = { SYSTEMD_COLORS: "0", SYSTEMD_PAGER: "" };
  const { code, stdout, stderr } = await new Deno.Command(path, { args, env, stdin: "null" })
    .output();
  const decoder = new TextDecoder();
  return { code, text: decoder.decode(stdout) + decoder.decode(stderr) };
}
