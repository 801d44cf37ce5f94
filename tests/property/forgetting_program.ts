/**
 * Lets exchanges of every way go through a gate, twice each, changes its configuration, and tells what
 * is still in memory before and after. A program of its own: it has to be able to force a collection.
 *
 * Usage: forgetting_program.ts, with --v8-flags=--expose-gc
 */
import { bodyOf, call, Scene } from "../gate/support/gate_scene.ts";
import { eventOf, eventReply, jsonReply } from "../gate/support/memory_upstream.ts";

declare const gc: () => void;

const ANSWER = { jsonrpc: "2.0", id: 1, result: {} };
const NOTIFICATION = { jsonrpc: "2.0", method: "notifications/initialized" };

/** Weak references to exchanges that have ended: two of each way, and two that were refused. */
async function ended(scene: Scene): Promise<WeakRef<object>[]> {
  const things: object[] = [];
  for (let count = 0; count < 2; count++) {
    scene.upstream.next(jsonReply(ANSWER), eventReply([ANSWER]).end());
    things.push(await scene.post(call()), await scene.post(call()));
    const reply = eventReply([]);
    scene.upstream.next(reply);
    things.push(scene.begin({ body: bodyOf(call()) }));
    await scene.upstream.request(2);
    await new Promise((resolve) => setTimeout(resolve, 5));
    reply.send(eventOf(ANSWER)).end();
    await scene.over();
    things.push(await scene.post(NOTIFICATION), await scene.ask({ method: "DELETE" }));
    things.push(await scene.post(call(), "nobody's key"));
    // What the upstream of the scene has seen it keeps.
    scene.upstream.requests.length = 0;
  }
  return things.map((thing) => new WeakRef(thing));
}

/** A weak reference to one that took more memory than is to be kept. */
async function oversized(scene: Scene): Promise<WeakRef<object>> {
  const text = "x".repeat(100_000);
  const exchange = await scene.post({ ...call(), params: { name: "any", arguments: { text } } });
  scene.upstream.requests.length = 0;
  return new WeakRef(exchange);
}

/** How many of `things` are in memory. */
async function left(things: readonly WeakRef<object>[]): Promise<number> {
  for (let times = 0; times < 5; times++) {
    await new Promise((resolve) => setTimeout(resolve, 10));
    gc();
  }
  return things.filter((thing) => thing.deref() !== undefined).length;
}

const scene = await Scene.open();
const exchanges = await ended(scene);
const ends = scene.outcomes.map(({ decision, end }) => `${decision} ${end}`);
const large = await left([await oversized(scene)]);
const before = await left(exchanges);
const configuration = new WeakRef(scene.gate.current.config);
await scene.reload(scene.config());
const after = await left(exchanges);
const configurations = await left([configuration]);
console.log(JSON.stringify({ ends, large, before, after, configurations }));
await scene[Symbol.asyncDispose]();
