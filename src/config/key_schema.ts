/**
 * The shape of one key in the configuration file: who it is, what it may use, and until when. What
 * two keys must not share is `key_rules.ts`'s.
 */
import { formOfKey } from "./api_key.ts";
import { DATE, EXPIRY, parseDay, parseExpiry } from "./expiry.ts";
import { burst, rps } from "./rate_schema.ts";
import { list, mapping, written } from "./value.ts";

/** What to do where the hash is wanting. */
export const MINT = 'run "mcpgate keygen --label NAME" and paste the hash it prints';

/** What a hash is. */
export const HASH_EXPECTED = "64 hexadecimal digits, the SHA-256 of the key";

const LOOKS_LIKE_KEY = /mcpg_[\w-]{20,}/;

const pattern = written(
  "a name, or a pattern with *, of 1 to 1024 printable characters",
  (text) => /^[^\p{Cc}\p{Zl}\p{Zp}]{1,1024}$/u.test(text) ? text : null,
  { pattern: String.raw`^[^\x00-\x1f\x7f-\x9f]+$`, examples: ["read_file", "search_*"] },
);

const patterns = list(pattern, 'a list of names, such as ["read_file", "search_*"]');

const LABEL = /^[\x21-\x7e](?:[\x20-\x7e]{0,126}[\x21-\x7e])?$/;

const label = written(
  "a name of 1 to 128 printable ASCII characters, and not a key",
  (text) => LABEL.test(text) && !LOOKS_LIKE_KEY.test(text) ? text : null,
  { pattern: LABEL.source },
);

const hash = written(
  HASH_EXPECTED,
  (text) => /^[0-9a-f]{64}$/i.test(text) ? text.toLowerCase() : null,
  {
    kind: "hidden",
    describe: describeHash,
    suggest: suggestHash,
    pattern: "^[0-9A-Fa-f]{64}$",
  },
);

const keyRateLimit = mapping({
  rps: rps.optional().describe("Tokens a second. Default: defaults.rate_limit.rps."),
  burst: burst.optional().describe("Tokens held at most. Default: defaults.rate_limit.burst."),
});

const expires = written(
  "a date such as 2027-01-31 (its end, UTC) or an RFC 3339 time",
  parseExpiry,
  { pattern: EXPIRY.source, examples: ["2027-01-31", "2027-01-31T18:00:00Z"] },
).nullable().prefault(null);

const created = written("a date such as 2027-01-31", parseDay, {
  pattern: DATE.source,
  examples: ["2026-11-22"],
}).nullable().prefault(null);

const MANY = "a list of 1 to 16 mappings, such as [{ hash: SHA-256, expires: 2027-01-31 }]";

const hashes = list(
  mapping({
    hash: hash.describe("Printed by mcpgate keygen."),
    created: created.describe("The day it was minted; written by mcpgate keygen."),
    expires: expires.describe("When this one ends, if it ends before the entry does."),
  }),
  MANY,
).min(1, MANY).max(16, MANY);

/** SHA-256 of a certificate as `openssl x509 -noout -fingerprint -sha256` prints it. */
const FINGERPRINT = /^(?:[0-9A-Fa-f]{64}|[0-9A-Fa-f]{2}(?::[0-9A-Fa-f]{2}){31})$/;

const fingerprint = written(
  "a SHA-256 fingerprint of a certificate: 64 hexadecimal digits, with colons or without",
  (text) => FINGERPRINT.test(text) ? text.replaceAll(":", "").toLowerCase() : null,
  {
    pattern: FINGERPRINT.source,
    suggest: () => "openssl x509 -in FILE -noout -fingerprint -sha256",
  },
);

const FEW = "a list of at most 16 fingerprints of certificates";

/** One entry of `keys`. What proves it, `key_rules.ts` sees to: `hash`, `hashes` or `certificates`. */
export const key = mapping({
  label: label.describe("Unique name of the caller in logs and audit lines."),
  hash: hash.optional().describe("Printed by mcpgate keygen."),
  hashes: hashes.optional().describe(
    "In place of hash: several keys for one caller, while one is exchanged for another.",
  ),
  certificates: list(fingerprint, FEW).max(16, FEW).prefault([]).describe(
    "Beside or in place of a key: SHA-256 fingerprints of client certificates that prove this caller. Needs tls.client_ca.",
  ),
  created: created.describe("The day the key of hash was minted."),
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
  expires: expires.describe("When the key ends. Default: never."),
}).describe("One caller: who it is, what it may use, and until when.");

function describeHash(found: unknown): string | undefined {
  if (typeof found !== "string") return undefined;
  if (found === "<paste from keygen>") return `the placeholder "${found}"`;
  if (/^<.*>$/.test(found)) return "a placeholder";
  if (!LOOKS_LIKE_KEY.test(found)) return undefined;
  return isMistyped(found) ? "a key that is mistyped, and not a hash" : "a key, not its hash";
}

function suggestHash(found: unknown): string | undefined {
  if (typeof found !== "string" || /^<.*>$/.test(found) || found === "") return MINT;
  if (!LOOKS_LIKE_KEY.test(found)) return undefined;
  if (isMistyped(found)) return `its checksum is wrong; ${MINT}`;
  return "put the key's SHA-256 here and keep the key out of this file";
}

/** By its checksum; what is no whole key on its own cannot be told. */
function isMistyped(found: string): boolean {
  return formOfKey(found.trim()) === "mistyped";
}
