/**
 * The official Python client as a process: the interpreter named by MCPGATE_PYTHON, a virtual
 * environment with `mcp` 2.x, runs the script beside the end-to-end tests and tells what happens to
 * it, line by line.
 */
import { fileURLToPath } from "node:url";
import { variable } from "./absent.ts";
import { ChildProgram } from "./child_program.ts";
import { eventually } from "./eventually.ts";

/** The interpreter, where there is one. */
export const PYTHON = variable("MCPGATE_PYTHON");

const SCRIPT = fileURLToPath(new URL("../e2e/python/client.py", import.meta.url));

/** What the script tells: one member or two of these at a time. */
export interface PythonEvent {
  readonly protocol?: string;
  readonly tools?: string[];
  readonly progress?: number;
  readonly tool?: string;
  readonly text?: string;
  readonly error?: string;
  readonly failed?: string;
}

/** How the script is called. */
export interface PythonTask {
  readonly url: string;
  readonly key: string;
  /** `auto`, `legacy` or a revision. */
  readonly mode: string;
  /** Called one after the other. */
  readonly calls: readonly string[];
}

/** A running Python client. */
export class PythonClient implements AsyncDisposable {
  private constructor(readonly program: ChildProgram) {}

  static async start(interpreter: string, task: PythonTask): Promise<PythonClient> {
    return new PythonClient(
      await ChildProgram.start({
        command: interpreter,
        args: [SCRIPT, task.url, task.key, task.mode, ...task.calls],
      }),
    );
  }

  /** What has happened so far. */
  async events(): Promise<PythonEvent[]> {
    const text = await this.program.stdout();
    return text.slice(0, text.lastIndexOf("\n") + 1).split("\n").filter(Boolean)
      .map((line) => JSON.parse(line));
  }

  /** The first event that `is` names; throws with all of them where it does not come. */
  async event(what: string, is: (event: PythonEvent) => boolean): Promise<PythonEvent> {
    let found: PythonEvent | undefined;
    try {
      await eventually(what, async () => {
        found = (await this.events()).find(is);
        return found !== undefined || this.program.ended;
      }, 20_000);
    } catch (cause) {
      throw new Error(`${cause} ${await this.#told()}`, { cause });
    }
    if (found === undefined) throw new Error(`Ended without ${what}: ${await this.#told()}`);
    return found;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.program[Symbol.asyncDispose]();
  }

  async #told(): Promise<string> {
    return `${await this.program.stdout()}\n${await this.program.stderr()}`;
  }
}
