/**
 * The gate as its users run it: a process of its own, started from a configuration file, steered by
 * signals, judged by what it answers, prints and writes to its audit log.
 */
import { randomBytes } from "node:crypto";
import { hashKey, mintKey } from "../../src/config/api_key.ts";
import type { AuditEntry } from "../../src/cli/audit_log.ts";
import { ChildProgram } from "./child_program.ts";
import { eventually } from "./eventually.ts";

export type { AuditEntry };

/** A configuration as an object; JSON is YAML. `listen` and `audit.output` are filled in. */
export interface Settings {
  readonly upstream: { readonly url: string; readonly [name: string]: unknown };
  readonly keys: readonly KeySettings[];
  readonly audit?: { readonly [name: string]: unknown };
  readonly [name: string]: unknown;
}

/** One entry of `keys`. */
export interface KeySettings {
  readonly label: string;
  readonly hash: string;
  readonly allow: readonly string[];
  readonly [name: string]: unknown;
}

/** A minted key and its entry in the configuration. */
export interface TestKey {
  readonly key: string;
  readonly entry: KeySettings;
}

/** Mints a key for `label`; `grant` is the rest of its entry. */
export function testKey(
  label: string,
  grant: { readonly allow: readonly string[]; readonly [name: string]: unknown },
): TestKey {
  const key = mintKey((bytes) => randomBytes(bytes));
  return { key, entry: { label, hash: hashKey(key), ...grant } };
}

/** How the program under test is called; the compiled one can be put in its place. */
export const FROM_SOURCE: readonly string[] = [
  Deno.execPath(),
  "run",
  "--allow-all",
  "--quiet",
  "src/main.ts",
];

/** A running gate. */
export class GateProcess implements AsyncDisposable {
  /** Where clients go. */
  readonly url: string;
  readonly #program: ChildProgram;
  readonly #folder: string;

  private constructor(url: string, program: ChildProgram, folder: string) {
    this.url = url;
    this.#program = program;
    this.#folder = folder;
  }

  /** Starts a gate on a port of the system's choice and waits until it listens. */
  static async start(
    settings: Settings,
    command = FROM_SOURCE,
    env: Readonly<Record<string, string>> = {},
  ): Promise<GateProcess> {
    const [executable, ...args] = command;
    if (executable === undefined) throw new TypeError("A command needs at least a program");
    await using stack = new AsyncDisposableStack();
    const folder = await Deno.makeTempDir({ prefix: "mcpgate_e2e_" });
    stack.defer(() => Deno.remove(folder, { recursive: true }));
    await Deno.writeTextFile(`${folder}/config.yaml`, configText(settings, folder));
    const program = stack.use(
      await ChildProgram.start({
        command: executable,
        args: [...args, "serve", "-c", `${folder}/config.yaml`],
        env,
      }),
    );
    const [, url = ""] = await program.said(/^mcpgate: listening on (\S+)$/m);
    stack.move();
    return new GateProcess(url, program, folder);
  }

  /** Where its configuration stands. */
  get configPath(): string {
    return `${this.#folder}/config.yaml`;
  }

  get pid(): number {
    return this.#program.pid;
  }

  /** The port it listens on. */
  get port(): number {
    return Number(new URL(this.url).port);
  }

  /** What it has told the operator so far. */
  stderr(): Promise<string> {
    return this.#program.stderr();
  }

  /** Where its audit log is. */
  get auditPath(): string {
    return `${this.#folder}/audit.jsonl`;
  }

  /** What it has written of its audit log so far, as text. */
  async auditText(): Promise<string> {
    return await Deno.readTextFile(this.auditPath);
  }

  /** The whole lines of its audit log so far. */
  async audit(): Promise<AuditEntry[]> {
    const text = await this.auditText();
    return text.slice(0, text.lastIndexOf("\n") + 1).trimEnd().split("\n").filter(Boolean)
      .map((line) => JSON.parse(line));
  }

  /** The audit log as soon as `holds` is true of it. */
  async auditWhen(what: string, holds: (lines: AuditEntry[]) => boolean): Promise<AuditEntry[]> {
    let lines: AuditEntry[] = [];
    try {
      await eventually(what, async () => holds(lines = await this.audit()));
    } catch (error) {
      throw new Error(`${error}\n${JSON.stringify(lines, null, 1)}`, { cause: error });
    }
    return lines;
  }

  /** Changes the configuration, sends SIGHUP and returns what the gate says to it. */
  async reload(settings: Settings): Promise<string> {
    return await this.reloadText(configText(settings, this.#folder));
  }

  /** The same with a text that need not be a configuration. */
  async reloadText(text: string): Promise<string> {
    await Deno.writeTextFile(`${this.#folder}/config.yaml`, text);
    const from = (await this.stderr()).length;
    this.#program.signal("SIGHUP");
    const [line] = await this.#program.said(
      /^mcpgate: (reloaded|not reloaded|unchanged).*$/m,
      from,
    );
    return line;
  }

  /** Sends SIGTERM and returns the exit code. */
  async stop(): Promise<number> {
    this.#program.signal("SIGTERM");
    return (await this.#program.status).code;
  }

  /** Sends SIGTERM without waiting. */
  terminate(): void {
    this.#program.signal("SIGTERM");
  }

  /** Settles with the exit code. */
  async exited(): Promise<number> {
    return (await this.#program.status).code;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#program[Symbol.asyncDispose]();
    await Deno.remove(this.#folder, { recursive: true });
  }
}

/** What MCPGATE_WORKERS asks for: all that tests of one gate say holds for several workers, too. */
function everywhere(): Record<string, unknown> {
  const workers = Deno.env.get("MCPGATE_WORKERS");
  return workers === undefined ? {} : { workers: Number(workers) };
}

function configText(settings: Settings, folder: string): string {
  return JSON.stringify(
    {
      listen: "127.0.0.1:0",
      ...everywhere(),
      ...settings,
      audit: { output: `${folder}/audit.jsonl`, ...settings.audit },
    },
    null,
    2,
  );
}
