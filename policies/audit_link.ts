/**
 * The link that ties an audit line to the one before it: how it is written at the end of the line and
 * how it is read there. It is signed with a key, so that who has only the file can forge none. Knows
 * no file, and not which lines should follow each other.
 *
 * A line ends in `,"chain":"RUN.NUMBER.BEFORE.MAC"}`. RUN is one run of the gate under one key,
 * NUMBER counts from 1 on, BEFORE is the MAC of the line before (`-`: there was none; `?`: nobody
 * knows), MAC signs everything in front of it.
 */
import { Buffer } from "node:buffer";
import { createHash, hash, timingSafeEqual } from "node:crypto";

/** What stands at the end of a line. */
export interface Link {
  /** 4 characters that name the key and 6 that no other run has. */
  readonly run: string;
  readonly number: number;
  /** Whether the line is the first of its file. */
  readonly beginsFile: boolean;
  /** Whether the run before ended without saying which line was its last. */
  readonly isUnsure: boolean;
  /** MAC of the line before, {@link NO_LINE} or {@link UNKNOWN_LINE}. */
  readonly before: string;
  readonly mac: string;
}

/** In the place of a MAC: there was no line before. */
export const NO_LINE = "-";

/** In the place of a MAC: whether there was one is not known. */
export const UNKNOWN_LINE = "?";

/** Most characters that a link adds to a line. */
export const LINK_LENGTH = 86;

/** Half of the 256 bits of HMAC-SHA256, as RFC 2104 (section 5) wants it at least; 132 of them. */
const MAC_LENGTH = 22;

/** Of SHA-256, in bytes. */
const BLOCK = 64;
const HASH_BYTES = 32;

const KEY_NAME_LENGTH = 4;
const RUN_LENGTH = 10;

const LINK = /,"chain":"([\w-]{10})\.(\d{1,16})(\^?)(~?)\.([\w-]{22}|[-?])\.([\w-]{22})"\}$/;

/** Room for two MACs that are compared: a long log has millions. */
const EXPECTED = Buffer.alloc(MAC_LENGTH);
const PRESENTED = Buffer.alloc(MAC_LENGTH);

/** Signs links. */
export class ChainKey {
  /** The first characters of each run that is signed with it; tells nothing of the key. */
  readonly name: string;
  readonly #inner: string;
  readonly #outer: Buffer;

  /** @param secret At least 256 bits nobody can guess */
  constructor(secret: Uint8Array) {
    // One block of ASCII: what HMAC makes of it is ASCII, too, and so a text that the hash takes as it is.
    const key = createHash("sha512").update(secret).digest("base64url").slice(0, BLOCK);
    const masked = (mask: number) => Buffer.from(key, "ascii").map((byte) => byte ^ mask);
    this.#inner = Buffer.from(masked(0x36)).toString("latin1");
    this.#outer = Buffer.concat([masked(0x5c), Buffer.alloc(HASH_BYTES)]);
    this.name = this.mac("mcpgate audit chain").slice(0, KEY_NAME_LENGTH);
  }

  /**
   * The MAC of `text`. HMAC as RFC 2104 writes it: two hashes of the one call cost a third of what an
   * object for each line does (`deno task bench`).
   */
  mac(text: string): string {
    this.#outer.write(hash("sha256", this.#inner + text, "hex"), BLOCK, "hex");
    return hash("sha256", this.#outer, "base64url").slice(0, MAC_LENGTH);
  }

  /** Whether `mac` is that of `text`. */
  hasSigned(text: string, mac: string): boolean {
    if (mac.length !== MAC_LENGTH) return false;
    EXPECTED.write(this.mac(text), "latin1");
    PRESENTED.write(mac, "latin1");
    return timingSafeEqual(EXPECTED, PRESENTED);
  }

  /** The run that begins at `nowMs` after the line `before`. */
  runAt(nowMs: number, before: string): string {
    return this.name + this.mac(`run ${nowMs} ${before}`).slice(0, RUN_LENGTH - KEY_NAME_LENGTH);
  }
}

/** The name of the key that signed `run`. */
export function keyNameOf(run: string): string {
  return run.slice(0, KEY_NAME_LENGTH);
}

/** `line`, an object in JSON and a line feed, with `link` at its end; and the MAC that it got. */
export function withLink(line: string, link: Omit<Link, "mac">, key: ChainKey) {
  const marks = (link.beginsFile ? "^" : "") + (link.isUnsure ? "~" : "");
  const signed = `${
    line.slice(0, -"}\n".length)
  },"chain":"${link.run}.${link.number}${marks}.${link.before}.`;
  const mac = key.mac(signed);
  return { line: `${signed}${mac}"}\n`, mac };
}

/** The link at the end of `line`, which has no line feed; null where there is none. */
export function readLink(line: string): Link | null {
  const match = LINK.exec(line.slice(-(LINK_LENGTH + 1)));
  if (match === null) return null;
  const [, run = "", number, begins, unsure, before = "", mac = ""] = match;
  return {
    run,
    number: Number(number),
    beginsFile: begins !== "",
    isUnsure: unsure !== "",
    before,
    mac,
  };
}

/** Whether `key` signed `line`, in which `link` was read. */
export function isSigned(line: string, link: Link, key: ChainKey): boolean {
  return key.hasSigned(line.slice(0, line.length - `${link.mac}"}`.length), link.mac);
}
