/**
 * The bytes that come in on a connection. Exactly one read is under way whenever there is room for
 * its bytes, also while nobody wants any: that is how a client that leaves is noticed. When there is
 * no room nothing is read, which is the back-pressure. Knows nothing of HTTP.
 *
 * Bytes that were given out are never written again: what has been judged cannot become something
 * else by what the client sends next, and nothing needs to be copied.
 */
import type { ClientSocket } from "./client_socket.ts";

/** For a client of whom nothing is expected but that it leaves: thousands listen to silent streams. */
const LISTENING_BYTES = 256;

/** What a connection rests on: an ordinary request fits in. */
const SMALL_BYTES = 4 * 1024;

/** For the largest head, and bodies of a middling size. */
const MEDIUM_BYTES = 20 * 1024;

/** For bodies with much more to come. */
const LARGE_BYTES = 64 * 1024;

/** Where a read would get less than this, another buffer takes the place of the present one. */
const LEAST_ROOM = 512;

/** Who is told what comes. */
export interface InputOwner {
  /** There are more bytes. */
  onBytes(): void;
  /** There will be no more: the other end has closed, its sending side at least, or failed. */
  onEnd(): void;
}

/** Reads one socket ahead, within bounds. */
export class SocketInput {
  /** What has come and was not taken: from {@link start} to before {@link end}. */
  bytes: Uint8Array = new Uint8Array(SMALL_BYTES);
  start = 0;
  end = 0;
  readonly #socket: ClientSocket;
  readonly #owner: InputOwner;
  #isReading = false;
  #hasEnded = false;
  #wanted = SMALL_BYTES;
  #isGivenOut = false;

  constructor(socket: ClientSocket, owner: InputOwner) {
    this.#socket = socket;
    this.#owner = owner;
  }

  /** How many bytes are held. */
  get available(): number {
    return this.end - this.start;
  }

  /** Tells that the bytes before `position` are done with. */
  take(position: number): void {
    this.start = position;
  }

  /** Tells that somebody goes on using what was taken. */
  giveOut(): void {
    this.#isGivenOut = true;
  }

  /**
   * How much the owner waits for. A buffer of that size, within bounds, takes the place of the
   * present one as soon as that is empty, or full.
   */
  want(bytes: number): void {
    if (bytes <= SMALL_BYTES) this.#wanted = SMALL_BYTES;
    else this.#wanted = bytes <= 2 * MEDIUM_BYTES ? MEDIUM_BYTES : LARGE_BYTES;
  }

  /** Tells that the client has nothing to say for a while. */
  wantNothing(): void {
    this.#wanted = LISTENING_BYTES;
  }

  /** Reads on if there is room, and no read under way. */
  watch(): void {
    if (this.#isReading || this.#hasEnded) return;
    this.#makeRoom();
    if (this.end === this.bytes.length) return;
    this.#isReading = true;
    const room = this.end === 0 ? this.bytes : this.bytes.subarray(this.end);
    this.#socket.read(room).then(this.#onRead, this.#onRead);
  }

  /** Nothing that still comes is of interest. */
  close(): void {
    this.#hasEnded = true;
  }

  #makeRoom(): void {
    const { bytes, start, end } = this;
    const isEmpty = start === end;
    if (isEmpty && !this.#isGivenOut && bytes.length === this.#wanted) {
      this.start = this.end = 0;
      return;
    }
    const isFitting = isEmpty ? bytes.length === this.#wanted : bytes.length >= this.#wanted;
    if (isFitting && bytes.length - end >= LEAST_ROOM) return;
    // What a client has sent beyond what anybody wants fills the buffer, and then waits outside.
    const size = isEmpty ? this.#wanted : Math.max(bytes.length, this.#wanted);
    if (end - start === size || (start === 0 && size === bytes.length && !isEmpty)) return;
    this.bytes = new Uint8Array(size);
    this.bytes.set(bytes.subarray(start, end));
    this.start = 0;
    this.end = end - start;
    this.#isGivenOut = false;
  }

  /** One for both outcomes, since there is one for each connection: whatever is no number is the end. */
  readonly #onRead = (count: unknown): void => {
    this.#isReading = false;
    if (this.#hasEnded) return;
    if (typeof count !== "number") {
      this.#hasEnded = true;
      return this.#owner.onEnd();
    }
    this.end += count;
    this.#owner.onBytes();
    this.watch();
  };
}
