/**
 * Reads what a client sent so strictly that every JSON parser we know reads the same: the bytes may
 * then be forwarded as they are (PROTOCOL 4.2, steps 2 to 4). What the document means is not its
 * business: see `envelope.ts`.
 */
import type { Json } from "./json.ts";
import { type JsonLimits, type ScanFault, scanJson } from "./json_scan.ts";
import { invalid, NOT_JSON, type Refusal } from "./refusal.ts";
import { exactText } from "./utf8.ts";

export type { JsonLimits };

/** A document that has one meaning. */
export interface StrictDocument {
  readonly refused?: never;
  /** The text that was sent. */
  readonly text: string;
  readonly value: Json;
}

/** Seen and refused: parsers differ on it. */
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
  const text = exactText(bytes);
  return text === null ? NOT_JSON : readStrictText(text, limits);
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
