/**
 * P10 and P19 on the whole gate: a key without rights gets nothing through but the handshake; what
 * is denied is told exactly like what does not exist; and every answer of the gate's own is an error
 * of JSON-RPC with a code and status of the table (PROTOCOL §1.11).
 */
import assert from "node:assert/strict";
import { isObject, member } from "../../src/mcp/json.ts";
import { D, rpc, type Scene } from "../gate/support/gate_scene.ts";
import type { MemoryExchange } from "../gate/support/memory_exchange.ts";
import type { Request } from "../gate/support/memory_exchange.ts";
import { fuzzAsync } from "../support/fuzz.ts";
import type { Random } from "../support/random.ts";
import { E, HOLDERS, holders, openProperty } from "./property_scene.ts";
import { legacyAsk, modernAsk, randomRequest, WRONG_HEADS } from "./random_request.ts";
import { randomTrouble } from "./trouble.ts";
import { LEGACY_REQUESTS, MODERN_REQUESTS } from "../mcp/ordinary_messages.ts";
import { randomDocument } from "../mcp/random_document.ts";

/** What an empty grant lets pass, by method; what is no message is a key's own stream or session. */
const HARMLESS =
  /^(?:-|initialize|ping|server\/discover|tools\/list|logging\/setLevel|subscriptions\/listen|notifications\/(?:initialized|cancelled|progress|roots\/list_changed))$/;

/** The statuses that each code may have. */
const STATUSES: Readonly<Record<string, readonly number[]>> = {
  [-32700]: [400],
  [-32600]: [400, 404, 405, 408, 413, 415, 431],
  [-32601]: [200, 404, 405],
  [-32602]: [200, 400, 405],
  // The upstream's own refusals keep their status where their body says nothing.
  [-32603]: [200, 500, 502, 503, 504, 400, 404, 405, 406, 409, 415, 429],
  [-32002]: [200, 405],
  [-32020]: [400],
  [-32021]: [400],
  [-32022]: [400],
  [-31401]: [200, 401, 503],
  [-31403]: [403],
  [-31429]: [200, 429],
};

/** Words that clients take for a reason to change their transport or to log in (§1.11). */
const TRIGGERS = /Unauthorized|404|405|Not Found|Method Not Allowed/;

/** Checks a body that the gate made, under its status. */
function checkShape({ status, text, fields }: Told, sent: string): void {
  const shown = `${status} ${text} to ${sent}`;
  const body = JSON.parse(text);
  for (const error of Array.isArray(body) ? body : [body]) {
    assert.deepEqual(Object.keys(error), ["jsonrpc", "id", "error"], shown);
    const { id, error: { code, message, ...rest } } = error;
    assert.equal(error.jsonrpc, "2.0", shown);
    assert.ok(id === null || typeof id === "string" || Number.isSafeInteger(id), shown);
    if (id === null) assert.ok(status >= 400, `no id: ${shown}`);
    assert.ok(STATUSES[code]?.includes(status), `code and status: ${shown}`);
    assert.ok(typeof message === "string" && message.length > 0 && message.length < 600, shown);
    assert.ok(Object.keys(rest).every((name) => name === "data"), shown);
    assert.ok(rest.data === undefined || isObject(rest.data), shown);
    const isNamed = /^(?:Unknown|Method not found)/.test(message);
    if (!isNamed) assert.doesNotMatch(JSON.stringify(error.error), TRIGGERS, shown);
  }
  const names = new Set(fields.map(([name]) => name));
  assert.equal(names.has("www-authenticate"), status === 401, shown);
  assert.equal(names.has("allow"), status === 405, shown);
  if (/Rate limit/.test(text)) assert.ok(names.has("retry-after"), shown);
}

/** D4: the one refusal whose status each revision, and each method, has its own for. */
function checkMethodNotFound(
  { method, status, text }: MemoryExchange,
  protocol: string | null,
): void {
  if (!text.includes('"code":-32601')) return;
  const inBand = protocol === "2026-07-28" ? 404 : 200;
  assert.equal(status, method === "POST" ? inBand : 405, text);
}

interface Told {
  readonly status: number;
  readonly text: string;
  readonly fields: MemoryExchange["answerFields"];
}

function told(exchange: MemoryExchange): Told {
  return {
    status: exchange.status,
    text: exchange.text,
    fields: exchange.answerFields.filter(([name]) => name !== "mcpgate-exchange"),
  };
}

/** A request with a body that is sometimes not even JSON. */
function anyRequest(random: Random) {
  const { key, request } = randomRequest(random);
  if (!random.chance(0.3)) return { key, request };
  return { key, request: { ...request, body: randomDocument(random).bytes } };
}

Deno.test("every answer of the gate's own is an error that clients understand", async () => {
  await using scene = await openProperty({
    config: {
      keys: holders({ d: { rateLimit: { rps: 0.001, burst: 3 } } }),
      authFailures: { rps: 0.001, burst: 50 },
    },
  });
  const { otherwise } = scene.upstream;
  const seen = new Set<string>();
  await fuzzAsync(3000, async (random) => {
    const { key, request } = anyRequest(random);
    scene.upstream.otherwise = random.chance(0.3) ? randomTrouble(random) : otherwise;
    const exchange = await scene.ask(request, key);
    const isOwn = scene.last.decision !== "allow" || exchange.text.includes("refused the request");
    if (!isOwn || exchange.field("content-type") !== "application/json") return;
    checkShape(told(exchange), JSON.stringify([key, request]));
    checkMethodNotFound(exchange, scene.last.protocol);
    seen.add(`${JSON.parse(exchange.text)?.error?.code} ${exchange.status}`);
  });
  assert.ok(seen.size >= 12, [...seen].join(", "));
});

Deno.test("an empty grant lets through what no grant is needed for", async () => {
  await using scene = await openProperty();
  const methods = new Set<string>();
  await fuzzAsync(1500, async (random) => {
    const exchange = await scene.ask(anyRequest(random).request, D);
    for (const { body, method } of scene.upstream.requests.splice(0)) {
      const message = method === "POST"
        ? JSON.parse(new TextDecoder().decode(body ?? undefined))
        : {};
      assert.match(String(member(message, "method") ?? "-"), HARMLESS, exchange.text);
      methods.add(message.method);
    }
  });
  assert.ok(methods.size > 5, [...methods].join(", "));
});

/** Methods that nobody knows, or that only look like ones. */
const UNKNOWN = [
  "foo",
  "tools/unknown",
  "Tools/Call",
  "tools/call ",
  "tools/call\0",
  "/tools/call",
  "tools//call",
  "notifications/foo",
  "notifications/initialized ",
  "sampling/createMessage",
  "roots/list",
  "elicitation/create",
  "rpc.discover",
  "constructor",
  "__proto__",
];

Deno.test("what is in no table of methods goes nowhere, whoever asks", async () => {
  await using scene = await openProperty();
  for (const method of UNKNOWN) {
    const params = { name: "read_file" };
    for (const message of [rpc(method, params), { jsonrpc: "2.0", method, params }]) {
      await scene.ask(modernAsk(method, params));
      const { status, text } = await scene.ask(legacyAsk(message));
      if (!("id" in message)) assert.deepEqual([status, text], [202, ""], method);
    }
  }
  for (const version of ["2024-11-06", "2026-07-29", "2027-01-01", "draft", "1"]) {
    const ask = modernAsk("tools/call", { name: "read_file" });
    const fields = (ask.fields ?? []).map(([name, value]) =>
      [name, name === "mcp-protocol-version" ? version : value] as const
    );
    await scene.ask({ ...ask, fields });
    await scene.ask({ fields, body: String(ask.body).replaceAll("2026-07-28", version) });
    await scene.ask({ ...legacyAsk(rpc("ping")), fields: [["mcp-protocol-version", version]] });
    await scene.ask({ method: "GET", fields: [["mcp-protocol-version", version]] });
  }
  assert.deepEqual(
    scene.upstream.requests.map(({ body }) => new TextDecoder().decode(body ?? undefined)),
    [],
  );
});

Deno.test("what is wrong with a head goes nowhere, whatever is right about the message", async () => {
  await using scene = await openProperty();
  const right = legacyAsk(rpc("tools/call", { name: "read_file" }));
  for (const { refusedBy, ...head } of WRONG_HEADS) {
    const exchange = await scene.ask({ ...right, ...head });
    assert.equal(exchange.status, refusedBy, JSON.stringify(head));
    checkShape(told(exchange), JSON.stringify(head));
    assert.equal(upwards(scene), 0, JSON.stringify(head));
  }
});

Deno.test("a request without an id is refused, whoever asks and of whatever revision", async () => {
  await using scene = await openProperty();
  for (const { method, params } of [...LEGACY_REQUESTS, ...MODERN_REQUESTS]) {
    const { fields = [] } = modernAsk(method, params);
    const body = JSON.stringify({ jsonrpc: "2.0", method, params });
    for (const request of [{ body }, { body, fields }]) {
      const { status, text } = await scene.ask(request);
      assert.equal(status, 400);
      assert.match(text, /"code":-32600,"message":"Request needs an id"/);
    }
  }
  assert.equal(upwards(scene), 0);
});

Deno.test("no wait that a client is told reads like a status that changes its transport", async () => {
  await using scene = await openProperty({
    config: { keys: holders({ b: { rateLimit: { rps: 1, burst: 1 } } }) },
  });
  for (let waitMs = 1; waitMs < 1000; waitMs++) {
    scene.clock.ms += 1000;
    assert.equal((await scene.post(rpc("ping"), HOLDERS["b"])).status, 200);
    scene.clock.ms += 1000 - waitMs;
    const refused = await scene.post(rpc("ping"), HOLDERS["b"]);
    assert.equal(refused.status, 429);
    checkShape(told(refused), `a wait of ${waitMs} ms`);
    scene.clock.ms += waitMs;
  }
});

/** What may be asked about one name. */
const ABOUT: readonly ((name: string) => Request)[] = [
  (name) => legacyAsk(rpc("tools/call", { name })),
  (name) => legacyAsk(rpc("prompts/get", { name })),
  (name) => legacyAsk(rpc("resources/read", { uri: name })),
  (name) => legacyAsk(rpc("resources/subscribe", { uri: name })),
  (name) => legacyAsk(rpc("completion/complete", about({ type: "ref/prompt", name }))),
  (name) => legacyAsk(rpc("completion/complete", about({ type: "ref/resource", uri: name }))),
  (name) => legacyAsk(rpc("tasks/get", { taskId: name })),
  (name) => modernAsk("tools/call", { name }),
  (name) => modernAsk("prompts/get", { name }),
  (name) => modernAsk("resources/read", { uri: name }),
  (name) => modernAsk("tasks/get", { taskId: name }),
  (name) => modernAsk("skills/get", { uri: name }),
  (name) => modernAsk("subscriptions/listen", { notifications: { resourceSubscriptions: [name] } }),
  (name) => modernAsk("subscriptions/listen", { notifications: { taskIds: [name] } }),
];

function about(ref: object) {
  return { ref, argument: { name: "x", value: "y" } };
}

/** Names that something upstream has, but not for E; and one of E's own. */
const EXISTING = [
  "rm",
  "search_secrets",
  "deploy",
  "file:///etc/passwd",
  "file:///docs/../x",
  "READ_FILE",
];

Deno.test("what is denied is told exactly like what does not exist", async () => {
  await using scene = await openProperty();
  await fuzzAsync(400, async (random) => {
    const [ask, key] = [random.pick(ABOUT), random.pick([E, D])];
    const [denied, absent] = [random.pick(EXISTING), randomName(random)];
    const answers = [];
    for (const name of [denied, absent]) {
      const { text, ...rest } = told(await scene.ask(ask(name), key));
      answers.push({ ...rest, text: text.replaceAll(JSON.stringify(name).slice(1, -1), "NAME") });
    }
    assert.deepEqual(answers[0], answers[1], `${denied}, ${absent}`);
    assert.equal(upwards(scene), 0);
  });
});

function upwards(scene: Scene): number {
  return scene.upstream.requests.splice(0).length;
}

/** A name that nobody has. */
function randomName(random: Random): string {
  const letters = ["x", "q", "7", "_", ".", "-", "é", " ", '"', "\\", "😀", "<"];
  return `zz${Array.from({ length: random.below(30) }, () => random.pick(letters)).join("")}z`;
}
