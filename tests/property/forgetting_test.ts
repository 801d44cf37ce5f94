/**
 * Exchanges are kept after their end so that the engine stays warm: few, and only while what they went
 * by rules. Else each change of the configuration would leave a copy of all keys behind.
 */
import assert from "node:assert/strict";

const WAYS = 5;

Deno.test("one exchange of each way is kept, and nothing of a configuration that was replaced", async () => {
  const program = new URL("forgetting_program.ts", import.meta.url).pathname;
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "--allow-all", "--no-check", "--quiet", "--v8-flags=--expose-gc", program],
  }).output();
  assert.equal(code, 0, new TextDecoder().decode(stderr));
  const { ends, ...told } = JSON.parse(new TextDecoder().decode(stdout));
  const once = [...Array.from({ length: WAYS }, () => "allow complete"), "deny complete"];
  assert.deepEqual(ends, [...once, ...once]);
  assert.deepEqual(told, { large: 0, before: WAYS, after: 0, configurations: 0 });
});
