/**
 * What in certificates and their files is allowed but hardly meant: dates, names, who may read a key.
 * Each a sentence with, after a colon, what to do. Reads no file but for its mode.
 */
import { checkServerIdentity } from "node:tls";
import type { Config } from "../config/config.ts";
import { certificatesIn } from "../config/pem.ts";

const DAY_MS = 24 * 60 * 60 * 1000;
const EXPIRY_NOTICE_DAYS = 14;
const READABLE_BY_OTHERS = 0o004;

/** What is to be said of the certificates' dates at `nowMs`. */
export function dateDoubts({ tls, upstream, secrets }: Config, nowMs: number): string[] {
  const shown = [
    [tls?.cert, secrets.tls?.cert, "renew it and send SIGHUP"],
    [tls?.clientCa, secrets.tls?.clientCa, "ask who vouches for clients for a newer one"],
    [upstream.tls?.ca, secrets.upstreamTls?.ca, "ask who vouches for the upstream for a newer one"],
    [upstream.tls?.cert, secrets.upstreamTls?.cert, "renew it and send SIGHUP"],
  ] as const;
  return shown.flatMap(([path, pem, advice]) =>
    certificatesIn(pem ?? "").flatMap(({ validFromDate, validToDate }, index) => {
      const which = index === 0 ? path : `${path} (certificate ${index + 1})`;
      const left = validToDate.getTime() - nowMs;
      if (left <= 0) return [`${which} has expired, on ${day(validToDate)}: ${advice}`];
      if (validFromDate.getTime() > nowMs) {
        return [`${which} is not valid before ${day(validFromDate)}: look at the clock`];
      }
      if (left >= EXPIRY_NOTICE_DAYS * DAY_MS) return [];
      return [`${which} expires on ${day(validToDate)}: ${advice}`];
    })
  );
}

/** The same, and what is to be said of names and files. `modeOf` tells permission bits, or null. */
export function tlsDoubts(
  config: Config,
  nowMs: number,
  modeOf: (path: string) => number | null,
): string[] {
  const { tls, upstream, keys, hosts, secrets } = config;
  const [own] = certificatesIn(secrets.tls?.cert ?? "");
  const found = dateDoubts(config, nowMs);
  for (const path of [tls?.key, upstream.tls?.key]) {
    if (path == null || ((modeOf(path) ?? 0) & READABLE_BY_OTHERS) === 0) continue;
    found.push(`${path} can be read by everybody on this machine: chmod o-r ${path}`);
  }
  const foreign = own === undefined ? [] : hosts.filter((host) => !isFor(own, host));
  if (foreign.length > 0) {
    found.push(
      `the certificate is not for ${
        foreign.join(", ")
      }, which hosts names: clients refuse it there`,
    );
  }
  if (tls !== null && tls.clientCa !== null && keys.every((key) => key.certificates.length === 0)) {
    found.push(
      "clients are asked for certificates, but no key names one: " +
        "certificates in keys, or take client_ca out of tls",
    );
  }
  return found;
}

function isFor(certificate: ReturnType<typeof certificatesIn>[number], host: string): boolean {
  const address = host.replace(/^\[(.*)\]$/, "$1");
  return checkServerIdentity(address, certificate.toLegacyObject()) === undefined;
}

function day(date: Date): string {
  return date.toISOString().slice(0, 10);
}
