/** What counts as a decision, by tables: everything else is refused with a reason. */
import assert from "node:assert/strict";
import { readDecision } from "../../src/policy/decision.ts";

const filter = () => null;
const hook = () => {};
const HASH = "0".repeat(64);

const DECISIONS = [
  { name: "a bare allow", value: { verdict: "allow" } },
  {
    name: "an allow with everything",
    value: {
      verdict: "allow",
      principal: { label: "a", hash: HASH },
      onReply: filter,
      touches: ["tools"],
      onFinish: hook,
    },
  },
  {
    name: "an allow by a module that vouches",
    value: { verdict: "allow", principal: { label: "guest", hash: null } },
  },
  { name: "a bare deny", value: { verdict: "deny", kind: "forbidden", reason: "" } },
  {
    name: "a deny with everything",
    value: { verdict: "deny", kind: "rate_limited", reason: "r", detail: "d", retryAfterMs: 0 },
  },
];

for (const { name, value } of DECISIONS) {
  Deno.test(`readDecision reads ${name}`, () => {
    assert.deepEqual(readDecision(value), value);
  });
}

Deno.test("readDecision takes a member that is undefined for one that is absent", () => {
  const value = { verdict: "allow", onReply: undefined, principal: undefined };
  assert.deepEqual(readDecision(value), { verdict: "allow" });
});

const ALLOW = { verdict: "allow" };
const DENY = { verdict: "deny", kind: "forbidden", reason: "r" };

const RUBBISH: { name: string; value: unknown }[] = [
  { name: "nothing", value: undefined },
  { name: "null", value: null },
  { name: "true", value: true },
  { name: "a string", value: "allow" },
  { name: "an array", value: [ALLOW] },
  { name: "a function", value: () => ALLOW },
  { name: "an empty object", value: {} },
  { name: "another verdict", value: { verdict: "Allow" } },
  { name: "a verdict that is true", value: { verdict: true } },
  { name: "an inherited verdict", value: Object.create(ALLOW) },
  {
    name: "a verdict of a class",
    value: new (class {
      get verdict() {
        return "allow";
      }
    })(),
  },
  { name: "an allow with a misspelt filter", value: { ...ALLOW, onReplies: filter } },
  { name: "an allow with a reason", value: { ...ALLOW, reason: "r" } },
  { name: "a deny with a filter", value: { ...DENY, onReply: filter } },
  { name: "a filter that is no function", value: { ...ALLOW, onReply: {} } },
  { name: "a hook that is no function", value: { ...ALLOW, onFinish: null } },
  { name: "touches that are no list", value: { ...ALLOW, touches: "tools" } },
  { name: "touches that are no words", value: { ...ALLOW, touches: [1] } },
  { name: "touches that cannot be searched for", value: { ...ALLOW, touches: ["a b"] } },
  { name: "a principal that is a string", value: { ...ALLOW, principal: "a" } },
  { name: "a principal that is null", value: { ...ALLOW, principal: null } },
  {
    name: "a principal without a label",
    value: { ...ALLOW, principal: { label: "", hash: null } },
  },
  { name: "a principal without a hash", value: { ...ALLOW, principal: { label: "a" } } },
  { name: "a hash that is none", value: { ...ALLOW, principal: { label: "a", hash: "x" } } },
  { name: "a NUL in a label", value: { ...ALLOW, principal: { label: "a\0b", hash: null } } },
  {
    name: "a lone surrogate in one",
    value: { ...ALLOW, principal: { label: "\ud800", hash: null } },
  },
  { name: "a deny without a kind", value: { verdict: "deny", reason: "r" } },
  { name: "a kind that there is not", value: { ...DENY, kind: "not_found" } },
  { name: "a kind of every object", value: { ...DENY, kind: "toString" } },
  { name: "a deny without a reason", value: { verdict: "deny", kind: "forbidden" } },
  { name: "a detail that is no text", value: { ...DENY, detail: 1 } },
  { name: "a negative time", value: { ...DENY, retryAfterMs: -1 } },
  { name: "a time that is no number", value: { ...DENY, retryAfterMs: NaN } },
  { name: "an endless time", value: { ...DENY, retryAfterMs: Infinity } },
];

for (const { name, value } of RUBBISH) {
  Deno.test(`readDecision refuses ${name}`, () => {
    assert.match(String(readDecision(value)), /^returned /);
  });
}

Deno.test("readDecision reads each member once, so that a getter cannot change its mind", () => {
  let reads = 0;
  const value = Object.defineProperty({ ...DENY }, "reason", {
    get: () => ++reads === 1 ? "first" : 2,
    enumerable: true,
  });
  assert.deepEqual(readDecision(value), { ...DENY, reason: "first" });
});

Deno.test("readDecision gives the same for a frozen decision, and reads a frozen getter anew", () => {
  const constant = Object.freeze({ ...DENY });
  assert.equal(readDecision(constant), readDecision(constant));
  let reads = 0;
  const fickle = Object.freeze({
    verdict: "deny",
    kind: "forbidden",
    get reason() {
      return `read ${++reads}`;
    },
  });
  const told = [readDecision(fickle), readDecision(fickle)];
  assert.deepEqual(told.map((decision) => (decision as { reason: string }).reason), [
    "read 1",
    "read 2",
  ]);
  const wrong = Object.freeze({ ...DENY, reason: 1 });
  for (let time = 0; time < 2; time++) assert.match(String(readDecision(wrong)), /^returned /);
});
