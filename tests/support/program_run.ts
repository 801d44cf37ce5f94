/** One command of the program, run to its end as its users run it. */
import { ChildProgram } from "./child_program.ts";
import { FROM_SOURCE } from "./gate_process.ts";

/** What a command came to. */
export interface ProgramRun {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs `args`; `input` is a line for its stdin. */
export async function runCommand(
  args: readonly string[],
  { command = FROM_SOURCE, input, env = {} }: {
    readonly command?: readonly string[];
    readonly input?: string;
    readonly env?: Readonly<Record<string, string>>;
  } = {},
): Promise<ProgramRun> {
  const [executable = "", ...before] = command;
  await using child = await ChildProgram.start({
    command: executable,
    args: [...before, ...args],
    env: { NO_COLOR: "1", ...env },
    listens: input !== undefined,
  });
  if (input !== undefined) await child.tell(input);
  const { code } = await child.status;
  return { code, stdout: await child.stdout(), stderr: await child.stderr() };
}
