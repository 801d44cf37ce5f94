/**
 * An HTTP/1.1 client for tests that speaks in bytes: it sends whatever it is given, in the pieces it
 * is told, and reads the answer as it comes. It knows no fetch, follows nothing and repairs nothing.
 */
import {
  bodyPieces,
  bytesOf,
  fieldOf,
  type Framing,
  framingOf,
  HttpReader,
  joined,
  type RawFields,
} from "./http_reader.ts";

/** A request to be spelled out by {@link requestBytes}. */
export interface RawRequest {
  /** Default `POST` with a body, else `GET`. */
  readonly method?: string;
  readonly target: string;
  /** Sent as they are, after `Host` (unless they hold one) and before `Content-Length`. */
  readonly fields?: RawFields;
  readonly body?: string | Uint8Array;
}

/** The bytes of a well-formed request to `host`. */
export function requestBytes(request: RawRequest, host = "localhost"): Uint8Array {
  const { target, fields = [], body } = request;
  const method = request.method ?? (body === undefined ? "GET" : "POST");
  const lines = [`${method} ${target} HTTP/1.1`];
  if (fieldOf(fields, "host") === null) lines.push(`Host: ${host}`);
  for (const [name, value] of fields) lines.push(`${name}: ${value}`);
  const content = bytesOf(body ?? "");
  if (body !== undefined && fieldOf(fields, "transfer-encoding") === null) {
    if (fieldOf(fields, "content-length") === null) lines.push(`Content-Length: ${content.length}`);
  }
  return joined([bytesOf(`${lines.join("\r\n")}\r\n\r\n`), content]);
}

/** The answer to one request, its head read. */
export class RawReply {
  readonly #pieces: AsyncGenerator<Uint8Array>;

  constructor(
    readonly status: number,
    /** As sent, in order. */
    readonly fields: RawFields,
    readonly framing: Framing,
    reader: HttpReader,
  ) {
    this.#pieces = bodyPieces(reader, framing);
  }

  /** The value of field `name` (lower-case), repetitions joined by `", "`; null where absent. */
  field(name: string): string | null {
    return fieldOf(this.fields, name);
  }

  /** The next bytes of the body, or null at its end. Throws where the connection breaks off. */
  async read(): Promise<Uint8Array | null> {
    const next = await this.#pieces.next();
    return next.done === true ? null : next.value;
  }

  /** Reads on until the body so far, as text, contains `part`; returns what was read. */
  async readUntil(part: string): Promise<string> {
    const decoder = new TextDecoder("utf-8", { ignoreBOM: true });
    let text = "";
    while (!text.includes(part)) {
      const piece = await this.read();
      if (piece === null) throw new Error(`Body ended before ${JSON.stringify(part)}: ${text}`);
      text += decoder.decode(piece, { stream: true });
    }
    return text;
  }

  /** The rest of the body. */
  async bytes(): Promise<Uint8Array<ArrayBuffer>> {
    const pieces: Uint8Array[] = [];
    for await (const piece of this.#pieces) pieces.push(piece);
    return joined(pieces);
  }

  /** The rest of the body as text. */
  async text(): Promise<string> {
    return new TextDecoder("utf-8", { ignoreBOM: true }).decode(await this.bytes());
  }

  /** The rest of the body as JSON. */
  async json(): Promise<unknown> {
    return JSON.parse(await this.text());
  }
}

/** One connection of the client's. */
export class RawClient implements Disposable {
  readonly #connection: Deno.Conn;
  readonly #reader: HttpReader;
  #open = true;

  private constructor(connection: Deno.Conn) {
    this.#connection = connection;
    this.#reader = new HttpReader(async () => {
      const buffer = new Uint8Array(16384);
      const count = await connection.read(buffer);
      return count === null ? null : buffer.subarray(0, count);
    });
  }

  /** Connects to `port` on `hostname`. */
  static async connect(port: number, hostname = "127.0.0.1"): Promise<RawClient> {
    const connection = await Deno.connect({ port, hostname });
    connection.setNoDelay(true);
    return new RawClient(connection);
  }

  /** Connects to `port` on this machine by TLS, trusting `ca` alone and asking for HTTP/1.1. */
  static async connectTls(
    port: number,
    ca: string,
    identity: { readonly cert: string; readonly key: string } | null = null,
  ): Promise<RawClient> {
    const connection = await Deno.connectTls({
      hostname: "localhost",
      port,
      caCerts: [ca],
      alpnProtocols: ["http/1.1"],
      ...identity,
    });
    try {
      await connection.handshake();
    } catch (error) {
      connection.close();
      throw error;
    }
    return new RawClient(connection);
  }

  /**
   * Sends `data`, cut before each position of `cuts` (ascending), with a turn of the event loop
   * between the pieces.
   */
  async send(data: string | Uint8Array, cuts: readonly number[] = []): Promise<void> {
    const bytes = bytesOf(data);
    let from = 0;
    for (const to of [...cuts, bytes.length]) {
      await this.#write(bytes.subarray(from, to));
      if (to < bytes.length) await new Promise((resolve) => setTimeout(resolve, 0));
      from = to;
    }
  }

  /** Sends `request`, then reads the head of the answer. */
  async ask(request: RawRequest): Promise<RawReply> {
    await this.send(requestBytes(request));
    return await this.reply(request.method);
  }

  /**
   * The head of the next answer; informational ones (1xx) are skipped.
   *
   * @param method What was asked: an answer to HEAD has no body, whatever its fields say
   */
  async reply(method = "GET"): Promise<RawReply> {
    for (;;) {
      const line = await this.#reader.line();
      if (line === null) throw new Error("Connection ended without an answer");
      const found = /^HTTP\/1\.[01] (\d{3})(?: .*)?$/.exec(line);
      if (found === null) throw new Error(`Not a status line: ${JSON.stringify(line)}`);
      const fields = await this.#reader.fields();
      const status = Number(found[1]);
      if (status >= 100 && status < 200 && status !== 101) continue;
      const empty = method === "HEAD" || status === 204 || status === 304;
      const framing: Framing = empty
        ? { by: "length", bytes: 0 }
        : framingOf(fields, { by: "close" });
      return new RawReply(status, fields, framing, this.#reader);
    }
  }

  /** Whether the other side ends the connection without sending another byte. */
  async ended(): Promise<boolean> {
    try {
      return (await this.#reader.some(1)) === null;
    } catch (error) {
      if (error instanceof Deno.errors.ConnectionReset) return true;
      // Over TLS: without the word that there is no more.
      if (error instanceof Deno.errors.UnexpectedEof) return true;
      throw error;
    }
  }

  /** Every byte until the other side ends the connection; throws where it breaks off. */
  async rest(): Promise<Uint8Array<ArrayBuffer>> {
    const pieces: Uint8Array[] = [];
    for (let piece; (piece = await this.#reader.some(65_536)) !== null;) pieces.push(piece);
    return joined(pieces);
  }

  /** Closes the sending side only. */
  async closeWrite(): Promise<void> {
    await this.#connection.closeWrite();
  }

  /** Closes the connection; more than once does nothing. */
  close(): void {
    if (this.#open) this.#connection.close();
    this.#open = false;
  }

  [Symbol.dispose](): void {
    this.close();
  }

  async #write(bytes: Uint8Array): Promise<void> {
    for (let sent = 0; sent < bytes.length;) {
      sent += await this.#connection.write(bytes.subarray(sent));
    }
  }
}

/** One request on a connection of its own: status, fields and the whole body as text. */
export async function askOnce(
  port: number,
  request: RawRequest,
): Promise<{ status: number; fields: RawFields; text: string }> {
  using client = await RawClient.connect(port);
  const reply = await client.ask({
    ...request,
    fields: [...(request.fields ?? []), ["Connection", "close"]],
  });
  return { status: reply.status, fields: reply.fields, text: await reply.text() };
}
