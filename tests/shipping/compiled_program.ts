/**
 * The program as users get it, compiled from the files a container image is made from. Needs a Deno
 * with a base runtime that matches it: MCPGATE_DENORT names a folder that holds `deno` and `denort`.
 */
import assert from "node:assert/strict";
import { variable } from "../support/absent.ts";
import { copyBuildContext } from "./build_context.ts";

/** What compiling needs. */
export const BASE_RUNTIME = variable("MCPGATE_DENORT");

const built: { folder: Promise<string> | null } = { folder: null };

/** The path of the compiled program, made when the first test of a file asks for it. */
export async function compiled(pairFolder: string): Promise<string> {
  built.folder ??= build(pairFolder);
  return `${await built.folder}/dist/mcpgate`;
}

async function build(pairFolder: string): Promise<string> {
  const folder = await copyBuildContext();
  const { code, stderr } = await new Deno.Command(`${pairFolder}/deno`, {
    args: ["task", "compile"],
    cwd: folder,
    env: { DENORT_BIN: `${pairFolder}/denort`, NO_COLOR: "1" },
    stdin: "null",
  }).output();
  assert.equal(code, 0, new TextDecoder().decode(stderr));
  return folder;
}

Deno.test.afterAll(async () => {
  if (built.folder !== null) await Deno.remove(await built.folder, { recursive: true });
});
