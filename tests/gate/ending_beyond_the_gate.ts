/**
 * Ways in which an exchange ends beyond the gate: the upstream fails, the client leaves, the key or
 * the gate comes to its end.
 */
import { UpstreamError } from "../../src/upstream/upstream.ts";
import { eventually } from "../support/eventually.ts";
import { type Ending, LISTEN, module, never, SMALL } from "./ending_at_the_gate.ts";
import { bodyOf, call, config, rpc, type Scene } from "./support/gate_scene.ts";
import type { MemoryExchange } from "./support/memory_exchange.ts";
import { eventReply, jsonReply, MemoryReply } from "./support/memory_upstream.ts";

const GONE = { end: "client_gone" } as const;
const UPSTREAM = { end: "upstream_error", decision: "error", stage: "upstream" } as const;

async function leaving(scene: Scene, exchange: MemoryExchange): Promise<MemoryExchange> {
  exchange.leave();
  await scene.over();
  return exchange;
}

/** All of them. */
export const BEYOND_THE_GATE: readonly Ending[] = [{
  name: "an upstream that cannot be reached",
  lead(scene) {
    scene.upstream.next(() => Promise.reject(new UpstreamError("unreachable", "no route")));
    return scene.post(call());
  },
  record: { ...UPSTREAM, status: 502, detail: "unreachable: no route" },
}, {
  name: "an upstream that does not answer in time",
  lead(scene) {
    scene.upstream.next(() => Promise.reject(new UpstreamError("timeout", "60 s")));
    return scene.post(call());
  },
  record: { ...UPSTREAM, status: 504, detail: "timeout: 60 s" },
}, {
  name: "an upstream that breaks off inside a JSON reply",
  lead(scene) {
    const reply = new MemoryReply(200, [["content-type", "application/json"]]);
    scene.upstream.next(reply.send('{"json').fail());
    return scene.post(call());
  },
  record: { ...UPSTREAM, status: 502 },
}, {
  name: "an upstream that breaks off inside a stream",
  lead(scene) {
    scene.upstream.next(eventReply([]).fail());
    return scene.post(call());
  },
  record: { ...UPSTREAM, status: 200 },
}, {
  name: "a stream that ends without the answer",
  lead(scene) {
    scene.upstream.next(eventReply([]).end());
    return scene.post(call());
  },
  record: { ...UPSTREAM, status: 200, detail: "stream ended before the answer" },
}, {
  name: "an upstream that answers something else",
  lead(scene) {
    scene.upstream.next(jsonReply({ jsonrpc: "2.0", id: "1", result: {} }));
    return scene.post(call());
  },
  record: { ...UPSTREAM, status: 502, detail: "broken: reply answers something else" },
}, {
  name: "a reply beyond its limit",
  setting: { config: { limits: { ...config().limits, replyBytes: 10 } } },
  lead: (scene) => scene.post(call()),
  record: { ...UPSTREAM, status: 502 },
}, {
  name: "a redirect",
  lead(scene) {
    scene.upstream.next(new MemoryReply(307, [["location", "http://elsewhere/"]]).end());
    return scene.post(call());
  },
  record: { ...UPSTREAM, status: 502, detail: "broken: upstream redirect refused: 307" },
}, {
  name: "an upstream room that breaks its contract",
  lead(scene) {
    scene.upstream.next(() => Promise.reject(new TypeError("a bug")));
    return scene.post(call());
  },
  record: { end: "complete", decision: "error", stage: "door", status: 500 },
}, {
  name: "a client that leaves before it is heard",
  lead(scene) {
    const exchange = scene.begin({ body: null });
    return leaving(scene, exchange);
  },
  record: { ...GONE, label: "a", method: null, status: 0 },
  status: 0,
}, {
  name: "a client that leaves while a policy thinks",
  setting: module(never),
  async lead(scene) {
    const exchange = scene.begin({ body: bodyOf(call()) });
    await eventually("the stage to be asked", () => scene.gate.held.bytes > 0);
    return await leaving(scene, exchange);
  },
  record: {
    ...GONE,
    decision: "deny",
    stage: "door",
    reason: "Client left before its request was judged",
    detail: "m had not decided when the exchange was cut",
    status: 0,
  },
  status: 0,
}, {
  name: "a client that leaves after a policy has failed",
  setting: module(() => Promise.reject(new Error("mine"))),
  async lead(scene) {
    const exchange = scene.begin({ body: bodyOf(call()) });
    exchange.stall();
    await eventually("the failure to be told", () => exchange.status > 0);
    await leaving(scene, exchange);
    exchange.resume();
    return exchange;
  },
  record: { ...GONE, decision: "error", stage: "m", reason: "Policy failed", status: 503 },
}, {
  name: "a client that leaves while the upstream thinks",
  async lead(scene) {
    scene.upstream.next(never);
    const exchange = scene.begin({ body: bodyOf(call()) });
    await scene.upstream.request(0);
    return await leaving(scene, exchange);
  },
  record: { ...GONE, decision: "allow", status: 0 },
  status: 0,
}, {
  name: "a client that leaves during a JSON reply",
  async lead(scene) {
    scene.upstream.next(new MemoryReply(200, [["content-type", "application/json"]]).send("{"));
    const exchange = scene.begin({ body: bodyOf(call()) });
    await scene.upstream.request(0);
    return await leaving(scene, exchange);
  },
  record: { ...GONE, decision: "allow", status: 0 },
  status: 0,
}, {
  name: "a client that leaves during a stream",
  async lead(scene) {
    scene.upstream.next(eventReply([{ jsonrpc: "2.0", method: "notifications/message" }]));
    const exchange = scene.begin({ body: bodyOf(call()) });
    await exchange.has("notifications/message");
    return await leaving(scene, exchange);
  },
  record: { ...GONE, decision: "allow", status: 200, bytesOut: 58 },
}, {
  name: "a client that takes nothing of a JSON answer",
  setting: { config: { limits: SMALL } },
  async lead(scene) {
    const exchange = scene.begin({ body: bodyOf(rpc("ping")) });
    exchange.stall();
    await scene.over();
    exchange.resume();
    return exchange;
  },
  record: { ...GONE, decision: "allow", status: 200 },
}, {
  name: "a client that takes nothing of a stream",
  setting: { config: { limits: SMALL } },
  async lead(scene) {
    scene.upstream.next(eventReply([{ jsonrpc: "2.0", id: 1, result: {} }]));
    const exchange = scene.begin({ body: bodyOf(rpc("ping")) });
    exchange.stall();
    await scene.over();
    exchange.resume();
    return exchange;
  },
  record: { ...GONE, decision: "allow", status: 200 },
}, {
  name: "a key that is removed",
  async lead(scene) {
    const exchange = scene.begin(LISTEN);
    await scene.upstream.request(0);
    await scene.gate.reload(scene.config({ keys: [] }));
    await scene.over();
    return exchange;
  },
  record: { end: "revoked", decision: "allow", status: 200, label: "a", generation: 1 },
}, {
  name: "a gate that closes",
  async lead(scene) {
    const exchange = scene.begin(LISTEN);
    await scene.upstream.request(0);
    await scene.gate.close(0);
    await scene.over();
    return exchange;
  },
  record: { end: "shutdown", decision: "allow", status: 200 },
}];
