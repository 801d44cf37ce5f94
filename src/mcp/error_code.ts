/**
 * The JSON-RPC error codes that the gate answers with or recognises. Which denial uses which code
 * is the gate's business.
 */

/** The text is no JSON. */
export const PARSE_ERROR = -32700;
/** JSON, but no acceptable message. */
export const INVALID_REQUEST = -32600;
/** Unknown or denied method. */
export const METHOD_NOT_FOUND = -32601;
/** Unknown or denied tool or prompt, bad parameters, missing `_meta`. */
export const INVALID_PARAMS = -32602;
/** The upstream failed. */
export const INTERNAL_ERROR = -32603;
/** Unknown or denied resource, revisions before 2026-07-28. */
export const RESOURCE_NOT_FOUND = -32002;
/** Headers and body disagree (2026-07-28). */
export const HEADER_MISMATCH = -32020;
/** The client has not declared a capability that the method needs (2026-07-28). */
export const MISSING_CAPABILITY = -32021;
/** A revision that is not spoken here (2026-07-28). */
export const UNSUPPORTED_VERSION = -32022;
/** No key, or an unknown one. The gate's own, outside the range reserved by JSON-RPC. */
export const UNAUTHENTICATED = -31401;
/** Origin or Host not allowed. The gate's own. */
export const FORBIDDEN = -31403;
/** Too many messages. The gate's own. */
export const RATE_LIMITED = -31429;
