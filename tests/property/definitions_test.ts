/**
 * P2, P3 and P15 on the whole gate: on every channel, of any stream built from messages, however
 * they are spelled, framed and cut, no denied definition reaches a key and no list may be cached for
 * another one; everything else arrives, in order and as it was.
 */
import assert from "node:assert/strict";
import { type Json, member } from "../../src/mcp/json.ts";
import { fuzzAsync } from "../support/fuzz.ts";
import type { Random } from "../support/random.ts";
import { type Channel, CHANNELS, deliver, giveTask, received } from "./channel.ts";
import { assertNoCanary, unsealed } from "./leak.ts";
import { openProperty } from "./property_scene.ts";
import { cut, framed, noise, spelled } from "./random_framing.ts";
import {
  CANARY,
  type Occasion,
  randomAnswer,
  randomNews,
  type Reader,
  READERS,
  type Reply,
} from "./random_reply.ts";

/** What an upstream sends on one channel, and what of it arrives. */
interface Delivery {
  readonly text: string;
  readonly seen: readonly Json[];
}

function randomDelivery(random: Random, channel: Channel, reader: Reader): Delivery {
  const occasion = (id: string | number): Occasion => ({
    random,
    reader,
    era: channel.era,
    id,
    mustBePrivate: channel.asksForList,
  });
  // What is meant for others comes, too: an upstream that mixes clients up is what is feared.
  const replies = Array.from(
    { length: random.below(4) },
    (_, at) => random.chance(0.5) ? randomAnswer(occasion(`x${at}`)) : randomNews(occasion(at)),
  );
  if (channel.awaited !== null) replies.push(randomAnswer(occasion(channel.awaited)));
  if (channel.form === "json") return jsonDelivery(random, replies);
  let text = random.chance(0.1) ? "\ufeff" : "";
  const seen: Json[] = [];
  while (replies.length > 0) {
    const group = replies.splice(0, random.chance(0.2) ? 3 : 1);
    const isArray = group.length > 1 || random.chance(0.05);
    const whole = jsonDelivery(random, group, isArray);
    text += noise(random) + framed(random, whole.text);
    seen.push(...whole.seen);
  }
  // An event without its blank line is none.
  const rest = random.chance(0.1) ? `data: {"result":{"tools":["${CANARY}"]}}\n` : "";
  return { text: text + rest, seen };
}

/** `replies` as one document: alone, or as an array. */
function jsonDelivery(
  random: Random,
  replies: readonly Reply[],
  isArray = replies.length > 1,
): Delivery {
  const passing = replies.flatMap(({ seen }) => seen === null ? [] : [seen]);
  const [first] = replies;
  assert.ok(first);
  return isArray
    ? {
      text: spelled(random, replies.map(({ sent }) => sent)),
      seen: passing.length === 0 ? [] : [passing],
    }
    : { text: spelled(random, first.sent), seen: passing };
}

/** Every scope in `value`, wherever results stand in messages, is private and short-lived. */
function assertPrivate(value: Json | undefined, isModernList: boolean): void {
  if (Array.isArray(value)) return value.forEach((one) => assertPrivate(one, isModernList));
  for (const holder of ["result", "params"]) {
    const inner = member(value, holder);
    if (inner === undefined) continue;
    const scope = member(inner, "cacheScope");
    if (scope !== undefined || (isModernList && holder === "result")) {
      assert.equal(scope, "private");
    }
    const ttl = member(inner, "ttlMs");
    assert.ok(ttl === undefined || Number(ttl) <= 60_000, `lives for ${ttl} ms`);
    assertPrivate(inner, false);
  }
}

for (const channel of CHANNELS) {
  Deno.test(`${channel.name} brings a key its own definitions, and everything else`, async () => {
    await using scene = await openProperty();
    for (const { label } of READERS) await giveTask(scene, label);
    let definitions = 0;
    await fuzzAsync(250, async (random) => {
      const reader = random.pick(READERS);
      const { text, seen } = randomDelivery(random, channel, reader);
      const pieces = cut(random, new TextEncoder().encode(text));
      const exchange = await deliver(scene, channel, reader.label, pieces);
      const shown = `${reader.label} was sent ${JSON.stringify(text)}`;
      assert.equal(exchange.state, "complete", shown);
      assert.equal(exchange.field("cache-control"), "no-store, no-transform");
      assertNoCanary(exchange.text);
      const arrived = received(channel, exchange.text);
      for (const message of arrived) assertPrivate(message, channel.asksForList);
      assert.deepEqual(arrived.map(unsealed), seen.map(unsealed), shown);
      if (text.includes(CANARY)) definitions++;
    });
    assert.ok(definitions > 0, "nothing was sent that had to go");
  });
}
