/**
 * Things that outlive a generation: token buckets, the open audit file. A reload that built them
 * anew would forgive and forget. Each is kept for as long as some generation uses it.
 */

interface Kept {
  readonly thing: unknown;
  tenants: number;
}

/** All kept things of one gate. */
export class KeptThings {
  readonly #kept = new Map<string, Kept>();

  /** Everything that is kept now, by the stage and the name it is kept under. */
  *all(): Iterable<readonly [stage: string, name: string, thing: unknown]> {
    for (const [key, { thing }] of this.#kept) {
      const [stage = "", name = ""] = key.split("\0");
      yield [stage, name, thing];
    }
  }

  /** The use one generation makes of them; disposing of it drops what nobody else uses. */
  tenancy(): Tenancy {
    return new Tenancy(this.#kept);
  }
}

/** One generation's hold on kept things. */
export class Tenancy implements AsyncDisposable {
  readonly #kept: Map<string, Kept>;
  readonly #held = new Set<string>();

  constructor(kept: Map<string, Kept>) {
    this.#kept = kept;
  }

  /** The thing of this name, made by `make` where there is none yet. */
  keep<T>(name: string, make: () => T): T {
    let kept = this.#kept.get(name);
    if (kept === undefined) {
      kept = { thing: make(), tenants: 0 };
      this.#kept.set(name, kept);
    }
    if (!this.#held.has(name)) {
      this.#held.add(name);
      kept.tenants++;
    }
    // A name belongs to one stage, which always keeps the same type under it.
    return kept.thing as T;
  }

  /** Drops the hold; a thing that nobody holds is disposed of, if it can be. */
  async [Symbol.asyncDispose](): Promise<void> {
    // One that fails to end does not keep the others.
    await using ending = new AsyncDisposableStack();
    for (const name of this.#held) {
      const kept = this.#kept.get(name);
      if (kept === undefined || --kept.tenants > 0) continue;
      this.#kept.delete(name);
      ending.use(disposable(kept.thing));
    }
    this.#held.clear();
  }
}

function disposable(thing: unknown): AsyncDisposable | Disposable | null {
  if (typeof thing !== "object" || thing === null) return null;
  const isDisposable = Symbol.asyncDispose in thing || Symbol.dispose in thing;
  return isDisposable ? thing as AsyncDisposable | Disposable : null;
}
