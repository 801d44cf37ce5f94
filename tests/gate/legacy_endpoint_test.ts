/** Where messages go, as the server says it: its own origin only, in time, however it is split. */
import assert from "node:assert/strict";
import { messagePath, readEndpoint } from "../../src/gate/legacy_endpoint.ts";
import type { UpstreamReply } from "../../src/upstream/upstream.ts";
import { inTime } from "../support/eventually.ts";
import { failure } from "../upstream/upstream_fixture.ts";
import { ENDPOINT, eventReply, UPSTREAM } from "./support/legacy_scene.ts";

const LONG = 60_000;

const ADDRESSES = [
  { name: "an absolute path", data: "/messages?sessionId=1", path: "/messages?sessionId=1" },
  { name: "a path beside the stream's", data: "messages?id=1", path: "/messages?id=1" },
  { name: "a query alone", data: "?id=1", path: "/sse?id=1" },
  {
    name: "the server's own URL",
    data: "http://upstream.example:9000/m?id=1",
    path: "/m?id=1",
  },
  { name: "a fragment, which is dropped", data: "/m?id=1#x", path: "/m?id=1" },
  { name: "dot segments, which stay on the server", data: "../../m", path: "/m" },
  { name: "nothing", data: "", path: null },
  { name: "another host", data: "http://evil.example:9000/m", path: null },
  { name: "another port", data: "http://upstream.example:9001/m", path: null },
  { name: "another scheme", data: "https://upstream.example:9000/m", path: null },
  { name: "another host by its first two slashes", data: "//evil.example/m", path: null },
  { name: "another host by backslashes", data: "\\\\evil.example\\m", path: null },
  { name: "credentials", data: "http://a:b@upstream.example:9000/m", path: null },
  { name: "a script", data: "javascript:alert(1)", path: null },
  { name: "a host that is none", data: "http://[", path: null },
  { name: "an address of 3000 characters", data: `/${"m".repeat(3000)}`, path: null },
];

for (const { name, data, path } of ADDRESSES) {
  Deno.test(`messagePath: ${name}`, () => {
    assert.equal(messagePath(data, UPSTREAM), path);
  });
}

const BEGINNINGS = [
  { name: "the event first", text: ENDPOINT },
  { name: "a comment before it", text: `: hello\n\n${ENDPOINT}` },
  { name: "another event before it", text: `event: message\ndata: {}\n\n${ENDPOINT}` },
  { name: "an event after it", text: `${ENDPOINT}event: message\ndata: {}\n\n` },
  { name: "other line ends", text: ENDPOINT.replaceAll("\n", "\r\n") },
  { name: "a BOM", text: `\ufeff${ENDPOINT}` },
];

for (const { name, text } of BEGINNINGS) {
  Deno.test(`readEndpoint finds it and loses nothing: ${name}, split everywhere`, async () => {
    const bytes = new TextEncoder().encode(text);
    for (let at = 0; at <= bytes.length; at++) {
      const reply = eventReply([]).send(bytes.slice(0, at)).send(bytes.slice(at)).end();
      const { path, reply: replayed } = await readEndpoint(reply, UPSTREAM, LONG);
      assert.equal(path, "/messages?sessionId=SECRET-SESSION");
      assert.equal(await textOf(replayed), text, `split at ${at}`);
    }
  });
}

const FAILURES: readonly { name: string; text: string; goesOn?: boolean }[] = [
  { name: "the stream ends before it", text: ": hello\n\n" },
  { name: "it names another server", text: "event: endpoint\ndata: //evil/m\n\n" },
  { name: "it names nothing", text: "event: endpoint\ndata\n\n" },
  { name: "its last line is missing", text: "event: endpoint\ndata: /m\n" },
  { name: "much else comes before it", text: ": hello\n".repeat(10_000), goesOn: true },
  { name: "an endless line comes before it", text: "x".repeat(100_000), goesOn: true },
];

for (const { name, text, goesOn = false } of FAILURES) {
  Deno.test(`readEndpoint gives up where ${name}`, async () => {
    const reply = eventReply([text]);
    if (!goesOn) reply.end();
    const reading = inTime("the refusal", readEndpoint(reply, UPSTREAM, LONG));
    await assert.rejects(reading, failure("broken"));
  });
}

Deno.test("readEndpoint gives up where no event comes in time", async () => {
  const reply = eventReply([": hello\n\n"]);
  const reading = readEndpoint(reply, UPSTREAM, 20);
  await assert.rejects(inTime("the end of its patience", reading), failure("timeout"));
});

async function textOf(reply: UpstreamReply): Promise<string> {
  const decoder = new TextDecoder("utf-8", { ignoreBOM: true });
  let text = "";
  for (let chunk; (chunk = await reply.read()) !== null;) {
    text += decoder.decode(chunk, { stream: true });
  }
  return text;
}
