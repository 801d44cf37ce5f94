/**
 * TLS to the upstream on a connection that has been made: with the runtime's trust, or with the files
 * that the configuration names; HTTP/1.1 only in either case. Knows no pool and no HTTP.
 */
import { isIP } from "node:net";
import { connect } from "node:tls";
import { SecureSocket } from "../tls/secure_socket.ts";
import { TcpStream } from "../tls/tcp_stream.ts";

/** The texts of the files that `upstream.tls` names, all in PEM. */
export interface UpstreamFiles {
  /** Who vouches for the upstream, in place of the runtime's trust; null: that one. */
  readonly ca: string | null;
  /** What the gate shows of itself where it is asked; null: nothing. */
  readonly cert: string | null;
  readonly key: string | null;
}

/**
 * Makes `connection` secure, which is closed where that fails.
 *
 * @param hostname The name or address that the upstream's certificate has to be for
 * @param files Null: the runtime's trust, and no certificate of one's own
 */
export async function secured(
  connection: Deno.TcpConn,
  hostname: string,
  files: UpstreamFiles | null,
  signal: AbortSignal,
): Promise<Deno.TlsConn | SecureSocket> {
  if (files !== null) return await securedBy(files, connection, hostname, signal);
  const secure = await Deno.startTls(connection, { hostname, alpnProtocols: HTTP_1_1 });
  try {
    await unlessAborted(signal, secure.handshake());
    return secure;
  } catch (error) {
    secure.close();
    throw error;
  }
}

const HTTP_1_1 = ["http/1.1"];

/** The runtime's own TLS adds authorities to those it has, and shows no certificate on a connection. */
async function securedBy(
  { ca, cert, key }: UpstreamFiles,
  connection: Deno.TcpConn,
  hostname: string,
  signal: AbortSignal,
): Promise<SecureSocket> {
  const stream = new TcpStream(connection);
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  stream.onEnd = () => reject(new Deno.errors.UnexpectedEof("it left during the TLS handshake"));
  stream.on("error", reject);
  try {
    const tls = connect({
      socket: stream,
      host: hostname,
      ...(isIP(hostname) === 0 ? { servername: hostname } : {}),
      ...(ca === null ? {} : { ca }),
      ...(cert === null || key === null ? {} : { cert, key }),
      ALPNProtocols: HTTP_1_1,
      minVersion: "TLSv1.2",
      rejectUnauthorized: true,
    });
    tls.on("error", reject);
    tls.on("secureConnect", resolve);
    await unlessAborted(signal, promise);
    if (!tls.authorized) throw new Deno.errors.InvalidData("its certificate is not trusted");
    stream.onEnd = null;
    return new SecureSocket(tls, stream);
  } catch (error) {
    stream.destroy();
    throw error;
  }
}

/** What `work` gives, or the signal's reason as soon as it is aborted. */
export async function unlessAborted<T>(signal: AbortSignal, work: Promise<T>): Promise<T> {
  const { promise: aborted, reject } = Promise.withResolvers<never>();
  const giveUp = () => reject(signal.reason);
  signal.addEventListener("abort", giveUp);
  if (signal.aborted) giveUp();
  try {
    return await Promise.race([work, aborted]);
  } finally {
    signal.removeEventListener("abort", giveUp);
  }
}
