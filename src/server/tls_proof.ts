/**
 * Whether a certificate and its key can be served at all: a handshake with themselves, within the
 * process, through the very code that meets clients. What files claim to be is looked at before; a
 * kind of key that the engine does not know shows here, and not when the first client comes.
 */
import { connect } from "node:tls";
import { certificatesIn } from "../config/pem.ts";
import { TcpStream } from "../tls/tcp_stream.ts";
import type { Tcp } from "../tls/tcp_stream.ts";
import { TlsDoor } from "./tls_door.ts";
import type { TlsFiles } from "./tls_door.ts";

/** Milliseconds that such a handshake may take on a machine that is busy. */
const PATIENCE_MS = 5000;

/** Why `files` cannot be served, in the engine's words; null: they can. */
export async function proveTls(files: TlsFiles): Promise<string | null> {
  if (!canJudge(files)) return `Deno ${Deno.version.deno} cannot: it takes 2.9 or newer`;
  const [ours, theirs] = memoryPair();
  const client = new TcpStream(theirs);
  const { promise: late, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => reject(new Error("no handshake in time")), PATIENCE_MS);
  try {
    const server = new TlsDoor(() => files).secure(ours);
    const tls = connect({ socket: client, ALPNProtocols: ["http/1.1"], rejectUnauthorized: false });
    tls.on("error", reject);
    await Promise.race([server.ready, late]);
    tls.destroy();
    await server.close("cut");
    return null;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  } finally {
    clearTimeout(timer);
    client.destroy();
  }
}

/** Older runtimes have none of what certificates are judged by, and an engine of another kind. */
function canJudge({ cert }: TlsFiles): boolean {
  try {
    for (const certificate of certificatesIn(cert)) certificate.checkIssued(certificate);
    return true;
  } catch (error) {
    return Object(error).code !== "ERR_NOT_IMPLEMENTED";
  }
}

/** Two ends of a connection that is nowhere. */
function memoryPair(): [Tcp, Tcp] {
  const [there, back] = [new TransformStream(), new TransformStream()];
  return [memoryEnd(there.readable, back.writable), memoryEnd(back.readable, there.writable)];
}

function memoryEnd(readable: ReadableStream, writable: WritableStream): Tcp {
  const reader = readable.getReader();
  const writer = writable.getWriter();
  let rest = new Uint8Array(0);
  return {
    async read(into) {
      if (rest.length === 0) {
        const { value, done } = await reader.read();
        if (done) return null;
        rest = value;
      }
      const count = Math.min(into.length, rest.length);
      into.set(rest.subarray(0, count));
      rest = rest.subarray(count);
      return count;
    },
    async write(bytes) {
      await writer.write(bytes.slice());
      return bytes.length;
    },
    close() {
      reader.cancel().catch(() => {});
      writer.close().catch(() => {});
    },
  };
}
