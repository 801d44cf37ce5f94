/**
 * The shape of one key in the configuration file: who it is, what it may use, and until when. What
 * two keys must not share is `key_rules.ts`'s.
 */
import { parseExpiry } from "./expiry.ts";
import { burst, rps } from "./rate_schema.ts";
import { list, mapping, written } from "./value.ts";

const MINT = 'run "mcpgate keygen --label NAME" and paste the hash it prints';

const LOOKS_LIKE_KEY = /mcpg_[\w-]{20,}/;

const pattern = written(
  "a name, or a pattern with *, of 1 to 1024 printable characters",
  (text) => /^[^\p{Cc}\p{Zl}\p{Zp}]{1,1024}$/u.test(text) ? text : null,
);

const patterns = list(pattern, 'a list of names, such as ["read_file", "search_*"]');

const label = written(
  "a name of 1 to 128 printable ASCII characters, and not a key",
  (text) =>
    /^[\x21-\x7e](?:[\x20-\x7e]{0,126}[\x21-\x7e])?$/.test(text) && !LOOKS_LIKE_KEY.test(text)
      ? text
      : null,
);

const hash = written(
  "64 hexadecimal digits, the SHA-256 of the key",
  (text) => /^[0-9a-f]{64}$/i.test(text) ? text.toLowerCase() : null,
  { kind: "hidden", describe: describeHash, suggest: suggestHash },
);

const keyRateLimit = mapping({
  rps: rps.optional().describe("Tokens a second. Default: defaults.rate_limit.rps."),
  burst: burst.optional().describe("Tokens held at most. Default: defaults.rate_limit.burst."),
});

/** One entry of `keys`. */
export const key = mapping({
  label: label.describe("Unique name of the caller in logs and audit lines."),
  hash: hash.describe("SHA-256 of the key, in hexadecimal; printed by mcpgate keygen."),
  allow: patterns.describe(
    'Tools the key may call: exact names or patterns with *. A lone "*" names everything.',
  ),
  deny: patterns.prefault([]).describe("Tools taken out of allow."),
  prompts: patterns.optional().describe(
    'Prompts, likewise. Default: none, or all where allow is ["*"].',
  ),
  resources: patterns.optional().describe(
    'Resource URIs, likewise. Default: none, or all where allow is ["*"].',
  ),
  rate_limit: keyRateLimit.prefault({}).describe("Token bucket of this key."),
  expires: written(
    "a date such as 2027-01-31 (its end, UTC) or an RFC 3339 time",
    parseExpiry,
  ).nullable().prefault(null).describe(
    "When the key ends: a date (its end, UTC) or an RFC 3339 time.",
  ),
});

function describeHash(found: unknown): string | undefined {
  if (typeof found !== "string") return undefined;
  if (found === "<paste from keygen>") return `the placeholder "${found}"`;
  if (/^<.*>$/.test(found)) return "a placeholder";
  return LOOKS_LIKE_KEY.test(found) ? "a key, not its hash" : undefined;
}

function suggestHash(found: unknown): string | undefined {
  if (typeof found !== "string" || /^<.*>$/.test(found) || found === "") return MINT;
  if (!LOOKS_LIKE_KEY.test(found)) return undefined;
  return "put the key's SHA-256 here and keep the key out of this file";
}
