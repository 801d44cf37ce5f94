/**
 * Asks a gate whether it lives, as a monitor does: one `GET /healthz`, directly and through no proxy.
 */
import { request as plainRequest } from "node:http";
import { request as tlsRequest } from "node:https";

/** Whom to ask, and how. */
export interface LivenessQuestion {
  readonly secure: boolean;
  /** Name or address to connect to, without brackets. */
  readonly hostname: string;
  readonly port: number;
  /** The Host to ask for. */
  readonly host: string;
  /**
   * Whether the certificate has to be good for that host. False asks whoever has the port, which is
   * enough for one's own machine: nothing is told to it.
   */
  readonly verify: boolean;
}

/** How long an answer may take. */
const PATIENCE_MS = 5000;

/** The status of the answer. Rejects where there is none. */
export function askLiveness(question: LivenessQuestion): Promise<number> {
  const { secure, hostname, port, host, verify } = question;
  const answered = Promise.withResolvers<number>();
  const asked = (secure ? tlsRequest : plainRequest)({
    hostname,
    port,
    path: "/healthz",
    headers: { host },
    agent: false,
    signal: AbortSignal.timeout(PATIENCE_MS),
    ...(secure && { rejectUnauthorized: verify, servername: host.replace(/:\d+$/, "") }),
  }, (reply) => {
    reply.resume();
    reply.on("end", () => answered.resolve(reply.statusCode ?? 0));
    reply.on("error", answered.reject);
  });
  asked.on("error", answered.reject);
  asked.end();
  return answered.promise;
}
