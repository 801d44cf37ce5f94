/**
 * What a message means is decided by who acts on it. Servers that people run, in several languages, print what
 * they were made to run, and a restricted key sends them everything that might be read in two ways:
 * through the gate they never run what it does not name, whatever their own parsers make of it.
 */
import assert from "node:assert/strict";
import { randomDocument } from "../mcp/random_document.ts";
import { randomAttack, spelled } from "../property/random_attack.ts";
import { testNeeding } from "../support/absent.ts";
import { ChildProgram } from "../support/child_program.ts";
import { eventually } from "../support/eventually.ts";
import { fuzzAsync } from "../support/fuzz.ts";
import { GateProcess, testKey } from "../support/gate_process.ts";
import type { Random } from "../support/random.ts";
import { RawClient, type RawReply } from "../support/raw_http.ts";
import { LANGUAGES } from "./language.ts";

const GUEST = testKey("guest", { allow: ["read_file"], rate_limit: { rps: 1e6, burst: 1e6 } });

/** Documents each server is sent, through the gate and then without. */
const ROUNDS = 400;

/** The servers. Each reads messages by a parser of its own. */
const SERVERS: readonly { readonly name: string; readonly args: readonly string[] }[] = [
  { name: "typescript", args: ["v1"] },
  { name: "typescript", args: ["v2"] },
  { name: "python", args: [] },
  { name: "go", args: ["official"] },
  { name: "go", args: ["mcp-go"] },
];

const BUILT = (Deno.env.get("MCPGATE_INTEROP") ?? "typescript").split(/\s+/);

interface Act {
  readonly act: string;
  readonly name: string;
}

/** A server that prints what it does. */
class ActingServer implements AsyncDisposable {
  private constructor(readonly program: ChildProgram, readonly url: URL) {}

  static async start(command: readonly string[]): Promise<ActingServer> {
    const [executable = "", ...args] = command;
    const program = await ChildProgram.start({ command: executable, args });
    const [, url = ""] = await program.said(/^listening on (\S+)$/m);
    return new ActingServer(program, new URL(url));
  }

  /** All that it has done so far. */
  async acts(): Promise<readonly Act[]> {
    const text = await this.program.stdout();
    return text.slice(0, text.lastIndexOf("\n") + 1).split("\n").filter(Boolean)
      .map((line) => JSON.parse(line));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.program[Symbol.asyncDispose]();
  }
}

/** Sends one body after the other, on a connection for as long as that is kept. */
class Sender implements Disposable {
  #client: RawClient | null = null;

  constructor(readonly port: number, readonly fields: readonly [string, string][]) {}

  async send(message: Message): Promise<void> {
    this.#client ??= await RawClient.connect(this.port);
    const fields = [...BASIC_FIELDS, ...this.fields, ...message.fields];
    try {
      const request = { target: "/mcp", fields, body: message.body };
      const reply: RawReply = await this.#client.ask(request);
      // A stream may never end; what was asked has been done when it begins.
      const isStream = reply.field("content-type") === "text/event-stream";
      if (!isStream) await reply.bytes();
      if (!isStream && !/close/i.test(reply.field("connection") ?? "")) return;
    } catch (error) {
      // A server may well end a connection on which it was sent that.
      if (!(error instanceof Error)) throw error;
    }
    this[Symbol.dispose]();
  }

  [Symbol.dispose](): void {
    this.#client?.close();
    this.#client = null;
  }
}

const BASIC_FIELDS: readonly [string, string][] = [
  ["content-type", "application/json"],
  ["accept", "application/json, text/event-stream"],
];

interface Message {
  readonly body: string | Uint8Array;
  readonly fields: readonly (readonly [string, string])[];
}

function message(random: Random): Message {
  if (random.chance(0.2)) return { body: randomDocument(random).bytes, fields: [] };
  if (random.chance(0.6)) return { body: doubledCall(random), fields: [] };
  const { body, fields = [] } = randomAttack(random).request;
  const text = body instanceof Uint8Array ? new TextDecoder().decode(body) : body ?? "";
  return { body: text.replaceAll("SECRET-TOOL", "SECRET"), fields: fields as Message["fields"] };
}

/** A call of the tool that is granted, in which somebody may read another one. */
function doubledCall(random: Random): string {
  const hidden = '{"name":"SECRET","uri":"file:///SECRET"}';
  const [name, value] = random.pick(
    [
      ["name", '"SECRET"'],
      ["params", hidden],
      ["method", random.pick(['"resources/read"', '"prompts/get"'])],
    ] as const,
  );
  const second = `${random.chance(0.3) ? JSON.stringify(name) : spelled(random, name)}:${value}`;
  const inside = ['"name":"read_file"', ...name === "name" ? [second] : []];
  const members = [
    '"jsonrpc":"2.0"',
    '"id":1',
    '"method":"tools/call"',
    `"params":{${random.shuffle(inside).join(",")}}`,
    ...name === "name" ? [] : [second],
  ];
  return `{${random.shuffle(members).join(",")}}`;
}

/** A call that anybody may make; when it has been made, so has all that was sent before it. */
const LAST = `{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"read_file"}}`;

async function sendAll(port: number, fields: readonly [string, string][]): Promise<void> {
  using sender = new Sender(port, fields);
  await fuzzAsync(ROUNDS, (random) => sender.send(message(random)));
  await sender.send({ body: LAST, fields: [] });
}

for (const { name, args } of SERVERS) {
  const language = LANGUAGES.find((language) => language.name === name);
  const need = {
    what: `its program; deno task interop ${name} builds it`,
    found: BUILT.includes(name) ? language?.server ?? null : null,
  };
  const title = [name, ...args].join(" ");

  testNeeding(
    need,
    `a server in ${title} runs nothing that a key does not name`,
    async (command) => {
      await using server = await ActingServer.start([...command, ...args]);
      await using gate = await GateProcess.start({
        upstream: { url: server.url.href },
        keys: [GUEST.entry],
      });
      await sendAll(gate.port, [["authorization", `Bearer ${GUEST.key}`]]);
      await eventually("a call to be made", async () => (await server.acts()).length > 0);
      const beside = (await server.acts()).filter((act) => act.name !== "read_file");
      assert.deepEqual(beside, []);

      await sendAll(Number(server.url.port), [["host", server.url.host]]);
      await eventually(
        "the hidden tool to be run where no gate is",
        async () => (await server.acts()).some((act) => act.name === "SECRET"),
      );
    },
  );
}
