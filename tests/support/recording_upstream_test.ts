/** The two doubles against each other: what one sends is what the other reports. */
import assert from "node:assert/strict";
import { eventually, inTime } from "./eventually.ts";
import { RawClient, requestBytes } from "./raw_http.ts";
import { answer, events, json, raw, RecordingUpstream, silence } from "./recording_upstream.ts";

Deno.test("RecordingUpstream writes a request down as it was sent, wherever it is split", async () => {
  await using upstream = await RecordingUpstream.start();
  using client = await RawClient.connect(upstream.port);
  const bytes = requestBytes({
    target: "/mcp?x=%41",
    fields: [["X-One", "a"], ["x-one", "b"]],
    body: "é",
  });
  for (let cut = 1; cut < bytes.length; cut++) {
    await client.send(bytes, [cut]);
    assert.equal((await client.reply()).status, 200);
    const { method, target, fields, text, connection } = await upstream.request(cut - 1);
    assert.deepEqual({ method, target, text, connection }, {
      method: "POST",
      target: "/mcp?x=%41",
      text: "é",
      connection: 0,
    });
    assert.deepEqual(fields, [
      ["Host", "localhost"],
      ["X-One", "a"],
      ["x-one", "b"],
      ["Content-Length", "2"],
    ]);
  }
});

Deno.test("RecordingUpstream reads a chunked request", async () => {
  await using upstream = await RecordingUpstream.start();
  using client = await RawClient.connect(upstream.port);
  const body = "3\r\nabc\r\n2;x=y\r\nde\r\n0\r\n\r\n";
  const reply = await client.ask({ target: "/", fields: [["Transfer-Encoding", "chunked"]], body });
  assert.equal(reply.status, 200);
  assert.equal((await upstream.request(0)).text, "abcde");
});

Deno.test("RecordingUpstream holds an answer until the test lets it go on", async () => {
  await using upstream = await RecordingUpstream.start();
  using client = await RawClient.connect(upstream.port);
  const gate = Promise.withResolvers<void>();
  upstream.next(events(["data: 1\n\n", gate.promise, "data: 2\n\n"]));
  const reply = await client.ask({ target: "/" });
  assert.equal(reply.field("content-type"), "text/event-stream");
  assert.equal(await reply.readUntil("\n\n"), "data: 1\n\n");
  gate.resolve();
  assert.equal(await reply.text(), "data: 2\n\n");
});

Deno.test("RecordingUpstream answers from the queue, then with `otherwise`, on one connection", async () => {
  await using upstream = await RecordingUpstream.start();
  using client = await RawClient.connect(upstream.port);
  upstream.otherwise = json({ n: 0 });
  upstream.next(json({ n: 1 }), answer({ status: 404, body: "no" }));
  assert.deepEqual(await (await client.ask({ target: "/" })).json(), { n: 1 });
  assert.equal((await client.ask({ target: "/" })).status, 404);
});

Deno.test("RecordingUpstream closes, resets and breaks off as told", async (t) => {
  const table = [
    {
      name: "closes after a whole answer",
      script: answer({ body: "x", then: "close" }),
      body: "x",
    },
    { name: "ends a body by closing", script: answer({ body: "x", framing: "close" }), body: "x" },
    {
      name: "cuts a chunked body",
      script: answer({ body: ["x"], unfinished: true, then: "close" }),
      body: /ended inside a chunked body/,
    },
    {
      name: "resets within a body",
      script: raw(["HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nx"], "reset"),
      body: /reset by peer|ended 8 bytes before/i,
    },
  ];
  for (const { name, script, body } of table) {
    await t.step(name, async () => {
      await using upstream = await RecordingUpstream.start();
      using client = await RawClient.connect(upstream.port);
      upstream.next(script);
      const reply = await client.ask({ target: "/" });
      if (typeof body === "string") {
        assert.equal(await reply.text(), body);
        assert.equal(await inTime("the end", client.ended()), true);
      } else await assert.rejects(reply.text(), body);
    });
  }
});

Deno.test("RecordingUpstream.request tells when the client has gone during silence", async () => {
  await using upstream = await RecordingUpstream.start();
  const client = await RawClient.connect(upstream.port);
  upstream.next(silence);
  await client.send(requestBytes({ target: "/" }));
  const request = await upstream.request(0);
  assert.equal(upstream.open, 1);
  client.close();
  await inTime("the client's leaving", request.gone);
  await eventually("the connection's end", () => upstream.open === 0);
});

Deno.test("Wire.write waits for a client that does not read", async () => {
  await using upstream = await RecordingUpstream.start();
  using client = await RawClient.connect(upstream.port);
  const size = 32 * 1024 * 1024;
  let written = false;
  upstream.next(async (_request, wire) => {
    await wire.write(`HTTP/1.1 200 OK\r\nContent-Length: ${size}\r\n\r\n`);
    await wire.write(new Uint8Array(size));
    written = true;
    return "keep" as const;
  });
  const reply = await client.ask({ target: "/" });
  assert.equal(written, false);
  assert.equal((await reply.bytes()).length, size);
  await eventually("the write settles", () => written);
});

Deno.test("RecordingUpstream frees its port, so that it can be started on it again", async () => {
  const first = await RecordingUpstream.start();
  const { port } = first;
  using client = await RawClient.connect(port);
  await client.ask({ target: "/" });
  await first.stop();
  await using second = await RecordingUpstream.start(port);
  using again = await RawClient.connect(second.port);
  assert.equal((await again.ask({ target: "/" })).status, 200);
});
