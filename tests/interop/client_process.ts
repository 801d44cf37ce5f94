/**
 * A client program in any language as a process. Its last arguments are a URL, a key and steps:
 * `list`, `call TOOL ARGUMENTS` or `pause`, which waits for a line on stdin. It connects, takes the
 * steps one after the other, goes on where one fails, and prints a line of JSON at once for each
 * step that is done (`Outcome`; connecting is the first, and the last where it fails) and for each
 * progress that is reported. Knows neither what the steps are good for nor what should come of them.
 */
import { ChildProgram } from "../support/child_program.ts";
import { eventually } from "../support/eventually.ts";

/** What became of one step. */
export interface Outcome {
  readonly step: string;
  /** How long it took, by the client's own clock. */
  readonly ms: number;
  /** What came of it: the revision, names of tools, the text of a result. */
  readonly ok?: string;
  /** The client's own words where it failed. */
  readonly error?: string;
  /** The JSON-RPC code, where the client tells of one. */
  readonly code?: number | null;
}

/** What a client does. */
export interface Task {
  readonly url: string;
  readonly key: string;
  readonly steps: readonly string[];
}

/** Long enough for a virtual machine to start on a busy computer. */
const PATIENCE_MS = 30_000;

/** A running client. */
export class ClientProcess implements AsyncDisposable {
  private constructor(readonly program: ChildProgram) {}

  /** Starts `command` with what it shall do behind it. */
  static async start(
    command: readonly string[],
    task: Task,
    env: Readonly<Record<string, string>> = {},
  ): Promise<ClientProcess> {
    const [executable, ...args] = command;
    if (executable === undefined) throw new TypeError("A command needs at least a program");
    return new ClientProcess(
      await ChildProgram.start({
        command: executable,
        args: [...args, task.url, task.key, ...task.steps],
        env,
        listens: true,
      }),
    );
  }

  /** What became of the step that is `index`-th, connecting being the 0th; waits for it. */
  outcome(index: number): Promise<Outcome> {
    const isOutcome = (event: Event): event is Outcome => "step" in event;
    return this.#event(`what became of step ${index}`, isOutcome, index);
  }

  /** Waits for the first progress that a call reports. */
  async progressed(): Promise<void> {
    await this.#event("progress", isProgress, 0);
  }

  /** How often a call has reported progress so far. */
  async progress(): Promise<number> {
    return (await this.#told()).filter(isProgress).length;
  }

  /** Lets a client go on that has come to `pause`. */
  async proceed(): Promise<void> {
    await this.program.tell("go on");
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.program[Symbol.asyncDispose]();
  }

  async #told(): Promise<Event[]> {
    const text = await this.program.stdout();
    return text.slice(0, text.lastIndexOf("\n") + 1).split("\n").filter(Boolean)
      .map((line) => JSON.parse(line));
  }

  /** The `index`-th of the events that `is` names; throws with all it has printed, where it does not come. */
  async #event<E extends Event>(
    what: string,
    is: (event: Event) => event is E,
    index: number,
  ): Promise<E> {
    let found: E | undefined;
    try {
      await eventually(what, async () => {
        const { ended } = this.program;
        found = (await this.#told()).filter(is)[index];
        return found !== undefined || ended;
      }, PATIENCE_MS);
    } catch (cause) {
      throw new Error(`${cause}\n${await this.#printed()}`, { cause });
    }
    if (found === undefined) throw new Error(`Ended without ${what}:\n${await this.#printed()}`);
    return found;
  }

  async #printed(): Promise<string> {
    return `${await this.program.stdout()}\n${await this.program.stderr()}`;
  }
}

interface Progress {
  readonly progress: number;
}

type Event = Outcome | Progress;

function isProgress(event: Event): event is Progress {
  return "progress" in event;
}
