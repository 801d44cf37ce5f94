/**
 * P4 and P5 downwards on the whole gate: in what pieces bytes arrive, from either side, changes
 * nothing of what goes out; and a message of which nothing has to go keeps every byte.
 */
import assert from "node:assert/strict";
import { B, type Scene } from "../gate/support/gate_scene.ts";
import { eventually } from "../support/eventually.ts";
import { CHANNELS, deliver } from "./channel.ts";
import { openProperty } from "./property_scene.ts";

/** Line ends of all kinds, characters of all lengths, a list to be filtered, what is dropped. */
const STREAM = "\ufeff: x\r\nid: 1\r\ndata:\r\n\r\n" +
  'data: {"jsonrpc":"2.0","method":"notifications/message","params":{"data":"é😀\\u00e9"}}\r\r' +
  'event: message\rdata: {"jsonrpc":"2.0","id":"x","result":\rdata:{"tools":[{"name":"rm"},\r\r\n' +
  'event: endpoint\ndata: {}\n\nid: 2\ndata: {"jsonrpc":"2.0","id":1,\ndata: "result":\n' +
  'data:{"tools":[{"name":"read_file","x":"\ufeffé"},{"name":"rm"}]}}\n\ndata: {"unfinished';

/** As JSON, with a list to be filtered. */
const DOCUMENT =
  '{"jsonrpc":"2.0","id":1,"result":{"tools":[{"name":"read_file","x":"é😀"},{"name":"rm"}]}}';

const encoder = new TextEncoder();

for (const channel of CHANNELS) {
  Deno.test(`${channel.name} gives the same bytes wherever the upstream's are cut`, async () => {
    await using scene = await openProperty();
    const bytes = encoder.encode(channel.form === "json" ? DOCUMENT : STREAM);
    const whole = await deliver(scene, channel, "b", [bytes]);
    assert.ok(whole.text.includes('"read_file"') && !whole.text.includes('"rm"'), whole.text);
    for (let at = 1; at < bytes.length; at++) {
      const halves = await deliver(scene, channel, "b", [bytes.slice(0, at), bytes.slice(at)]);
      assert.equal(halves.text, whole.text, `cut at ${at}`);
    }
    const single = Array.from(bytes, (byte) => Uint8Array.of(byte));
    assert.equal((await deliver(scene, channel, "b", single)).text, whole.text);
  });
}

Deno.test("the upstream gets the same bytes wherever the client's are cut", async () => {
  await using scene = await openProperty();
  const body = encoder.encode(
    ' {"jsonrpc" : "2.0","id":"é😀","method":"tools/call",\r\n' +
      '"params":{"name":"read_file","arguments":{"é":"\ufeff","n":1.0}}}\n',
  );
  for (let at = 1; at < body.length; at++) {
    assert.deepEqual(await upstreamBody(scene, [body.slice(0, at), body.slice(at)]), body);
  }
  assert.deepEqual(
    await upstreamBody(scene, Array.from(body, (byte) => Uint8Array.of(byte))),
    body,
  );
});

Deno.test("a refusal is the same wherever the client's bytes are cut", async () => {
  await using scene = await openProperty();
  const bodies = [
    encoder.encode('{"jsonrpc":"2.0","id":1,"id":2,"method":"ping"}'),
    Uint8Array.of(0x7b, 0x22, 0xc3, 0xa9, 0xff),
    encoder.encode('\ufeff{"x":1}'),
    encoder.encode('{"jsonrpc":"2.0","id":"é","method":"tools/call","params":{"name":"rm"}}'),
  ];
  for (const body of bodies) {
    const whole = await scene.post(body, B);
    for (let at = 1; at < body.length; at++) {
      const halves = scene.begin({ body: null }, B);
      halves.send(body.slice(0, at));
      halves.send(body.slice(at));
      halves.endBody();
      await scene.over();
      assert.deepEqual([halves.status, halves.text], [whole.status, whole.text], `cut at ${at}`);
    }
  }
});

/** What goes up of a body that arrives in `pieces`, the first of them alone. */
async function upstreamBody(scene: Scene, pieces: readonly Uint8Array[]): Promise<Uint8Array> {
  const [first = new Uint8Array(0), ...others] = pieces;
  const exchange = scene.begin({ body: null }, B);
  exchange.send(first);
  await eventually("the first piece to arrive", () => scene.gate.held.bytes === first.length);
  for (const piece of others) exchange.send(piece);
  exchange.endBody();
  await scene.over();
  const [request] = scene.upstream.requests.splice(0);
  return new Uint8Array(request?.body ?? []);
}

/** Messages spelled as `JSON.stringify` never would, of which nothing has to go for E. */
const KEPT: readonly string[] = [
  '{ "jsonrpc" : "2.0", "id":1, "result":{"n":[1.0,1e400,-0,12345678901234567890,1E2]} }',
  '{"jsonrpc":"2.0","id":1,"result":{"2":1,"1":2,"__proto__":{"x":1},"s":"\\/\\u00e9\\ud83d"}}',
  '{"jsonrpc":"2.0","id":1,"result":{"tools":[{"name":"read_file","n":1.0},{"name":"search_x"}]}}',
  '{"jsonrpc":"2.0","id":1,"result":{"t\\u006fols":[],"prompts":[{"name":"greet"}],"n":1.50}}',
  '{"jsonrpc":"2.0","id":1,"result":{"resources":[{"uri":"file:///docs/a","size":1.0}]}}',
  '{"jsonrpc":"2.0","id":1,"error":{"code":-1,"message":"tools","data":{"n":1.0,"x":null}}}',
  '{"jsonrpc":"2.0","id":1,"result":{"content":[{"type":"text","text":"\\"tools\\":[1.0]"}]}}',
];

for (const channel of CHANNELS.filter(({ asksForList }) => !asksForList)) {
  Deno.test(`${channel.name} keeps every byte of a message of which nothing has to go`, async () => {
    await using scene = await openProperty();
    for (const text of KEPT) {
      const sent = channel.form === "json" ? text : `data: ${text}\n\n`;
      const exchange = await deliver(scene, channel, "e", [encoder.encode(sent)]);
      assert.equal(exchange.text, sent);
    }
  });
}
