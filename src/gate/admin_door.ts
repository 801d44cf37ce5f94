/**
 * Who may look at the operator's listener: whoever reaches it under a name that is this machine's.
 * A page of somebody else's that a browser on this machine shows can make a name of its own point
 * here; it cannot make the name one of these. Judges the head of a request and answers nothing.
 */
import { parseHost, targetPath } from "../mcp/http_grammar.ts";
import type { GateConfig } from "../policy/contract.ts";
import { fieldValues } from "../upstream/upstream.ts";
import { isLoopback } from "./door.ts";
import type { IncomingExchange } from "./incoming.ts";

/** Where a request of the operator's goes. */
export interface AdminTarget {
  /** The raw path, without query. */
  readonly path: string;
}

/** Why it goes nowhere. */
export interface AdminRefusal {
  readonly status: number;
  readonly reason: string;
}

/** The door to the operator's listener. */
export class AdminDoor {
  readonly #isPublic: boolean;
  readonly #hosts: ReadonlySet<string>;

  constructor({ listen, hosts }: NonNullable<GateConfig["admin"]>) {
    this.#isPublic = !isLoopback(listen.hostname);
    this.#hosts = new Set(hosts);
  }

  /** What `incoming` asks for, or why it is refused. */
  check(incoming: IncomingExchange): AdminTarget | AdminRefusal {
    const [host = "", second] = fieldValues(incoming.fields, "host");
    const name = second === undefined ? parseHost(host)?.host : undefined;
    if (name === undefined || !this.#isOurs(name)) {
      return { status: 403, reason: "Host not allowed: name it in admin.hosts" };
    }
    const { method, target } = incoming;
    if (target === null) return { status: 400, reason: "Malformed request target" };
    if (method !== "GET" && method !== "HEAD") {
      return { status: 405, reason: "Nothing can be changed here: use GET" };
    }
    return { path: targetPath(target) };
  }

  #isOurs(host: string): boolean {
    // An address is not looked up, so no name of anybody's hides behind it.
    return isLoopback(host) || this.#hosts.has(host) || (this.#isPublic && isAddress(host));
  }
}

function isAddress(host: string): boolean {
  return host.startsWith("[") || /^\d{1,3}(?:\.\d{1,3}){3}$/.test(host);
}
