/**
 * A connection in memory that says what it is told in the pieces it is told, and the reading of one
 * reply from it: for tests that try so many streams and splits that real sockets would be too slow.
 */
import {
  type Carried,
  type Home,
  Http1Connection,
  type Socket,
} from "../../src/upstream/http1_connection.ts";
import type { ReplyHead } from "../../src/upstream/http1_reply_head.ts";
import { joined, type RawFields } from "../support/http_reader.ts";

/** What follows the last piece: the end, or nothing yet. */
export type Ending = "end" | "silence";

/** The client's end of the connection. */
export class MemorySocket implements Socket {
  /** All that was written, in pieces as it was. */
  readonly written: Uint8Array[] = [];
  isClosed = false;
  readonly #pieces: Uint8Array[];
  readonly #ending: Ending;
  #rejectRead: (error: Error) => void = () => {};

  constructor(pieces: readonly Uint8Array[], ending: Ending) {
    this.#pieces = pieces.filter(({ length }) => length > 0);
    this.#ending = ending;
  }

  read(into: Uint8Array): Promise<number | null> {
    const piece = this.#pieces.shift();
    if (piece === undefined) {
      if (this.#ending === "end") return Promise.resolve(null);
      return new Promise((_, reject) => this.#rejectRead = reject);
    }
    const count = Math.min(into.length, piece.length);
    into.set(piece.subarray(0, count));
    if (count < piece.length) this.#pieces.unshift(piece.subarray(count));
    return Promise.resolve(count);
  }

  write(bytes: Uint8Array): Promise<number> {
    this.written.push(bytes.slice());
    return Promise.resolve(bytes.length);
  }

  close(): void {
    this.isClosed = true;
    this.#rejectRead(new Deno.errors.Interrupted("Socket was closed"));
  }
}

/** A reply as a client understood it. */
export interface Understood {
  readonly status: number;
  readonly fields: RawFields;
  /** One character a byte. */
  readonly body: string;
  /** How long the connection may be kept; 0: it was closed. */
  readonly keepMs: number;
  /** Whether more came together with the end. */
  readonly hasSurplus: boolean;
}

/** A reply, or why it is none. */
export type Reading = Understood | { readonly refused: string };

/** What one connection makes of the reply that comes in `pieces`. */
export async function readReply(
  pieces: readonly Uint8Array[],
  ending: Ending = "end",
  headBytes = 64 * 1024,
): Promise<Reading> {
  const { reading, connection } = await readFrom(new MemorySocket(pieces, ending), headBytes);
  connection.close();
  return reading;
}

/** What a connection over `socket` makes of the first reply, and the connection as it is then. */
export async function readFrom(
  socket: Socket,
  headBytes = 64 * 1024,
  home: Home = LASTING,
): Promise<{ readonly reading: Reading; readonly connection: Http1Connection }> {
  let keepMs = 0;
  const keep: Home["keep"] = (connection, ms) => {
    keepMs = ms;
    return home.keep(connection, ms);
  };
  const connection = new Http1Connection(socket, { ...home, keep }, headBytes);
  const reading = await readNext(connection);
  return {
    reading: "refused" in reading ? reading : { ...reading, keepMs },
    connection,
  };
}

/** What `connection`, which carries nothing, makes of the next reply. Does not tell `keepMs`. */
export function readNext(connection: Http1Connection): Promise<Reading> {
  const { promise, resolve } = Promise.withResolvers<Reading>();
  let head: ReplyHead | null = null;
  const body: Uint8Array[] = [];
  const carried: Carried = {
    onHead(now) {
      head = now;
    },
    // As one who asks for the body at once.
    onBegun: () => connection.pull(),
    onBody(piece, isLast) {
      if (piece !== null) body.push(piece);
      if (!isLast) return connection.pull();
      if (head === null) throw new Error("A body without a head");
      const { status, fields, body: { hasSurplus } } = head;
      resolve({ status, fields, body: latin1(joined(body)), keepMs: 0, hasSurplus });
    },
    onLost: ({ what }) => resolve({ refused: what }),
  };
  connection.carry(carried, { first: new Uint8Array([10]), rest: null, recurring: null });
  return promise;
}

/** A place where every connection may stay. */
export const LASTING: Home = { isSecure: false, keep: () => true, reuse: () => {} };

/** `bytes` cut before each position of `cuts` (ascending). */
export function cutAt(bytes: Uint8Array, cuts: readonly number[]): Uint8Array[] {
  return [0, ...cuts].map((from, i) => bytes.slice(from, cuts[i] ?? bytes.length));
}

/** One byte a character. */
export function wire(text: string): Uint8Array {
  return Uint8Array.from(text, (character) => character.charCodeAt(0));
}

/** One character a byte. */
export function latin1(bytes: Uint8Array): string {
  let text = "";
  for (const byte of bytes) text += String.fromCharCode(byte);
  return text;
}
