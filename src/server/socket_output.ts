/**
 * The bytes that go out on a connection, in the order in which they were given, each write after the
 * one before it. Knows nothing of HTTP.
 */

import type { ClientSocket } from "./client_socket.ts";

/** What is to be written, and who is told. */
interface Piece {
  rest: Uint8Array;
  /** Called before anybody who waits goes on. */
  readonly onSent: (() => void) | null;
  readonly resolve: () => void;
  readonly reject: (error: Error) => void;
}

/** Who is told. */
export interface OutputOwner {
  /** The other end takes nothing any more. */
  onWriteFailed(): void;
}

/** Writes to one socket. */
export class SocketOutput {
  readonly #socket: ClientSocket;
  /** What is being written. */
  #piece: Piece | null = null;
  /** What waits for its turn. */
  readonly #waiting: Piece[] = [];
  #isClosed = false;
  #onReleased: (() => void) | null = null;
  readonly #owner: OutputOwner;

  constructor(socket: ClientSocket, owner: OutputOwner) {
    this.#socket = socket;
    this.#owner = owner;
  }

  /**
   * Settles when all of `bytes` were handed to the socket; rejects with {@link clientGone} when that
   * cannot be any more.
   *
   * @param onSent Called first when they were; what it throws, the promise rejects with
   */
  write(bytes: Uint8Array, onSent: (() => void) | null = null): Promise<void> {
    return new Promise((resolve, reject) => {
      const piece: Piece = { rest: bytes, onSent, resolve, reject };
      if (this.#piece !== null) this.#waiting.push(piece);
      else this.#write(piece);
    });
  }

  /**
   * Nothing is written any more. `onReleased` is called when no write is under way: older runtimes
   * keep a closed socket for as long as its last write waits for a client that reads nothing.
   */
  close(onReleased: () => void): void {
    this.#isClosed = true;
    this.#onReleased = onReleased;
    if (this.#piece === null) this.#release();
  }

  #write(piece: Piece): void {
    this.#piece = piece;
    if (this.#isClosed) return this.#onWritten(null);
    this.#socket.write(piece.rest).then(this.#onWritten, this.#onWritten);
  }

  /** One for both outcomes, since there is one for each connection: what is no number is a failure. */
  readonly #onWritten = (count: unknown): void => {
    const piece = this.#piece as Piece;
    if (typeof count !== "number") return this.#failed(piece);
    if (count < piece.rest.length) {
      piece.rest = piece.rest.subarray(count);
      return this.#write(piece);
    }
    this.#next();
    try {
      piece.onSent?.();
      piece.resolve();
    } catch (error) {
      piece.reject(error as Error);
    }
  };

  #failed(piece: Piece): void {
    if (!this.#isClosed) this.#owner.onWriteFailed();
    piece.reject(clientGone());
    this.#next();
  }

  /** The turn is handed over at once: whoever comes in between would jump the queue. */
  #next(): void {
    const next = this.#waiting.length === 0 ? undefined : this.#waiting.shift();
    this.#piece = null;
    if (next !== undefined) this.#write(next);
    else this.#release();
  }

  #release(): void {
    const released = this.#onReleased;
    this.#onReleased = null;
    released?.();
  }
}

/** Why nothing can be sent. */
export function clientGone(): Error {
  return new Deno.errors.ConnectionReset("Client is gone");
}
