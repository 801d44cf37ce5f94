/**
 * Somebody at the shell of the gate's machine: a folder with a program, a configuration and what comes
 * of both; commands are run there as they are typed.
 */
import assert from "node:assert/strict";
import { ChildProgram } from "../support/child_program.ts";
import { FROM_SOURCE } from "../support/gate_process.ts";
const ROOT = new URL("../../", import.meta.url);

/** What a command printed, and how it ended. */
export interface Said {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** A folder and who works in it. */
export class Operator implements AsyncDisposable {
  /** Where the program and the configuration are. */
  readonly folder: string;
  readonly #program: string | null;
  #gate: ChildProgram | null = null;

  private constructor(folder: string, program: string | null) {
    this.folder = folder;
    this.#program = program;
  }

  /** Somebody who has nothing yet, and will install the compiled `program`, or the source where it is null. */
  static async arrive(program: string | null): Promise<Operator> {
    return new Operator(await Deno.makeTempDir({ prefix: "mcpgate_day_" }), program);
  }

  /** Puts the program into the folder, in one go also where an older one runs. */
  async install(): Promise<void> {
    const beside = `${this.folder}/mcpgate.new`;
    if (this.#program !== null) await Deno.copyFile(this.#program, beside);
    else {
      const words = FROM_SOURCE.map((word) =>
        word === "src/main.ts" ? new URL(word, ROOT).pathname : word
      );
      await Deno.writeTextFile(beside, `#!/bin/sh\nexec ${words.join(" ")} "$@"\n`);
    }
    await Deno.chmod(beside, 0o755);
    await Deno.rename(beside, `${this.folder}/mcpgate`);
  }

  /** The text of a file in the folder. */
  read(name: string): Promise<string> {
    return Deno.readTextFile(`${this.folder}/${name}`);
  }

  /** Writes a file in the folder, for its owner's eyes. */
  write(name: string, text: string): Promise<void> {
    return Deno.writeTextFile(`${this.folder}/${name}`, text, { mode: 0o600 });
  }

  /** Runs `./mcpgate` with the words of `line`. */
  async run(line: string, input = ""): Promise<Said> {
    const process = new Deno.Command("./mcpgate", {
      args: line.split(" "),
      cwd: this.folder,
      env: { NO_COLOR: "1" },
      stdin: "piped",
      stdout: "piped",
      stderr: "piped",
    }).spawn();
    const writer = process.stdin.getWriter();
    await writer.write(new TextEncoder().encode(input)).catch(() => {});
    await writer.close().catch(() => {});
    const { code, stdout, stderr } = await process.output();
    const decoder = new TextDecoder();
    return { code, stdout: decoder.decode(stdout), stderr: decoder.decode(stderr) };
  }

  /** What a command printed that has to work. */
  async mcpgate(line: string, input = ""): Promise<string> {
    const { code, stdout, stderr } = await this.run(line, input);
    assert.equal(code, 0, `mcpgate ${line}\n${stdout}${stderr}`);
    return stdout;
  }

  /** Starts `./mcpgate serve` and waits until it listens. */
  async serve(): Promise<void> {
    const script = 'cd "$0" && exec ./mcpgate serve';
    this.#gate = await ChildProgram.start({ command: "sh", args: ["-c", script, this.folder] });
    await this.#gate.said(/^mcpgate: listening on/m);
  }

  /** Stops the gate as an operator does, and says with which code it ended. */
  async stop(): Promise<number> {
    const gate = this.#gate;
    assert.ok(gate !== null);
    gate.signal("SIGTERM");
    const { code } = await gate.status;
    await gate[Symbol.asyncDispose]();
    this.#gate = null;
    return code;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#gate?.[Symbol.asyncDispose]();
    await Deno.remove(this.folder, { recursive: true });
  }
}
