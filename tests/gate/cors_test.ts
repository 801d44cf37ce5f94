/** What browsers are told: preflights, and the fields without which a page reads no answer. */
import assert from "node:assert/strict";
import { preflightFields } from "../../src/gate/cors.ts";
import { bodyOf, call, config, Scene } from "./support/gate_scene.ts";

const ORIGIN = "https://app.example";
const SETTING = { config: { origins: [ORIGIN] } };

const ANSWERS = [
  { name: "an answer", body: bodyOf(call()), key: undefined, status: 200 },
  { name: "a denial", body: bodyOf(call("")), key: null, status: 401 },
  { name: "a refusal of the door's", body: "{", key: undefined, status: 400 },
];

for (const { name, body, key, status } of ANSWERS) {
  Deno.test(`a page of an allowed origin may read ${name}`, async () => {
    await using scene = await Scene.open(SETTING);
    const exchange = await scene.ask({ body, fields: [["origin", ORIGIN]] }, key);
    assert.equal(exchange.status, status);
    assert.equal(exchange.field("access-control-allow-origin"), ORIGIN);
    assert.equal(exchange.field("vary"), "origin");
    assert.match(exchange.field("access-control-expose-headers") ?? "", /\bmcp-session-id\b/);
    assert.equal(exchange.field("access-control-allow-credentials"), null);
  });
}

for (
  const [name, fields] of [["no", []], ["a foreign", [["origin", "https://evil.example"]]]] as const
) {
  Deno.test(`a client of ${name} origin is told nothing about origins`, async () => {
    await using scene = await Scene.open(SETTING);
    const exchange = await scene.ask({ body: bodyOf(call()), fields });
    const names = exchange.answerFields.map(([name]) => name);
    assert.ok(!names.some((name) => name.startsWith("access-control-") || name === "vary"));
  });
}

Deno.test("a preflight is answered before anybody is asked for a key, each field once", async () => {
  await using scene = await Scene.open(SETTING);
  const exchange = await scene.ask({
    method: "OPTIONS",
    fields: [
      ["origin", ORIGIN],
      ["access-control-request-method", "POST"],
      ["access-control-request-headers", "authorization, content-type,X-Evil, mcp-param-region"],
    ],
  }, null);
  assert.equal(exchange.status, 204);
  assert.equal(exchange.field("access-control-allow-origin"), ORIGIN);
  assert.equal(exchange.field("access-control-allow-methods"), "GET, POST, DELETE");
  assert.equal(
    exchange.field("access-control-allow-headers"),
    "authorization, content-type, mcp-param-region",
  );
  assert.equal(exchange.field("access-control-max-age"), "600");
  const names = exchange.answerFields.map(([name]) => name);
  assert.equal(new Set(names).size, names.length);
});

const OUTSIDE = [
  { name: "without an origin", fields: [], status: 405 },
  { name: "of a foreign origin", fields: [["origin", "https://evil.example"]], status: 403 },
] as const;

for (const { name, fields, status } of OUTSIDE) {
  Deno.test(`a preflight ${name} is refused with ${status}`, async () => {
    await using scene = await Scene.open(SETTING);
    assert.equal((await scene.ask({ method: "OPTIONS", fields }, null)).status, status);
  });
}

const REQUESTED = [
  { requested: null, granted: null },
  { requested: "", granted: null },
  { requested: "x-evil", granted: null },
  { requested: "MCP-Session-Id,Last-Event-ID", granted: "mcp-session-id, last-event-id" },
  { requested: "x-trace, cookie", granted: "x-trace" },
  { requested: "mcp-param-, mcp-param-a\r\nx: y", granted: null },
];

for (const { requested, granted } of REQUESTED) {
  Deno.test(`preflightFields grants of ${JSON.stringify(requested)} what the gate reads`, () => {
    const fields = preflightFields(requested, ["x-trace"]);
    const value = fields.find(([name]) => name === "access-control-allow-headers")?.[1];
    assert.equal(value ?? null, granted);
  });
}

Deno.test("a page on this machine may use a gate on this machine", async () => {
  const listen = { hostname: "127.0.0.1", port: 8080 };
  await using scene = await Scene.open({ config: { listen, hosts: config().hosts } });
  const fields = [["host", "localhost:8080"], ["origin", "http://localhost:6274"]] as const;
  const exchange = await scene.ask({ body: bodyOf(call()), fields });
  assert.equal(exchange.field("access-control-allow-origin"), "http://localhost:6274");
});
