/**
 * Opens connections for undici: TCP or TLS, HTTP/1.1 only, given up after a time. undici's own
 * connector would do but for its clock, which ticks in half seconds and outlives the connection.
 */
import { connect as connectTcp } from "node:net";
import { connect as connectTls } from "node:tls";
import type { buildConnector } from "undici";

/** The connector that gives an attempt up after `timeoutMs`. */
export function connector(timeoutMs: number): buildConnector.connector {
  return ({ protocol, hostname, port, servername }, callback) => {
    const secure = protocol === "https:";
    const socket = secure
      ? connectTls({
        host: hostname,
        port: Number(port || 443),
        // A name for the certificate (SNI) is a name: an address is checked without.
        ...(servername ? { servername } : {}),
        ALPNProtocols: ["http/1.1"],
      })
      : connectTcp({ host: hostname, port: Number(port || 80) });
    const timer = setTimeout(
      () => socket.destroy(new Error(`no connection within ${timeoutMs} ms`)),
      timeoutMs,
    );
    let isSettled = false;
    const settle = (report: () => void) => {
      clearTimeout(timer);
      if (!isSettled) report();
      isSettled = true;
    };
    socket.setNoDelay(true);
    socket.setKeepAlive(true, 60_000);
    socket.once(secure ? "secureConnect" : "connect", () => settle(() => callback(null, socket)));
    socket.on("error", (error: Error) => settle(() => callback(error, null)));
  };
}
