/**
 * The language server that editors run for YAML, as a process of its own: opens a text as if it stood
 * beside the repository's files, and tells what the editor would show. Speaks as much of the Language
 * Server Protocol as that takes.
 */
import { inTime } from "./eventually.ts";

/** The package as it is locked. */
const PACKAGE = "npm:yaml-language-server@2.0.0";

/** A mistake that the editor underlines. */
export interface Diagnostic {
  /** The text that is underlined, or as much of it as stands on its first line. */
  readonly text: string;
  readonly message: string;
}

interface Message {
  readonly id?: number | string;
  readonly method?: string;
  readonly params?: { readonly items?: readonly unknown[]; readonly diagnostics?: readonly Mark[] };
  readonly result?: unknown;
}

interface Mark {
  readonly message: string;
  readonly range: { readonly start: Position; readonly end: Position };
}

interface Position {
  readonly line: number;
  readonly character: number;
}

/** A running language server with one open text. */
export class LanguageServer implements AsyncDisposable {
  readonly #process: Deno.ChildProcess;
  readonly #writer: WritableStreamDefaultWriter<Uint8Array>;
  readonly #answers = new Map<number, (result: unknown) => void>();
  readonly #marks = Promise.withResolvers<readonly Mark[]>();
  readonly #reading: Promise<void>;
  #text = "";
  #uri = "";
  #asked = 0;

  private constructor() {
    this.#process = new Deno.Command(Deno.execPath(), {
      args: ["run", "--allow-all", "--quiet", PACKAGE, "--stdio"],
      cwd: new URL("../../", import.meta.url),
      stdin: "piped",
      stdout: "piped",
      stderr: "null",
    }).spawn();
    this.#writer = this.#process.stdin.getWriter();
    this.#reading = this.#read(this.#process.stdout);
  }

  /** Starts one with `text` open as the file `name` of the repository's root. */
  static async open(name: string, text: string): Promise<LanguageServer> {
    const server = new LanguageServer();
    const root = new URL("../../", import.meta.url).href;
    await server.#ask("initialize", { processId: Deno.pid, rootUri: root, capabilities: {} });
    await server.#send({ method: "initialized", params: {} });
    server.#text = text;
    server.#uri = root + name;
    const textDocument = { uri: server.#uri, languageId: "yaml", version: 1, text };
    await server.#send({ method: "textDocument/didOpen", params: { textDocument } });
    return server;
  }

  /** What is shown where the pointer rests on the first occurrence of `word`. */
  async hover(word: string): Promise<string> {
    const before = this.#text.slice(0, this.#text.indexOf(word)).split("\n");
    const position = { line: before.length - 1, character: before.at(-1)!.length + 1 };
    const shown = await this.#ask("textDocument/hover", {
      textDocument: { uri: this.#uri },
      position,
    }) as { contents: { value: string } } | null;
    return shown?.contents.value ?? "";
  }

  /** What is underlined in the text. */
  async diagnostics(): Promise<Diagnostic[]> {
    const lines = this.#text.split("\n");
    const marks = await inTime("the diagnostics", this.#marks.promise, 20_000);
    return marks.map(({ message, range: { start, end } }) => ({
      text: (lines[start.line] ?? "").slice(
        start.character,
        end.line === start.line ? end.character : undefined,
      ),
      message,
    }));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#process.kill("SIGKILL");
    await this.#process.status;
    await this.#reading;
    await this.#writer.abort().catch(() => {});
  }

  #ask(method: string, params: unknown): Promise<unknown> {
    const id = ++this.#asked;
    const answer = new Promise((resolve) => this.#answers.set(id, resolve));
    void this.#send({ id, method, params });
    return inTime(method, answer, 20_000);
  }

  #send(message: unknown): Promise<void> {
    const text = JSON.stringify({ jsonrpc: "2.0", ...message as object });
    const bytes = new TextEncoder().encode(text);
    const head = new TextEncoder().encode(`Content-Length: ${bytes.length}\r\n\r\n`);
    return this.#writer.write(new Uint8Array([...head, ...bytes]));
  }

  async #read(stream: ReadableStream<Uint8Array>): Promise<void> {
    let held = new Uint8Array();
    for await (const piece of stream) {
      held = new Uint8Array([...held, ...piece]);
      for (let message; (message = firstMessage(held)) !== null;) {
        held = held.slice(message.length);
        this.#receive(message.value);
      }
    }
  }

  #receive({ id, method, params, result }: Message): void {
    if (method === undefined) return this.#answers.get(id as number)?.(result);
    if (method === "textDocument/publishDiagnostics") {
      this.#marks.resolve(params?.diagnostics ?? []);
    }
    // It asks for the editor's settings; there are none.
    if (id !== undefined) void this.#send({ id, result: params?.items?.map(() => null) ?? null });
  }
}

function firstMessage(bytes: Uint8Array): { value: Message; length: number } | null {
  const text = new TextDecoder("latin1").decode(bytes);
  const head = /Content-Length: (\d+)\r\n(?:[^\r\n]+\r\n)*\r\n/.exec(text);
  if (head === null) return null;
  const start = head.index + head[0].length;
  const length = start + Number(head[1]);
  if (bytes.length < length) return null;
  return { value: JSON.parse(new TextDecoder().decode(bytes.subarray(start, length))), length };
}
