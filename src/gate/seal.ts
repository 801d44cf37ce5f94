/**
 * Seals for handles: what the upstream mints (a session id, an event id, the state of a request)
 * leaves the gate with a MAC that ties it to its kind, its owner and its context, because the
 * upstream sees one anonymous caller and cannot tell whose handle it is (PROTOCOL §1.9). Knows
 * nothing of HTTP.
 */
import { Buffer } from "node:buffer";
import { createHash, hash, timingSafeEqual } from "node:crypto";
import { base64urlOfHex, Hmac } from "./hmac.ts";

/** What a sealed value is; a seal of one kind never opens as another. */
export type HandleKind = "session" | "event" | "stream" | "state";

/**
 * Longest sealed value that is passed on, in characters: what travels in a field, and a state, which
 * travels in a body and may be all that a stateless server knows of a call.
 */
const MAX_SEALED_LENGTH: Readonly<Record<HandleKind, number>> = {
  session: 1024,
  event: 1024,
  stream: 1024,
  state: 8192,
};

/** Length of the MAC in base64url: 22 characters hold 132 of its bits. */
const MAC_LENGTH = 22;

/** Seals handles for one gate secret. */
export class Sealer {
  readonly #hmac: Hmac;

  /** @param secret Never derived from an API key, whose holder could then seal for himself. */
  constructor(secret: string | Uint8Array) {
    this.#hmac = new Hmac(
      createHash("sha256").update("mcpgate handle seal\0").update(secret).digest(),
    );
  }

  /**
   * The printable form of `value` for its owner, or null where it would be too long.
   *
   * @param owner The principal's label: a seal survives the rotation of its key
   * @param context What else must be the same when it is presented, for instance the session
   */
  seal(kind: HandleKind, owner: string, context: string, value: string): string | null {
    // Not a comma: a header with one reads like two values, and the door would refuse it.
    const printable = /^[\x21-\x2b\x2d-\x7e]+$/.test(value) && !value.startsWith("~")
      ? value
      : `~${Buffer.from(value, "utf8").toString("base64url")}`;
    const sealed = `${printable}.${this.#mac(kind, owner, context, printable)}`;
    return sealed.length > MAX_SEALED_LENGTH[kind] ? null : sealed;
  }

  /** The value in `sealed`, or null where it was not sealed for exactly this use. Total. */
  open(kind: HandleKind, owner: string, context: string, sealed: string): string | null {
    if (sealed.length > MAX_SEALED_LENGTH[kind]) return null;
    const dot = sealed.length - MAC_LENGTH - 1;
    if (dot < 1 || sealed[dot] !== ".") return null;
    const printable = sealed.slice(0, dot);
    const expected = this.#mac(kind, owner, context, printable);
    if (!isSame(sealed.slice(dot + 1), expected)) return null;
    return printable.startsWith("~")
      ? Buffer.from(printable.slice(1), "base64url").toString("utf8")
      : printable;
  }

  #mac(kind: HandleKind, owner: string, context: string, printable: string): string {
    // Kinds, labels and printable forms hold no NUL, so the parts cannot be shifted against each other.
    const code = this.#hmac.hex(`${kind}\0${owner}\0${context}\0${printable}`);
    return base64urlOfHex(code, MAC_LENGTH);
  }
}

/** Compares in a time that says nothing of where they differ. Both are {@link MAC_LENGTH} long. */
function isSame(presented: string, expected: string): boolean {
  for (let at = 0; at < MAC_LENGTH; at++) {
    const code = presented.charCodeAt(at);
    // Half of it would be lost, and what differs only there would be the same.
    if (code > 0xff) return false;
    left[at] = code;
    right[at] = expected.charCodeAt(at);
  }
  return timingSafeEqual(left, right);
}

const left = new Uint8Array(MAC_LENGTH);
const right = new Uint8Array(MAC_LENGTH);

/** What logs call a session: 12 hex digits of the SHA-256 of the upstream's id. */
export function sessionDigest(session: string): string {
  return hash("sha256", session, "hex").slice(0, 12);
}
