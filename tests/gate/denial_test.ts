/**
 * The table of PROTOCOL §1.11 as a table: every kind of denial against everybody who can be told of
 * it, with status, code, id and headers.
 */
import assert from "node:assert/strict";
import { type Asked, type Denial, errorText, render } from "../../src/gate/denial.ts";
import type { Call } from "../../src/policy/contract.ts";
import { gateConfig, request } from "../policies/lent_host.ts";

const call = request("tools/call", { name: "x" });
const CONTACT: Omit<Asked, "call"> = { era: "legacy", inSession: false, credentialSent: true };

/** Who is told, in the order of the columns below. */
const ASKERS: readonly { readonly name: string; readonly asked: Asked }[] = [
  { name: "an unread body", asked: { ...CONTACT, call: null } },
  { name: "a request without a session", asked: { ...CONTACT, call } },
  { name: "a request in a session", asked: { ...CONTACT, call, inSession: true } },
  {
    name: "initialize with an old session",
    asked: { ...CONTACT, call: request("initialize"), inSession: true },
  },
  { name: "a modern request", asked: { ...CONTACT, call, era: "modern" } },
  {
    name: "server/discover",
    asked: { ...CONTACT, call: request("server/discover"), era: "modern" },
  },
  {
    name: "a notification",
    asked: { ...CONTACT, call: { kind: "notification", method: "n", params: {} } },
  },
  { name: "a reply", asked: { ...CONTACT, call: { kind: "reply", id: 7, toolUses: [] } } },
  { name: "GET", asked: { ...CONTACT, call: { kind: "listen" } } },
  { name: "DELETE", asked: { ...CONTACT, call: { kind: "end" } } },
];

/** The code, and the status for each column: unread, request ×5, notification, reply, GET, DELETE. */
const TABLE: Readonly<Record<Denial["kind"], readonly [code: number, statuses: string]>> = {
  host: [-31403, "403 403 403 403 403 403 403 403 403 403"],
  origin: [-31403, "403 403 403 403 403 403 403 403 403 403"],
  bad_target: [-32600, "400 400 400 400 400 400 400 400 400 400"],
  not_found: [-32600, "404 404 404 404 404 404 404 404 404 404"],
  http_method: [-32600, "405 405 405 405 405 405 405 405 405 405"],
  bad_header: [-32600, "400 400 400 400 400 400 400 400 400 400"],
  content_type: [-32600, "415 415 415 415 415 415 415 415 415 415"],
  body_too_large: [-32600, "413 413 413 413 413 413 413 413 413 413"],
  body_timeout: [-32600, "408 408 408 408 408 408 408 408 408 408"],
  body_broken: [-32600, "400 400 400 400 400 400 400 400 400 400"],
  session: [-32600, "404 404 404 404 404 404 404 404 404 404"],
  event_id: [-32600, "400 400 400 400 400 400 400 400 400 400"],
  streams: [-31429, "429 429 429 429 429 429 429 429 429 429"],
  no_stream: [-32600, "405 405 405 405 405 405 405 405 405 405"],
  overloaded: [-32603, "503 503 503 503 503 503 503 503 503 503"],
  dropped: [-32600, "202 202 202 202 202 202 202 202 202 202"],
  client_gone: [-32603, "503 503 200 503 200 503 503 503 503 503"],
  internal: [-32603, "500 500 500 500 500 500 500 500 500 500"],
  revoked: [-31401, "503 503 200 503 200 503 503 503 503 503"],
  shutdown: [-32603, "503 503 200 503 200 503 503 503 503 503"],
  upstream: [-32603, "502 502 200 502 200 502 502 502 502 502"],
  upstream_timeout: [-32603, "504 504 200 504 200 504 504 504 504 504"],
  parse: [-32700, "400 400 400 400 400 400 400 400 400 400"],
  invalid: [-32600, "400 400 400 400 400 400 400 400 400 400"],
  header_mismatch: [-32020, "400 400 400 400 400 400 400 400 400 400"],
  unsupported_version: [-32022, "400 400 400 400 400 400 400 400 400 400"],
  missing_capability: [-32021, "400 400 400 400 400 400 400 400 400 400"],
  missing_meta: [-32602, "400 400 400 400 400 400 400 400 400 400"],
  unauthenticated: [-31401, "401 401 401 401 401 401 401 401 401 401"],
  rate_limited: [-31429, "429 429 429 429 429 429 429 429 429 429"],
  unknown_tool: [-32602, "400 200 200 200 200 200 202 202 405 405"],
  unknown_prompt: [-32602, "400 200 200 200 200 200 202 202 405 405"],
  unknown_resource: [-32602, "400 200 200 200 200 200 202 202 405 405"],
  unknown_method: [-32601, "405 200 200 200 404 404 202 202 405 405"],
  invalid_params: [-32602, "400 200 200 200 200 200 202 202 405 405"],
  forbidden: [-31403, "400 200 200 200 200 200 202 202 405 405"],
  unavailable: [-32603, "503 503 200 503 200 503 503 503 503 503"],
};

const KINDS = Object.keys(TABLE) as Denial["kind"][];
const CONFIG = gateConfig();
const JSONRPC = gateConfig({ defaults: { ...CONFIG.defaults, rateLimitReply: "jsonrpc" } });

function denial(kind: Denial["kind"], more: Partial<Denial> = {}): Denial {
  return { kind, stage: "s", reason: "A reason", detail: "SECRET-DETAIL", ...more };
}

function idOf(call: Call | null): string | number | null {
  return call?.kind === "request" ? call.id : null;
}

function told(rendered: ReturnType<typeof render>) {
  return rendered.body === null ? null : JSON.parse(new TextDecoder().decode(rendered.body));
}

for (const kind of KINDS) {
  Deno.test(`render tells ${kind} as the table says`, async (t) => {
    const [code, statuses] = TABLE[kind];
    for (const [column, { name, asked }] of ASKERS.entries()) {
      await t.step(name, () => {
        const answer = render(denial(kind), asked, CONFIG);
        assert.equal(String(answer.status), statuses.split(" ")[column]);
        const body = told(answer);
        if (answer.status === 202) {
          assert.deepEqual([body, answer.fields], [null, []]);
          return;
        }
        const isLegacyResource = kind === "unknown_resource" && asked.era === "legacy";
        assert.deepEqual(body, {
          jsonrpc: "2.0",
          id: idOf(asked.call),
          error: { code: isLegacyResource ? -32002 : code, message: body.error.message },
        });
        // P12: a client waits for its id; an error without one is only read at a failing status.
        if (answer.status === 200) assert.notEqual(body.id, null);
        assert.deepEqual(answer.fields[0], ["content-type", "application/json"]);
      });
    }
  });
}

Deno.test("render never says anything that makes mcp-remote change its transport", () => {
  for (const kind of KINDS) {
    for (const { asked } of ASKERS) {
      for (const retryAfterMs of [undefined, 404, 405, 1404, 4049]) {
        const { body } = render(denial(kind, { retryAfterMs }), asked, CONFIG);
        const text = body === null ? "" : new TextDecoder().decode(body);
        assert.doesNotMatch(text, /Unauthorized|404|405|Not Found|Method Not Allowed/, kind);
        assert.doesNotMatch(text, /SECRET-DETAIL/, kind);
      }
    }
  }
});

Deno.test("render never answers a stage's denial with 403, nor with 401 but for the key's", () => {
  const stages: Denial["kind"][] = [
    "rate_limited",
    "unknown_tool",
    "unknown_prompt",
    "unknown_resource",
    "unknown_method",
    "invalid_params",
    "forbidden",
    "unavailable",
  ];
  for (const kind of stages) {
    for (const { asked } of ASKERS) {
      const { status } = render(denial(kind), asked, CONFIG);
      assert.ok(status !== 401 && status !== 403, `${kind}: ${status}`);
    }
  }
});

Deno.test("render keeps the type of the request's id", () => {
  for (const id of [1, "1", "", -7]) {
    const asked = { ...CONTACT, call: { ...call, id } };
    assert.strictEqual(told(render(denial("unknown_tool"), asked, CONFIG)).id, id);
  }
});

const LIMITED = [
  { name: "a request", column: 1, http: 429, jsonrpc: 200 },
  { name: "a modern request", column: 4, http: 429, jsonrpc: 200 },
  { name: "a notification", column: 6, http: 429, jsonrpc: 429 },
  { name: "a reply", column: 7, http: 429, jsonrpc: 429 },
  { name: "GET", column: 8, http: 429, jsonrpc: 429 },
  { name: "an unread body", column: 0, http: 429, jsonrpc: 429 },
];

for (const { name, column, http, jsonrpc } of LIMITED) {
  Deno.test(`render tells ${name} of the rate limit as the configuration says`, () => {
    const asked = ASKERS[column]?.asked ?? assert.fail();
    const limited = denial("rate_limited", { retryAfterMs: 1450 });
    for (const [config, status] of [[CONFIG, http], [JSONRPC, jsonrpc]] as const) {
      const answer = render(limited, asked, config);
      assert.equal(answer.status, status);
      assert.ok(answer.fields.some(([field, value]) => field === "retry-after" && value === "2"));
      assert.deepEqual(told(answer).error, {
        code: -31429,
        message: "A reason",
        data: { retryAfterMs: 1500 },
      });
    }
  });
}

Deno.test("render says the same to every caller without a right key", () => {
  const one = render(
    denial("unauthenticated", { reason: "expired" }),
    { ...CONTACT, call },
    CONFIG,
  );
  const other = render(
    denial("unauthenticated", { reason: "wrong" }),
    { ...CONTACT, call },
    CONFIG,
  );
  assert.deepEqual(one, other);
  assert.equal(
    told(one).error.message,
    "Missing or unknown API key. Send it as: Authorization: Bearer <key>",
  );
});

for (
  const { credentialSent, challenge } of [
    { credentialSent: false, challenge: 'Bearer realm="mcp"' },
    {
      credentialSent: true,
      // With the words of the body: RFC 6750, section 3, has neither quotes nor backslashes in them.
      challenge: 'Bearer realm="mcp", error="invalid_token", error_description=' +
        '"Missing or unknown API key. Send it as: Authorization: Bearer <key>"',
    },
  ]
) {
  Deno.test(`render challenges a caller who sent ${credentialSent ? "a wrong" : "no"} key`, () => {
    const asked = { ...CONTACT, call: null, credentialSent };
    const { fields } = render(denial("unauthenticated"), asked, CONFIG);
    assert.deepEqual(fields.slice(1), [["www-authenticate", challenge]]);
  });
}

Deno.test("render names the methods there are with every 405", () => {
  for (const kind of KINDS) {
    for (const { asked } of ASKERS) {
      const { status, fields } = render(denial(kind), asked, CONFIG);
      const allow = fields.find(([name]) => name === "allow")?.[1];
      assert.equal(allow, status === 405 ? "GET, POST, DELETE" : undefined);
    }
  }
});

Deno.test("errorText carries the data that the specification asks for", () => {
  const data = { supported: ["2026-07-28"], requested: "2027-01-01" };
  const text = errorText(denial("unsupported_version", { data }), 1, "modern");
  assert.deepEqual(JSON.parse(text).error.data, data);
});
