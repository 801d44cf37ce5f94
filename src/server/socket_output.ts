/**
 * The bytes that go out on a connection, in the order in which they were given, each write after the
 * one before it. Knows nothing of HTTP.
 */

/** Writes to one socket. */
export class SocketOutput {
  readonly #socket: Deno.Conn;
  /** Those who wait for their turn while somebody writes. */
  readonly #waiting: (() => void)[] = [];
  #isWriting = false;
  #isClosed = false;
  #onReleased: (() => void) | null = null;

  readonly #onFailure: () => void;

  /** @param onFailure Called when the other end takes nothing any more */
  constructor(socket: Deno.Conn, onFailure: () => void) {
    this.#socket = socket;
    this.#onFailure = onFailure;
  }

  /**
   * Settles when all of `bytes` were handed to the socket; rejects with {@link clientGone} when that
   * cannot be any more.
   */
  async write(bytes: Uint8Array): Promise<void> {
    if (this.#isWriting) await new Promise<void>((resolve) => this.#waiting.push(resolve));
    this.#isWriting = true;
    try {
      let rest = bytes;
      for (;;) {
        if (this.#isClosed) throw clientGone();
        const count = await this.#socket.write(rest);
        if (count === rest.length) return;
        rest = rest.subarray(count);
      }
    } catch {
      if (!this.#isClosed) this.#onFailure();
      throw clientGone();
    } finally {
      // The turn is handed over: whoever comes in between would jump the queue.
      const next = this.#waiting.shift();
      if (next !== undefined) next();
      else {
        this.#isWriting = false;
        this.#release();
      }
    }
  }

  /**
   * Nothing is written any more. `onReleased` is called when no write is under way: older runtimes
   * keep a closed socket for as long as its last write waits for a client that reads nothing.
   */
  close(onReleased: () => void): void {
    this.#isClosed = true;
    this.#onReleased = onReleased;
    if (!this.#isWriting) this.#release();
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
