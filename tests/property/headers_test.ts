/**
 * P6 on the whole gate: only the gate's own lists of fields leave it in either direction, each once
 * and by its grammar, and no field of the client's outside of them changes anything.
 */
import assert from "node:assert/strict";
import type { Fields } from "../../src/gate/incoming.ts";
import type { UpstreamRequest } from "../../src/upstream/upstream.ts";
import { config, type Scene } from "../gate/support/gate_scene.ts";
import type { MemoryExchange } from "../gate/support/memory_exchange.ts";
import { fieldMap, MemoryReply } from "../gate/support/memory_upstream.ts";
import { fuzzAsync } from "../support/fuzz.ts";
import type { Random } from "../support/random.ts";
import { HOLDERS, openProperty } from "./property_scene.ts";
import { modernAsk, randomRequest } from "./random_request.ts";

const TEXT = /^[\x21-\x7e](?:[\t\x20-\x7e]*[\x21-\x7e])?$/;

/** What goes up (PROTOCOL §1.1), and how its values look; the last ones are configured below. */
const UPWARDS: Readonly<Record<string, RegExp>> = {
  "content-type": /^application\/json$/,
  accept: /^[\x20-\x7e]{1,256}$/,
  "accept-encoding": /^identity$/,
  "user-agent": /^mcpgate\/test$/,
  "mcp-protocol-version": /^\d{4}-\d{2}-\d{2}$/,
  "mcp-session-id": /^[\x21-\x7e]{1,1024}$/,
  "last-event-id": /^\P{Cc}{1,1024}$/u,
  "mcp-method": /^[\x21-\x7e]{1,128}$/,
  "mcp-name": TEXT,
  "mcp-param-region": TEXT,
  authorization: /^Bearer UPSTREAM$/,
  "x-tenant": TEXT,
  "x-plan": /^gold$/,
  "x-mcp-client": /^[abcde]$/,
};

/** What comes down, by the same. */
const DOWNWARDS: Readonly<Record<string, RegExp>> = {
  "content-type": /^(?:application\/json|text\/event-stream)$/,
  "mcp-session-id": /^s1\.[\w-]{22}$/,
  "cache-control": /^no-store, no-transform$/,
  "x-accel-buffering": /^no$/,
  "retry-after": /^\d+$/,
  allow: /^[A-Z]+(?:, ?[A-Z]+)*$/,
  "mcpgate-exchange": /^[\w-]{12}$/,
  "www-authenticate":
    /^Bearer realm="mcp"(?:, error="invalid_token", error_description="[\x20-\x21\x23-\x5b\x5d-\x7e]+")?$/,
  "access-control-allow-origin": /^https:\/\/page\.example$/,
  "access-control-expose-headers": TEXT,
  "access-control-allow-methods": TEXT,
  "access-control-allow-headers": TEXT,
  "access-control-max-age": /^\d+$/,
  vary: /^origin$/,
};

/** Fields that mean something to some program between here and there, and nothing to the gate. */
const OTHERS: Fields = [
  ["cookie", "COOKIE-X=1"],
  ["x-forwarded-for", "203.0.113.9"],
  ["x-forwarded-host", "evil.example"],
  ["x-forwarded-proto", "https"],
  ["forwarded", "for=203.0.113.9;host=evil.example"],
  ["via", "1.1 evil"],
  ["x-http-method-override", "DELETE"],
  ["x-method-override", "GET"],
  ["x-original-url", "/admin"],
  ["x-rewrite-url", "/admin"],
  ["proxy-authorization", "Basic eA=="],
  ["proxy-connection", "keep-alive"],
  ["accept-encoding", "gzip, br"],
  ["accept-charset", "utf-7"],
  ["accept-language", "de"],
  ["user-agent", "client-under-test/1"],
  ["referer", "http://localhost/"],
  ["connection", "close, mcp-session-id"],
  ["keep-alive", "timeout=5"],
  ["te", "trailers"],
  ["trailer", "authorization"],
  ["transfer-encoding", "chunked"],
  ["upgrade", "h2c"],
  ["http2-settings", "AAMAAABkAAQAAP__"],
  ["expect", "100-continue"],
  ["range", "bytes=0-1"],
  ["if-none-match", '"x"'],
  ["traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"],
  ["x-mcp-client", "a"],
  ["x-plan", "platinum"],
  ["mcp_session_id", "s"],
  ["mcp-sessionid", "s"],
  ["x-mcp-name", "rm"],
  ["content-language", "de"],
  ["content-disposition", "inline"],
  ["x-content-type-options", "nosniff"],
  ["é", "é"],
  ["constructor", "é\x00"],
];

/** Fields that a legacy message has no use for. */
const MODERN_ONLY: Fields = [
  ["mcp-method", "tools/list"],
  ["mcp-name", "rm"],
  ["mcp-param-region", "eu"],
  ["mcp-param-region", "=?base64?/w==?="],
];

/** What an upstream might hope to get past the gate. */
const UPSTREAM_FIELDS: Fields = [
  ["set-cookie", "COOKIE-X=1"],
  ["location", "http://UPSTREAM-HOST/"],
  ["server", "UPSTREAM-HOST"],
  ["www-authenticate", 'Bearer realm="UPSTREAM-HOST"'],
  ["etag", '"UPSTREAM-HOST"'],
  ["cache-control", "public"],
  ["access-control-allow-origin", "*"],
  ["mcpgate-exchange", "forged"],
  ["mcp-session-id", "s1"],
  ["allow", "BREW, é"],
  ["retry-after", "soon"],
  ["content-encoding", "identity"],
];

function openBench(): Promise<Scene> {
  const base = config();
  return openProperty({
    config: {
      origins: ["https://page.example"],
      upstream: {
        ...base.upstream,
        forwardHeaders: ["x-tenant", "x-plan"],
        identityHeader: "x-mcp-client",
      },
      secrets: {
        seal: "s",
        upstreamHeaders: [["authorization", "Bearer UPSTREAM"], ["x-plan", "gold"]],
        tls: null,
        upstreamTls: null,
      },
    },
  });
}

/** What both sides see of an exchange, but for its id. */
interface Sight {
  readonly up: readonly UpstreamRequest[];
  readonly status: number;
  readonly text: string;
  readonly fields: Fields;
}

function sight(scene: Scene, exchange: MemoryExchange): Sight {
  const up = scene.upstream.requests.splice(0);
  return {
    up: up.map(({ method, fields, body }) => ({ method, fields, body }) as UpstreamRequest),
    status: exchange.status,
    text: exchange.text,
    fields: exchange.answerFields.filter(([name]) => name !== "mcpgate-exchange"),
  };
}

/** `fields` with some of `others` put in between. */
function mixed(random: Random, fields: Fields, others: Fields): Fields {
  const put = Array.from({ length: 1 + random.below(4) }, () => random.pick(others));
  const all = [...fields];
  for (const field of put) all.splice(random.below(all.length + 1), 0, field);
  return all;
}

function assertClosed(names: Readonly<Record<string, RegExp>>, fields: Fields): void {
  const seen = new Set<string>();
  for (const [name, value] of fields) {
    assert.ok(Object.hasOwn(names, name), `${name} is on no list`);
    assert.match(value, names[name] as RegExp, name);
    assert.ok(!seen.has(name) || name === "mcp-param-region", `${name} is sent twice`);
    seen.add(name);
  }
}

Deno.test("no other field of the client's changes anything for anybody", async () => {
  await using scene = await openBench();
  await fuzzAsync(1500, async (random) => {
    const { key, request } = randomRequest(random);
    const plain = sight(scene, await scene.ask(request, key));
    const fields = mixed(random, request.fields ?? [], OTHERS);
    const more = sight(scene, await scene.ask({ ...request, fields }, key));
    assert.deepEqual(more, plain, JSON.stringify({ key, request, fields }));
  });
});

Deno.test("fields of 2026-07-28 change nothing for an older message", async () => {
  await using scene = await openBench();
  let asked = 0;
  await fuzzAsync(800, async (random) => {
    const { key, request } = randomRequest(random);
    const given = request.fields ?? [];
    const names = new Set(given.map(([name]) => name));
    if (JSON.stringify([request.body, given]).includes("2026-07-28")) return;
    if (MODERN_ONLY.some(([name]) => names.has(name))) return;
    asked++;
    const plain = sight(scene, await scene.ask(request, key));
    const fields = random.shuffle([...given, ...MODERN_ONLY]);
    assert.deepEqual(sight(scene, await scene.ask({ ...request, fields }, key)), plain);
  });
  assert.ok(asked > 0);
});

/** Ways to write a name in a field that stand for the same (2026-07-28). */
function spellings(name: string): string[] {
  const base64 = `=?base64?${new TextEncoder().encode(name).toBase64()}?=`;
  return /^[\x21-\x7e]+$/.test(name) && !name.startsWith("=?")
    ? [name, base64, ` ${name}`, `${name}\t`, ` ${base64} `]
    : [base64];
}

Deno.test("how a name is spelled in a field changes nothing, and another name goes nowhere", async () => {
  await using scene = await openBench();
  const names = ["read_file", "réad", "a b", "=?base64?eA==?=", "x".repeat(256)];
  for (const name of names) {
    const { body = "", fields = [] } = modernAsk("tools/call", { name });
    const others = fields.filter(([field]) => field !== "mcp-name");
    const ask = (value: string) =>
      scene.ask({ body, fields: [...others, ["mcp-name", value]] }, HOLDERS["a"]);
    const [plain, ...same] = spellings(name);
    const first = sight(scene, await ask(plain ?? ""));
    assert.equal(first.up.length, 1, first.text);
    for (const value of same) assert.deepEqual(sight(scene, await ask(value)), first, value);
    for (const value of [...names.filter((other) => other !== name).flatMap(spellings), ""]) {
      const refused = sight(scene, await ask(value));
      assert.deepEqual([refused.status, refused.up], [400, []], value);
      assert.match(refused.text, /"code":-32020,"message":"Header mismatch: Mcp-Name"/);
    }
  }
});

Deno.test("a method in a field that is not the body's goes nowhere", async () => {
  await using scene = await openBench();
  const { body = "", fields = [] } = modernAsk("tools/call", { name: "read_file" });
  const others = fields.filter(([field]) => field !== "mcp-method");
  for (
    const method of [null, "", "tools/list", "Tools/Call", "tools/call,tools/call", "tools/call "]
  ) {
    const own: Fields = method === null ? [] : [["mcp-method", method]];
    const refused = sight(
      scene,
      await scene.ask({ body, fields: [...others, ...own] }, HOLDERS["a"]),
    );
    assert.deepEqual([refused.status, refused.up], [400, []], String(method));
    assert.match(refused.text, /"code":-32020,"message":"Header mismatch: Mcp-Method"/);
  }
});

Deno.test("only the gate's own fields go up and come down, each once and by its grammar", async () => {
  await using scene = await openBench();
  const { otherwise } = scene.upstream;
  let up = 0;
  await fuzzAsync(1500, async (random) => {
    const forged = mixed(random, [], UPSTREAM_FIELDS);
    scene.upstream.otherwise = async (request) => {
      const reply = await otherwise(request);
      const status = random.pick([reply.status, reply.status, 200, 307, 401, 404, 405, 429, 500]);
      const copy = new MemoryReply(status, [...reply.fields, ...forged]);
      for (let piece; (piece = await reply.read()) !== null;) copy.send(piece);
      return copy.end();
    };
    const { key, request } = randomRequest(random);
    const own: Fields = random.chance(0.2) ? [["origin", "https://page.example"]] : [];
    const fields = [
      ...mixed(random, request.fields ?? [], OTHERS),
      ["x-tenant", "t"] as const,
      ...own,
    ];
    const exchange = await scene.ask({ ...request, fields }, key);
    assertClosed(DOWNWARDS, exchange.answerFields);
    for (const sent of scene.upstream.requests.splice(0)) {
      up++;
      assertClosed(UPWARDS, sent.fields);
      assert.equal(fieldMap(sent)["x-mcp-client"], scene.last.label);
    }
  });
  assert.ok(up > 0, "nothing went up");
});
