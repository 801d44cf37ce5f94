/**
 * Seals for handles: what the upstream mints (a session id, an event id, the state of a request)
 * leaves the gate with a MAC that ties it to its kind, its owner and its context, because the
 * upstream sees one anonymous caller and cannot tell whose handle it is (PROTOCOL §1.9). Knows
 * nothing of HTTP.
 */
import { Buffer } from "node:buffer";
import { createHash, createHmac, timingSafeEqual } from "node:crypto";

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
  readonly #key: Uint8Array;

  /** @param secret Never derived from an API key, whose holder could then seal for himself. */
  constructor(secret: string | Uint8Array) {
    this.#key = createHash("sha256").update("mcpgate handle seal\0").update(secret).digest();
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
    const presented = Buffer.from(sealed.slice(dot + 1), "utf8");
    const expected = Buffer.from(this.#mac(kind, owner, context, printable), "utf8");
    if (presented.length !== expected.length || !timingSafeEqual(presented, expected)) return null;
    return printable.startsWith("~")
      ? Buffer.from(printable.slice(1), "base64url").toString("utf8")
      : printable;
  }

  #mac(kind: HandleKind, owner: string, context: string, printable: string): string {
    // Kinds, labels and printable forms hold no NUL, so the parts cannot be shifted against each other.
    return createHmac("sha256", this.#key)
      .update(`${kind}\0${owner}\0${context}\0${printable}`)
      .digest("base64url").slice(0, MAC_LENGTH);
  }
}

/** What logs call a session: 12 hex digits of the SHA-256 of the upstream's id. */
export function sessionDigest(session: string): string {
  return createHash("sha256").update(session).digest("hex").slice(0, 12);
}
