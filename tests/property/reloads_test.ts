/**
 * P17 on the whole gate, with reloads at random moments of random exchanges: no request goes up by a
 * policy that was over before its body was in, whoever lost something is ended at once, nobody else
 * notices, and a configuration that cannot be built changes nothing.
 */
import assert from "node:assert/strict";
import type { AnyPolicyModule, Key } from "../../src/policy/contract.ts";
import { allow } from "../../src/policy/contract.ts";
import type { UpstreamRequest } from "../../src/upstream/upstream.ts";
import { A, B, bodyOf, rpc, type Scene } from "../gate/support/gate_scene.ts";
import type { MemoryExchange } from "../gate/support/memory_exchange.ts";
import { eventReply, type MemoryReply } from "../gate/support/memory_upstream.ts";
import { eventually } from "../support/eventually.ts";
import { fuzzAsync } from "../support/fuzz.ts";
import type { Random } from "../support/random.ts";
import { holders, openProperty } from "./property_scene.ts";
import { macrotask, turn } from "./story.ts";
import { asked } from "./trouble.ts";

const TOOLS = ["read_file", "search_web", "rm"];

/** What B may call under one configuration; null: there is no B. */
type Grant = readonly string[] | null;

const FIRST: Grant = ["read_file", "search_web"];

interface Player {
  readonly exchange: MemoryExchange;
  readonly isA: boolean;
  readonly tool: string;
  readonly rest: string[];
  /** The number of the configuration that held when the body was complete. */
  endedUnder: number | null;
}

/** Exchanges and reloads, moved on in random order. */
class Interleaving {
  readonly grants: Grant[] = [FIRST];
  readonly players: Player[] = [];
  readonly #replies: MemoryReply[] = [];
  #ids = 0;

  /** @param byDenying Whether grants lose by what is denied, or by what is not allowed any more */
  constructor(readonly scene: Scene, readonly random: Random, readonly byDenying: boolean) {
    scene.upstream.otherwise = (request) => {
      this.#judge(request);
      const reply = eventReply([]);
      this.#replies.push(reply);
      return reply;
    };
  }

  async step(): Promise<void> {
    const kind = this.random.below(10);
    if (kind < 3) this.#begin();
    else if (kind < 7) this.#send();
    else if (kind < 8) await this.#reload();
    else if (kind < 9) await this.#reloadBroken();
    else this.#answer();
    await turn(this.random);
  }

  async conclude(): Promise<void> {
    for (const { exchange } of this.players) exchange.leave();
    await this.scene.over();
  }

  keys(grant: Grant): readonly Key[] {
    const left = grant ?? [];
    const denied = TOOLS.filter((tool) => !left.includes(tool));
    const keys = holders({ b: this.byDenying ? { allow: TOOLS, deny: denied } : { allow: left } });
    return grant === null ? keys.filter(({ label }) => label !== "b") : keys;
  }

  #begin(): void {
    const isA = this.random.chance(0.3);
    const tool = this.random.pick(TOOLS);
    // The id tells the upstream's requests apart.
    const text = String(bodyOf(rpc("tools/call", { name: tool }, ++this.#ids)));
    const at = this.random.below(text.length);
    const exchange = this.scene.begin({ body: null }, isA ? A : B);
    const rest = [text.slice(0, at), text.slice(at)].filter((piece) => piece !== "");
    this.players.push({ exchange, isA, tool, rest, endedUnder: null });
  }

  #send(): void {
    const waiting = this.players.filter(({ endedUnder }) => endedUnder === null);
    if (waiting.length === 0) return;
    const player = this.random.pick(waiting);
    const piece = player.rest.shift();
    if (piece !== undefined) return player.exchange.send(piece);
    player.exchange.endBody();
    player.endedUnder = this.grants.length - 1;
  }

  #answer(): void {
    if (this.#replies.length > 0) this.random.pick(this.#replies).send(": still here\n\n");
  }

  /** Some policy that held after the body was in must have let it through. */
  #judge(request: UpstreamRequest): void {
    const player = this.players[Number(asked(request).id) - 1];
    assert.ok(player !== undefined && player.endedUnder !== null, "went up without a whole body");
    if (player.isA) return;
    const since = this.grants.slice(player.endedUnder);
    assert.ok(
      since.some((grant) => grant?.includes(player.tool)),
      `${player.tool} went up by a policy that was over: ${JSON.stringify(since)}`,
    );
  }

  async #reload(): Promise<void> {
    await settled();
    const before = this.grants.at(-1) ?? null;
    const grant = this.random.pick<Grant>([
      null,
      [],
      ["read_file"],
      ["read_file", "search_web"],
      TOOLS,
      before,
    ]);
    const open = this.players.filter(({ exchange }) => exchange.state === "open");
    const ofB = this.players.filter(({ isA }) => !isA);
    await this.scene.gate.reload(this.scene.config({ keys: this.keys(grant) }));
    const doomed = open.filter((player) => this.#losses(player, grant).every((lost) => lost));
    const safe = open.filter((player) => !this.#losses(player, grant).some((lost) => lost));
    this.grants.push(grant);
    await eventually(
      "those who lost something to end",
      () => doomed.every(({ exchange }) => exchange.state !== "open"),
      1000,
    );
    // Of a key that is gone not even those live on that are still sending.
    if (grant === null) {
      const areOver = () => ofB.every(({ exchange }) => /complete|broken/.test(exchange.state));
      await eventually("everything of a key that is gone to end", areOver, 1000);
    }
    await settled();
    for (const { exchange } of safe) {
      assert.equal(exchange.state, "open", "ended although it lost nothing");
    }
  }

  /** Whether `player` loses something by `now`, for each policy that may have let it through. */
  #losses({ isA, endedUnder }: Player, now: Grant): boolean[] {
    if (isA) return [false];
    return this.grants.slice(endedUnder ?? 0).filter((grant) => grant !== null)
      .map((grant) => now === null || grant.some((tool) => !now.includes(tool)));
  }

  async #reloadBroken(): Promise<void> {
    await settled();
    const { number } = this.scene.gate.current;
    const open = this.players.filter(({ exchange }) => exchange.state === "open");
    const broken = this.scene.config({
      keys: [],
      pipeline: [...this.scene.config().pipeline, {
        name: "broken",
        use: "broken",
        options: {},
        timeoutMs: 1000,
      }],
    });
    await assert.rejects(this.scene.gate.reload(broken));
    assert.equal(this.scene.gate.current.number, number);
    assert.ok(open.every(({ exchange }) => exchange.state === "open"));
  }
}

/** Whoever was cut before has ended by now, so that nobody else's end is taken for his. */
async function settled(): Promise<void> {
  for (let turns = 5; turns > 0; turns--) await macrotask();
}

/** A stage that takes its time, so that reloads find exchanges between two questions. */
function slow(random: () => Random) {
  return {
    name: "slow",
    options: (z) => z.object({}),
    create: () => async () => {
      for (let turns = random().below(30); turns > 0; turns--) await macrotask();
      return allow();
    },
  } as AnyPolicyModule;
}

const BROKEN = {
  name: "broken",
  options: (z) => z.object({}),
  create: () => Promise.reject(new Error("no")),
} as AnyPolicyModule;

Deno.test("reloads at any moment rule what comes after them, and end what lost its ground", async () => {
  let revoked = 0;
  await fuzzAsync(120, async (random) => {
    await using scene = await openProperty({
      stages: ["slow"],
      modules: { slow: slow(() => random), broken: BROKEN },
    });
    const story = new Interleaving(scene, random, random.chance(0.5));
    await scene.gate.reload(scene.config({ keys: story.keys(FIRST) }));
    for (let steps = 80; steps > 0; steps--) await story.step();
    await story.conclude();
    assert.equal(scene.outcomes.length, story.players.length);
    for (const { label, end, reason } of scene.outcomes) {
      if (end === "revoked") revoked++;
      assert.ok(label !== "a" || end !== "revoked", "A lost nothing");
      if (end === "revoked") assert.doesNotMatch(reason ?? "", /Policy failed/);
    }
  });
  assert.ok(revoked > 0, "nobody lost anything");
});
