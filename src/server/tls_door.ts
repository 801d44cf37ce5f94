/**
 * The listener's side of TLS: what it shows to clients, what it asks of them, and the handshake. TLS
 * 1.2 or newer, HTTP/1.1 and nothing else in ALPN. Counts no connections and knows no deadline: who
 * admits a connection also ends one that takes too long.
 */
import type { X509Certificate } from "node:crypto";
import { AsyncLocalStorage } from "node:async_hooks";
import { createServer } from "node:tls";
import type { Server, TlsOptions, TLSSocket } from "node:tls";
import { certificatesIn } from "../config/pem.ts";
import type { ClientCertificate } from "../gate/incoming.ts";
import { SecureSocket } from "../tls/secure_socket.ts";
import type { Leaving } from "../tls/secure_socket.ts";
import { TcpStream } from "../tls/tcp_stream.ts";
import type { Tcp } from "../tls/tcp_stream.ts";
import { PeerCertificate } from "./client_certificate.ts";

/** The texts of the files that `tls` names, all in PEM. */
export interface TlsFiles {
  /** The listener's certificate, then those between it and the authority. */
  readonly cert: string;
  readonly key: string;
  /** Who vouches for clients' certificates; null: none is asked for. */
  readonly clientCa: string | null;
}

/** Secures connections by the files that are in force. */
export class TlsDoor {
  readonly #files: () => TlsFiles;
  #inForce: TlsFiles | null = null;
  #server: Server | null = null;
  #roots: readonly X509Certificate[] = [];

  /**
   * Throws where the files cannot be read at all.
   *
   * @param files Asked for each connection and each exchange, so that a reload changes them
   */
  constructor(files: () => TlsFiles) {
    this.#files = files;
    this.#follow();
  }

  /** Takes a connection over. What it gives can be closed at once, and used when it is ready. */
  secure(tcp: Tcp): SecuredConnection {
    this.#follow();
    return new SecuredConnection(tcp, this.#server as Server, this);
  }

  /** Who may vouch for clients now; null: nobody is asked for a certificate. */
  get roots(): readonly X509Certificate[] | null {
    this.#follow();
    return this.#inForce?.clientCa == null ? null : this.#roots;
  }

  #follow(): void {
    const files = this.#files();
    if (files === this.#inForce) return;
    const { cert, key, clientCa } = files;
    const isSameCa = clientCa === this.#inForce?.clientCa;
    if (!isSameCa) this.#roots = clientCa === null ? [] : certificatesIn(clientCa);
    const ca = clientCa === null ? {} : { ca: clientCa };
    this.#server = serverOf({
      cert,
      key,
      ...ca,
      ALPNProtocols: ["http/1.1"],
      minVersion: "TLSv1.2",
      requestCert: clientCa !== null,
      // Who has none that is trusted may still have a key.
      rejectUnauthorized: false,
      // Who admits connections ends those that are slow; the engine's own timer outlives failures.
      handshakeTimeout: -1,
    });
    this.#inForce = files;
  }
}

/**
 * Whose bytes the engine is looking at. It tells of a handshake, but not on which of the streams that
 * it was handed; a server for each connection would, and is kept for ever where no handshake comes.
 */
const SPEAKING = new AsyncLocalStorage<Speaking>();

interface Speaking {
  onSecured(tls: TLSSocket): void;
  onRefused(error: Error): void;
}

function serverOf(options: TlsOptions): Server {
  const server = createServer(options);
  server.on("secureConnection", (tls) => {
    const speaking = SPEAKING.getStore();
    // Better no connection than another one's.
    if (speaking === undefined) tls.destroy();
    else speaking.onSecured(tls);
  });
  server.on("tlsClientError", (error) => SPEAKING.getStore()?.onRefused(error));
  return server;
}

/** A client's connection, from before its handshake to its end. */
export class SecuredConnection {
  /** Settles when the handshake is done; rejects where it fails, or the connection ends before. */
  readonly ready: Promise<void>;
  readonly #stream: TcpStream;
  readonly #door: TlsDoor;
  #socket: SecureSocket | null = null;
  #peer: PeerCertificate | null = null;
  #fail: (error: Error) => void;

  constructor(tcp: Tcp, server: Server, door: TlsDoor) {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    this.ready = promise;
    this.#door = door;
    this.#fail = reject;
    const stream = new TcpStream(tcp);
    this.#stream = stream;
    // The engine waits on where a client leaves in the middle of a handshake.
    stream.onEnd = () => this.#refuse(new Deno.errors.UnexpectedEof("Client left"));
    // A failing connection reaches whoever secures it, too.
    stream.on("error", reject);
    const speaking: Speaking = {
      onSecured: (tls) => {
        stream.onEnd = stream.within = null;
        this.#secured(tls, resolve);
      },
      onRefused: (error) => this.#refuse(error),
    };
    stream.within = (work) => SPEAKING.run(speaking, work);
    SPEAKING.run(speaking, () => void server.emit("connection", stream));
  }

  /** See {@link SecureSocket.read}. To be called when it is ready, like the next two. */
  read(into: Uint8Array): Promise<number | null> {
    return (this.#socket as SecureSocket).read(into);
  }

  /** See {@link SecureSocket.write}. */
  write(bytes: Uint8Array): Promise<number> {
    return (this.#socket as SecureSocket).write(bytes);
  }

  /** See {@link SecureSocket.closeWrite}. */
  closeWrite(): Promise<void> {
    return (this.#socket as SecureSocket).closeWrite();
  }

  /** Ends it; settles when the system has the socket back. */
  async close(leaving: Leaving = "whole"): Promise<void> {
    if (this.#socket === null) return this.#refuse(new Deno.errors.Interrupted("Given up"));
    await this.#socket.close(leaving);
  }

  /** What the client has proved by a certificate, as of now; null: it has sent none. */
  certificate(): ClientCertificate | null {
    if (this.#peer === null) return null;
    const fault = this.#peer.fault(this.#door.roots ?? [], Date.now());
    return { fingerprint: this.#peer.fingerprint, fault };
  }

  #secured(tls: TLSSocket, resolve: () => void): void {
    const socket = new SecureSocket(tls, this.#stream);
    try {
      const chain = this.#door.roots === null ? [] : socket.peerChain();
      if (chain.length > 0) this.#peer = new PeerCertificate(chain, socket.distrust === null);
    } catch {
      // One that cannot be read is none.
      this.#peer = null;
    }
    this.#socket = socket;
    resolve();
  }

  #refuse(error: Error): void {
    this.#fail(error);
    this.#stream.destroy();
  }
}
