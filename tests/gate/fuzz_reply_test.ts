/**
 * Properties P2 to P4 on a whole gate: of any stream built from messages, however they are spelled,
 * framed and cut, no denied definition reaches the key, and everything else does, in order.
 */
import assert from "node:assert/strict";
import type { Json, JsonObject } from "../../src/mcp/json.ts";
import { fuzz } from "../support/fuzz.ts";
import type { Random } from "../support/random.ts";
import { B, call, Scene } from "./support/gate_scene.ts";
import { jsonReply, MemoryReply } from "./support/memory_upstream.ts";

/** What B may call, and names that look like it. */
const NAMES = ["read_file", "rm", "READ_FILE", "read_file ", "", "read_filé", "constructor"];

function tool(name: string): JsonObject {
  return name === "read_file" ? { name, x: 1 } : { name, description: "SECRET-DEF" };
}

/** A message, and what of it B may see. */
function randomMessage(random: Random): readonly [sent: Json, seen: Json] {
  const id = random.pick<string | number>([1, "1", "a", 7]);
  const names = Array.from({ length: random.below(5) }, () => random.pick(NAMES));
  const lists = [names, names.filter((name) => name === "read_file")]
    .map((list) => ({ tools: list.map(tool), more: names.length }));
  const wrap = random.pick<(list: JsonObject) => JsonObject>([
    (result) => ({ jsonrpc: "2.0", id, result }),
    (result) => ({ jsonrpc: "2.0", id, result: { task: 1, result } }),
    (result) => ({
      jsonrpc: "2.0",
      method: "notifications/tasks",
      params: { taskId: "t", result },
    }),
    () => ({
      jsonrpc: "2.0",
      method: "notifications/progress",
      params: { progress: 0.5, text: "é\n" },
    }),
    () => ({ jsonrpc: "2.0", id, result: { content: [{ type: "text", text: "tools" }] } }),
    () => ({ jsonrpc: "2.0", id, error: { code: -1, message: '"tools":[' } }),
    () => ({ jsonrpc: "2.0", id, method: "roots/list" }),
  ]);
  const [sent = {}, seen = {}] = lists.map(wrap);
  return [sent, seen];
}

/** `value` as JSON: compact or over several lines, with letters of members escaped at random. */
function spelled(random: Random, value: Json): string {
  const text = JSON.stringify(value, null, random.pick(["", " ", "\t"]));
  if (random.chance(0.5)) return text;
  return text.replace(
    /"(?:tools|name|result|params)"/g,
    (word) =>
      word.replace(
        /[a-z]/g,
        (letter) =>
          random.chance(0.2) ? `\\u${letter.charCodeAt(0).toString(16).padStart(4, "0")}` : letter,
      ),
  );
}

function framed(random: Random, text: string): string {
  const end = random.pick(["\n", "\r\n", "\r"]);
  const data = text.split("\n").map((line) => `data:${random.pick(["", " "])}${line}${end}`);
  const noise = random.pick([
    "",
    `: ping${end}`,
    `event: message${end}`,
    `retry: 5${end}`,
    `x: y${end}`,
  ]);
  const id = random.chance(0.3) ? `id: ${random.below(9)}${end}` : "";
  return random.shuffle([noise, id, data.join("")]).join("") + end;
}

function cut(random: Random, bytes: Uint8Array): Uint8Array[] {
  const longest = random.pick([1, 7, 60, 1000]);
  const chunks: Uint8Array[] = [];
  for (let at = 0; at < bytes.length;) {
    const next = at + 1 + random.below(longest);
    chunks.push(bytes.slice(at, next));
    at = next;
  }
  return chunks;
}

/** The messages of a stream in canonical framing. */
function messagesOf(text: string): unknown[] {
  const blocks = text.split("\n\n").map((block) =>
    block.split("\n").filter((line) => line.startsWith("data: ")).map((line) => line.slice(6))
  );
  return blocks.filter((lines) => lines.length > 0).map((lines) => JSON.parse(lines.join("\n")));
}

Deno.test("no stream brings a denied definition to a key, or loses anything else", async () => {
  const cases: { readonly stream: string; readonly chunks: Uint8Array[]; readonly seen: Json[] }[] =
    [];
  fuzz(300, (random) => {
    let stream = random.chance(0.1) ? "\ufeff" : "";
    const seen: Json[] = [];
    for (let count = 1 + random.below(5); count > 0; count--) {
      const messages = Array.from({ length: 1 + random.below(2) }, () => randomMessage(random));
      const isArray = messages.length > 1;
      const values = [0, 1].map((side) => messages.map((message) => message[side] as Json));
      const [sent = [], passes = []] = values;
      stream += framed(random, spelled(random, isArray ? sent : sent[0] as Json));
      seen.push(isArray ? passes : passes[0] as Json);
    }
    cases.push({ stream, chunks: cut(random, new TextEncoder().encode(stream)), seen });
  });

  await using scene = await Scene.open();
  scene.upstream.next(jsonReply({ jsonrpc: "2.0", id: 1, result: { task: { taskId: "t" } } }));
  await scene.post(call(), B);
  for (const { stream, chunks, seen } of cases) {
    const reply = new MemoryReply(200, [["content-type", "text/event-stream"]]);
    for (const chunk of chunks) reply.send(chunk);
    scene.upstream.next(reply.end());
    // Not on the rate of one key: the clock moves on.
    scene.clock.ms += 1000;
    const exchange = await scene.ask({ method: "GET" }, B);
    assert.ok(!exchange.text.includes("SECRET-DEF"), JSON.stringify(stream));
    assert.deepEqual(messagesOf(exchange.text), seen, JSON.stringify(stream));
  }
});
