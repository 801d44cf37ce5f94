/**
 * Runs the scripts beside this file. A script reads like a terminal session:
 *
 *   ## A sentence that says what is shown      (a test of its own, with an empty disk)
 *   $ cat > FILE, $ cat FILE, $ chmod 666 FILE, $ touch -d TIME FILE
 *   $ mcpgate keygen --label "a b"
 *   $ cat FILE | mcpgate audit stats -
 *   | a line of stdout, or of a file
 *   ! a line of stderr
 *   = 2                                        (the exit code; 0 where none is given)
 *
 * Lines that begin with none of these are for the reader.
 */
import assert from "node:assert/strict";
import { runProgram } from "../../src/cli/program.ts";
import { commandNames } from "../support/reference_pages.ts";
import { MemoryDisk, memoryWorld } from "./memory_world.ts";
import { COMMANDS } from "./script_commands.ts";

/** One command of a script and what it shall do. */
interface Step {
  readonly command: string;
  readonly line: number;
  readonly stdout: string[];
  readonly stderr: string[];
  code: number;
}

for (const entry of Deno.readDirSync(new URL(".", import.meta.url))) {
  if (!entry.name.endsWith(".txt")) continue;
  const text = Deno.readTextFileSync(new URL(entry.name, import.meta.url));
  for (const { title, steps } of scenes(text)) {
    Deno.test(`${entry.name}: ${title}`, async () => {
      const disk = new MemoryDisk();
      for (const step of steps) await play(step, disk, `${entry.name}:${step.line}`);
    });
  }
}

Deno.test("the scripts know every command of the program, in its order", async () => {
  assert.deepEqual(COMMANDS.map(({ name }) => name), await commandNames());
});

Deno.test("every command has a script", () => {
  const scripts = [...Deno.readDirSync(new URL(".", import.meta.url))]
    .filter(({ name }) => name.endsWith(".txt"))
    .map(({ name }) => Deno.readTextFileSync(new URL(name, import.meta.url))).join("\n");
  const played = new Set(
    [...scripts.matchAll(/^\$ (?:.*\| )?mcpgate (\w+)/gm)].map(([, name]) => name),
  );
  assert.deepEqual(COMMANDS.map(({ name }) => name).filter((name) => !played.has(name)), []);
});

function scenes(text: string): { title: string; steps: Step[] }[] {
  const found: { title: string; steps: Step[] }[] = [];
  for (const [index, line] of text.split("\n").entries()) {
    const [mark, rest] = [line.slice(0, 2).trim(), line.slice(2)];
    const steps = found.at(-1)?.steps ?? [];
    const step = steps.at(-1);
    if (mark === "##") found.push({ title: rest.trim(), steps: [] });
    else if (mark === "$") {
      steps.push({ command: rest, line: index + 1, stdout: [], stderr: [], code: 0 });
    } else if (mark === "|") step?.stdout.push(rest);
    else if (mark === "!") step?.stderr.push(rest);
    else if (mark === "=" && step !== undefined) step.code = Number(rest);
  }
  return found;
}

async function play(step: Step, disk: MemoryDisk, place: string): Promise<void> {
  const [, piped = "", command = step.command] = /^cat (\S+) \| (.*)$/.exec(step.command) ?? [];
  const [program, ...args] = words(command);
  const [first = "", second = ""] = args;
  const expected = { code: step.code, stdout: lines(step.stdout), stderr: lines(step.stderr) };
  if (program === "cat" && first === ">") return disk.write(second, expected.stdout);
  if (program === "touch") return void disk.modified.set(args[2] ?? "", Date.parse(second));
  if (program === "chmod") return disk.chmod(second, parseInt(first, 8));
  if (program === "cat") {
    return assert.equal(disk.readText(first), expected.stdout, `${place}: ${step.command}`);
  }
  assert.equal(program, "mcpgate", place);
  const input = piped === "" ? "" : disk.readText(piped);
  const world = memoryWorld(args, { disk, input });
  const code = await runProgram(world, COMMANDS);
  // Paths that the configuration has made absolute are told as it wrote them.
  const told = (text: string) => text.replaceAll(`${Deno.cwd()}/`, "");
  const actual = { code, stdout: told(world.out()), stderr: told(world.err()) };
  assert.deepEqual(actual, expected, `${place}: ${step.command}`);
}

function words(command: string): string[] {
  return [...command.matchAll(/"([^"]*)"|'([^']*)'|(\S+)/g)].map(([, a, b, c]) =>
    a ?? b ?? c ?? ""
  );
}

function lines(texts: readonly string[]): string {
  return texts.map((text) => `${text}\n`).join("");
}
