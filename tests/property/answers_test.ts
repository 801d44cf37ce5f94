/**
 * P12 on the whole gate: every request with an id is answered once, by a response with its id or by
 * a status that says there is none, whatever the upstream does, and in time.
 */
import assert from "node:assert/strict";
import { type Json, member } from "../../src/mcp/json.ts";
import { listen } from "../../src/server/listener.ts";
import { http1Upstream } from "../../src/upstream/http1_upstream.ts";
import { B, call, config, rpc } from "../gate/support/gate_scene.ts";
import type { MemoryExchange } from "../gate/support/memory_exchange.ts";
import { fuzzAsync } from "../support/fuzz.ts";
import { inTime } from "../support/eventually.ts";
import { mcpPost } from "../support/mcp_request.ts";
import { RawClient } from "../support/raw_http.ts";
import {
  answer,
  raw,
  RecordingUpstream,
  type Script,
  silence,
} from "../support/recording_upstream.ts";
import type { Random } from "../support/random.ts";
import { openProperty } from "./property_scene.ts";
import { randomMessage, randomRequest, type Sent } from "./random_request.ts";
import { randomTrouble } from "./trouble.ts";

/** The messages in an answer, whatever its form. */
function messagesIn({ text, answerFields }: Pick<MemoryExchange, "text" | "answerFields">): Json[] {
  if (text === "") return [];
  const isStream = answerFields.some(([, value]) => value === "text/event-stream");
  const parsed: Json[] = isStream
    ? [...text.matchAll(/^data: (.+)$/gm)].map(([, data]) => JSON.parse(data ?? ""))
    : [JSON.parse(text)];
  return parsed.flat();
}

/** The ids of the requests that a body asks, spelled as JSON so that types count. */
function askedIds(body: unknown): string[] {
  let value: Json;
  try {
    value = JSON.parse(String(body));
  } catch {
    return [];
  }
  return [value].flat().flatMap((message) => {
    const id = member(message, "id");
    return id === undefined || member(message, "method") === undefined ? [] : [JSON.stringify(id)];
  });
}

/** Throws where a request got no answer, or two, or one that it could not tell. */
function check(sent: Sent, exchange: MemoryExchange): void {
  const shown = `${JSON.stringify(sent)} got ${exchange.status} ${exchange.text}`;
  assert.equal(exchange.state, "complete", shown);
  const messages = messagesIn(exchange);
  const responses = messages.filter((message) => member(message, "method") === undefined);
  if (exchange.status === 200) {
    assert.ok(responses.every((message) => member(message, "id") !== null), `no id: ${shown}`);
  }
  const ids = askedIds(sent.request.body);
  if (new Set(ids).size < ids.length) assert.ok(exchange.status >= 400, `one id twice: ${shown}`);
  for (const id of new Set(ids)) {
    const mine = responses.filter((message) => JSON.stringify(member(message, "id")) === id);
    const canResume = exchange.status === 200 && /^id: /m.test(exchange.text);
    assert.ok(mine.length <= 1, `twice: ${shown}`);
    assert.ok(mine.length === 1 || exchange.status >= 400 || canResume, `never: ${shown}`);
  }
}

/** What nobody is told who is known: clients would log in, go elsewhere, or wait. */
const NEVER: ReadonlySet<number> = new Set([100, 101, 201, 204, 301, 302, 303, 307, 308, 401, 403]);

function randomBatch(random: Random): Sent {
  const isPlain = random.chance(0.5);
  const messages = isPlain
    ? Array.from(
      { length: 1 + random.below(4) },
      () => rpc("ping", {}, random.pick([1, "1", 2, "a"])),
    )
    : Array.from(
      { length: 1 + random.below(4) },
      (_, at) => ({ ...randomMessage(random).message, ...(random.chance(0.7) ? { id: at } : {}) }),
    );
  return { key: B, request: { body: JSON.stringify(messages) } };
}

Deno.test("every request is answered once, whatever the upstream does", async () => {
  await using scene = await openProperty({ config: { mcp: { ...config().mcp, batch: "allow" } } });
  const { otherwise } = scene.upstream;
  let answered = 0;
  await fuzzAsync(3000, async (random) => {
    const isBatch = random.chance(0.2);
    const sent = isBatch ? randomBatch(random) : randomRequest(random);
    scene.upstream.otherwise = random.chance(0.7) ? randomTrouble(random) : otherwise;
    const exchange = await scene.ask(sent.request, sent.key);
    check(sent, exchange);
    if (scene.last.label !== null) {
      assert.ok(!NEVER.has(exchange.status), `${exchange.status} to ${JSON.stringify(sent)}`);
    }
    if (exchange.status === 200 && exchange.text !== "") answered++;
  });
  assert.ok(answered > 0);
});

const HEAD = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n";

/** Upstreams that say nothing, or not all. */
const SILENT: readonly { readonly name: string; readonly script: Script }[] = [
  { name: "says nothing", script: silence },
  { name: "begins a head", script: raw(["HTTP/1.1 200"], "silence") },
  { name: "ends behind its head", script: raw([`${HEAD}Content-Length: 9\r\n\r\n`], "silence") },
  {
    name: "begins a body",
    script: raw([`${HEAD}Content-Length: 99\r\n\r\n{"jsonrpc":`], "silence"),
  },
  {
    name: "begins a body in chunks",
    script: raw([`${HEAD}Transfer-Encoding: chunked\r\n\r\n5\r\n{"jso\r\n`], "silence"),
  },
  {
    name: "refuses without an end",
    script: raw([`HTTP/1.1 404 No\r\nContent-Length: 9\r\n\r\n`], "silence"),
  },
  { name: "resets the connection", script: () => "reset" },
  { name: "closes the connection", script: () => "close" },
  {
    name: "breaks off in its body",
    script: answer({ body: ["{", "}"], unfinished: true, then: "reset" }),
  },
];

for (const { name, script } of SILENT) {
  for (const message of [call(), rpc("initialize"), rpc("tools/list", {}, "a")]) {
    Deno.test(`${message.method} is answered in time by an upstream that ${name}`, async () => {
      await using upstream = await RecordingUpstream.start();
      upstream.otherwise = script;
      await using scene = await openProperty({
        config: { upstream: { ...config().upstream, url: upstream.url(), timeoutMs: 100 } },
        connect: () => http1Upstream({ url: upstream.url() }),
      });
      const listener = listen({
        hostname: "127.0.0.1",
        port: 0,
        onExchange: (exchange) => scene.gate.handle(exchange),
        log: { warn: (text) => void scene.log.push(text) },
      });
      try {
        using client = await RawClient.connect(listener.port);
        const reply = await inTime("the answer", client.ask(mcpPost(B, message)), 1100);
        const told = await reply.json() as { id: unknown; error: { code: number } };
        assert.ok(reply.status === 200 || reply.status >= 400);
        assert.deepEqual([told.id, told.error.code], [message.id, -32603]);
      } finally {
        await listener.abort();
      }
      await scene.over();
    });
  }
}
