/**
 * When a request is sent a second time: only where a kept connection ended before a byte of a reply,
 * and the upstream cannot have acted on it. A tool must not run twice because a connection was old.
 */
import assert from "node:assert/strict";
import type { Home, Socket } from "../../src/upstream/http1_connection.ts";
import { Http1Exchange } from "../../src/upstream/http1_exchange.ts";
import { http1Upstream } from "../../src/upstream/http1_upstream.ts";
import type { UpstreamReply, UpstreamRequest } from "../../src/upstream/upstream.ts";
import { eventually } from "../support/eventually.ts";
import { answer, raw, RecordingUpstream, type Script } from "../support/recording_upstream.ts";
import { MemorySocket, readFrom, wire } from "./memory_socket.ts";
import { MemorySurroundings } from "./memory_surroundings.ts";
import { asked, failure, textOf } from "./upstream_fixture.ts";
import { send } from "../../src/upstream/upstream.ts";

const KEPT = answer({ body: "kept" });
const GOOD = answer({ body: "good" });

const CASES: readonly {
  name: string;
  method: UpstreamRequest["method"];
  scripts: readonly Script[];
  /** What comes of it; null: "broken". */
  text: string | null;
  requests: number;
}[] = [
  { name: "GET, closed", method: "GET", scripts: [KEPT, raw([]), GOOD], text: "good", requests: 3 },
  {
    name: "GET, reset",
    method: "GET",
    scripts: [KEPT, raw([], "reset"), GOOD],
    text: "good",
    requests: 3,
  },
  { name: "POST, closed", method: "POST", scripts: [KEPT, raw([])], text: null, requests: 2 },
  {
    name: "POST, reset",
    method: "POST",
    scripts: [KEPT, raw([], "reset")],
    text: null,
    requests: 2,
  },
  { name: "DELETE, closed", method: "DELETE", scripts: [KEPT, raw([])], text: null, requests: 2 },
  { name: "GET, twice", method: "GET", scripts: [KEPT, raw([]), raw([])], text: null, requests: 3 },
  {
    name: "GET, after a byte of a reply",
    method: "GET",
    scripts: [KEPT, raw(["H"])],
    text: null,
    requests: 2,
  },
  {
    name: "GET, after an informational reply",
    method: "GET",
    scripts: [KEPT, raw(["HTTP/1.1 100 x\r\n\r\n"])],
    text: null,
    requests: 2,
  },
];
for (const { name, method, scripts, text, requests } of CASES) {
  const what = text === null ? "fails" : "is repeated on a new connection";
  Deno.test(`http1Upstream, a kept connection ends under a request: ${name}: ${what}`, async () => {
    await using server = await RecordingUpstream.start();
    const upstream = http1Upstream({ url: server.url() });
    server.next(...scripts);
    assert.equal(await textOf(await send(upstream, asked())), "kept");
    const sent = send(upstream, asked({ method }));
    if (text === null) await assert.rejects(sent, failure("broken"));
    else assert.equal(await textOf(await sent), text);
    assert.equal(server.requests.length, requests);
    assert.equal(server.requests[1]?.connection, 0);
    await upstream.close();
  });
}

Deno.test("http1Upstream repeats nothing that was sent on a new connection", async () => {
  await using server = await RecordingUpstream.start();
  const upstream = http1Upstream({ url: server.url() });
  server.next(raw([]));
  await assert.rejects(send(upstream, asked({ method: "GET" })), failure("broken"));
  assert.equal(server.requests.length, 1);
  await upstream.close();
});

/** Answers once; then takes `takes` bytes of the next request, fails, and ends. */
class FailingSocket implements Socket {
  readonly #takes: number;
  readonly #failed = Promise.withResolvers<null>();
  #reads = 0;
  #writes = 0;

  constructor(takes: number) {
    this.#takes = takes;
  }

  read(into: Uint8Array): Promise<number | null> {
    if (this.#reads++ > 0) return this.#failed.promise;
    const reply = wire("HTTP/1.1 204 x\r\n\r\n");
    into.set(reply);
    return Promise.resolve(reply.length);
  }

  write(bytes: Uint8Array): Promise<number> {
    if (this.#writes++ === 0) return Promise.resolve(bytes.length);
    if (this.#writes === 2 && this.#takes > 0) return Promise.resolve(this.#takes);
    // The reading ends after the writing: a request whose fate is unknown then counts as sent.
    setTimeout(() => this.#failed.resolve(null), 0);
    return Promise.reject(new Deno.errors.BrokenPipe("Broken pipe"));
  }

  close(): void {
    this.#failed.resolve(null);
  }
}

/** The reply to `request`, sent by nobody but the exchange. */
function replyOf(around: MemorySurroundings, request: UpstreamRequest): Promise<UpstreamReply> {
  return new Promise((onReply, onFailure) =>
    new Http1Exchange(around, request, { onReply, onFailure }).start(request)
  );
}

const UNSENT = [
  { name: "none of it was taken", takes: 0, isSecure: false, isRepeated: true },
  { name: "some of it was taken", takes: 1, isSecure: false, isRepeated: false },
  { name: "it was to be encrypted", takes: 0, isSecure: true, isRepeated: false },
];
for (const { name, takes, isSecure, isRepeated } of UNSENT) {
  const what = isRepeated ? "is repeated" : "fails";
  Deno.test(`Http1Exchange, POST cannot be written and ${name}: ${what}`, async () => {
    const home: Home = { isSecure, keep: () => true, reuse: () => {} };
    const kept = (await readFrom(new FailingSocket(takes), 1024, home)).connection;
    const reply = wire("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\ngood");
    const around = new MemorySurroundings(
      kept,
      () => Promise.resolve(new MemorySocket([reply], "end")),
    );
    const head = replyOf(around, asked());
    if (isRepeated) assert.equal(await textOf(await head), "good");
    else await assert.rejects(head, failure("broken"));
    assert.equal(around.attempts.length, isRepeated ? 1 : 0);
    assert.equal(around.overs, 1);
  });
}

Deno.test("Http1Exchange gives up the connecting with itself, and uses no connection that comes too late", async () => {
  const connected = Promise.withResolvers<Socket>();
  const around = new MemorySurroundings(null, () => connected.promise);
  const abort = new AbortController();
  const head = replyOf(around, asked({ signal: abort.signal }));
  abort.abort();
  await assert.rejects(head, failure("aborted"));
  assert.equal(around.attempts[0]?.aborted, true);
  const late = new MemorySocket([], "silence");
  connected.resolve(late);
  await eventually("the end of the late one", () => late.isClosed);
  assert.deepEqual(late.written, []);
  assert.equal(around.overs, 1);
});
