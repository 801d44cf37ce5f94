/**
 * A gate in front of a server on the HTTP+SSE transport of 2024-11-05: streams that are opened,
 * messages that are posted for them, and what comes of both. Everything is in memory.
 */
import type { Fields } from "../../../src/upstream/upstream.ts";
import { eventually } from "../../support/eventually.ts";
import { A, bodyOf, config, Scene, type Setting } from "./gate_scene.ts";
import type { MemoryExchange } from "./memory_exchange.ts";
import { eventOf, eventReply, MemoryReply } from "./memory_upstream.ts";

export { A, B, call, keyEntry, KEYS, rpc } from "./gate_scene.ts";
export { eventOf, eventReply, MemoryReply } from "./memory_upstream.ts";

/** Where the server's streams are. */
export const UPSTREAM = "http://upstream.example:9000/sse";

/** What the gate's configuration says of it. */
export const LEGACY = { ...config().upstream, url: UPSTREAM, transport: "sse" as const };

/** The event with which the server names its message URL. */
export const ENDPOINT = "event: endpoint\ndata: /messages?sessionId=SECRET-SESSION\n\n";

/** One stream, open. */
export interface OpenStream {
  readonly exchange: MemoryExchange;
  /** What the server says on it. */
  readonly reply: MemoryReply;
  /** The message URL that the client was told. */
  readonly target: string;
}

/** Opens a gate whose server accepts every message, and sends no stream on its own. */
export async function openLegacy(setting: Setting = {}): Promise<Scene> {
  const scene = await Scene.open({
    ...setting,
    config: { upstream: LEGACY, path: "/sse", ...setting.config },
  });
  scene.upstream.otherwise = (request) =>
    request.method === "GET" ? eventReply([ENDPOINT]) : accepted();
  return scene;
}

/** What the server says to a message that it takes. */
export function accepted(status = 202): MemoryReply {
  return new MemoryReply(status, [["content-type", "text/plain"]]).send("Accepted").end();
}

/** Lets a client of `key` open a stream, whose first event the gate has sent. */
export async function openStream(
  scene: Scene,
  key = A,
  reply = eventReply([ENDPOINT]),
): Promise<OpenStream> {
  scene.upstream.next(reply);
  const exchange = beginStream(scene, key);
  await eventually("the endpoint event", () => exchange.text.includes("\n\n"));
  const [, target = ""] = /^event: endpoint\ndata: (.*)\n\n/.exec(exchange.text) ?? [];
  return { exchange, reply, target };
}

/** Lets a client of `key` ask for a stream. */
export function beginStream(scene: Scene, key: string | null = A): MemoryExchange {
  return scene.begin({
    method: "GET",
    target: "/sse",
    fields: [["accept", "text/event-stream"]],
  }, key);
}

/** Lets a client of `key` post `message` to `target`, and waits for the answer to the POST. */
export async function postTo(
  scene: Scene,
  target: string,
  message: unknown,
  key: string | null = A,
  fields: Fields = [],
): Promise<MemoryExchange> {
  const exchange = scene.begin({ target, body: bodyOf(message), fields }, key);
  await eventually("an answer to the POST", () => ended(exchange));
  return exchange;
}

/** Whether nothing more comes of `exchange`. */
export function ended({ state }: MemoryExchange): boolean {
  return state === "complete" || state === "broken";
}

/** The messages that a stream has carried, the endpoint event left out. */
export function messagesOf({ exchange }: OpenStream): unknown[] {
  return [...exchange.text.matchAll(/^event: message\ndata: (.*)$/gm)]
    .map(([, data = ""]) => JSON.parse(data));
}

/** `value` as the server sends it. */
export function messageOf(value: unknown): string {
  return `event: message\n${eventOf(value)}`;
}

/** The bodies that went up, in order. */
export function sentUp(scene: Scene): unknown[] {
  return scene.upstream.requests.filter(({ method }) => method === "POST")
    .map(({ body }) => JSON.parse(new TextDecoder().decode(body ?? undefined)));
}
