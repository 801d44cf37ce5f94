/** The whole demo as a user runs it: the real program, the real gate, real exchanges. */
import assert from "node:assert/strict";

const ROOT = new URL("../../", import.meta.url);
const DEADLINE_MS = 30_000;

/** A demo in a process of its own, its temporary files in a folder of their own. */
class Demo implements AsyncDisposable {
  readonly temporary = Deno.makeTempDirSync();
  readonly #process: Deno.ChildProcess;
  readonly #output: Promise<unknown>;
  readonly #timer: ReturnType<typeof setTimeout>;
  #ended = false;
  stdout = "";
  stderr = "";

  constructor(args: readonly string[], env: Readonly<Record<string, string>> = {}) {
    this.#process = new Deno.Command(Deno.execPath(), {
      // Quiet: what the runtime downloads at its first run is not what the demo says.
      args: ["run", "-A", "--quiet", "src/main.ts", "demo", ...args],
      cwd: ROOT,
      env: { TMPDIR: this.temporary, NO_COLOR: "", ...env },
      stdin: "null",
      stdout: "piped",
      stderr: "piped",
    }).spawn();
    this.#output = Promise.all([
      follow(this.#process.stdout, (text) => this.stdout += text),
      follow(this.#process.stderr, (text) => this.stderr += text),
    ]);
    this.#timer = setTimeout(() => this.#signal("SIGKILL"), DEADLINE_MS);
    this.#process.status.then(() => this.#ended = true);
  }

  /** The exit code, once everything has been read. */
  async code(): Promise<number> {
    await this.#output;
    return (await this.#process.status).code;
  }

  stop(): void {
    this.#signal("SIGTERM");
  }

  #signal(name: Deno.Signal): void {
    if (!this.#ended) this.#process.kill(name);
  }

  /** Polls until stdout matches. */
  async shows(pattern: RegExp): Promise<void> {
    const deadline = Date.now() + DEADLINE_MS;
    while (!pattern.test(this.stdout)) {
      if (this.#ended || Date.now() > deadline) {
        throw new Error(`Never shown: ${pattern}\n${this.stdout}${this.stderr}`);
      }
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#signal("SIGKILL");
    await this.code();
    clearTimeout(this.#timer);
    await Deno.remove(this.temporary, { recursive: true });
  }
}

async function follow(
  stream: ReadableStream<Uint8Array<ArrayBuffer>>,
  take: (text: string) => void,
): Promise<void> {
  for await (const text of stream.pipeThrough(new TextDecoderStream())) take(text);
}

/** What the tour must show, in this order. */
const SHOWN: readonly { name: string; pattern: RegExp }[] = [
  {
    name: "the configuration",
    pattern: /allow: \[list_notes, read_note, "search_\*", slow_report\]/,
  },
  { name: "the 401", pattern: /← 401 {2}Missing or unknown API key/ },
  { name: "that no stranger reaches the server", pattern: /The server saw nothing\./ },
  { name: "the filtered list", pattern: /← 200 {2}4 tools; the server has 6/ },
  { name: "what is listed", pattern: /search_notes {3}✓ listed/ },
  { name: "what is hidden", pattern: /delete_notes {3}✗ hidden/ },
  { name: "an allowed call", pattern: /← 200 {2}A gate is a lock with good manners/ },
  { name: "that the key stays at the gate", pattern: /read_note, without the key\./ },
  { name: "progress", pattern: /← 0\.\d\d s {2}█░░░░ {2}read welcome/ },
  { name: "the result after it", pattern: /← \d\.\d\d s {2}58 words in 5 notes\./ },
  { name: "the denied call", pattern: /← 200 {2}Unknown tool: delete_notes \(not available/ },
  {
    name: "that it did not reach the server",
    pattern: /The server saw nothing\.\n.*welcome, shopping/,
  },
  { name: "calls and refusals", pattern: /← ✓+✗/ },
  { name: "the 429", pattern: /← 429 {2}Rate limit exceeded/ },
  { name: "when to try again", pattern: /Retry-After: \d+/ },
  {
    name: "the stranger's audit row",
    pattern: /\d\d:\d\d:\d\d\.\d{3} {2}- +POST +deny +auth +401/,
  },
  { name: "the allowed call's audit row", pattern: /demo +tools\/call read_note +allow/ },
  {
    name: "the denied call's audit row",
    pattern: /demo +tools\/call delete_notes +deny +allowlist/,
  },
  {
    name: "the limited call's audit row",
    pattern: /hasty +tools\/call list_notes ×\d +deny +ratelimit +429/,
  },
  { name: "an audit line as it is", pattern: /^\{"time":".*"tool":"delete_notes".*\}$/m },
];

Deno.test("mcpgate demo --once shows what a gate does, in order, and leaves nothing behind", async () => {
  await using demo = new Demo(["--once", "--port", "0"]);
  assert.equal(await demo.code(), 0, demo.stdout + demo.stderr);
  let from = 0;
  for (const { name, pattern } of SHOWN) {
    const match = new RegExp(pattern, "gm").exec(demo.stdout.slice(from));
    assert.ok(match !== null, `${name} is not shown after position ${from}:\n${demo.stdout}`);
    from += match.index;
  }
  assert.equal(demo.stdout.includes("\x1b"), false, "no colour in a pipe");
  assert.equal(demo.stderr, "");
  assert.deepEqual([...Deno.readDirSync(demo.temporary)], []);
});

Deno.test("mcpgate demo needs no proxy on its way to loopback", async () => {
  const nowhere = "http://127.0.0.1:1";
  const env = { HTTP_PROXY: nowhere, http_proxy: nowhere, HTTPS_PROXY: nowhere };
  await using demo = new Demo(["--once", "--port", "0"], env);
  assert.equal(await demo.code(), 0, demo.stdout + demo.stderr);
});

Deno.test("mcpgate demo keeps serving what it told clients to paste, until SIGTERM", async () => {
  await using demo = new Demo(["--port", "0"]);
  await demo.shows(/Serving until Ctrl-C/);
  const pasted = /VS Code, .*\n(\{[\s\S]*?\n\})\n/.exec(demo.stdout)?.[1] ?? "";
  const { url, headers } = JSON.parse(pasted).servers["mcpgate-demo"];
  const initialize = { protocolVersion: "2025-11-25", capabilities: {}, clientInfo: {} };
  const response = await fetch(url, {
    method: "POST",
    headers: {
      ...headers,
      "content-type": "application/json",
      "accept": "application/json, text/event-stream",
    },
    body: JSON.stringify({ jsonrpc: "2.0", id: 1, method: "initialize", params: initialize }),
  });
  assert.equal(response.status, 200);
  assert.equal((await response.json()).result.serverInfo.name, "mcpgate-demo-notes");
  await demo.shows(/Serving until Ctrl-C.*\n.*demo +initialize +allow/);
  demo.stop();
  assert.equal(await demo.code(), 0, demo.stderr);
  assert.deepEqual([...Deno.readDirSync(demo.temporary)], []);
});

Deno.test("mcpgate demo can be stopped in the middle of its tour", async () => {
  await using demo = new Demo(["--port", "0"]);
  await demo.shows(/read welcome/);
  demo.stop();
  assert.equal(await demo.code(), 0, demo.stderr);
  assert.deepEqual([...Deno.readDirSync(demo.temporary)], []);
});

Deno.test("mcpgate demo says so where the port asked for is taken", async () => {
  using other = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = other.addr;
  await using demo = new Demo(["--once", "--port", String(port)]);
  assert.equal(await demo.code(), 1);
  assert.match(demo.stderr, new RegExp(`^mcpgate: port ${port} is taken: choose another one`));
});
