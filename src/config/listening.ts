/**
 * Where the gate of a configuration listens, read for its sake alone: the rest of the file may be
 * wrong, as it may be while a gate serves what was right before.
 */
import { parseHost, parseListen } from "./address.ts";
import { parseText, valueAt } from "./document.ts";
import { configSchema } from "./schema.ts";

/** Where to ask, and for whom. */
export interface Listening {
  /** Without brackets; a loopback address where the gate listens on all interfaces. */
  readonly hostname: string;
  readonly port: number;
  /** A Host name that the gate answers to, in brackets where it is an IPv6 address. */
  readonly host: string;
  /** Whether it speaks TLS. */
  readonly secure: boolean;
}

/** What is listened on where nothing else is said. */
const DEFAULT = configSchema.shape.listen.parse(undefined);

/** Where the gate of the configuration `text` listens; what cannot be read counts as not said. */
export function listeningOf(text: string): Listening {
  const { value } = parseText(text);
  const { hostname, port } = read(valueAt(value, ["listen"]), parseListen) ?? DEFAULT;
  const at = hostname === "0.0.0.0" ? "127.0.0.1" : hostname === "::" ? "::1" : hostname;
  const host = read(valueAt(value, ["hosts", 0]), parseHost) ?? (at.includes(":") ? `[${at}]` : at);
  const tls = valueAt(value, ["tls"]);
  return { hostname: at, port, host, secure: typeof tls === "object" && tls !== null };
}

function read<T>(value: unknown, parse: (text: string) => T | null): T | null {
  return typeof value === "string" ? parse(value) : null;
}
