/**
 * A gate with two workers, and connections of which it is known which worker has them: a stage of the
 * user's tells, since nothing that a client may see does. With a file for what else it should do.
 */
import { FROM_SOURCE, GateProcess, type Settings, type TestKey } from "./gate_process.ts";
import { mcpVerb } from "./mcp_request.ts";
import { RawClient } from "./raw_http.ts";

/** Each worker has the module once, and so its own name for itself. */
const WHEREABOUTS = `
const name = crypto.randomUUID();
export default {
  name: "whereabouts",
  at: "head",
  options: (z) => z.object({}),
  create: () => ({ http }) => {
    switch (http.header("x-do")) {
      case "tell":
        return { verdict: "deny", kind: "forbidden", reason: name };
      // What a module does beside its decisions is caught by nobody.
      case "crash":
        setTimeout(() => { throw new Error("thrown beside all decisions"); }, 0);
        break;
      case "exit":
        setTimeout(() => Deno.exit(0), 0);
    }
    return { verdict: "allow" };
  },
};
`;

/** How many connections are opened in order to meet both workers. */
const MOST = 64;

/** The gate, and who asks it. */
export class WorkerScene implements AsyncDisposable {
  private constructor(
    readonly gate: GateProcess,
    readonly settings: Settings,
    readonly folder: string,
    readonly key: string,
    readonly clients: DisposableStack,
  ) {}

  /** Starts it; `key` may use everything. */
  static async start(
    settings: Settings,
    { key }: TestKey,
    command = FROM_SOURCE,
  ): Promise<WorkerScene> {
    const folder = await Deno.makeTempDir({ prefix: "mcpgate_workers_" });
    await Deno.writeTextFile(`${folder}/whereabouts.js`, WHEREABOUTS);
    const whole = {
      workers: 2,
      pipeline: ["audit", "auth", { use: `${folder}/whereabouts.js` }, "ratelimit", "allowlist"],
      grace: "300ms",
      ...settings,
    };
    const gate = await GateProcess.start(whole, command);
    return new WorkerScene(gate, whole, folder, key, new DisposableStack());
  }

  /** Two connections, each to a worker of its own, and how many exchanges it took to find them. */
  async both(): Promise<{ one: RawClient; other: RawClient; asked: number }> {
    let first: { client: RawClient; worker: string } | null = null;
    for (let asked = 1; asked <= MOST; asked++) {
      const client = this.clients.use(await RawClient.connect(this.gate.port));
      const worker = await this.workerOf(client);
      if (first === null) first = { client, worker };
      else if (first.worker !== worker) return { one: first.client, other: client, asked };
      else client.close();
    }
    throw new Error(`${MOST} connections all went to one worker`);
  }

  /** The name of the worker that has the connection of `client`. */
  async workerOf(client: RawClient): Promise<string> {
    const reply = await client.ask(mcpVerb("GET", this.key, [["X-Do", "tell"]]));
    const text = await reply.text();
    const [name] = /[0-9a-f]{8}-[0-9a-f-]{27}/.exec(text) ?? [];
    if (name === undefined) throw new Error(`No worker told its name: ${reply.status} ${text}`);
    return name;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.clients.dispose();
    await this.gate[Symbol.asyncDispose]();
    await Deno.remove(this.folder, { recursive: true });
  }
}
