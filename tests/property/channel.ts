/**
 * The channels on which an upstream's messages reach a client (PROTOCOL §0, rule 4): each takes
 * bytes, delivers them through a gate, and reads what comes out as a client would. None of them
 * looks at what is delivered.
 */
import assert from "node:assert/strict";
import type { Json } from "../../src/mcp/json.ts";
import { call, rpc, type Scene } from "../gate/support/gate_scene.ts";
import type { MemoryExchange, Request } from "../gate/support/memory_exchange.ts";
import { eventReply, jsonReply, MemoryReply } from "../gate/support/memory_upstream.ts";
import { HOLDERS } from "./property_scene.ts";
import { legacyAsk, modernAsk } from "./random_request.ts";
import { OWN_TASK } from "./random_reply.ts";

/** One way down. */
export interface Channel {
  readonly name: string;
  readonly era: "legacy" | "modern";
  readonly form: "json" | "sse";
  /** The id of the request that has to be answered; null: none waits. */
  readonly awaited: string | number | null;
  /** Whether a list was asked for under the rules of the modern era. */
  readonly asksForList: boolean;
  /** What the client asks; the scene may have had to be prepared for it. */
  ask(scene: Scene, key: string): Promise<Request>;
}

/** All of them, but for the transport of 2024-11-05. */
export const CHANNELS: readonly Channel[] = [
  {
    name: "POST JSON",
    era: "legacy",
    form: "json",
    awaited: 1,
    asksForList: false,
    ask: () => Promise.resolve(legacyAsk(rpc("tools/list"))),
  },
  {
    name: "POST SSE",
    era: "legacy",
    form: "sse",
    awaited: 1,
    asksForList: false,
    ask: () => Promise.resolve(legacyAsk(call())),
  },
  {
    name: "GET SSE",
    era: "legacy",
    form: "sse",
    awaited: null,
    asksForList: false,
    ask: () => Promise.resolve({ method: "GET" }),
  },
  {
    name: "resumed GET",
    era: "legacy",
    form: "sse",
    awaited: null,
    asksForList: false,
    ask: resumed,
  },
  {
    name: "POST JSON of 2026-07-28",
    era: "modern",
    form: "json",
    awaited: 1,
    asksForList: true,
    ask: () => Promise.resolve(modernAsk("tools/list")),
  },
  {
    name: "POST SSE of 2026-07-28",
    era: "modern",
    form: "sse",
    awaited: 1,
    asksForList: false,
    ask: () => Promise.resolve(modernAsk("tools/call", { name: "read_file" })),
  },
  {
    name: "subscriptions/listen",
    era: "modern",
    form: "sse",
    awaited: 1,
    asksForList: false,
    ask: () =>
      Promise.resolve(
        modernAsk("subscriptions/listen", { notifications: { toolsListChanged: true } }),
      ),
  },
];

/** A stream that broke off behind an event with an id, which the client has. */
async function resumed(scene: Scene, key: string): Promise<Request> {
  scene.upstream.next(eventReply(["id: 1\ndata:\n\n"]).end());
  const broken = await scene.ask({ method: "GET" }, key);
  const id = /^id: (.*)$/m.exec(broken.text)?.[1] ?? "";
  return { method: "GET", fields: [["last-event-id", id]] };
}

/** Delivers `pieces` on `channel` to the holder of `label`. */
export async function deliver(
  scene: Scene,
  channel: Channel,
  label: string,
  pieces: readonly Uint8Array[],
): Promise<MemoryExchange> {
  const key = HOLDERS[label] ?? "";
  const request = await channel.ask(scene, key);
  const type = channel.form === "json" ? "application/json" : "text/event-stream";
  const reply = new MemoryReply(200, [["content-type", type]]);
  for (const piece of pieces) reply.send(piece);
  scene.upstream.next(reply.end());
  return await scene.ask(request, key);
}

/** The messages in what a client was sent, arrays as they are. */
export function received(channel: Channel, text: string): Json[] {
  if (channel.form === "json") return [JSON.parse(text)];
  const blocks = text.split("\n\n").map((block) =>
    block.split("\n").filter((line) => line.startsWith("data: ")).map((line) => line.slice(6))
  );
  return blocks.map((lines) => lines.join("\n")).filter((data) => data !== "")
    .map((data) => JSON.parse(data));
}

/** Lets the holder of `label` call a tool that goes on as a task of his. */
export async function giveTask(scene: Scene, label: string): Promise<void> {
  const task = { taskId: OWN_TASK, status: "working", ttl: 60_000 };
  scene.upstream.next(jsonReply({ jsonrpc: "2.0", id: 1, result: { task } }));
  const exchange = await scene.post(
    rpc("tools/call", { name: "read_file", task: { ttl: 60_000 } }),
    HOLDERS[label],
  );
  assert.equal(exchange.status, 200);
}
