/** What of a connection is bounded in time, what is given up early, and what outlives it. */
import assert from "node:assert/strict";
import { Http1Connection } from "../../src/upstream/http1_connection.ts";
import { Deadlines } from "../../src/upstream/http1_deadlines.ts";
import { IdleConnections } from "../../src/upstream/http1_idle.ts";
import { http1Upstream } from "../../src/upstream/http1_upstream.ts";
import { eventually, inTime } from "../support/eventually.ts";
import { answer, RecordingUpstream } from "../support/recording_upstream.ts";
import { MemorySocket, wire } from "./memory_socket.ts";
import { asked, failure, textOf } from "./upstream_fixture.ts";
import { type Fields, send } from "../../src/upstream/upstream.ts";

/** Runs `test` with a port at which connections are never taken. */
async function withDeafPort(test: (port: number) => Promise<void>): Promise<void> {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0, tcpBacklog: 1 });
  const { port } = listener.addr;
  const waiting: Promise<Deno.TcpConn>[] = [];
  for (let i = 0; i < 8; i++) waiting.push(Deno.connect({ hostname: "127.0.0.1", port }));
  try {
    await test(port);
  } finally {
    listener.close();
    for (const made of await Promise.allSettled(waiting)) {
      if (made.status === "fulfilled") made.value.close();
    }
  }
}

Deno.test("http1Upstream counts the connecting to the time of the head", async () => {
  await withDeafPort(async (port) => {
    const upstream = http1Upstream({ url: `http://127.0.0.1:${port}/` });
    await assert.rejects(send(upstream, asked({ headTimeoutMs: 50 })), failure("timeout"));
    await upstream.close();
  });
});

Deno.test("http1Upstream gives a connection up that is not made when the signal aborts", async () => {
  await withDeafPort(async (port) => {
    const upstream = http1Upstream({ url: `http://127.0.0.1:${port}/` });
    const abort = new AbortController();
    const sent = assert.rejects(
      send(upstream, asked({ signal: abort.signal })),
      failure("aborted"),
    );
    abort.abort();
    await inTime("the failure", sent);
    await inTime("close", upstream.close());
  });
});

Deno.test("http1Upstream sends nothing that is no request, and says which part", async () => {
  await using server = await RecordingUpstream.start();
  const upstream = http1Upstream({ url: server.url() });
  const fields = [["x-secret", "hidden\r\nX: y"]] as const;
  await assert.rejects(send(upstream, asked({ fields })), (error: Error) => {
    assert.match(error.message, /^Upstream 127\.0\.0\.1:\d+ was not asked: the value of x-secret/);
    return failure("broken")(error) && !error.message.includes("hidden");
  });
  await textOf(await send(upstream, asked()));
  assert.equal(server.requests.length, 1);
  await upstream.close();
});

Deno.test("http1Upstream keeps no connection for longer than the upstream does", async () => {
  await using server = await RecordingUpstream.start();
  const upstream = http1Upstream({ url: server.url() });
  server.next(answer({ fields: [["Keep-Alive", "timeout=1"]], body: "x" }));
  await textOf(await send(upstream, asked()));
  await textOf(await send(upstream, asked()));
  assert.equal(server.connections, 2);
  await upstream.close();
});

Deno.test("http1Upstream closes a connection when the upstream is about to", async () => {
  await using server = await RecordingUpstream.start();
  const upstream = http1Upstream({ url: server.url(), idleTimeoutMs: 60_000 });
  server.next(answer({ fields: [["Keep-Alive", "timeout=2"]], body: "x" }));
  await textOf(await send(upstream, asked()));
  await eventually("the connection's end", () => server.open === 0);
  await upstream.close();
});

Deno.test("http1Upstream keeps no connection once it is closing", async () => {
  await using server = await RecordingUpstream.start();
  const upstream = http1Upstream({ url: server.url(), idleTimeoutMs: 60_000 });
  const sent = send(upstream, asked());
  const closed = upstream.close();
  await textOf(await sent);
  await closed;
  await eventually("the connection's end", () => server.open === 0);
});

Deno.test("http1Upstream reads an answer that comes before the request was read", async () => {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const upstream = http1Upstream({ url: `http://127.0.0.1:${listener.addr.port}/` });
  const body = new Uint8Array(16 * 1024 * 1024);
  const sent = send(upstream, asked({ body }));
  const peer = await listener.accept();
  await peer.write(wire("HTTP/1.1 413 Too Large\r\nContent-Length: 2\r\n\r\nno"));
  const reply = await inTime("the reply", sent);
  assert.equal(reply.status, 413);
  assert.equal(await textOf(reply), "no");
  // Half a request has been sent: nothing else can follow it.
  let left = 0;
  const buffer = new Uint8Array(65536);
  for (let count; (count = await inTime("the end", peer.read(buffer))) !== null;) left += count;
  assert.ok(left < body.length);
  peer.close();
  listener.close();
  await upstream.close();
});

Deno.test("http1Upstream serves other requests while one reply is not read", async () => {
  await using server = await RecordingUpstream.start();
  const upstream = http1Upstream({ url: server.url() });
  server.next(answer({ body: new Uint8Array(8 * 1024 * 1024) }));
  const unread = await send(upstream, asked());
  for (let i = 0; i < 5; i++) await textOf(await send(upstream, asked()));
  unread.cancel();
  await upstream.close();
});

Deno.test("IdleConnections gives out what was used last, and closes what is too old", async () => {
  const idle = new IdleConnections();
  const home = { isSecure: false, keep: () => true, reuse: () => {} };
  const make = () => new Http1Connection(new MemorySocket([], "silence"), home, 1024);
  const [old, middle, young] = [make(), make(), make()];
  idle.put(old, 20);
  idle.put(middle, 60_000);
  idle.put(young, 60_000);
  assert.equal(idle.take(), young);
  await eventually("the end of the old one", () => !old.isOpen);
  assert.equal(middle.isOpen, true);
  idle.put(young, 60_000);
  young.close();
  assert.equal(idle.take(), middle);
  assert.equal(idle.take(), null);
  idle.put(middle, 60_000);
  idle.close();
  assert.equal(middle.isOpen, false);
});

Deno.test("IdleConnections prefers one that carried the same fields, if it is open and not far down", () => {
  const idle = new IdleConnections();
  const home = { isSecure: false, keep: () => true, reuse: () => {} };
  const asOf = (recurring: Fields | null) => {
    const connection = new Http1Connection(new MemorySocket([], "silence"), home, 1024);
    connection.recurring = recurring;
    idle.put(connection, 60_000);
    return connection;
  };
  const [one, other, stranger]: Fields[] = [[], [], []];
  assert.ok(one && other && stranger);
  const deep = asOf(one);
  for (let count = 0; count < 20; count++) asOf(null);
  const [older, newer, last] = [asOf(one), asOf(other), asOf(null)];
  const closed = asOf(other);
  closed.close();
  assert.equal(idle.take(one), older);
  assert.equal(idle.take(other), newer);
  // Nobody has carried these, and the one that has carried those is too far down.
  assert.equal(idle.take(stranger), last);
  const next = idle.take(one);
  assert.equal(next?.recurring, null);
  assert.notEqual(next, deep);
  assert.equal(next?.isOpen, true);
  let left = 0;
  while (idle.take() !== null) left++;
  assert.equal(left, 20);
  idle.close();
});

Deno.test("IdleConnections closes a connection with less time than those before it in time", async () => {
  const idle = new IdleConnections();
  const home = { isSecure: false, keep: () => true, reuse: () => {} };
  const make = () => new Http1Connection(new MemorySocket([], "silence"), home, 1024);
  const [long, short] = [make(), make()];
  idle.put(long, 60_000);
  idle.put(short, 20);
  await eventually("the end of the short one", () => !short.isOpen);
  assert.equal(long.isOpen, true);
  idle.close();
});

Deno.test("Deadlines calls each that waits when it is late, in order, and none that was called off", async () => {
  const deadlines = new Deadlines();
  const late: string[] = [];
  const waiting = (name: string) => ({ onLate: () => void late.push(name) });
  const [one, two, three, never] = ["one", "two", "three", "never"].map(waiting);
  assert.ok(one && two && three && never);
  deadlines.start(three, 80);
  deadlines.start(one, 20);
  const calledOff = deadlines.start(never, 20);
  deadlines.start(two, 40);
  calledOff.stop();
  calledOff.stop();
  await eventually("all are late", () => late.length === 3);
  assert.deepEqual(late, ["one", "two", "three"]);
  deadlines.start(one, 60_000);
  deadlines.close();
});

Deno.test("Deadlines gives one that begins later its whole time, behind a timer that is set", async () => {
  const deadlines = new Deadlines();
  const began = performance.now();
  const first = { onLate: () => {} };
  const second = Promise.withResolvers<number>();
  const early = deadlines.start(first, 40);
  await eventually("half of the time", () => performance.now() - began > 20);
  const later = performance.now();
  deadlines.start({ onLate: () => second.resolve(performance.now()) }, 40);
  early.stop();
  assert.ok(await inTime("the second", second.promise) - later >= 39);
  deadlines.close();
});

Deno.test("Deadlines calls off any of those that wait, and calls the others", async () => {
  for (const calledOff of [0, 1, 2]) {
    const deadlines = new Deadlines();
    const late: number[] = [];
    const all = [0, 1, 2].map((one) => deadlines.start({ onLate: () => void late.push(one) }, 10));
    all[calledOff]?.stop();
    await eventually("the others are late", () => late.length === 2);
    assert.deepEqual(late, [0, 1, 2].filter((one) => one !== calledOff));
    deadlines.close();
  }
});
