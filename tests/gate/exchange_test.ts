/** The lifetime of an exchange: what it takes hold of, and that it lets go of it in time. */
import assert from "node:assert/strict";
import { Answering } from "../../src/gate/answering.ts";
import { ExchangeRecord } from "../../src/gate/record.ts";
import type { AnyPolicyModule } from "../../src/policy/contract.ts";
import { allow } from "../../src/policy/contract.ts";
import { eventually } from "../support/eventually.ts";
import { bodyOf, call, Scene, stage } from "./support/gate_scene.ts";
import { MemoryExchange } from "./support/memory_exchange.ts";
import { eventReply } from "./support/memory_upstream.ts";

Deno.test("a body is let go of as soon as the upstream has taken it", async () => {
  await using scene = await Scene.open();
  scene.upstream.next(eventReply([": x\n\n"]));
  const exchange = scene.begin({ body: bodyOf(call()) });
  await exchange.has(":");
  assert.equal(scene.gate.held.bytes, 0);
  exchange.leave();
});

Deno.test("an exchange listens to its client no longer than it lasts", async () => {
  await using scene = await Scene.open();
  scene.upstream.next(eventReply([": x\n\n"]));
  const open = scene.begin({ body: bodyOf(call()) });
  await open.has(":");
  assert.notEqual(open.watcher, null);
  open.leave();
  await scene.over();
  const refused = new MemoryExchange({ method: "GET" });
  await scene.gate.handle(refused);
  assert.equal(refused.status, 401);
  assert.deepEqual([open.watcher, refused.watcher], [null, null]);
});

Deno.test("a caller known to the old generation is a stranger to one that nobody asked", async () => {
  const module = {
    name: "silent",
    at: "head",
    options: (z) => z.object({}),
    create: () => () => allow(),
  } as AnyPolicyModule;
  await using scene = await Scene.open({ modules: { silent: module } });
  const exchange = scene.begin({ body: null });
  exchange.send(bodyOf(call()));
  await eventually("the body to arrive", () => scene.gate.held.bytes > 0);
  const pipeline = [stage("audit"), stage("silent", "silent"), stage("allowlist")];
  await scene.gate.reload(scene.config({ pipeline }));
  exchange.endBody();
  await scene.over();
  assert.equal(exchange.status, 401);
  assert.deepEqual([scene.upstream.requests.length, scene.last.stage], [0, "door"]);
});

Deno.test("a request between hops of trusted proxies is on record with its client's address", async () => {
  await using scene = await Scene.open({ config: { trustedProxies: ["192.0.2.0/24"] } });
  const fields = [["x-forwarded-for", "10.9.9.9, 203.0.113.5"], ["x-forwarded-for", "192.0.2.9"]];
  await scene.ask({ body: bodyOf(call()), fields: fields as [string, string][] });
  assert.equal(scene.last.remote, "203.0.113.5");
});

Deno.test("failed keys of one address are limited, and a right key behind it is served", async () => {
  await using scene = await Scene.open({ config: { authFailures: { rps: 1, burst: 2 } } });
  const tries = [];
  for (let count = 0; count < 3; count++) {
    const exchange = await scene.post(call(), "KEY-wrong-0123456789");
    tries.push(exchange.status);
  }
  assert.deepEqual(tries, [401, 401, 429]);
  assert.equal((await scene.post(call())).status, 200);
});

function answering(exchange: MemoryExchange) {
  const record = new ExchangeRecord("x", exchange, "", 0, 0);
  return { record, answering: new Answering(exchange.reply, record, [], 60_000) };
}

Deno.test("Answering answers once", async () => {
  const exchange = new MemoryExchange();
  const { answering: one, record } = answering(exchange);
  const answer = { status: 202, fields: [], body: null };
  await one.send(answer);
  await assert.rejects(one.send(answer), TypeError);
  assert.throws(() => one.stream([]), TypeError);
  assert.deepEqual([exchange.answers, exchange.status, record.status], [1, 202, 202]);
});

Deno.test("Answering sends nothing to a client that has left", async () => {
  const exchange = new MemoryExchange();
  const { answering: one, record } = answering(exchange);
  one.leave();
  await assert.rejects(one.send({ status: 200, fields: [], body: null }), { name: "ClientGone" });
  assert.throws(() => one.stream([]), { name: "ClientGone" });
  assert.deepEqual([exchange.answers, record.status], [0, 0]);
});

Deno.test("Answering hurries what is under way when the exchange is cut, and what comes after", async () => {
  const exchange = new MemoryExchange();
  const { answering: one } = answering(exchange);
  const stream = one.stream([]);
  exchange.stall();
  const pending = stream.write("a");
  one.hurry();
  await assert.rejects(pending, { name: "ClientGone" });
  await assert.rejects(stream.write("b"), { name: "ClientGone" });
  stream.abort();
  assert.equal(exchange.state, "broken");
  exchange.resume();
});

Deno.test("Answering gives up a client that has taken nothing for the deadline, and none before", async () => {
  const exchange = new MemoryExchange();
  const { answering: one } = answering(exchange);
  const stream = one.stream([]);
  exchange.stall();
  const pending = stream.write("a");
  let isGivenUp = false;
  const rejected = assert.rejects(pending, { name: "ClientGone" }).then(() => isGivenUp = true);
  for (const nowMs of [1_000_000, 1_000_000 + 59_999]) {
    one.check(nowMs);
    await Promise.resolve();
    assert.equal(isGivenUp, false);
  }
  one.check(1_000_000 + 60_000);
  await rejected;
  stream.abort();
  exchange.resume();
});
