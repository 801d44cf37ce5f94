/** The gate's own routes: PROTOCOL §1.1 and §1.11, D26 and D27. */
import assert from "node:assert/strict";
import { ownRoutes } from "../../src/server/own_routes.ts";
import { fieldValues } from "../../src/upstream/upstream.ts";

const routes = ownRoutes();
const textOf = (body: Uint8Array | null) => new TextDecoder().decode(body ?? undefined);

Deno.test("ownRoutes answers GET /healthz with ok, unaudited", async () => {
  const answer = await routes.answer("GET", "/healthz");
  assert.equal(answer?.status, 200);
  assert.equal(textOf(answer?.body ?? null), "ok");
  assert.equal(answer?.audited, false);
});

Deno.test("ownRoutes answers HEAD /healthz without a body", async () => {
  const answer = await routes.answer("HEAD", "/healthz");
  assert.deepEqual([answer?.status, answer?.body, answer?.audited], [200, null, false]);
});

const DISCOVERY = [
  "/.well-known/oauth-protected-resource",
  "/.well-known/oauth-protected-resource/mcp",
  "/.well-known/oauth-authorization-server",
  "/.well-known/oauth-authorization-server/a/b",
  "/.well-known/openid-configuration",
  "/.well-known/openid-configuration/mcp",
];
for (const path of DISCOVERY) {
  for (const method of ["GET", "HEAD", "POST"]) {
    Deno.test(`ownRoutes answers ${method} ${path} with 404 as JSON, audited`, async () => {
      const answer = await routes.answer(method, path);
      assert.equal(answer?.status, 404);
      assert.deepEqual(fieldValues(answer?.fields ?? [], "content-type"), ["application/json"]);
      assert.equal(answer?.audited, true);
      if (method !== "HEAD") JSON.parse(textOf(answer?.body ?? null));
    });
  }
}

const REGISTRATION = [
  ["POST", "/register"],
  ["POST", "/token"],
  ["POST", "/authorize"],
  ["GET", "/authorize"],
] as const;
for (const [method, path] of REGISTRATION) {
  Deno.test(`ownRoutes answers ${method} ${path} with what to do instead`, async () => {
    const answer = await routes.answer(method, path);
    assert.equal(answer?.status, 400);
    assert.deepEqual(JSON.parse(textOf(answer?.body ?? null)), {
      error: "invalid_request",
      error_description:
        "This server uses API keys, not OAuth. Set the header Authorization: Bearer <key>.",
    });
    assert.equal(answer?.audited, true);
  });
}

Deno.test("ownRoutes never says what makes clients change transport or log in", async () => {
  for (const path of DISCOVERY) {
    const text = textOf((await routes.answer("GET", path))?.body ?? null);
    assert.doesNotMatch(text, /Unauthorized|404|405|Not Found|Method Not Allowed/i);
  }
});

const FOREIGN = [
  ["GET", "/mcp"],
  ["POST", "/mcp"],
  ["GET", "/"],
  ["POST", "/healthz"],
  ["GET", "/healthz/"],
  ["GET", "/healthz/x"],
  ["GET", "//healthz"],
  ["GET", "/%68ealthz"],
  ["GET", "/HEALTHZ"],
  ["GET", "/register"],
  ["GET", "/token"],
  ["DELETE", "/token"],
  ["OPTIONS", "/token"],
  ["GET", "/.well-known/other"],
  ["GET", "/.well-known/oauth-x/../../healthz"],
  ["GET", "/.well-known/oauth-x\\..\\..\\healthz"],
  ["TRACE", "/healthz"],
  ["CONNECT", "/token"],
  ["get", "/healthz"],
] as const;
for (const [method, path] of FOREIGN) {
  Deno.test(`ownRoutes leaves ${method} ${path} alone`, async () => {
    assert.equal(await routes.answer(method, path), null);
  });
}
