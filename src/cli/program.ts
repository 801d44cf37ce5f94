/**
 * From the command line to an exit code: finds the command, shows help, turns what a command throws
 * into words. Knows no command by name but `help` and the flags that stand for one.
 */
import { Failure, overview, suggestion, tell, UsageError } from "./usage.ts";
import { type Command, EXIT, type World } from "./world.ts";

const HELP = ["--help", "-h"];

/** Flags in the place of a command, as other programs have them. */
const ALIASES: ReadonlyMap<string, string> = new Map([
  ["--version", "version"],
  ["-V", "version"],
  ["--help", "help"],
  ["-h", "help"],
]);

/** Runs what `world.args` asks for and says the exit code. Never throws. */
export async function runProgram(world: World, commands: readonly Command[]): Promise<number> {
  const [word, ...rest] = world.args;
  if (word === undefined) {
    world.stderr(overview(commands));
    return EXIT.usage;
  }
  const name = ALIASES.get(word) ?? word;
  try {
    if (name === "help") return help(world, commands, rest);
    const command = find(commands, name);
    if (!asksForHelp(rest)) return await command.run(world, rest);
    world.stdout(command.help);
    return EXIT.done;
  } catch (error) {
    return explain(world, commands.some((command) => command.name === name) ? name : null, error);
  }
}

function help(world: World, commands: readonly Command[], [name, ...more]: string[]): number {
  if (more.length > 0) throw new UsageError("help takes one command's name");
  const text = name === undefined || HELP.includes(name) || name === "help"
    ? overview(commands)
    : find(commands, name).help;
  world.stdout(text);
  return EXIT.done;
}

function find(commands: readonly Command[], name: string): Command {
  const found = commands.find((command) => command.name === name);
  if (found !== undefined) return found;
  const names = commands.map((command) => command.name);
  const kind = name.startsWith("-") ? "unknown flag" : "unknown command";
  throw new UsageError(`${kind} ${JSON.stringify(name)}${suggestion(name, names)}`);
}

function asksForHelp(args: readonly string[]): boolean {
  return args.some((arg) => HELP.includes(arg));
}

function explain(world: World, command: string | null, error: unknown): number {
  // Who reads our output has seen enough, as in `mcpgate types | head`. There is nobody to tell.
  if (error instanceof Deno.errors.BrokenPipe) return EXIT.failed;
  if (error instanceof UsageError) {
    const see = `See "mcpgate help${command === null ? "" : ` ${command}`}".`;
    tell(world, `${error.message}\n${see}`, "error");
    return EXIT.usage;
  }
  if (error instanceof Failure) {
    tell(world, error.message, "error");
    return EXIT.failed;
  }
  const what = error instanceof Error ? error.stack ?? error.message : String(error);
  tell(world, `this should not have happened; please report it:\n${what}`, "error");
  return EXIT.failed;
}
