/**
 * One client of the soak: does one thing after the other that clients do, right or wrong, and checks
 * what comes back. Counts how many lines the audit log owes for it.
 */
import type { Random } from "../support/random.ts";

/** What all clients of a soak share. */
export interface SoakTally {
  /** Requests that were begun. */
  requests: number;
  /** Requests whose head was sent whole: each has its line in the audit log. */
  lines: number;
  /** Answers that were not right although nothing was the matter. */
  readonly failures: string[];
  /** Answers that were not right while the upstream was away. */
  excused: number;
}

/** Where a client goes, and what it may find there. */
export interface SoakTarget {
  readonly port: number;
  readonly key: string;
  /** Tells, when it is asked later, whether the upstream was away since. */
  watch(): () => boolean;
  readonly tally: SoakTally;
}

/** How many failures are worth keeping. */
const MOST_TOLD = 20;

interface Reply {
  readonly status: number;
  readonly head: string;
  readonly body: string;
}

/** A client with one connection at a time. */
export class SoakClient {
  readonly #target: SoakTarget;
  readonly #random: Random;
  readonly #buffer = new Uint8Array(32 * 1024);
  #connection: Deno.Conn | null = null;
  #id = 0;

  constructor(target: SoakTarget, random: Random) {
    this.#target = target;
    this.#random = random;
  }

  /** Does one thing. */
  async step(): Promise<void> {
    const random = this.#random;
    const share = random.next();
    if (share < 0.6) await this.#expect(this.#call("tool_0"), 200, '"done"');
    else if (share < 0.7) await this.#expect(this.#call("tool_0", { events: true }), 200, '"done"');
    else if (share < 0.74) await this.#expect(this.#call("tool_0", { slow: true }), 200, '"done"');
    else if (share < 0.8) await this.#list();
    else if (share < 0.87) await this.#expect(this.#call("tool_9"), 200, "Unknown tool: tool_9");
    else if (share < 0.89) {
      await this.#expect(this.#call("tool_0", {}, "mcpg_wrong_key_0"), 401, "");
    } else if (share < 0.92) await this.#session();
    else if (share < 0.94) await this.#listen();
    else await this.#leave();
  }

  /** Lets its connection go. */
  close(): void {
    this.#connection?.close();
    this.#connection = null;
  }

  async #list(): Promise<void> {
    const reply = await this.#expect(this.#post("tools/list", {}), 200, '"tool_0"');
    if (reply?.body.includes('"tool_1"')) this.#fail("a list with a tool that is denied", reply);
  }

  async #session(): Promise<void> {
    const params = {
      protocolVersion: "2025-06-18",
      capabilities: {},
      clientInfo: { name: "soak", version: "1" },
    };
    const opened = await this.#expect(this.#post("initialize", params), 200, "serverInfo");
    const session = /\r\nmcp-session-id: (\S+)/i.exec(opened?.head ?? "")?.[1];
    if (session === undefined) return;
    const fields = `Mcp-Session-Id: ${session}\r\nMcp-Protocol-Version: 2025-06-18\r\n`;
    await this.#expect(this.#post("notifications/initialized", undefined, fields), 202, "");
    await this.#expect(this.#call("tool_0", {}, undefined, fields), 200, '"done"');
    await this.#expect(this.#verb("DELETE", fields), 204, "");
  }

  /** Opens a stream, hears that it is there, and leaves after a while. */
  async #listen(): Promise<void> {
    const wasAway = this.#target.watch();
    const connection = await this.#connect();
    this.#begun(true);
    try {
      await writeAll(connection, this.#verb("GET"));
      let text = "";
      while (!text.includes(":\n\n")) {
        const count = await connection.read(this.#buffer);
        if (count === null) break;
        text += ASCII.decode(this.#buffer.subarray(0, count));
        if (!text.startsWith("HTTP/1.1 200")) break;
      }
      if (text.includes(":\n\n")) await pause(this.#random.below(40));
      else if (wasAway()) this.#target.tally.excused++;
      else this.#fail("a stream that did not open", { status: 0, head: text, body: "" });
    } finally {
      this.close();
    }
  }

  /** Leaves at a random moment: within the request, or before all of the answer is there. */
  async #leave(): Promise<void> {
    const request = this.#call("tool_0", { slow: this.#random.chance(0.5), events: true });
    const bytes = encoder.encode(request);
    const end = this.#random.chance(0.5) ? bytes.length : this.#random.below(bytes.length);
    this.close();
    const connection = await this.#connect();
    this.#begun(end >= request.indexOf("\r\n\r\n") + 4);
    try {
      await writeAll(connection, bytes.subarray(0, end));
      if (end === bytes.length) await pause(this.#random.below(8));
    } finally {
      this.close();
    }
  }

  #call(tool: string, args: object = {}, key?: string, fields = ""): string {
    return this.#post("tools/call", { name: tool, arguments: args }, fields, key);
  }

  #post(method: string, params: object | undefined, fields = "", key = this.#target.key): string {
    const isNotification = method.startsWith("notifications/");
    const id = isNotification ? undefined : ++this.#id;
    const body = JSON.stringify({ jsonrpc: "2.0", id, method, params });
    return `POST /mcp HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer ${key}\r\n` +
      "Content-Type: application/json\r\nAccept: application/json, text/event-stream\r\n" +
      `${fields}Content-Length: ${body.length}\r\n\r\n${body}`;
  }

  #verb(method: string, fields = ""): string {
    return `${method} /mcp HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer ${this.#target.key}\r\n` +
      `Accept: text/event-stream\r\n${fields}\r\n`;
  }

  /** Asks, and notes an answer that is another than the one there should be; null then. */
  async #expect(request: string, status: number, part: string): Promise<Reply | null> {
    const wasAway = this.#target.watch();
    const reply = await this.#ask(request);
    if (reply.status === status && reply.body.includes(part)) return reply;
    if (wasAway()) this.#target.tally.excused++;
    else this.#fail(`not ${status} with ${JSON.stringify(part)}`, reply);
    return null;
  }

  async #ask(request: string): Promise<Reply> {
    const connection = await this.#connect();
    this.#begun(true);
    await writeAll(connection, request);
    let text = "";
    for (;;) {
      // A connection that is reset has ended, too.
      const count = await connection.read(this.#buffer).catch(() => null);
      if (count === null) {
        this.close();
        return { status: 0, head: text, body: "" };
      }
      text += ASCII.decode(this.#buffer.subarray(0, count));
      const headEnd = text.indexOf("\r\n\r\n") + 4;
      if (headEnd < 4) continue;
      const length = /\r\ncontent-length: (\d+)/i.exec(text)?.[1];
      const isWhole = length !== undefined
        ? text.length >= headEnd + Number(length)
        : text.startsWith("HTTP/1.1 204") || text.endsWith("\r\n0\r\n\r\n");
      if (!isWhole) continue;
      if (/\r\nconnection: close\r\n/i.test(text)) this.close();
      return {
        status: Number(text.slice(9, 12)),
        head: text.slice(0, headEnd),
        body: text.slice(headEnd),
      };
    }
  }

  async #connect(): Promise<Deno.Conn> {
    return this.#connection ??= await Deno.connect({
      hostname: "127.0.0.1",
      port: this.#target.port,
    });
  }

  #begun(isHeadWhole: boolean): void {
    this.#target.tally.requests++;
    if (isHeadWhole) this.#target.tally.lines++;
  }

  #fail(what: string, { status, head, body }: Reply): void {
    const { failures } = this.#target.tally;
    if (failures.length < MOST_TOLD) {
      failures.push(`${what}: ${status} ${head.slice(0, 200)} ${body.slice(0, 200)}`);
    }
  }
}

const ASCII = new TextDecoder("latin1");
const encoder = new TextEncoder();

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

async function writeAll(connection: Deno.Conn, data: string | Uint8Array): Promise<void> {
  const bytes = typeof data === "string" ? encoder.encode(data) : data;
  for (let sent = 0; sent < bytes.length;) sent += await connection.write(bytes.subarray(sent));
}
