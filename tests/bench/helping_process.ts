/** Programs of the bench's own that stand beside the gate: each a process that says where it listens. */
import { fileURLToPath } from "node:url";
import { ChildProgram } from "../support/child_program.ts";

/** One of them. */
export class HelpingProcess implements AsyncDisposable {
  private constructor(readonly origin: string, readonly program: ChildProgram) {}

  get pid(): number {
    return this.program.pid;
  }

  get port(): number {
    return Number(new URL(this.origin).port);
  }

  /** The URL of `path` on it. */
  url(path: string): string {
    return `${this.origin}${path}`;
  }

  /** Starts the program in `file`, which stands beside this one. */
  static async start(file: string, ...args: readonly string[]): Promise<HelpingProcess> {
    await using stack = new AsyncDisposableStack();
    const path = fileURLToPath(new URL(file, import.meta.url));
    const program = stack.use(
      await ChildProgram.start({
        command: Deno.execPath(),
        args: ["run", "--allow-all", "--no-check", "--quiet", path, ...args],
      }),
    );
    const [, origin = ""] = await program.said(/^listening on (\S+)$/m);
    stack.move();
    return new HelpingProcess(origin, program);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.program[Symbol.asyncDispose]();
  }
}
