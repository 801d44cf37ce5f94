/**
 * Field names in lower case. Those that clients send all the time are recognised and not made anew:
 * the same string each time is also the quickest to compare. Judges no name.
 */

/** Names that are sent often, or read here. Letters and hyphens only. */
const OFTEN: readonly string[] = [
  "accept",
  "accept-encoding",
  "accept-language",
  "authorization",
  "cache-control",
  "connection",
  "content-length",
  "content-type",
  "host",
  "keep-alive",
  "last-event-id",
  "mcp-method",
  "mcp-name",
  "mcp-protocol-version",
  "mcp-session-id",
  "origin",
  "sec-fetch-mode",
  "traceparent",
  "tracestate",
  "user-agent",
  "x-api-key",
  "x-forwarded-for",
  "x-forwarded-host",
  "x-forwarded-proto",
  "x-real-ip",
];

const LONGEST = Math.max(...OFTEN.map((name) => name.length));

const BY_LENGTH: readonly (readonly string[])[] = Array.from(
  { length: LONGEST + 1 },
  (_, length) => OFTEN.filter((name) => name.length === length),
);

/** The name, a token, that stands in `text` from `from` to before `to`; in lower case. */
export function fieldName(text: string, from: number, to: number): string {
  const alike = BY_LENGTH[to - from];
  if (alike !== undefined) {
    for (let at = 0; at < alike.length; at++) {
      const name = alike[at] as string;
      if (isSpelledAt(text, from, name)) return name;
    }
  }
  return text.slice(from, to).toLowerCase();
}

/** The bit in which capital and small letters differ. No other character of a token becomes one by it. */
const CASE = 0x20;

function isSpelledAt(text: string, from: number, name: string): boolean {
  for (let at = 0; at < name.length; at++) {
    if ((text.charCodeAt(from + at) | CASE) !== name.charCodeAt(at)) return false;
  }
  return true;
}
