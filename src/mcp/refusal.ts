/**
 * How the protocol room says no: a value with a fixed text, which never holds a byte that the
 * client has sent. Which HTTP status a refusal gets is the gate's business.
 */
import type { JsonObject } from "./json.ts";
import {
  HEADER_MISMATCH,
  INVALID_PARAMS,
  INVALID_REQUEST,
  MISSING_CAPABILITY,
  PARSE_ERROR,
  UNSUPPORTED_VERSION,
} from "./error_code.ts";

/** What kind of rule was broken; it fixes the JSON-RPC code, see {@link REFUSAL_CODE}. */
export type RefusalKind =
  | "parse"
  | "invalid"
  | "header_mismatch"
  | "unsupported_version"
  | "missing_meta"
  | "missing_capability";

/** Why a message is not read any further. */
export interface Refusal {
  readonly refused: RefusalKind;
  /** Told to the client: a fixed text of ours. */
  readonly reason: string;
  /** The `data` of the JSON-RPC error, where the specification asks for one. */
  readonly data?: JsonObject;
}

/** The JSON-RPC code of each kind. */
export const REFUSAL_CODE: Readonly<Record<RefusalKind, number>> = Object.freeze({
  parse: PARSE_ERROR,
  invalid: INVALID_REQUEST,
  header_mismatch: HEADER_MISMATCH,
  unsupported_version: UNSUPPORTED_VERSION,
  missing_meta: INVALID_PARAMS,
  missing_capability: MISSING_CAPABILITY,
});

/** The refusal of what is not JSON in UTF-8. */
export const NOT_JSON: Refusal = Object.freeze({ refused: "parse", reason: "Parse error" });

/** The refusal `Invalid request: <what>`. */
export function invalid(what: string): Refusal {
  return { refused: "invalid", reason: `Invalid request: ${what}` };
}

/** Whether a reader's answer is a refusal. */
export function isRefusal(answer: object): answer is Refusal {
  return "refused" in answer && answer.refused !== undefined;
}
