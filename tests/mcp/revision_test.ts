/** Which methods and notifications each era of MCP knows. */
import assert from "node:assert/strict";
import {
  familyOf,
  isClientNotification,
  isClientRequest,
  isRequestMethod,
  SERVER_REQUESTS,
  subjectKind,
  subjectOf,
} from "../../src/mcp/revision.ts";
import { LEGACY_REQUESTS, MODERN_REQUESTS, NOTIFICATIONS } from "./ordinary_messages.ts";

Deno.test("isClientRequest knows every legacy request and no other", () => {
  const methods = new Set(LEGACY_REQUESTS.map(({ method }) => method));
  for (const method of methods) assert.ok(isClientRequest("legacy", method), method);
  for (const { method } of MODERN_REQUESTS) {
    assert.equal(isClientRequest("legacy", method), methods.has(method), method);
  }
});

Deno.test("isClientRequest knows every modern request and no other", () => {
  const methods = new Set(MODERN_REQUESTS.map(({ method }) => method));
  for (const method of methods) assert.ok(isClientRequest("modern", method), method);
  for (const { method } of LEGACY_REQUESTS) {
    assert.equal(isClientRequest("modern", method), methods.has(method), method);
  }
});

const NO_METHODS = [
  "",
  "tools/Call",
  "tools/call ",
  "TOOLS/CALL",
  "tools",
  "notifications/initialized",
  "sampling/createMessage",
  "constructor",
  "__proto__",
];

for (const method of NO_METHODS) {
  Deno.test(`isClientRequest and isRequestMethod do not know "${method}"`, () => {
    assert.equal(isClientRequest("legacy", method), false);
    assert.equal(isClientRequest("modern", method), false);
    assert.equal(isRequestMethod(method), false);
    assert.equal(familyOf(method), null);
  });
}

Deno.test("isClientNotification knows what legacy clients send", () => {
  for (const { method } of NOTIFICATIONS) assert.ok(isClientNotification("legacy", method), method);
  assert.equal(isClientNotification("legacy", "notifications/message"), false);
  assert.equal(isClientNotification("legacy", "tools/call"), false);
});

Deno.test("isClientNotification lets a modern client cancel, and nothing else", () => {
  const known = NOTIFICATIONS.map(({ method }) => method)
    .filter((method) => isClientNotification("modern", method));
  assert.deepEqual(new Set(known), new Set(["notifications/cancelled"]));
});

Deno.test("SERVER_REQUESTS has what asks the client, and no request about tools", () => {
  assert.ok(SERVER_REQUESTS.has("elicitation/create"));
  assert.equal(SERVER_REQUESTS.has("tools/call"), false);
});

const SUBJECTS = [
  {
    method: "tools/call",
    params: { name: "t", uri: "u" },
    kind: "tool",
    subject: "t",
    family: "tools",
  },
  { method: "prompts/get", params: { name: "p" }, kind: "prompt", subject: "p", family: "prompts" },
  {
    method: "resources/read",
    params: { uri: "u", name: "n" },
    kind: "resource",
    subject: "u",
    family: "resources",
  },
  {
    method: "resources/subscribe",
    params: { uri: "u" },
    kind: "resource",
    subject: "u",
    family: "resources",
  },
  {
    method: "resources/unsubscribe",
    params: { uri: "u" },
    kind: "resource",
    subject: "u",
    family: "resources",
  },
  {
    method: "skills/get",
    params: { uri: "u" },
    kind: "resource",
    subject: "u",
    family: "resources",
  },
  {
    method: "resources/directory/read",
    params: { uri: "u" },
    kind: "resource",
    subject: "u",
    family: "resources",
  },
  {
    method: "completion/complete",
    params: { name: "n", ref: { type: "ref/prompt", name: "p" } },
    kind: "prompt",
    subject: "p",
    family: "completion",
  },
  {
    method: "completion/complete",
    params: { ref: { type: "ref/resource", uri: "u" } },
    kind: "resource",
    subject: "u",
    family: "completion",
  },
  {
    method: "completion/complete",
    params: { ref: { type: "ref/other", uri: "u" } },
    kind: null,
    subject: null,
    family: "completion",
  },
  { method: "completion/complete", params: {}, kind: null, subject: null, family: "completion" },
  { method: "tools/call", params: {}, kind: "tool", subject: null, family: "tools" },
  { method: "tools/call", params: { name: 1 }, kind: "tool", subject: null, family: "tools" },
  { method: "tools/list", params: { name: "t" }, kind: null, subject: null, family: "tools" },
  { method: "tasks/get", params: { taskId: "t" }, kind: null, subject: null, family: "tasks" },
];

for (const { method, params, kind, subject, family } of SUBJECTS) {
  Deno.test(`subjectOf ${method} ${JSON.stringify(params)} is ${subject}, a ${kind}`, () => {
    assert.equal(subjectOf(method, params), subject);
    assert.equal(subjectKind(method, params), kind);
    assert.equal(familyOf(method), family);
  });
}

Deno.test("subjectOf does not look through the prototype", () => {
  assert.equal(subjectOf("tools/call", JSON.parse('{"__proto__":{"name":"x"}}')), null);
  assert.equal(
    subjectOf("completion/complete", Object.create({ ref: { type: "ref/prompt", name: "x" } })),
    null,
  );
});
