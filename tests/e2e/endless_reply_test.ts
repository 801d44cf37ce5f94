/**
 * Upstreams that never come to an end, over real sockets: each way down has its bound in bytes or in
 * time, a client that reads nothing stops its own upstream and nobody else's, and nothing is lost
 * when it reads on.
 */
import assert from "node:assert/strict";
import { eventually } from "../support/eventually.ts";
import { GateProcess, testKey } from "../support/gate_process.ts";
import { mcpPost, mcpVerb, toolCall } from "../support/mcp_request.ts";
import { RawClient, type RawReply } from "../support/raw_http.ts";
import {
  answer,
  chunk,
  type Ending,
  raw,
  RecordingUpstream,
  type Script,
} from "../support/recording_upstream.ts";

const KEY = testKey("caller", { allow: ["*"], rate_limit: { rps: 1e6, burst: 1e6 } });

async function start(upstream: RecordingUpstream, more: object = {}): Promise<GateProcess> {
  return await GateProcess.start({
    upstream: { url: upstream.url(), timeout: "5s" },
    keys: [KEY.entry],
    ...more,
  });
}

const EVENTS_HEAD =
  "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n";

/** Sends `piece` of number 0, 1, … until the gate has left; tells how many the socket has taken. */
function flood(piece: (at: number) => string, sent: { count: number }): Script {
  return async (_request, wire): Promise<Ending> => {
    await wire.write(EVENTS_HEAD);
    while (!wire.gone) {
      await wire.write(chunk(piece(sent.count)));
      sent.count++;
    }
    return "close";
  };
}

function event(at: number): string {
  const params = { level: "info", data: `${at} ${"x".repeat(1000)}` };
  return `data: ${JSON.stringify({ jsonrpc: "2.0", method: "notifications/message", params })}\n\n`;
}

/** Reads until `count` further events have come; their numbers. */
async function numbers(reply: RawReply, rest: { text: string }, count: number): Promise<number[]> {
  const found: number[] = [];
  while (found.length < count) {
    const end = rest.text.indexOf("\n\n");
    if (end >= 0) {
      found.push(Number(/"data":"(\d+) /.exec(rest.text.slice(0, end))?.[1]));
      rest.text = rest.text.slice(end + 2);
      continue;
    }
    const piece = await reply.read();
    assert.ok(piece !== null, "the stream has ended");
    rest.text += new TextDecoder().decode(piece);
  }
  return found;
}

/** More than the sockets between an upstream and a client that reads nothing hold on the way. */
const MOST_UNDER_WAY = 64 * 1024 * 1024;

const PIECES: readonly { readonly name: string; readonly piece: (at: number) => string }[] = [
  { name: "events", piece: event },
  { name: "comments", piece: () => ":\n".repeat(500) },
];

for (const { name, piece } of PIECES) {
  Deno.test(`a client that reads nothing stops its upstream's ${name}, and another's stream goes on`, async () => {
    await using upstream = await RecordingUpstream.start();
    const stopped = { count: 0 };
    const flowing = { count: 0 };
    upstream.next(flood(piece, stopped));
    upstream.next(flood(event, flowing));
    await using gate = await start(upstream);
    using idler = await RawClient.connect(gate.port);
    const unread = await idler.ask(mcpVerb("GET", KEY.key));
    using reader = await RawClient.connect(gate.port);
    const reply = await reader.ask(mcpVerb("GET", KEY.key));

    const rest = { text: "" };
    let last = -1;
    let standing = 0;
    await eventually("the upstream of the one who reads nothing stands still", async () => {
      const before = stopped.count;
      for (const number of await numbers(reply, rest, 200)) assert.equal(number, ++last);
      standing = stopped.count === before ? standing + 1 : 0;
      return standing >= 20;
    }, 60_000);
    const bytes = stopped.count * piece(0).length;
    assert.ok(bytes < MOST_UNDER_WAY, `${bytes} bytes are under way`);
    if (name === "events") {
      const some = await numbers(unread, { text: "" }, 5000);
      assert.deepEqual(some, some.map((_, at) => at));
    }
  });
}

/** What a caller is told. */
interface Bounded {
  readonly name: string;
  readonly script: Script;
  readonly status: number;
  readonly detail: RegExp;
}

function trickle(head: string, byte: string): Script {
  return async (_request, wire): Promise<Ending> => {
    await wire.write(head);
    while (!wire.gone) {
      await wire.write(byte);
      await new Promise((resolve) => setTimeout(resolve, 1));
    }
    return "close";
  };
}

const JSON_HEAD = "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n";

const BOUNDED: readonly Bounded[] = [
  {
    name: "a head that trickles",
    script: trickle("HTTP/1.1 200 OK\r\nx-slow: ", "x"),
    status: 504,
    detail: /did not answer within 500 ms/,
  },
  {
    name: "a head that does not end",
    script: raw(["HTTP/1.1 200 OK\r\nx-long: ", "x".repeat(100_000), new Promise(() => {})]),
    status: 502,
    detail: /its head is too large/,
  },
  {
    name: "interim answers without an end",
    script: trickle("", "HTTP/1.1 100 Continue\r\n\r\n"),
    status: 504,
    detail: /did not answer within 500 ms/,
  },
  {
    name: "a JSON body that trickles",
    script: trickle(`${JSON_HEAD}content-length: 1000000\r\n\r\n`, " "),
    status: 504,
    detail: /not all of it came within 700 ms/,
  },
  {
    name: "a JSON body that does not end",
    script: answer({
      fields: [["content-type", "application/json"]],
      framing: "close",
      body: Array.from({ length: 200 }, () => " ".repeat(1000)),
    }),
    status: 502,
    detail: /reply cannot be passed on/,
  },
];

for (const { name, script, status, detail } of BOUNDED) {
  Deno.test(`${name} has a bound`, async () => {
    await using upstream = await RecordingUpstream.start();
    upstream.next(script);
    await using gate = await start(upstream, {
      upstream: { url: upstream.url(), timeout: "500ms" },
      limits: { reply: "100KiB", reply_deadline: "700ms" },
    });
    using client = await RawClient.connect(gate.port);
    const reply = await client.ask(mcpPost(KEY.key, toolCall("any")));
    assert.equal(reply.status, status, await reply.text());
    const [line] = await gate.auditWhen("the line is written", (lines) => lines.length === 1);
    assert.match(line?.detail ?? "", detail);
    assert.equal(line?.end, "upstream_error");
  });
}

Deno.test("an event that does not end has a bound, and whoever waits is told", async () => {
  await using upstream = await RecordingUpstream.start();
  const sent = { count: 0 };
  upstream.next(flood((at) => at === 0 ? "data: [" : "x".repeat(1000), sent));
  await using gate = await start(upstream, { limits: { reply: "100KiB" } });
  using client = await RawClient.connect(gate.port);
  const reply = await client.ask(mcpPost(KEY.key, toolCall("any")));
  assert.equal(reply.status, 200);
  assert.match(await reply.text(), /^data: \{"jsonrpc":"2.0","id":1,"error":\{"code":-32603/);
  const [line] = await gate.auditWhen("the line is written", (lines) => lines.length === 1);
  assert.match(line?.detail ?? "", /Event exceeds the limit: 102400 bytes/);
});
