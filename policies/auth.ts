/**
 * `auth`: says who is calling by the key they sent or the certificate they proved, before a byte of the
 * body is read; of both, only where both name the same caller. Whatever is wrong with them, the caller
 * is told the same; the audit log is told which it was, never the key.
 * Failed attempts are limited by address; a right key from the same address is served.
 */
import { hash } from "node:crypto";
import { allow, deny } from "../src/policy/contract.ts";
import type { Allow, Deny, Head, Host, Key, PolicyModule } from "../src/policy/contract.ts";
import { addressGroup } from "./auth_address_group.ts";
import { TokenBuckets } from "./token_buckets.ts";
import type { BucketsMaker } from "./token_buckets.ts";

/** Addresses whose failures are remembered. */
const MAX_ADDRESSES = 65_536;

// Repeated fields are joined by a comma, so a comma is never part of a key.
const BEARER = /^Bearer +([\x21-\x2b\x2d-\x7e]{16,256})$/i;
const BARE = /^[\x21-\x2b\x2d-\x7e]{16,256}$/;

const REASON = "Missing or unknown API key. Send it as: Authorization: Bearer <key>";

const NO_KEY = "no key";

interface Known {
  readonly label: string;
  readonly hash: string;
  readonly expiresMs: number | null;
  /** Made when the key first comes: there may be very many that never do. */
  decision: Allow | null;
}

/** The module of the stage `auth`, with the buckets for failures that `make` makes. */
export function authWith(make: BucketsMaker): PolicyModule<Record<never, never>, "head"> {
  return {
    name: "auth",
    at: "head",
    options: (z) => z.object({}),
    create(_options, host) {
      const known = indexHashes(host.config.keys);
      const certified = indexCertificates(host.config.keys);
      const fail = failures(host, make);
      const read = new WeakMap<object, SentKey>();
      return ({ http }: Head) => {
        let sent = read.get(http.sameHead);
        if (sent === undefined) {
          sent = readKey(http.header("authorization"), http.header("x-api-key"));
          read.set(http.sameHead, sent);
        }
        const { certificate } = http;
        const proved = certificate === null ? undefined : certified.get(certificate);
        const isAlone = sent.hash === null && sent.fault === NO_KEY && proved !== undefined;
        if (sent.hash === null && !isAlone) {
          return fail(http.remote, `${sent.fault}${certificateDetail(http, proved)}`);
        }
        const found = sent.hash === null ? proved : known.get(sent.hash);
        if (found === undefined) return fail(http.remote, "unknown key");
        const { expiresMs, label } = found;
        if (expiresMs !== null && host.clock.now() >= expiresMs) {
          return fail(http.remote, `expired key: ${label}`);
        }
        if (proved !== undefined && proved.label !== label) {
          return fail(http.remote, `key of ${label} beside the certificate of ${proved.label}`);
        }
        return found.decision ??= decisionOf(found);
      };
    },
  };
}

/** The module of the stage `auth` of a program that counts alone. */
export const auth = authWith((capacity) => new TokenBuckets(capacity));

/** One look-up for each caller, however many keys a label has. */
function indexHashes(keys: readonly Key[]): Map<string, Known> {
  const known = new Map<string, Known>();
  for (const { label, hashes } of keys) {
    for (const { hash, expiresMs } of hashes) {
      known.set(hash, { label, hash, expiresMs, decision: null });
    }
  }
  return known;
}

function decisionOf({ label, hash }: Known): Allow {
  return Object.freeze(allow({ principal: Object.freeze({ label, hash }) }));
}

/** By fingerprint. Those of an entry end with it. */
function indexCertificates(keys: readonly Key[]): Map<string, Known> {
  const certified = new Map<string, Known>();
  for (const { label, certificates, expiresMs } of keys) {
    for (const hash of certificates) {
      certified.set(hash, { label, hash, expiresMs, decision: null });
    }
  }
  return certified;
}

/** What the operator has to know of a certificate that let nobody in. It is no secret. */
function certificateDetail(
  { certificate, certificateFault }: Head["http"],
  proved: Known | undefined,
): string {
  if (proved !== undefined) return `; certificate of ${proved.label}`;
  if (certificateFault !== null) return `; certificate: ${certificateFault}`;
  return certificate === null ? "" : `; certificate of nobody: ${certificate}`;
}

/** A key that came in, of which only the digest is kept; or what is wrong with it. */
type SentKey = { readonly hash: string } | { readonly hash: null; readonly fault: string };

/** The one key that the two fields carry. */
function readKey(authorization: string | null, apiKey: string | null): SentKey {
  if (authorization === null && apiKey === null) return { hash: null, fault: NO_KEY };
  const bearer = authorization === null ? null : BEARER.exec(authorization)?.[1];
  if (bearer === undefined) return { hash: null, fault: "malformed Authorization" };
  if (apiKey !== null && !BARE.test(apiKey)) return { hash: null, fault: "malformed X-API-Key" };
  // Both were sent by the caller: comparing them tells nobody anything.
  if (bearer !== null && apiKey !== null && bearer !== apiKey) {
    return { hash: null, fault: "two different keys" };
  }
  return { hash: sha256((bearer ?? apiKey) as string) };
}

/** Only the digest is ever looked up: how long that takes says nothing about any key. */
function sha256(key: string): string {
  return hash("sha256", key, "hex");
}

/** The denial of a failed attempt, which costs its address a token. */
function failures(host: Host, make: BucketsMaker): (remote: string, detail: string) => Deny {
  const { clock, config } = host;
  const buckets = host.keep("failures", () => make(MAX_ADDRESSES));
  return (remote, detail) => {
    const group = addressGroup(remote);
    const waitMs = buckets.take(group, config.authFailures, 1, clock.monotonic());
    if (waitMs === 0) return deny("unauthenticated", REASON, { detail });
    return deny("rate_limited", "Too many failed attempts from this address", {
      detail,
      retryAfterMs: waitMs,
    });
  };
}
