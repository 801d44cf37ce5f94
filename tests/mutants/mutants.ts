/**
 * `deno task mutants [WORD…]`: takes one check out of the program after the other, in a copy, and runs
 * the tests that must see it. Prints which mutants live; with words, only those are bred whose check
 * or file has one of them in it.
 */
import { MUTANTS } from "./all.ts";
import type { Mutant } from "./mutant.ts";

const root = new URL("../../", import.meta.url);
const wanted = MUTANTS.filter(({ without, file }) =>
  Deno.args.length === 0 || Deno.args.some((word) => `${without} ${file}`.includes(word))
);

/** The files that git knows, copied to a folder of their own. */
async function copied(): Promise<string> {
  const folder = await Deno.makeTempDir({ prefix: "mcpgate_mutants_" });
  const listing = await new Deno.Command("git", { args: ["ls-files", "-z"], cwd: root }).output();
  for (const path of new TextDecoder().decode(listing.stdout).split("\0").filter(Boolean)) {
    const target = `${folder}/${path}`;
    await Deno.mkdir(target.slice(0, target.lastIndexOf("/")), { recursive: true });
    await Deno.copyFile(new URL(path, root), target);
  }
  return folder;
}

/** Whether the tests pass; what they print is of no interest. */
async function pass(folder: string, tests: readonly string[]): Promise<boolean> {
  const { success } = await new Deno.Command(Deno.execPath(), {
    args: ["test", "--allow-all", "--no-check", "--quiet", "--fail-fast", ...tests],
    cwd: folder,
    stdout: "null",
    stderr: "null",
  }).output();
  return success;
}

async function lives(folder: string, { file, find, put, tests }: Mutant): Promise<boolean> {
  const path = `${folder}/${file}`;
  const text = await Deno.readTextFile(path);
  await Deno.writeTextFile(path, text.replace(find, () => put));
  try {
    return await pass(folder, tests);
  } finally {
    await Deno.writeTextFile(path, text);
  }
}

const folder = await copied();
try {
  const tests = [...new Set(wanted.flatMap((mutant) => mutant.tests))];
  if (!await pass(folder, tests)) throw new Error("The tests fail without any mutant");
  let living = 0;
  for (const mutant of wanted) {
    const isAlive = await lives(folder, mutant);
    if (isAlive) living++;
    console.log(`${isAlive ? "LIVES " : "killed"} without ${mutant.without} (${mutant.file})`);
  }
  console.log(`${wanted.length - living} of ${wanted.length} mutants were killed`);
  if (living > 0) Deno.exitCode = 1;
} finally {
  await Deno.remove(folder, { recursive: true });
}
