/** Whether what a machine lacks is told, and what it has is found. Starts nothing. */
import assert from "node:assert/strict";
import { both, program, testNeeding, variable } from "./absent.ts";

Deno.test("program finds an executable file, and takes neither a folder nor a plain file", async () => {
  await using folder = await temporaryFolder();
  await Deno.writeTextFile(`${folder.path}/runs`, "", { mode: 0o755 });
  await Deno.writeTextFile(`${folder.path}/text`, "", { mode: 0o644 });
  await Deno.mkdir(`${folder.path}/folder`);
  const path = `/nonexistent:${folder.path}`;
  assert.equal(program("runs", path).found, `${folder.path}/runs`);
  assert.equal(program("text", path).found, null);
  assert.equal(program("folder", path).found, null);
  assert.equal(program("absent", path).found, null);
});

Deno.test("variable counts an empty value as absent", () => {
  Deno.env.set("MCPGATE_ABSENT_TEST", "");
  assert.equal(variable("MCPGATE_ABSENT_TEST").found, null);
  Deno.env.set("MCPGATE_ABSENT_TEST", "here");
  assert.equal(variable("MCPGATE_ABSENT_TEST").found, "here");
  Deno.env.delete("MCPGATE_ABSENT_TEST");
});

Deno.test("both names what is missing only", () => {
  const here = { what: "here", found: 1 };
  const gone = { what: "gone", found: null };
  assert.deepEqual(both(here, here).found, [1, 1]);
  assert.deepEqual(both(here, gone), { what: "gone", found: null });
  assert.deepEqual(both(gone, gone), { what: "gone, gone", found: null });
});

testNeeding({ what: "a value", found: 42 }, "testNeeding hands over what was found", (found) => {
  assert.equal(found, 42);
});

async function temporaryFolder(): Promise<{ path: string } & AsyncDisposable> {
  const path = await Deno.makeTempDir();
  return { path, [Symbol.asyncDispose]: () => Deno.remove(path, { recursive: true }) };
}
