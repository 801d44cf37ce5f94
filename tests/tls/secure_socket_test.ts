/** TLS over a connection that is nowhere: what is held, what waits, and how it ends. */
import assert from "node:assert/strict";
import { connect, type TLSSocket } from "node:tls";
import { type SecuredConnection, TlsDoor } from "../../src/server/tls_door.ts";
import { type Tcp, TcpStream } from "../../src/tls/tcp_stream.ts";
import { inTime } from "../support/eventually.ts";
import { CA, FILES } from "../server/listener_fixture.ts";

/** One direction without an end: takes everything at once, gives what is asked for. */
class Pipe {
  /** How many bytes were asked for and given. */
  given = 0;
  readonly #pieces: Uint8Array[] = [];
  #told: () => void = () => {};
  #isClosed = false;

  async read(into: Uint8Array): Promise<number | null> {
    while (this.#pieces.length === 0) {
      if (this.#isClosed) return null;
      await new Promise<void>((resolve) => this.#told = resolve);
    }
    const piece = this.#pieces.shift() as Uint8Array;
    const count = Math.min(into.length, piece.length);
    into.set(piece.subarray(0, count));
    if (count < piece.length) this.#pieces.unshift(piece.subarray(count));
    this.given += count;
    return count;
  }

  write(bytes: Uint8Array): Promise<number> {
    this.#pieces.push(bytes.slice());
    this.#told();
    return Promise.resolve(bytes.length);
  }

  close(): void {
    this.#isClosed = true;
    this.#told();
  }
}

function endOf(input: Pipe, output: Pipe): Tcp {
  const close = () => {
    input.close();
    output.close();
  };
  return { read: (into) => input.read(into), write: (bytes) => output.write(bytes), close };
}

/** Runs `test` with both ends of a connection whose handshake is done. */
async function secured(
  test: (server: SecuredConnection, client: TLSSocket, up: Pipe) => Promise<void>,
): Promise<void> {
  const [up, down] = [new Pipe(), new Pipe()];
  const server = new TlsDoor(() => FILES).secure(endOf(up, down));
  const stream = new TcpStream(endOf(down, up));
  const client = connect({ socket: stream, ca: CA, servername: "localhost" });
  client.on("error", () => {});
  await inTime("the handshake", server.ready);
  try {
    await test(server, client, up);
  } finally {
    await inTime("the close", server.close("cut"));
    client.destroy();
    stream.destroy();
  }
}

const MIB = 1024 * 1024;

Deno.test("what nobody reads waits outside, and comes whole when it is read", async () => {
  await secured(async (server, client, up) => {
    const sent = new Uint8Array(4 * MIB).map((_, at) => at * 31);
    client.write(sent);
    const before = up.given;
    for (let turn = 0; turn < 300; turn++) await new Promise((resolve) => setTimeout(resolve, 0));
    assert.ok(up.given - before < MIB / 4, `${up.given - before} bytes were taken in`);
    const room = new Uint8Array(1000);
    for (let at = 0; at < sent.length;) {
      const count = await inTime("more", server.read(room)) ?? 0;
      assert.ok(count > 0);
      assert.deepEqual(room.subarray(0, count), sent.subarray(at, at + count));
      at += count;
    }
  });
});

Deno.test("a read that waits ends with the connection, however that ends", async () => {
  for (const end of ["end", "destroy", "close"] as const) {
    await secured(async (server, client) => {
      const read = server.read(new Uint8Array(10));
      if (end === "close") server.close();
      else if (end === "end") client.end();
      else client.destroy();
      assert.equal(await inTime("the end", read), null);
      assert.equal(await server.read(new Uint8Array(10)), null);
    });
  }
});

Deno.test("a write to a connection that is closed fails", async () => {
  await secured(async (server) => {
    await inTime("the close", server.close());
    await assert.rejects(inTime("the write", server.write(new Uint8Array(10))));
  });
});
