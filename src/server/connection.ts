/**
 * One connection from its first byte to its last: heads in, exchanges one after the other, replies
 * out, and the ways to end it (PROTOCOL §5.5). What is asked and answered is not its business, nor
 * how many connections there may be.
 */
import type { ClientCertificate } from "../gate/incoming.ts";
import type { ClientSocket } from "./client_socket.ts";
import { Http1Body } from "./http1_body.ts";
import { Http1Exchange } from "./http1_exchange.ts";
import type { LateHeads } from "./late_heads.ts";
import { pack, replyHead } from "./reply_bytes.ts";
import { Http1Reply } from "./reply_writer.ts";
import type { ReplyOwner } from "./reply_writer.ts";
import { bodyDecoder } from "./request_body.ts";
import { RequestHeadReader } from "./request_head.ts";
import type { RequestHead } from "./request_head.ts";
import { SocketInput } from "./socket_input.ts";
import type { InputOwner } from "./socket_input.ts";
import { SocketOutput } from "./socket_output.ts";
import type { OutputOwner } from "./socket_output.ts";

/** How often {@link Connection.check} is called, in milliseconds: times are that coarse. */
export const CHECK_MS = 250;

/** How long, and for how many bytes, a client that was refused may go on sending. */
const LINGER_MS = 2000;
const LINGER_BYTES = 64 * 1024;

/** The listener, as its connections see it. */
export interface ConnectionHome {
  /** The time in milliseconds, as of the last {@link Connection.check}. */
  readonly nowMs: number;
  /** Milliseconds a connection may be silent between requests. */
  readonly idleMs: number;
  /** Whether no connection is to serve another request. */
  readonly isStopping: boolean;
  /** Where heads wait that nothing goes out with yet. */
  readonly lateHeads: LateHeads;
  /** Has one exchange answered. Never throws. */
  run(exchange: Http1Exchange): void;
  /** Milliseconds from the first byte of a head to its last. */
  headerDeadlineMs(): number;
  /** The connection serves no more. */
  onClosed(connection: Connection): void;
  /** Its socket is given back. */
  onReleased(connection: Connection): void;
}

/** Serves one client. */
export class Connection implements InputOwner, OutputOwner, ReplyOwner {
  /** The other end's address. */
  readonly peer: string;
  readonly #home: ConnectionHome;
  readonly #socket: ClientSocket;
  readonly #input: SocketInput;
  readonly #output: SocketOutput;
  readonly #heads = new RequestHeadReader();
  #phase: "handshake" | "idle" | "head" | "exchange" | "lingering" | "closed" = "idle";
  #sinceMs: number;
  /** What the handshake took of the time that the first head has. */
  #spentMs = 0;
  #head: RequestHead | null = null;
  #exchange: Http1Exchange | null = null;
  #keepsAlive = true;
  #drained = 0;

  constructor(socket: ClientSocket, peer: string, home: ConnectionHome) {
    this.#socket = socket;
    this.peer = peer;
    this.#home = home;
    this.#sinceMs = home.nowMs;
    this.#input = new SocketInput(socket, this);
    this.#output = new SocketOutput(socket, this);
  }

  /** Begins to read, after the handshake where there is one. */
  open(): void {
    const { ready } = this.#socket;
    if (ready === undefined) return this.#input.watch();
    this.#phase = "handshake";
    ready.then(() => this.#secured(), () => this.close());
  }

  /** Ends what has lasted too long. To be called now and then. */
  check(): void {
    // The beginning was noted on a clock that may have been late.
    const elapsedMs = this.#home.nowMs - this.#sinceMs - CHECK_MS;
    switch (this.#phase) {
      case "idle":
        if (elapsedMs > this.#home.idleMs) this.close();
        return;
      case "handshake":
        if (elapsedMs > this.#home.headerDeadlineMs()) this.close("cut");
        return;
      case "head":
        if (elapsedMs > this.#home.headerDeadlineMs()) this.#refuse(408);
        return;
      case "lingering":
        if (elapsedMs > LINGER_MS) this.close();
    }
  }

  /** Serves no further request: closes now, or when the reply that is under way is complete. */
  stop(): void {
    if (["handshake", "idle", "head"].includes(this.#phase)) this.close();
  }

  /** Closes at once, whatever is under way. */
  close(leaving?: "cut"): void {
    if (this.#phase === "closed") return;
    this.#phase = "closed";
    const exchange = this.#exchange;
    this.#exchange = null;
    this.#input.close();
    const closed = this.#socket.close(leaving);
    this.#output.close(() => after(closed, () => this.#home.onReleased(this)));
    after(closed, () => this.#home.onClosed(this));
    exchange?.leave();
  }

  get lateHeads(): LateHeads {
    return this.#home.lateHeads;
  }

  /** What its client proves by a certificate, as of now. */
  certificate(): ClientCertificate | null {
    return this.#socket.certificate?.() ?? null;
  }

  onBytes(): void {
    switch (this.#phase) {
      case "idle":
      case "head":
        return this.#readHead();
      case "exchange":
        return this.#exchange?.onBytes();
      case "lingering":
        return this.#drain();
    }
  }

  /** Half-closed is closed: a client that is still interested keeps its side open. */
  onEnd(): void {
    this.close();
  }

  onWriteFailed(): void {
    this.close();
  }

  keepAlive(): boolean {
    const isRead = this.#exchange?.finishBody() ?? false;
    this.#keepsAlive = isRead && this.#head?.keepsAlive === true && !this.#home.isStopping;
    return this.#keepsAlive;
  }

  onReplied(): void {
    const isRead = this.#exchange?.finishBody() ?? false;
    this.#exchange?.close();
    this.#exchange = null;
    if (!this.#keepsAlive || this.#home.isStopping) {
      return isRead && this.#input.available === 0 ? this.close() : this.#linger();
    }
    this.#phase = "idle";
    this.#sinceMs = this.#home.nowMs;
    this.#input.want(0);
    if (this.#input.available > 0) this.#readHead();
    this.#input.watch();
  }

  onBrokenOff(): void {
    this.#exchange = null;
    this.close("cut");
  }

  #secured(): void {
    if (this.#phase !== "handshake") return;
    this.#phase = "idle";
    this.#spentMs = this.#home.nowMs - this.#sinceMs;
    this.#sinceMs = this.#home.nowMs;
    this.#input.watch();
  }

  #readHead(): void {
    const { bytes, start, end } = this.#input;
    const head = this.#heads.read(bytes, start, end);
    if (head === null) {
      if (this.#phase === "idle") this.#sinceMs = this.#home.nowMs - this.#spentMs;
      this.#phase = "head";
      return this.#input.want(end - start + 1);
    }
    if ("status" in head) return this.#refuse(head.status);
    this.#input.take(start + this.#heads.length);
    this.#heads.reset();
    this.#begin(head);
  }

  #begin(head: RequestHead): void {
    this.#phase = "exchange";
    this.#spentMs = 0;
    this.#head = head;
    const { notes } = this.#heads;
    if (head.bodyBytes === 0) {
      this.#input.wantNothing();
      this.#heads.forget();
    }
    const askForRest = head.expectsContinue && this.#input.available === 0
      ? () => this.#continue()
      : null;
    const body = new Http1Body(this.#input, bodyDecoder(head.bodyBytes), askForRest);
    const reply = new Http1Reply(this.#output, this, head);
    const exchange = new Http1Exchange(head, notes, this, body, reply);
    this.#exchange = exchange;
    this.#home.run(exchange);
  }

  #continue(): void {
    this.#output.write(pack("HTTP/1.1 100 Continue\r\n\r\n", null)).catch(() => {});
  }

  /** A request that never reaches the gate. What follows it cannot be told from its body. */
  #refuse(status: number): void {
    const head = `${replyHead(status, [])}content-length: 0\r\nconnection: close\r\n\r\n`;
    this.#linger(pack(head, null));
  }

  /**
   * Says that nothing more is sent, and reads on for a while: bytes that nobody has read when a
   * socket is closed make the system discard the reply on its way.
   */
  #linger(last: Uint8Array | null = null): void {
    this.#phase = "lingering";
    this.#sinceMs = this.#home.nowMs;
    this.#farewell(last).catch(() => this.close());
    this.#drain();
    this.#input.watch();
  }

  async #farewell(last: Uint8Array | null): Promise<void> {
    if (last !== null) await this.#output.write(last);
    await this.#socket.closeWrite();
  }

  /** Drops what has come, within bounds; what is beyond stays outside until the time is up. */
  #drain(): void {
    if (this.#drained > LINGER_BYTES) return;
    this.#drained += this.#input.available;
    this.#input.take(this.#input.end);
  }
}

/** Now, or when a socket is closed that takes its time. */
function after(closed: void | Promise<void>, then: () => void): void {
  if (closed === undefined) then();
  else closed.then(then);
}
