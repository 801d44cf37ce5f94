/** Who loses his ground when keys change, as tables of what was and what is. */
import assert from "node:assert/strict";
import { hasExpired, hasLostGrant, hasLostKey, indexKeys } from "../../src/gate/revocation.ts";
import { ANONYMOUS, type Key, type Principal } from "../../src/policy/contract.ts";
import { hashed, keyNamed, VirtualClock } from "../policies/lent_host.ts";

const CLOCK = new VirtualClock();
const NOW = CLOCK.now();
const HASH = keyNamed("a").hashes[0]?.hash ?? "";
const OTHER = "f".repeat(64);
const OWNER: Principal = { label: "a", hash: HASH };
const VOUCHED: Principal = { label: "a", hash: null };

const KEYS: readonly {
  readonly name: string;
  readonly before?: readonly Key[];
  readonly after: readonly Key[];
  readonly principal?: Principal;
  readonly lost: boolean;
}[] = [
  { name: "stays", after: [keyNamed("a")], lost: false },
  { name: "goes", after: [keyNamed("b")], lost: true },
  { name: "gets another hash", after: [keyNamed("a", { hashes: [hashed(OTHER)] })], lost: true },
  { name: "gets another label", after: [keyNamed("b", { hashes: [hashed(HASH)] })], lost: true },
  { name: "has expired", after: [keyNamed("a", { expiresMs: NOW })], lost: true },
  { name: "expires later", after: [keyNamed("a", { expiresMs: NOW + 1 })], lost: false },
  {
    name: "gets another hash beside its own",
    after: [keyNamed("a", { hashes: [hashed(OTHER), hashed(HASH, NOW + 1)] })],
    lost: false,
  },
  {
    name: "has expired, although another of its label has not",
    after: [keyNamed("a", { hashes: [hashed(OTHER), hashed(HASH, NOW)] })],
    lost: true,
  },
  {
    name: "stays, although another of its label has expired",
    before: [keyNamed("a", { hashes: [hashed(OTHER), hashed(HASH)] })],
    after: [keyNamed("a", { hashes: [hashed(OTHER, NOW), hashed(HASH)] })],
    lost: false,
  },
  {
    name: "stays, although another of its label goes",
    before: [keyNamed("a", { hashes: [hashed(OTHER), hashed(HASH)] })],
    after: [keyNamed("a", { hashes: [hashed(HASH)] })],
    lost: false,
  },
  {
    name: "goes, although another of its label stays",
    before: [keyNamed("a", { hashes: [hashed(OTHER), hashed(HASH)] })],
    after: [keyNamed("a", { hashes: [hashed(OTHER)] })],
    lost: true,
  },
  { name: "goes, of a vouched-for caller", principal: VOUCHED, after: [], lost: true },
  {
    name: "gets another hash, of a vouched-for caller",
    principal: VOUCHED,
    after: [keyNamed("a", { hashes: [hashed(OTHER)] })],
    lost: false,
  },
  { name: "never was one", before: [], principal: VOUCHED, after: [], lost: false },
  { name: "is not known yet", principal: ANONYMOUS, after: [], lost: false },
];

for (const { name, before = [keyNamed("a")], after, principal = OWNER, lost } of KEYS) {
  Deno.test(`hasLostKey is ${lost} where the key ${name}`, () => {
    assert.equal(hasLostKey(principal, indexKeys(before), indexKeys(after), CLOCK), lost);
  });
}

type Grants = Partial<Pick<Key, "allow" | "deny" | "prompts" | "resources">>;

const GRANTS: readonly {
  readonly name: string;
  readonly before: Grants;
  readonly after: Grants;
  readonly lost: boolean;
}[] = [
  { name: "the same", before: { allow: ["a", "b"] }, after: { allow: ["b", "a"] }, lost: false },
  { name: "one more", before: { allow: ["a"] }, after: { allow: ["a", "b"] }, lost: false },
  { name: "one less", before: { allow: ["a", "b"] }, after: { allow: ["a"] }, lost: true },
  { name: "a wider glob", before: { allow: ["ab*"] }, after: { allow: ["a*"] }, lost: false },
  { name: "a narrower glob", before: { allow: ["a*"] }, after: { allow: ["ab*"] }, lost: true },
  { name: "a name for a glob", before: { allow: ["a*"] }, after: { allow: ["a"] }, lost: true },
  { name: "a glob for a name", before: { allow: ["ab"] }, after: { allow: ["*b"] }, lost: false },
  { name: "everything for all", before: { allow: ["x*y"] }, after: { allow: ["*"] }, lost: false },
  { name: "some for everything", before: { allow: ["*"] }, after: { allow: ["a*"] }, lost: true },
  {
    name: "a new denial",
    before: { allow: ["*"] },
    after: { allow: ["*"], deny: ["a"] },
    lost: true,
  },
  {
    name: "a denial less",
    before: { allow: ["*"], deny: ["a"] },
    after: { allow: ["*"] },
    lost: false,
  },
  {
    name: "a wider denial",
    before: { allow: ["*"], deny: ["ab"] },
    after: { allow: ["*"], deny: ["a*"] },
    lost: true,
  },
  {
    name: "a narrower denial",
    before: { allow: ["*"], deny: ["a*"] },
    after: { allow: ["*"], deny: ["ab"] },
    lost: false,
  },
  { name: "fewer prompts", before: { prompts: ["p"] }, after: {}, lost: true },
  {
    name: "fewer resources",
    before: { resources: ["r:*"] },
    after: { resources: ["r:/*"] },
    lost: true,
  },
  { name: "more of both", before: {}, after: { prompts: ["p"], resources: ["r"] }, lost: false },
];

for (const { name, before, after, lost } of GRANTS) {
  Deno.test(`hasLostGrant is ${lost} for ${name}`, () => {
    const keys = [keyNamed("a", before), keyNamed("a", after)].map((key) => indexKeys([key]));
    const [then, now] = keys;
    assert.ok(then !== undefined && now !== undefined);
    assert.equal(hasLostGrant(OWNER, then, now), lost);
    assert.equal(hasLostGrant(VOUCHED, then, now), lost);
  });
}

Deno.test("hasExpired is true from the very moment on", () => {
  const clock = new VirtualClock();
  const keys = indexKeys([keyNamed("a", { expiresMs: NOW + 1 })]);
  assert.ok(!hasExpired(OWNER, keys, clock));
  clock.ms = NOW + 1;
  assert.ok(hasExpired(OWNER, keys, clock));
  assert.ok(!hasExpired({ label: "b", hash: null }, keys, clock));
});
