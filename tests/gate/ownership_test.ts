/**
 * Property P9, by a model: random operations of random keys on handles of all kinds. What is
 * presented reaches the upstream, as the upstream minted it, if and only if it belongs to the caller
 * in these circumstances; the refusal is that of what never was, to the byte.
 */
import assert from "node:assert/strict";
import { fuzzAsync } from "../support/fuzz.ts";
import type { Random } from "../support/random.ts";
import { told } from "./support/handle_scene.ts";
import {
  type Circumstances,
  circumstances,
  type Handle,
  type Kind,
  KINDS,
  ordinary,
} from "./support/ownership_kinds.ts";
import {
  type Label,
  LABELS,
  type OpenCall,
  OwnershipWorld,
  TOOLS,
} from "./support/ownership_world.ts";

/** Who owns what: the whole oracle. */
class Model {
  readonly #handles = new Map<string, Handle>();

  get handles(): readonly Handle[] {
    return [...this.#handles.values()];
  }

  sessionsOf(label: Label): readonly Handle[] {
    return this.handles.filter(({ kind, owner }) => kind === KINDS.session && owner === label);
  }

  add(handle: Handle): void {
    this.#handles.set(placeOf(handle.kind, handle.owner, handle.shown, handle.context), handle);
  }

  find(kind: Kind, shown: string | number, at: Circumstances): Handle | undefined {
    return this.#handles.get(placeOf(kind, at.caller, shown, kind.contextOf(at)));
  }

  remove(handle: Handle | undefined): void {
    if (handle === undefined) return;
    const place = placeOf(handle.kind, handle.owner, handle.shown, handle.context);
    if (this.#handles.get(place) === handle) this.#handles.delete(place);
  }

  removeCall(call: OpenCall): void {
    for (const handle of this.handles) if (handle.call === call) this.remove(handle);
  }
}

function placeOf(kind: Kind, owner: Label, shown: string | number, context: string): string {
  return JSON.stringify([kind.name, owner, shown, context]);
}

/** One run of the model. */
class Run {
  readonly #model = new Model();
  #minted = 0;

  constructor(readonly world: OwnershipWorld, readonly random: Random) {}

  async step(): Promise<void> {
    const dice = this.random.below(20);
    if (dice < 7) await this.#issue();
    else if (dice < 17) await this.#present();
    else if (dice < 18) await this.#finish();
    else await this.#change();
  }

  #at(): Circumstances {
    const caller = this.random.pick(LABELS);
    return circumstances(this.world, caller, this.#model.sessionsOf(caller));
  }

  async #issue(): Promise<void> {
    const kind = this.random.pick(Object.values(KINDS));
    const at = this.#at();
    if (!this.world.mayCall(at.caller, at.tool)) return;
    // Ids are the peers' own and repeat, but for 1, which is that of all that is soon answered.
    const raw = typeof kind.never === "number" ? 2 + this.random.below(4) : ++this.#minted;
    const issued = await kind.issue(this.world, raw, at);
    const kinds = kind === KINDS.asking || kind === KINDS.token
      ? [KINDS.asking, KINDS.token]
      : [kind];
    for (const each of kinds) {
      const { caller: owner, session, tool } = at;
      this.#model.add({ kind: each, owner, context: each.contextOf(at), session, tool, ...issued });
    }
  }

  async #present(): Promise<void> {
    const { handles } = this.#model;
    if (handles.length === 0) return;
    const handle = this.random.pick(handles);
    const kinds = Object.values(KINDS).filter(({ never }) => typeof never === typeof handle.shown);
    const kind = this.random.chance(0.9) ? handle.kind : this.random.pick(kinds);
    const at = this.random.chance(0.6) ? this.#bySelf(handle) : this.#at();
    const found = this.#model.find(kind, handle.shown, at);
    const isOwn = found !== undefined && this.#mayUse(found, at);

    const before = this.world.requests.length;
    const request = kind.present(handle.shown, at);
    const exchange = await this.world.ask(at.caller, request, ordinaryReply(this.world));
    const raised = this.world.requests.slice(before).map((up) => kind.raised(up));
    assert.deepEqual(raised, isOwn ? [found.raw] : [], `${kind.name} ${JSON.stringify(at)}`);
    if (!isOwn) {
      const never = kind.present(kind.never, at);
      const unknown = await this.world.ask(at.caller, never, ordinaryReply(this.world));
      assert.deepEqual(told(exchange), told(unknown));
      assert.equal(this.world.requests.length, before);
    } else if (kind.once) {
      this.#model.remove(this.#model.find(KINDS.token, handle.shown, at));
      this.#model.remove(found);
    }
  }

  /** As its owner presents it who does nothing wrong. */
  #bySelf(handle: Handle): Circumstances {
    const tool = handle.tool ?? TOOLS[0];
    const { owner: caller, session } = handle;
    const { era, method } = this.#at();
    const page = handle.kind === KINDS.cursor ? handle.context : method;
    return { caller, session, tool, era, method: page };
  }

  #mayUse({ kind, owner, tool }: Handle, at: Circumstances): boolean {
    if (kind === KINDS.task) return this.world.mayCall(owner, tool ?? "");
    return kind !== KINDS.state || this.world.mayCall(owner, at.tool);
  }

  async #finish(): Promise<void> {
    const calls = [...this.world.calls];
    if (calls.length === 0) return;
    const call = this.random.pick(calls);
    const id = this.#model.handles.find((handle) => handle.call === call)?.raw;
    const text = id === undefined ? "" : `data: {"jsonrpc":"2.0","id":${id},"result":{}}\n\n`;
    await this.world.finish(call, text);
    this.#model.removeCall(call);
  }

  async #change(): Promise<void> {
    const label = this.random.pick(["b", "c"] as const);
    const cut = this.random.chance(0.3)
      ? await this.world.rekey(label)
      : await this.world.regrant(label, TOOLS.filter(() => this.random.chance(0.6)));
    for (const call of cut) this.#model.removeCall(call);
  }
}

function ordinaryReply(world: OwnershipWorld) {
  return () => ordinary(world.requests.at(-1) ?? assert.fail("nothing went up"));
}

for (const { name, gates } of [{ name: "one gate", gates: 1 }, { name: "workers", gates: 3 }]) {
  Deno.test(`${name}: what a key presents goes up if and only if it is its own`, async () => {
    await fuzzAsync(40, async (random) => {
      await using world = await OwnershipWorld.open(random, gates);
      const run = new Run(world, random);
      for (let step = 0; step < 60; step++) await run.step();
    });
  });
}
