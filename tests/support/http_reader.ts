/**
 * Reads HTTP/1.1 messages off a socket for the two doubles of the tests, the recording upstream and
 * the raw client. It takes what comes and judges nothing: no limit, no strictness, names and values
 * as they were sent.
 */

/** Header fields as sent, spelling and repetitions included. */
export type RawFields = readonly (readonly [name: string, value: string])[];

/** The bytes of a connection in order, asked for by line, by count or as they come. */
export class HttpReader {
  #held: Uint8Array = new Uint8Array(0);
  readonly #pull: () => Promise<Uint8Array | null>;

  /** @param pull The next bytes of the connection, or null at its end */
  constructor(pull: () => Promise<Uint8Array | null>) {
    this.#pull = pull;
  }

  /** The next line without its CRLF, or null where the connection ends before the first byte. */
  async line(): Promise<string | null> {
    for (;;) {
      const end = this.#held.indexOf(10);
      if (end >= 0) {
        const line = latin1(this.#held.subarray(0, end));
        this.#held = this.#held.subarray(end + 1);
        return line.endsWith("\r") ? line.slice(0, -1) : line;
      }
      if (!(await this.#fill())) {
        if (this.#held.length === 0) return null;
        throw new Error(`Connection ended inside the line ${JSON.stringify(latin1(this.#held))}`);
      }
    }
  }

  /** Header fields up to and including the empty line. */
  async fields(): Promise<RawFields> {
    const fields: [string, string][] = [];
    for (;;) {
      const line = await this.line();
      if (line === null) throw new Error("Connection ended inside a head");
      if (line === "") return fields;
      const colon = line.indexOf(":");
      fields.push([line.slice(0, colon), line.slice(colon + 1).trim()]);
    }
  }

  /** Between 1 and `most` bytes, or null at the end of the connection. */
  async some(most: number): Promise<Uint8Array | null> {
    if (this.#held.length === 0 && !(await this.#fill())) return null;
    const bytes = this.#held.subarray(0, most);
    this.#held = this.#held.subarray(bytes.length);
    return bytes;
  }

  async #fill(): Promise<boolean> {
    const bytes = await this.#pull();
    if (bytes === null) return false;
    this.#held = joined([this.#held, bytes]);
    return true;
  }
}

/** How the end of a body is told. */
export type Framing = { by: "length"; bytes: number } | { by: "chunks" } | { by: "close" };

/** The framing that `fields` announce, `otherwise` where they announce none. */
export function framingOf(fields: RawFields, otherwise: Framing): Framing {
  if (fieldOf(fields, "transfer-encoding")?.toLowerCase() === "chunked") return { by: "chunks" };
  const length = fieldOf(fields, "content-length");
  return length === null ? otherwise : { by: "length", bytes: Number(length) };
}

/** The pieces of a body as they arrive. Throws where the connection ends before the body does. */
export async function* bodyPieces(
  reader: HttpReader,
  framing: Framing,
): AsyncGenerator<Uint8Array> {
  if (framing.by === "close") {
    for (let piece; (piece = await reader.some(Infinity)) !== null;) yield piece;
  } else if (framing.by === "length") {
    yield* exactly(reader, framing.bytes);
  } else {
    for (;;) {
      const size = await reader.line();
      if (size === null) throw new Error("Connection ended inside a chunked body");
      const bytes = parseInt(size, 16);
      if (bytes === 0) break;
      yield* exactly(reader, bytes);
      await reader.line();
    }
    await reader.fields();
  }
}

async function* exactly(reader: HttpReader, bytes: number): AsyncGenerator<Uint8Array> {
  for (let left = bytes; left > 0;) {
    const piece = await reader.some(left);
    if (piece === null) throw new Error(`Connection ended ${left} bytes before the body's end`);
    left -= piece.length;
    yield piece;
  }
}

/** The values of field `name`, whatever its case, joined by `", "`; null where there is none. */
export function fieldOf(fields: RawFields, name: string): string | null {
  const values = fields.filter(([key]) => key.toLowerCase() === name).map(([, value]) => value);
  return values.length === 0 ? null : values.join(", ");
}

/** One array of all `pieces`. */
export function joined(pieces: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const whole = new Uint8Array(pieces.reduce((sum, piece) => sum + piece.length, 0));
  let at = 0;
  for (const piece of pieces) {
    whole.set(piece, at);
    at += piece.length;
  }
  return whole;
}

/** The bytes of `data`: a string stands for its UTF-8. */
export function bytesOf(data: string | Uint8Array): Uint8Array {
  return typeof data === "string" ? new TextEncoder().encode(data) : data;
}

function latin1(bytes: Uint8Array): string {
  let text = "";
  for (const byte of bytes) text += String.fromCharCode(byte);
  return text;
}
