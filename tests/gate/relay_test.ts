/**
 * Events on their way down: a function of the bytes and not of how they are cut (P4), in canonical
 * framing, each as soon as it is complete, ids sealed, endings told apart.
 */
import assert from "node:assert/strict";
import { Answering } from "../../src/gate/answering.ts";
import { ExchangeRecord } from "../../src/gate/record.ts";
import {
  errorEvents,
  EventPassing,
  EventRelay,
  isErrorBody,
  readWhole,
  screenedBody,
  takeEvents,
  type WholeBounds,
} from "../../src/gate/relay.ts";
import { ReplyScreen, wireRules } from "../../src/gate/reply_screen.ts";
import type { Id, ReplyFilter } from "../../src/policy/contract.ts";
import { MemoryExchange } from "./support/memory_exchange.ts";
import { MemoryReply } from "./support/memory_upstream.ts";

const WIRE = wireRules({ era: "legacy", method: null, instructions: "pass" });
const noLog: ReplyFilter = (message) =>
  message["method"] === "notifications/message" ? null : message;

interface Options {
  readonly awaited?: readonly Id[];
  readonly maxEventBytes?: number;
  readonly seals?: boolean;
}

function relaying(reply: MemoryReply, { awaited = [], maxEventBytes = 1e6, ...o }: Options = {}) {
  const exchange = new MemoryExchange();
  const record = new ExchangeRecord("x", exchange, "", 0, 0);
  const stream = new Answering(exchange.reply, record, [], 1000).stream([]);
  const screen = new ReplyScreen(WIRE, [noLog], new Set(["method"]), awaited, () => {});
  const passing = new EventPassing({
    screen,
    sealEventId: (id) => o.seals === false ? null : `<${id}>`,
    maxEventBytes,
  });
  const end = new EventRelay(reply, stream, passing).run()
    .then(async ({ text, end }) => {
      await stream.write(text);
      return { ...end, idSeen: passing.idSeen };
    });
  return { exchange, screen, record, end };
}

async function relayed(chunks: readonly (string | Uint8Array)[], options: Options = {}) {
  const reply = new MemoryReply();
  for (const chunk of chunks) reply.send(chunk);
  const { exchange, record, screen, end } = relaying(reply.end(), options);
  const { ok, idSeen } = await end;
  assert.equal(record.bytesOut, exchange.bytes.length);
  return { text: exchange.text, ok, idSeen, unanswered: [...screen.unanswered] };
}

const STREAM = "\ufeff: hi\r\nid: 1\r\ndata:\r\n\r\n" +
  'event: message\rid: 2\rdata: {"jsonrpc":"2.0",\rdata:"id":1,"result":{"t":"é🚲"}}\r\r' +
  'data: {"jsonrpc":"2.0","method":"notifications/message"}\n\n' +
  "event: endpoint\ndata: /elsewhere\n\nevent: endpoint\ndata: {}\n\n" +
  "retry: 100\n\ndata: no json\n\n" +
  'id: 3\nfoo: bar\ndata: [{"jsonrpc":"2.0","method":"a"}]\n\n' +
  'data: {"jsonrpc":"2.0","method":"cut off"}\n';

const CANONICAL = ":\n\nid: <1>\ndata: \n\n" +
  'event: message\nid: <2>\ndata: {"jsonrpc":"2.0",\ndata: "id":1,"result":{"t":"é🚲"}}\n\n' +
  "retry: 100\n\n" +
  'id: <3>\ndata: [{"jsonrpc":"2.0","method":"a"}]\n\n';

Deno.test("EventRelay writes the same whatever the chunks, cut at every byte", async () => {
  const bytes = new TextEncoder().encode(STREAM);
  for (let at = 0; at <= bytes.length; at++) {
    const { text } = await relayed([bytes.slice(0, at), bytes.slice(at)]);
    assert.equal(text, CANONICAL, `cut at ${at}`);
  }
});

Deno.test("EventRelay writes the same byte by byte", async () => {
  const bytes = new TextEncoder().encode(STREAM);
  const { text } = await relayed(Array.from(bytes, (byte) => Uint8Array.of(byte)));
  assert.equal(text, CANONICAL);
});

Deno.test("EventRelay passes what SDK servers write byte for byte", async () => {
  const written = 'event: message\nid: <7>\ndata: {"jsonrpc":"2.0","id":1,"result":{"n":1.0}}\n\n';
  const { text } = await relayed([written.replace("<7>", "7")]);
  assert.equal(text, written);
});

Deno.test("EventRelay writes an event as soon as it is complete", async () => {
  const reply = new MemoryReply();
  const { exchange, end } = relaying(reply);
  reply.send('data: {"jsonrpc":"2.0","method":"first"}\n\ndata: {"jsonrpc"');
  await exchange.has("first");
  reply.send(':"2.0","method":"second"}\n');
  reply.send("\n");
  await exchange.has("second");
  reply.end();
  await end;
});

const IDS = [
  { name: "an id", stream: "id: 1\ndata: {}\n\n", idSeen: true },
  { name: "the id of a priming event", stream: "id: 1\ndata:\n\n", idSeen: true },
  { name: "no id", stream: "data: {}\n\n", idSeen: false },
  { name: "an empty id", stream: "id\ndata: {}\n\n", idSeen: false },
  { name: "an id that is not sealed", stream: "id: 1\ndata: {}\n\n", seals: false, idSeen: false },
  {
    name: "the id of an event that does not pass",
    stream: 'id: 1\ndata: {"method":"notifications/message"}\n\n',
    idSeen: false,
  },
];

for (const { name, stream, idSeen, seals = true } of IDS) {
  Deno.test(`EventRelay ${idSeen ? "has" : "has not"} let the client see ${name}`, async () => {
    const result = await relayed([stream], { seals });
    assert.equal(result.idSeen, idSeen);
    assert.equal(result.text.includes("id: "), idSeen);
  });
}

Deno.test("EventRelay knows which answers have passed", async () => {
  const answer = 'data: {"jsonrpc":"2.0","id":1,"result":{}}\n\n';
  const { unanswered } = await relayed([answer], { awaited: [1, 2] });
  assert.deepEqual(unanswered, ["2"]);
});

Deno.test("EventRelay ends at an event beyond the limit, after those before it", async () => {
  const reply = new MemoryReply().send(`data: {}\n\ndata: {"a":"${"x".repeat(100)}"}\n\n`);
  const { exchange, end } = relaying(reply.send("data: {}\n\n").end(), { maxEventBytes: 50 });
  const result = await end;
  assert.equal(exchange.text, "data: {}\n\n");
  assert.equal(!result.ok && result.detail, "Event exceeds the limit: 50 bytes");
});

Deno.test("EventRelay tells an upstream that breaks off", async () => {
  const { exchange, end } = relaying(new MemoryReply().fail());
  const result = await end;
  assert.equal(!result.ok && result.detail, "UPSTREAM-HOST hung up");
  assert.equal(exchange.text, "");
});

Deno.test("EventRelay throws when the client is gone, and reads no more", async () => {
  const reply = new MemoryReply();
  const { exchange, end } = relaying(reply);
  exchange.leave();
  reply.send("data: {}\n\n");
  await assert.rejects(end, { name: "ClientGone" });
});

Deno.test("EventRelay waits for the client before it reads on", async () => {
  const reply = new MemoryReply();
  let pieces = 0;
  const read = reply.read.bind(reply);
  const take = reply.take.bind(reply);
  reply.read = () => read().finally(() => pieces++);
  reply.take = () => {
    const piece = take();
    if (piece !== undefined) pieces++;
    return piece;
  };
  const { exchange, end } = relaying(reply);
  exchange.stall();
  reply.send("data: {}\n\n").send("data: {}\n\n").end();
  await Promise.resolve();
  await new Promise((resolve) => setTimeout(resolve, 0));
  assert.equal(pieces, 1);
  exchange.resume();
  await end;
  // That the second is the last is known without another look.
  assert.equal(pieces, 2);
});

Deno.test("takeEvents passes what is there and knows whether there may be more", () => {
  const screen = new ReplyScreen(WIRE, [], new Set(), [], () => {});
  const passing = () => new EventPassing({ screen, sealEventId: () => null, maxEventBytes: 20 });
  const event = "data: {}\n\n";
  const begun = () => new MemoryReply().send(event).send(event);
  assert.deepEqual(takeEvents(begun(), passing()), { text: event + event, end: null });
  assert.deepEqual(takeEvents(begun().end(), passing()), {
    text: event + event,
    end: { ok: true },
  });
  assert.deepEqual(takeEvents(begun().send(`data: ${"x".repeat(20)}`).end(), passing()), {
    text: event + event,
    end: { ok: false, detail: "Event exceeds the limit: 20 bytes" },
  });
  assert.deepEqual(takeEvents(begun().breakOff(), passing()).end, null);
});

Deno.test("errorEvents tells each one waiting, with the type of its id", () => {
  const denial = { kind: "upstream", stage: "upstream", reason: "gone" } as const;
  const events = errorEvents(['"1"', "1"], denial, "legacy");
  const error = '"error":{"code":-32603,"message":"gone"}';
  const event = (id: string) => `data: {"jsonrpc":"2.0","id":${id},${error}}\n\n`;
  assert.equal(events, event('"1"') + event("1"));
});

Deno.test("readWhole gives a body of exactly the limit, and gives up one beyond it", async () => {
  const reply = () => new MemoryReply().send("12").send("34");
  assert.equal(
    new TextDecoder().decode((await readWhole(reply().end(), bounds({}))) ?? undefined),
    "1234",
  );
  const large = reply().send("5");
  assert.equal(await readWhole(large, bounds({})), null);
  assert.ok(large.cancelled);
});

Deno.test("readWhole waits for no piece longer than it is told", async () => {
  const silent = new MemoryReply().send("1");
  await assert.rejects(async () => await readWhole(silent, bounds({ silenceMs: 20 })), {
    kind: "timeout",
    message: "nothing came for 20 ms",
  });
});

Deno.test("readWhole waits for the whole no longer than it is told, however it trickles", async () => {
  const trickling = new MemoryReply();
  const timer = setInterval(() => trickling.send(" "), 1);
  const wide = bounds({ bytes: 1e9, wholeMs: 30 });
  await assert.rejects(async () => await readWhole(trickling, wide), {
    kind: "timeout",
    message: "not all of it came within 30 ms",
  });
  clearInterval(timer);
  trickling.end();
});

function bounds(some: Partial<WholeBounds>): WholeBounds {
  return { bytes: 4, silenceMs: 5000, wholeMs: 5000, ...some };
}

const BODIES: readonly { name: string; bytes: Uint8Array; same: boolean; text: string | null }[] = [
  { name: "plain", bytes: utf8('{"id":1,"result":{"n":1.0}}'), same: true, text: null },
  { name: "with a BOM", bytes: utf8('\ufeff{"id":1}'), same: false, text: '{"id":1}' },
  {
    name: "with bytes that are no UTF-8",
    bytes: Uint8Array.of(...utf8('{"id":"'), 0xff, ...utf8('"}')),
    same: false,
    text: '{"id":"\ufffd"}',
  },
];

function utf8(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

for (const { name, bytes, same, text } of BODIES) {
  Deno.test(`screenedBody passes a body ${name} as ${same ? "it is" : "what the gate read"}`, () => {
    const screen = new ReplyScreen(WIRE, [], new Set(), [], () => {});
    const passed = screenedBody(bytes, screen) ?? assert.fail("nothing passed");
    assert.equal(passed === bytes, same);
    if (text !== null) assert.equal(new TextDecoder().decode(passed), text);
  });
}

const ERRORS = [
  { name: "an error", text: '{"jsonrpc":"2.0","id":null,"error":{"code":1}}', isError: true },
  { name: "a result", text: '{"jsonrpc":"2.0","id":1,"result":{}}', isError: false },
  { name: "both", text: '{"jsonrpc":"2.0","id":1,"result":{},"error":{}}', isError: false },
  { name: "another version", text: '{"jsonrpc":"1.0","error":{}}', isError: false },
  {
    name: "an error that is a text",
    text: '{"jsonrpc":"2.0","error":"UPSTREAM-HOST"}',
    isError: false,
  },
  { name: "an array of errors", text: '[{"jsonrpc":"2.0","error":{}}]', isError: false },
  { name: "HTML", text: "<html>", isError: false },
  { name: "nothing", text: "", isError: false },
];

for (const { name, text, isError } of ERRORS) {
  Deno.test(`isErrorBody: ${name} is ${isError ? "" : "not "}a JSON-RPC error`, () => {
    assert.equal(isErrorBody(utf8(text)), isError);
  });
}
