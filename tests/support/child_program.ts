/**
 * A program that a test starts as a real process: what it prints goes to a file, so that no read is
 * left hanging between tests, and it ends with its scope, killed by its own process id.
 */
import { eventually } from "./eventually.ts";

/** What to start. */
export interface ProgramStart {
  readonly command: string;
  readonly args: readonly string[];
  /** Beside what every program needs; see {@link PASSED_ON}. */
  readonly env?: Readonly<Record<string, string>>;
  /** Whether {@link ChildProgram.tell} can be used; otherwise it reads an empty stdin. */
  readonly listens?: boolean;
}

/** Variables a child needs to find programs, caches and registries; nothing else is passed on. */
const PASSED_ON =
  /^(PATH|HOME|TMPDIR|DENO_.*|XDG_.*|SSL_CERT_.*|NODE_EXTRA_CA_CERTS|NPM_CONFIG_REGISTRY|(HTTPS?|NO)_PROXY)$/i;

/** A running program. */
export class ChildProgram implements AsyncDisposable {
  readonly pid: number;
  /** Settles when the program has ended. */
  readonly status: Promise<Deno.CommandStatus>;
  readonly #process: Deno.ChildProcess;
  readonly #folder: string;
  readonly #stdin: WritableStreamDefaultWriter<Uint8Array> | null;
  #ended = false;

  private constructor(
    process: Deno.ChildProcess,
    folder: string,
    stdin: WritableStream<Uint8Array> | null,
  ) {
    this.#process = process;
    this.#stdin = stdin?.getWriter() ?? null;
    this.#folder = folder;
    this.pid = process.pid;
    this.status = process.status.then((status) => {
      this.#ended = true;
      return status;
    });
  }

  /** Starts a program. The shell only opens the two files: `exec` keeps the process id. */
  static async start(start: ProgramStart): Promise<ChildProgram> {
    const folder = await Deno.makeTempDir({ prefix: "mcpgate_test_" });
    const env: Record<string, string> = {};
    for (const [name, value] of Object.entries(Deno.env.toObject())) {
      if (PASSED_ON.test(name)) env[name] = value;
    }
    const process = new Deno.Command("sh", {
      args: [
        "-c",
        'exec "$@" >"$0/stdout" 2>"$0/stderr"',
        folder,
        start.command,
        ...start.args,
      ],
      env: { ...env, ...start.env },
      clearEnv: true,
      cwd: new URL("../../", import.meta.url),
      stdin: start.listens === true ? "piped" : "null",
      stdout: "null",
      stderr: "null",
    }).spawn();
    return new ChildProgram(process, folder, start.listens === true ? process.stdin : null);
  }

  /** Whether it has ended. */
  get ended(): boolean {
    return this.#ended;
  }

  /** What it has printed to stdout so far. */
  stdout(): Promise<string> {
    return textOf(`${this.#folder}/stdout`);
  }

  /** What it has printed to stderr so far. */
  stderr(): Promise<string> {
    return textOf(`${this.#folder}/stderr`);
  }

  /**
   * The first match of `pattern` in stderr from character `from` on. Throws with all it has printed
   * where the program ends before, or time is up.
   */
  async said(pattern: RegExp, from = 0, withinMs = 20_000): Promise<RegExpExecArray> {
    let found: RegExpExecArray | null = null;
    const seen = async () => {
      const ended = this.#ended;
      found = pattern.exec((await this.stderr()).slice(from));
      if (found === null && ended) throw new Error(`Program ended without ${pattern}`);
      return found !== null;
    };
    try {
      await eventually(`${pattern} on stderr`, seen, withinMs);
    } catch (cause) {
      throw new Error(`${cause}\n${await this.stdout()}\n${await this.stderr()}`, { cause });
    }
    if (found === null) throw new Error(`No ${pattern}`);
    return found;
  }

  /** Writes `line` and a line end to its stdin; fails where it has ended or does not listen. */
  async tell(line: string): Promise<void> {
    if (this.#stdin === null) throw new TypeError("Program was started without stdin");
    await this.#stdin.write(new TextEncoder().encode(`${line}\n`));
  }

  /** Sends `signal` to this process and no other; does nothing once it has ended. */
  signal(signal: Deno.Signal): void {
    if (!this.#ended) this.#process.kill(signal);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.signal("SIGKILL");
    await this.status;
    await this.#stdin?.close().catch(() => {});
    await Deno.remove(this.#folder, { recursive: true });
  }
}

async function textOf(path: string): Promise<string> {
  try {
    return await Deno.readTextFile(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return "";
    throw error;
  }
}
