/**
 * The files a container image is built from: what `.dockerignore` lets through, copied to a folder
 * of their own, so that building there shows that nothing is missing. Understands of its patterns
 * what this project's file uses: everything is ignored but what is listed.
 */
import { dirname } from "node:path";
import { fileURLToPath } from "node:url";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));

/** The paths that `.dockerignore` lets through. Throws where it lets through what it does not list. */
export function buildContext(): string[] {
  const lines = Deno.readTextFileSync(`${ROOT}.dockerignore`).split("\n")
    .filter((line) => line !== "" && !line.startsWith("#"));
  if (lines.shift() !== "*") throw new Error(".dockerignore must begin with *");
  return lines.map((line) => {
    if (!/^![\w./-]+$/.test(line)) throw new Error(`.dockerignore must list paths: ${line}`);
    return line.slice(1);
  });
}

/** Copies the build context to a new folder. */
export async function copyBuildContext(): Promise<string> {
  const folder = await Deno.makeTempDir({ prefix: "mcpgate_build_" });
  for (const path of buildContext()) await copy(ROOT + path, `${folder}/${path}`);
  return folder;
}

async function copy(from: string, to: string): Promise<void> {
  if ((await Deno.stat(from)).isDirectory) {
    for await (const { name } of Deno.readDir(from)) await copy(`${from}/${name}`, `${to}/${name}`);
    return;
  }
  await Deno.mkdir(dirname(to), { recursive: true });
  await Deno.copyFile(from, to);
}
