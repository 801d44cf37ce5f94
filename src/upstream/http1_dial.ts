/**
 * Makes connections: a name's addresses one after the other, each next one as soon as the one before
 * fails or lets wait, the first that answers; then TLS where it is asked for. Knows no
 * pool and no HTTP.
 */
import { lookup } from "node:dns/promises";
import { isIP } from "node:net";
import type { Socket } from "./http1_connection.ts";
import { secured, unlessAborted, type UpstreamFiles } from "./http1_secure.ts";

/** How long one address may let wait before the next is tried beside it (RFC 8305). */
const HEAD_START_MS = 250;

/** Where a connection goes. */
export interface Origin {
  readonly isSecure: boolean;
  /** A name or an address, the latter without brackets. */
  readonly hostname: string;
  readonly port: number;
}

/** The addresses of a name, in the order in which they are to be tried. */
export type Resolve = (hostname: string) => Promise<readonly string[]>;

/** The origin of an http or https URL. */
export function originOf(url: URL): Origin {
  const isSecure = url.protocol === "https:";
  return {
    isSecure,
    hostname: url.hostname.replace(/^\[(.*)\]$/, "$1"),
    port: Number(url.port || (isSecure ? 443 : 80)),
  };
}

/**
 * A connection to `origin`. Rejects with what the system says, or with the signal's reason.
 *
 * @param files What TLS goes by, where it is no longer the runtime's trust alone
 */
export async function dial(
  origin: Origin,
  signal: AbortSignal,
  resolve: Resolve = addressesOf,
  files: UpstreamFiles | null = null,
): Promise<Socket> {
  const { isSecure, hostname, port } = origin;
  const addresses = isIP(hostname) !== 0
    ? [hostname]
    : await unlessAborted(signal, resolve(hostname));
  const connection = await firstOf(addresses, port, signal);
  connection.setNoDelay(true);
  connection.setKeepAlive(true);
  return isSecure ? await secured(connection, hostname, files, signal) : connection;
}

/** What the system says of a name. */
export async function addressesOf(hostname: string): Promise<readonly string[]> {
  const found = await lookup(hostname, { all: true, order: "verbatim" });
  return found.map(({ address }) => address);
}

/** The first of `addresses` that takes a connection; the attempts at the others are given up. */
async function firstOf(
  addresses: readonly string[],
  port: number,
  signal: AbortSignal,
): Promise<Deno.TcpConn> {
  const { promise, resolve, reject } = Promise.withResolvers<Deno.TcpConn>();
  const attempts: AbortController[] = [];
  let timer: ReturnType<typeof setTimeout> | undefined;
  let failed = 0;
  let firstError: unknown;
  const tryNext = () => {
    clearTimeout(timer);
    const hostname = addresses[attempts.length];
    if (hostname === undefined) return;
    const attempt = new AbortController();
    attempts.push(attempt);
    timer = setTimeout(tryNext, HEAD_START_MS);
    Deno.connect({ hostname, port, signal: attempt.signal }).then((connection) => {
      if (attempt.signal.aborted) return connection.close();
      for (const other of attempts) if (other !== attempt) other.abort();
      resolve(connection);
    }, (error) => {
      firstError ??= error;
      if (++failed === addresses.length) reject(firstError);
      else if (!attempt.signal.aborted) tryNext();
    });
  };
  const giveUp = () => {
    for (const attempt of attempts) attempt.abort();
    reject(signal.reason);
  };
  if (addresses.length === 0) throw new Deno.errors.NotFound("the name has no address");
  if (signal.aborted) throw signal.reason;
  signal.addEventListener("abort", giveUp);
  tryNext();
  try {
    return await promise;
  } finally {
    clearTimeout(timer);
    signal.removeEventListener("abort", giveUp);
  }
}
