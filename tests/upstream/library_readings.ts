/**
 * One reply as the two library clients read it, undici and `node:http`, over real sockets. They are
 * asked for everything that they report, and judge nothing here.
 */
import { Agent, request as ask } from "node:http";
import { connect } from "node:net";
import { Client } from "undici";
import { joined, type RawFields } from "../support/http_reader.ts";
import { latin1 } from "./memory_socket.ts";

/** What a library makes of a reply; null where it fails, however far it came. */
export interface LibraryReading {
  readonly status: number;
  readonly fields: RawFields;
  /** One character a byte. */
  readonly body: string;
}

/** The reading of undici, of whatever `port` answers. */
export async function readByUndici(port: number): Promise<LibraryReading | null> {
  const client = new Client(`http://127.0.0.1:${port}`, {
    maxHeaderSize: 64 * 1024,
    // Times of a second and more, and its own connector, start a clock that outlives the connection.
    headersTimeout: 0,
    bodyTimeout: 0,
    keepAliveTimeout: 500,
    keepAliveMaxTimeout: 500,
    connect: (_options, callback) => {
      const socket = connect({ host: "127.0.0.1", port });
      socket.once("connect", () => callback(null, socket));
      socket.on("error", (error: Error) => callback(error, null));
    },
  });
  try {
    const { promise, resolve, reject } = Promise.withResolvers<LibraryReading>();
    let status = 0;
    let fields: RawFields = [];
    const body: Uint8Array[] = [];
    client.dispatch({ method: "POST", path: "/", body: "x" }, {
      onRequestStart() {},
      onResponseStart(controller, code) {
        if (code < 200) return;
        status = code;
        fields = pairs((controller.rawHeaders ?? []) as readonly (Uint8Array | string)[]);
      },
      onResponseData(_controller, chunk) {
        body.push(new Uint8Array(chunk));
      },
      onResponseEnd() {
        resolve({ status, fields, body: latin1(joined(body)) });
      },
      onResponseError(_controller, error) {
        reject(error);
      },
    });
    return await promise;
  } catch {
    return null;
  } finally {
    await client.destroy();
  }
}

/** The reading of `node:http`. */
export async function readByNode(port: number): Promise<LibraryReading | null> {
  const agent = new Agent({ keepAlive: false });
  const { promise, resolve, reject } = Promise.withResolvers<LibraryReading>();
  const options = { host: "127.0.0.1", port, method: "POST", agent, maxHeaderSize: 64 * 1024 };
  const request = ask(options, (reply) => {
    const body: Uint8Array[] = [];
    reply.on("data", (chunk: Uint8Array) => body.push(new Uint8Array(chunk)));
    reply.on("error", reject);
    reply.on("aborted", () => reject(new Error("aborted")));
    reply.on("end", () => {
      if (!reply.complete) return reject(new Error("incomplete"));
      const fields = pairs(reply.rawHeaders);
      resolve({ status: reply.statusCode ?? 0, fields, body: latin1(joined(body)) });
    });
  });
  request.on("error", reject);
  request.on("upgrade", (_reply, socket) => {
    socket.destroy();
    reject(new Error("upgraded"));
  });
  request.end("x");
  try {
    return await promise;
  } catch {
    return null;
  } finally {
    agent.destroy();
    request.destroy();
  }
}

/** Names in lower case and trimmed values from a flat list. */
function pairs(flat: readonly (Uint8Array | string)[]): RawFields {
  const text = (part: Uint8Array | string | undefined) =>
    part === undefined || typeof part === "string" ? part ?? "" : latin1(part);
  const fields: [string, string][] = [];
  for (let i = 0; i + 1 < flat.length; i += 2) {
    fields.push([text(flat[i]).toLowerCase(), text(flat[i + 1]).replace(/^[ \t]+|[ \t]+$/g, "")]);
  }
  return fields;
}
