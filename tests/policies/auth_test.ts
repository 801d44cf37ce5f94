/** The stage `auth` alone: which fields carry a key, what is told of a wrong one, and the limit of failures. */
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { auth } from "../../policies/auth.ts";
import { asked, build, hashed, keyNamed, LentHost } from "./lent_host.ts";

const KEY = "mcpg_right-key-of-at-least-16";
const OTHER = "mcpg_other-key-of-at-least-16";
const OLD = "mcpg_expired-key-of-sixteen-or-more";

const KEYS = [
  keyNamed("right", { hashes: [hashed(hashOf(KEY))] }),
  keyNamed("other", { hashes: [hashed(hashOf(OTHER))] }),
  keyNamed("old", { hashes: [hashed(hashOf(OLD), 1_800_000_000_000)] }),
];

function hashOf(key: string): string {
  return createHash("sha256").update(key).digest("hex");
}

function sent(headers: Record<string, string>, remote = "192.0.2.1", certificate: Shown = {}) {
  const http = {
    method: "GET",
    header: (name: string) => headers[name] ?? null,
    remote,
    sameHead: {},
  };
  const none = { certificate: null, certificateFault: null };
  return asked({ kind: "listen" }, { http: { ...http, ...none, ...certificate } });
}

type Shown = { readonly certificate?: string; readonly certificateFault?: string };

const ACCEPTED = [
  { name: "a bearer key", headers: { authorization: `Bearer ${KEY}` }, label: "right" },
  { name: "any case of the scheme", headers: { authorization: `bEARER ${KEY}` }, label: "right" },
  { name: "several spaces", headers: { authorization: `Bearer   ${KEY}` }, label: "right" },
  { name: "X-API-Key", headers: { "x-api-key": OTHER }, label: "other" },
  {
    name: "the same key in both fields",
    headers: { authorization: `Bearer ${KEY}`, "x-api-key": KEY },
    label: "right",
  },
];

for (const { name, headers, label } of ACCEPTED) {
  Deno.test(`auth accepts ${name}`, async () => {
    await using host = new LentHost({ keys: KEYS });
    const ask = await build(auth, host);
    assert.deepEqual(await ask(sent(headers)), {
      verdict: "allow",
      principal: { label, hash: KEYS.find((key) => key.label === label)?.hashes[0]?.hash },
    });
  });
}

const REFUSED: { name: string; headers: Record<string, string>; detail: string }[] = [
  { name: "no key", headers: {}, detail: "no key" },
  { name: "an unknown key", headers: { "x-api-key": `${KEY}x` }, detail: "unknown key" },
  { name: "an expired key", headers: { "x-api-key": OLD }, detail: "expired key: old" },
  {
    name: "two different keys",
    headers: { authorization: `Bearer ${KEY}`, "x-api-key": OTHER },
    detail: "two different keys",
  },
  {
    name: "a right key beside a malformed one",
    headers: { authorization: `Bearer ${KEY}`, "x-api-key": "short" },
    detail: "malformed X-API-Key",
  },
  {
    name: "a right X-API-Key beside another scheme",
    headers: { authorization: "Basic dXNlcjpwYXNz", "x-api-key": KEY },
    detail: "malformed Authorization",
  },
  ...[
    ["Basic", `Basic ${KEY}`],
    ["the bare key", KEY],
    ["a scheme without a space", `Bearer${KEY}`],
    ["a tab after the scheme", `Bearer\t${KEY}`],
    ["a blank before the scheme", ` Bearer ${KEY}`],
    ["a blank after the key", `Bearer ${KEY} `],
    ["a repeated field", `Bearer ${KEY}, Bearer ${KEY}`],
    ["a comma in the key", `Bearer ${KEY},x`],
    ["a short key", "Bearer 123456789012345"],
    ["a long key", `Bearer ${"x".repeat(257)}`],
    ["a key beyond ASCII", `Bearer ${KEY}é`],
    ["an empty field", ""],
    ["a scheme alone", "Bearer "],
  ].map(([name = "", authorization = ""]) => ({
    name,
    headers: { authorization },
    detail: "malformed Authorization",
  })),
];

for (const { name, headers, detail } of REFUSED) {
  Deno.test(`auth refuses ${name}, and only the audit log is told why`, async () => {
    await using host = new LentHost({ keys: KEYS });
    const ask = await build(auth, host);
    assert.deepEqual(await ask(sent(headers)), {
      verdict: "deny",
      kind: "unauthenticated",
      reason: "Missing or unknown API key. Send it as: Authorization: Bearer <key>",
      detail,
    });
  });
}

Deno.test("auth never tells a byte of a key that was sent", async () => {
  await using host = new LentHost({ keys: KEYS });
  const ask = await build(auth, host);
  for (const { headers } of REFUSED) {
    const told = JSON.stringify(await ask(sent(headers)));
    assert.doesNotMatch(told, /mcpg_|right-key|other-key|expired-key/);
  }
});

Deno.test("a key is served until the millisecond before it expires", async () => {
  await using host = new LentHost({ keys: KEYS });
  const ask = await build(auth, host);
  host.clock.ms = 1_799_999_999_999;
  assert.equal((await ask(sent({ "x-api-key": OLD }))).verdict, "allow");
  host.clock.ms++;
  assert.equal((await ask(sent({ "x-api-key": OLD }))).verdict, "deny");
});

Deno.test("all keys of a label are served, each until it expires, and the principal says which", async () => {
  const hashes = [hashed(hashOf(KEY)), hashed(hashOf(OLD), 1_800_000_000_000)];
  await using host = new LentHost({ keys: [keyNamed("right", { hashes })] });
  const ask = await build(auth, host);
  host.clock.ms = 1_799_999_999_999;
  for (const key of [KEY, OLD]) {
    const principal = { label: "right", hash: hashOf(key) };
    assert.deepEqual(await ask(sent({ "x-api-key": key })), { verdict: "allow", principal });
  }
  host.clock.ms++;
  assert.equal((await ask(sent({ "x-api-key": KEY }))).verdict, "allow");
  const refused = await ask(sent({ "x-api-key": OLD }));
  assert.equal(refused.verdict === "deny" && refused.detail, "expired key: right");
});

Deno.test("failed attempts of an address are limited, and tell when to come back", async () => {
  await using host = new LentHost({ keys: KEYS, authFailures: { rps: 5, burst: 3 } });
  const ask = await build(auth, host);
  for (let attempt = 0; attempt < 3; attempt++) {
    assert.equal(kindOf(await ask(sent({}))), "unauthenticated");
  }
  assert.deepEqual(await ask(sent({})), {
    verdict: "deny",
    kind: "rate_limited",
    reason: "Too many failed attempts from this address",
    detail: "no key",
    retryAfterMs: 200,
  });
  host.clock.ms += 199;
  assert.equal(kindOf(await ask(sent({}))), "rate_limited");
  host.clock.ms += 1;
  assert.equal(kindOf(await ask(sent({}))), "unauthenticated");
});

Deno.test("a right key is served from an address whose attempts are used up", async () => {
  await using host = new LentHost({ keys: KEYS, authFailures: { rps: 1, burst: 1 } });
  const ask = await build(auth, host);
  for (let attempt = 0; attempt < 3; attempt++) await ask(sent({}));
  assert.equal((await ask(sent({ "x-api-key": KEY }))).verdict, "allow");
  assert.equal(kindOf(await ask(sent({}))), "rate_limited");
});

Deno.test("right keys use up no attempts", async () => {
  await using host = new LentHost({ keys: KEYS, authFailures: { rps: 1, burst: 1 } });
  const ask = await build(auth, host);
  for (let time = 0; time < 5; time++) await ask(sent({ "x-api-key": KEY }));
  assert.equal(kindOf(await ask(sent({}))), "unauthenticated");
});

const NEIGHBOURS = [
  { name: "one IPv4 address and the next", one: "192.0.2.1", other: "192.0.2.2", same: false },
  { name: "two of one IPv6 /64", one: "2001:db8::1", other: "2001:0DB8:0:0:f::2", same: true },
  { name: "two IPv6 /64", one: "2001:db8::1", other: "2001:db8:0:1::1", same: false },
  { name: "an IPv4 address in IPv6", one: "::ffff:192.0.2.1", other: "192.0.2.1", same: true },
  { name: "the same in hexadecimal", one: "::ffff:c000:201", other: "192.0.2.1", same: true },
  { name: "two IPv4 ones in IPv6", one: "::ffff:1.2.3.4", other: "::ffff:1.2.3.5", same: false },
  { name: "one with a zone", one: "fe80::1%eth0", other: "fe80::2", same: true },
  { name: "text that is no address", one: "1::2::3", other: "1::2", same: false },
];

for (const { name, one, other, same } of NEIGHBOURS) {
  Deno.test(`failed attempts count ${same ? "together" : "apart"} for ${name}`, async () => {
    await using host = new LentHost({ keys: KEYS, authFailures: { rps: 1, burst: 1 } });
    const ask = await build(auth, host);
    await ask(sent({}, one));
    assert.equal(kindOf(await ask(sent({}, other))), same ? "rate_limited" : "unauthenticated");
  });
}

Deno.test("failed attempts are not forgiven by a reload", async () => {
  await using host = new LentHost({ keys: KEYS, authFailures: { rps: 1, burst: 1 } });
  await (await build(auth, host))(sent({}));
  assert.equal(kindOf(await (await build(auth, host))(sent({}))), "rate_limited");
});

function kindOf(decision: { verdict: string; kind?: string }): string {
  return decision.kind ?? decision.verdict;
}

const FINGERPRINT = "f".repeat(64);
const CERTIFIED = [
  keyNamed("right", { hashes: [hashed(hashOf(KEY))], certificates: [FINGERPRINT] }),
  keyNamed("other", { hashes: [hashed(hashOf(OTHER))] }),
  keyNamed("old", { certificates: ["e".repeat(64)], expiresMs: 1_800_000_000_000 }),
];
const CERTIFICATES: readonly {
  readonly name: string;
  readonly headers?: Record<string, string>;
  readonly shown: Shown;
  /** The hash that proves `right`, or why nobody is proved. */
  readonly is: { readonly hash: string } | { readonly detail: string };
}[] = [
  {
    name: "a certificate alone",
    shown: { certificate: FINGERPRINT },
    is: { hash: FINGERPRINT },
  },
  {
    name: "a certificate beside a key of the same caller",
    headers: { "x-api-key": KEY },
    shown: { certificate: FINGERPRINT },
    is: { hash: hashOf(KEY) },
  },
  {
    name: "a certificate beside a key of another caller",
    headers: { "x-api-key": OTHER },
    shown: { certificate: FINGERPRINT },
    is: { detail: "key of other beside the certificate of right" },
  },
  {
    name: "a certificate beside an unknown key",
    headers: { "x-api-key": `${KEY}x` },
    shown: { certificate: FINGERPRINT },
    is: { detail: "unknown key" },
  },
  {
    name: "a certificate beside what is no key",
    headers: { authorization: "Basic abc" },
    shown: { certificate: FINGERPRINT },
    is: { detail: `malformed Authorization; certificate of right` },
  },
  {
    name: "a certificate of an entry that has expired",
    shown: { certificate: "e".repeat(64) },
    is: { detail: "expired key: old" },
  },
  {
    name: "a certificate that no entry names",
    shown: { certificate: "d".repeat(64) },
    is: { detail: `no key; certificate of nobody: ${"d".repeat(64)}` },
  },
  {
    name: "a certificate that proves nothing",
    shown: { certificateFault: "untrusted" },
    is: { detail: "no key; certificate: untrusted" },
  },
  {
    name: "a key beside a certificate that proves nothing",
    headers: { "x-api-key": KEY },
    shown: { certificateFault: "expired" },
    is: { hash: hashOf(KEY) },
  },
  {
    name: "the hash of a key where a certificate is looked for",
    shown: { certificate: hashOf(KEY) },
    is: { detail: `no key; certificate of nobody: ${hashOf(KEY)}` },
  },
];
for (const { name, headers = {}, shown, is } of CERTIFICATES) {
  Deno.test(`auth and ${name}`, async () => {
    await using host = new LentHost({ keys: CERTIFIED });
    const ask = await build(auth, host);
    const decision = await ask(sent(headers, "192.0.2.1", shown));
    if ("hash" in is) {
      const principal = { label: "right", hash: is.hash };
      assert.deepEqual(decision, { verdict: "allow", principal });
    } else {
      assert.equal(decision.verdict, "deny");
      assert.equal("detail" in decision ? decision.detail : "", is.detail);
      assert.ok(!JSON.stringify(decision).includes(KEY));
    }
  });
}
