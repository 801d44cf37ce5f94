/**
 * The gate's own checks of a request head, in the order of PROTOCOL §4.4: Host, path, method and
 * Origin before anybody is asked who he is, policy headers after. Sees no body and asks no policy.
 */
import {
  isHandle,
  isJsonContentType,
  isPlainEncoding,
  isProtocolVersion,
  parseHost,
  targetPath,
} from "../mcp/http_grammar.ts";
import type { GateConfig } from "../policy/contract.ts";
import { httpMethods } from "./denial.ts";
import type { Denial, DoorKind } from "./denial.ts";
import type { IncomingExchange } from "./incoming.ts";
import { fieldValues } from "../upstream/upstream.ts";

/** What a configuration lets in, worked out once for each generation. */
export class Door {
  readonly #path: string;
  readonly #hosts: ReadonlySet<string> | null;
  readonly #origins: ReadonlySet<string>;
  readonly #loopback: boolean;
  readonly #methods: readonly string[];

  constructor(config: GateConfig) {
    this.#path = config.path;
    this.#methods = httpMethods(config);
    this.#loopback = isLoopback(config.listen.hostname);
    this.#hosts = config.hosts.length > 0 ? new Set(config.hosts) : null;
    this.#origins = new Set(config.origins);
  }

  /** Step 1: the Host header, by grammar and by name. Null: it may pass. */
  checkHost(incoming: Pick<IncomingExchange, "fields">): Denial | null {
    const hosts = fieldValues(incoming.fields, "host");
    const name = hosts.length === 1 ? parseHost(hosts[0] ?? "") : null;
    if (name === null) return refuse("host", "Host not allowed");
    const { host, port } = name;
    const isAllowed = this.#hosts === null
      ? !this.#loopback || isLoopback(host)
      : this.#hosts.has(host) || this.#hosts.has(`${host}:${port}`);
    return isAllowed ? null : refuse("host", "Host not allowed");
  }

  /** Steps 2, 4 and 5: path, HTTP method, Origin. Null: it may pass. */
  check(incoming: IncomingExchange): Denial | null {
    if (incoming.target === null) return refuse("bad_target", "Malformed request target");
    if (targetPath(incoming.target) !== this.#path) {
      return refuse("not_found", "No MCP endpoint at this path");
    }
    const { method } = incoming;
    const origin = fieldValues(incoming.fields, "origin");
    if (method === "OPTIONS" ? origin.length === 0 : !this.#methods.includes(method)) {
      const others = this.#methods.slice(0, -1).join(", ");
      return refuse("http_method", `Use ${others} or ${this.#methods.at(-1)}`);
    }
    return origin.length === 0 || this.allowedOrigin(incoming) !== null
      ? null
      : refuse("origin", "Origin not allowed");
  }

  /** The request's Origin where it is a permitted one, else null. */
  allowedOrigin(incoming: IncomingExchange): string | null {
    const [origin, second] = fieldValues(incoming.fields, "origin");
    if (origin === undefined || second !== undefined) return null;
    if (this.#origins.has(origin)) return origin;
    return this.#loopback && LOOPBACK_ORIGIN.test(origin) ? origin : null;
  }
}

/** Step 8: the headers that policies and the forwarding rely on. Null: they may pass. */
export function checkHeaders(
  incoming: Pick<IncomingExchange, "method" | "fields">,
  config: GateConfig,
): Denial | null {
  const { headerValueBytes, mcpParams } = config.limits;
  let params = 0;
  for (const [name, value] of incoming.fields) {
    if (value.length > headerValueBytes && name.startsWith("mcp-")) {
      return refuse("bad_header", "Header too long");
    }
    if (name.startsWith("mcp-param-") && ++params > mcpParams) {
      return refuse("bad_header", "Too many Mcp-Param headers");
    }
  }
  for (const [name, isSound] of SINGLE_VALUED) {
    const values = fieldValues(incoming.fields, name);
    if (values.length > 1 || (values[0] !== undefined && !isSound(values[0]))) {
      return refuse("bad_header", `Malformed or repeated header: ${name}`);
    }
  }
  if (incoming.method !== "POST") return null;
  const types = fieldValues(incoming.fields, "content-type");
  if (types.length !== 1 || types[0] === undefined || !isJsonContentType(types[0])) {
    return refuse("content_type", "Content-Type must be application/json");
  }
  if (!fieldValues(incoming.fields, "content-encoding").every(isPlainEncoding)) {
    return refuse("content_type", "Content-Encoding is not accepted");
  }
  return null;
}

/** A refusal of the door's. */
export function refuse(kind: DoorKind, reason: string, detail?: string): Denial {
  return { kind, stage: "door", reason, detail };
}

/** Whether `name` names this machine only: a listener there trusts browsers' loopback origins. */
export function isLoopback(name: string): boolean {
  return /^(?:localhost|127(?:\.\d{1,3}){3}|\[::1\]|::1)$/.test(name);
}

/** A comma in one of these would be a second value joined to the first by the runtime. */
const SINGLE_VALUED: readonly (readonly [name: string, isSound: (value: string) => boolean])[] = [
  ["mcp-session-id", isSingleVisible],
  ["mcp-protocol-version", (value) => isProtocolVersion(value) && !value.includes(",")],
  ["last-event-id", isSingleVisible],
  ["mcp-method", () => true],
  ["mcp-name", () => true],
];

function isSingleVisible(value: string): boolean {
  return isHandle(value) && !value.includes(",");
}

const LOOPBACK_ORIGIN = /^http:\/\/(?:localhost|127\.0\.0\.1|\[::1\])(?::\d{1,5})?$/;
