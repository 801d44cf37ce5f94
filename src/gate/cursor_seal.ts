/**
 * Seals for cursors: encrypted, not only signed, because the cursors of real servers hold the name
 * of the last tool on a page, which may be a hidden one (PROTOCOL §1.8, row 2). Knows no messages.
 */
import { Buffer } from "node:buffer";
import { createCipheriv, createDecipheriv, createHash } from "node:crypto";

const CIPHER = "aes-256-gcm";
const NONCE_BYTES = 12;
const TAG = { authTagLength: 16 };

/** Longest sealed cursor that is passed on, in characters. */
const MAX_SEALED_LENGTH = 1024;

/** Seals the cursors of one gate secret. */
export class CursorSeal {
  readonly #key: Uint8Array;
  readonly #random: (bytes: number) => Uint8Array;

  /**
   * @param secret Never derived from an API key, whose holder could then open what he may not see
   * @param random For nonces: 96 bits, which no gate draws often enough to meet one twice
   */
  constructor(secret: string | Uint8Array, random: (bytes: number) => Uint8Array) {
    this.#key = createHash("sha256").update("mcpgate cursor seal\0").update(secret).digest();
    this.#random = random;
  }

  /**
   * The sealed form of `cursor`, in base64url, or null where it would be longer than 1 KiB.
   *
   * @param owner The principal's label: a seal survives the rotation of its key
   * @param method The method whose pages it divides
   */
  seal(owner: string, method: string, cursor: string): string | null {
    const nonce = this.#random(NONCE_BYTES);
    const cipher = createCipheriv(CIPHER, this.#key, nonce, TAG);
    cipher.setAAD(use(owner, method));
    const parts = [nonce, cipher.update(cursor, "utf8"), cipher.final(), cipher.getAuthTag()];
    const sealed = Buffer.concat(parts).toString("base64url");
    return sealed.length > MAX_SEALED_LENGTH ? null : sealed;
  }

  /** The cursor in `sealed`, or null where it was not sealed for exactly this use. Total. */
  open(owner: string, method: string, sealed: string): string | null {
    const bytes = Buffer.from(sealed, "base64url");
    // The decoder skips what it does not know: one cursor has one spelling.
    if (bytes.toString("base64url") !== sealed) return null;
    const tagAt = bytes.length - TAG.authTagLength;
    if (tagAt < NONCE_BYTES) return null;
    try {
      const nonce = bytes.subarray(0, NONCE_BYTES);
      const decipher = createDecipheriv(CIPHER, this.#key, nonce, TAG);
      decipher.setAAD(use(owner, method));
      decipher.setAuthTag(bytes.subarray(tagAt));
      const opened = decipher.update(bytes.subarray(NONCE_BYTES, tagAt));
      return Buffer.concat([opened, decipher.final()]).toString("utf8");
    } catch {
      return null;
    }
  }
}

/** Labels hold no NUL, so that nothing can be moved from one part to the other. */
function use(owner: string, method: string): Uint8Array {
  return Buffer.from(`${owner}\0${method}`, "utf8");
}
