/**
 * P2, P3, P4 and P12 on the transport of 2024-11-05: of any stream built from messages, however they
 * are spelled, framed and cut, a key gets what it may see, each answer that it waits for once, and
 * no answer of another's.
 */
import assert from "node:assert/strict";
import type { Json } from "../../src/mcp/json.ts";
import type { Id } from "../../src/mcp/message.ts";
import { call, rpc } from "../gate/support/gate_scene.ts";
import { ended, LEGACY, messageOf, openStream, postTo } from "../gate/support/legacy_scene.ts";
import { ENDPOINT, eventReply, MemoryReply } from "../gate/support/legacy_scene.ts";
import { eventually } from "../support/eventually.ts";
import { fuzzAsync } from "../support/fuzz.ts";
import type { Random } from "../support/random.ts";
import { assertNoCanary, unsealed } from "./leak.ts";
import { HOLDERS, openProperty } from "./property_scene.ts";
import { cut, framed, noise, spelled } from "./random_framing.ts";
import {
  CANARY,
  OWN_TASK,
  randomAnswer,
  randomNews,
  type Reader,
  READERS,
} from "./random_reply.ts";

/** What a server says on one stream, and what of it arrives. */
interface Talk {
  readonly text: string;
  readonly seen: readonly Json[];
}

const ASKED: readonly Id[] = [1, "1", 2, "x", 4096];

function randomTalk(random: Random, reader: Reader, awaited: readonly Id[]): Talk {
  const open = new Set(awaited);
  const occasion = (id: Id) =>
    ({ random, reader, era: "legacy", id, mustBePrivate: false }) as const;
  let text = "";
  const seen: Json[] = [];
  for (let left = random.below(8); left >= 0; left--) {
    const group = Array.from({ length: random.chance(0.2) ? 3 : 1 }, (_, at) => {
      if (random.chance(0.3)) return randomNews(occasion(1000 * left + at));
      const id = random.pick([...ASKED, "nobody's"]);
      const { sent, seen } = randomAnswer(occasion(id));
      return { sent, seen: open.delete(id) ? seen : null };
    });
    const passing = group.flatMap(({ seen }) => seen === null ? [] : [seen]);
    const isArray = group.length > 1;
    const sent = group.map((reply) => reply.sent);
    text += noise(random) + framed(random, spelled(random, isArray ? sent : sent[0] ?? null));
    if (isArray) seen.push(...passing.length === 0 ? [] : [passing]);
    else seen.push(...passing);
  }
  return { text, seen };
}

/** The data of the events in `text`, as a client reads them. */
function dataOf(text: string): string[] {
  return text.split("\n\n").map((block) =>
    block.split("\n").filter((line) => line.startsWith("data: ")).map((line) => line.slice(6))
      .join("\n")
  ).filter((data) => data !== "");
}

Deno.test("a stream of 2024-11-05 brings a key what is its own, and each answer once", async () => {
  await using scene = await openProperty({ config: { upstream: LEGACY, path: "/sse" } });
  scene.upstream.otherwise = () => new MemoryReply(202).end();
  for (const { label } of READERS) {
    const stream = await openStream(scene, HOLDERS[label]);
    const params = { name: "read_file", task: { ttl: 60_000 } };
    await postTo(scene, stream.target, rpc("tools/call", params, "task"), HOLDERS[label]);
    const task = { taskId: OWN_TASK, status: "working", ttl: 60_000 };
    stream.reply.send(messageOf({ jsonrpc: "2.0", id: "task", result: { task } })).end();
    await stream.exchange.has(OWN_TASK);
  }
  let definitions = 0;
  await fuzzAsync(250, async (random) => {
    const reader = random.pick(READERS);
    const key = HOLDERS[reader.label];
    const stream = await openStream(scene, key, eventReply([ENDPOINT]));
    const awaited = ASKED.filter(() => random.chance(0.6));
    for (const id of awaited) await postTo(scene, stream.target, call("read_file", id), key);
    const before = stream.exchange.text.length;
    const { text, seen } = randomTalk(random, reader, awaited);
    for (const piece of cut(random, new TextEncoder().encode(text))) stream.reply.send(piece);
    stream.reply.end();
    await eventually("the end of the stream", () => ended(stream.exchange));
    const shown = `${reader.label} was sent ${JSON.stringify(text)}`;
    assert.equal(stream.exchange.state, "complete", shown);
    const arrived = stream.exchange.text.slice(before);
    assertNoCanary(arrived);
    assert.doesNotMatch(arrived, /^id:/m);
    const messages: Json[] = dataOf(arrived).map((data) => JSON.parse(data));
    const told = messages.splice(seen.length);
    assert.deepEqual(messages.map(unsealed), seen.map(unsealed), shown);
    assert.deepEqual(told.map(idOf), awaited.filter((id) => !isAnswered(id, seen)), shown);
    if (text.includes(CANARY)) definitions++;
  });
  assert.ok(definitions > 0, "nothing was sent that had to go");
});

function isAnswered(id: Id, seen: readonly Json[]): boolean {
  return seen.flat().some((message) =>
    idOf(message) === id && !Object.hasOwn(message as object, "method")
  );
}

function idOf(message: Json): unknown {
  return (message as { id?: unknown }).id;
}
