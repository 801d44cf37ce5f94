/**
 * How revision 2026-07-28 writes strings into the headers `Mcp-Name` and `Mcp-Param-*`: as they are
 * where a header can carry them, else as `=?base64?<UTF-8 in base64>?=`.
 */

const PREFIX = "=?base64?";
const SUFFIX = "?=";
const PLAIN = /^[\x21-\x7e](?:[\x20-\x7e]*[\x21-\x7e])?$/;
const BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;
const FIELD_TEXT = /^[\t\x20-\x7e]*$/;
const UTF_8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
const TO_UTF_8 = new TextEncoder();

/** Longest value of a `Mcp-Param-*` header. */
const PARAM_BYTES = 8192;

/** The string that the header value `value` stands for, or null where it is malformed. */
export function decodeName(value: string): string | null {
  if (!FIELD_TEXT.test(value)) return null;
  const text = trimBlank(value);
  if (!isSentinel(text)) return text;
  const base64 = text.slice(PREFIX.length, -SUFFIX.length);
  if (!BASE64.test(base64)) return null;
  const binary = atob(base64);
  // Canonical only: two spellings of one name are one too many where headers are compared.
  if (btoa(binary) !== base64) return null;
  try {
    return UTF_8.decode(Uint8Array.from(binary, (char) => char.charCodeAt(0)));
  } catch {
    return null;
  }
}

/** The header value that stands for `name`, which must be well-formed. */
export function encodeName(name: string): string {
  if (PLAIN.test(name) && !name.startsWith(PREFIX)) return name;
  let binary = "";
  for (const byte of TO_UTF_8.encode(name)) binary += String.fromCharCode(byte);
  return PREFIX + btoa(binary) + SUFFIX;
}

/** Whether `value` may be passed on in a `Mcp-Param-*` header. */
export function isParamValue(value: string): boolean {
  return value.length <= PARAM_BYTES && decodeName(value) !== null;
}

function isSentinel(text: string): boolean {
  return text.length >= PREFIX.length + SUFFIX.length && text.startsWith(PREFIX) &&
    text.endsWith(SUFFIX);
}

/** Without the blanks that HTTP allows around a value. */
function trimBlank(value: string): string {
  let start = 0;
  let end = value.length;
  while (start < end && isBlank(value.charCodeAt(start))) start++;
  while (end > start && isBlank(value.charCodeAt(end - 1))) end--;
  return value.slice(start, end);
}

function isBlank(code: number): boolean {
  return code === 0x20 || code === 0x09;
}
