/**
 * Reads what a client sent so strictly that every JSON parser we know reads the same: the bytes may
 * then be forwarded as they are (PROTOCOL 4.2, steps 2 to 4). What the document means is not its
 * business: see `envelope.ts`.
 */
import { Buffer } from "node:buffer";
import type { Json } from "./json.ts";
import { type JsonLimits, type ScanFault, scanJson } from "./json_scan.ts";
import { invalid, NOT_JSON, type Refusal } from "./refusal.ts";

export type { JsonLimits };

/** A document that has one meaning. */
export interface StrictDocument {
  readonly refused?: never;
  /** The text that was sent. */
  readonly text: string;
  readonly value: Json;
}

// `ignoreBOM: true` keeps the BOM in the text, where it is seen and refused: parsers differ on it.
const UTF_8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
const BOM = 0xfeff;

const FAULTS: Readonly<Record<ScanFault, Refusal>> = Object.freeze({
  duplicate: invalid("duplicate member"),
  depth: invalid("nested too deep"),
  members: invalid("too many members"),
  unreadable: NOT_JSON,
});

/**
 * Reads `bytes` as one JSON document in UTF-8 without BOM, without duplicate members anywhere and
 * within `limits`. Total: it answers, it never throws.
 */
export function readStrict(bytes: Uint8Array, limits: JsonLimits): StrictDocument | Refusal {
  let text;
  try {
    text = isShortAscii(bytes)
      ? Buffer.prototype.latin1Slice.call(bytes, 0, bytes.length)
      : UTF_8.decode(bytes);
  } catch {
    return NOT_JSON;
  }
  return readStrictText(text, limits);
}

/** Up to this length, looking at each byte costs less than what a decoder does to begin. */
const SHORT = 1024;

function isShortAscii(bytes: Uint8Array): boolean {
  if (bytes.length > SHORT) return false;
  for (let at = 0; at < bytes.length; at++) if ((bytes[at] as number) > 0x7f) return false;
  return true;
}

/** {@link readStrict} for text that is decoded already: what the gate has spliced. */
export function readStrictText(text: string, limits: JsonLimits): StrictDocument | Refusal {
  if (text.charCodeAt(0) === BOM) return NOT_JSON;
  // Before JSON.parse, which takes 100 times as long for millions of open brackets.
  const fault = scanJson(text, limits);
  if (fault !== null) return FAULTS[fault];
  try {
    return { text, value: JSON.parse(text) };
  } catch {
    return NOT_JSON;
  }
}
