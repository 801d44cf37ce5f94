/** Type-checks policy modules as their authors would: beside what `mcpgate types` prints. */
import { fileURLToPath } from "node:url";
import { CONTRACT_TEXT } from "../../src/policy/contract_text.ts";

/**
 * What the compiler says of each module beside the printed contract, with the compiler options of
 * this project. All at once: starting the compiler is what takes time.
 */
export async function moduleFaults(texts: readonly string[]): Promise<string[]> {
  const folder = await Deno.makeTempDir({ prefix: "mcpgate_contract_" });
  try {
    await Deno.writeTextFile(`${folder}/mcpgate.d.ts`, CONTRACT_TEXT);
    const files = texts.map((_, index) => `${folder}/module_${index}.ts`);
    for (const [index, file] of files.entries()) {
      await Deno.writeTextFile(file, texts[index] ?? "");
    }
    const config = fileURLToPath(new URL("../../deno.json", import.meta.url));
    const { stderr } = await new Deno.Command(Deno.execPath(), {
      args: ["check", "--quiet", "--no-lock", "--config", config, ...files],
      env: { NO_COLOR: "1" },
      stdout: "null",
      stderr: "piped",
    }).output();
    const problems = new TextDecoder().decode(stderr).split("\n\n");
    return files.map((_, index) =>
      problems.filter((problem) => problem.includes(`/module_${index}.ts:`)).join("\n\n")
    );
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}
