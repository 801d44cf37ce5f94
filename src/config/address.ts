/**
 * Addresses as the configuration writes them: where to listen, which hosts and origins to accept,
 * which proxies to believe, where the upstream is. Opens no connection and resolves no name.
 */
import { isIPv4, isIPv6 } from "node:net";

const NAME =
  /^(?=.{1,253}$)[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?(?:\.[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?)*$/;

/** How {@link parseListen} has it written, the host's own form aside. */
export const LISTEN = /^(.*):(\d{1,5})$/;

/** How {@link parsePath} has it written, the paths that are refused aside. */
export const PATH = /^\/(?:[\w~!$&'()*+,=@.-]+(?:\/[\w~!$&'()*+,=@.-]+)*)?$/;

/** One address and port; hostname without brackets. `:8080` means all interfaces (IPv4). */
export function parseListen(text: string): { hostname: string; port: number } | null {
  const match = LISTEN.exec(text);
  const port = Number(match?.[2] ?? NaN);
  if (match === null || port > 65535) return null;
  const hostname = match[1] === "" ? "0.0.0.0" : parseHost(match[1]!);
  return hostname === null ? null : { hostname: hostname.replace(/^\[|\]$/g, ""), port };
}

/** A Host name without port, lower-case: a name, an IPv4 address or `[an IPv6 address]`. */
export function parseHost(text: string): string | null {
  const bracketed = /^\[(.+)\]$/.exec(text)?.[1];
  if (bracketed !== undefined) return isPlainIPv6(bracketed) ? text.toLowerCase() : null;
  if (/^[\d.]+$/.test(text)) return isIPv4(text) ? text : null;
  return NAME.test(text) ? text.toLowerCase() : null;
}

/**
 * A browser's origin as it appears in the Origin header (RFC 6454 section 6.2). Other schemes than
 * http are for clients inside editors and extensions.
 */
export function parseOrigin(text: string): string | null {
  const match = /^([a-z][a-z0-9+.-]*):\/\/([^/?#@*]+)$/.exec(text.toLowerCase());
  if (match === null || !URL.canParse(text)) return null;
  if (match[1] === "http" || match[1] === "https") {
    return new URL(text).origin === text.toLowerCase() ? text.toLowerCase() : null;
  }
  return /^[a-z0-9._-]+(?::\d{1,5})?$/.test(match[2]!) ? text.toLowerCase() : null;
}

/** An address or a CIDR, always as a CIDR: `10.0.0.1` is `10.0.0.1/32`. */
export function parseNetwork(text: string): string | null {
  const match = /^([^/]+)(?:\/(\d{1,3}))?$/.exec(text);
  if (match === null) return null;
  const address = match[1]!.toLowerCase();
  const bits = isIPv4(address) ? 32 : isPlainIPv6(address) ? 128 : -1;
  const prefix = match[2] === undefined ? bits : Number(match[2]);
  return bits < 0 || prefix > bits ? null : `${address}/${prefix}`;
}

/**
 * The upstream's URL: http or https, without credentials, query or fragment, since those belong in
 * `upstream.headers` or would be the client's.
 */
export function parseUpstreamUrl(text: string): string | null {
  if (!/^https?:\/\/[^\s?#@\\]+$/i.test(text) || !URL.canParse(text)) return null;
  return new URL(text).href;
}

/**
 * The path served. It is compared byte for byte, so it holds nothing that anybody might normalise,
 * and it is none of the gate's own.
 */
export function parsePath(text: string): string | null {
  if (!PATH.test(text)) return null;
  if (text.split("/").some((segment) => segment === "." || segment === "..")) return null;
  return /^\/(?:healthz|readyz|register|token|authorize|\.well-known)(?:\/|$)/.test(text)
    ? null
    : text;
}

/** Without a zone: `fe80::1%eth0` means another thing on every machine. */
function isPlainIPv6(text: string): boolean {
  return isIPv6(text) && !text.includes("%");
}
